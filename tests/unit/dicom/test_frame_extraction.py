"""Whatever counts frames in a header follows when some of them are taken out (PS3.4 Y.3.3)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from hounsfield.dicom.data_set_writer import NewElement, encode_data_set
from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.frame_extraction import extract_header
from hounsfield.dicom.frame_times import frame_times_s
from hounsfield.model.frame_selection import SOPClassNotExtractable

COUNT = 6


def header(*, big: bool = False, **values: Any) -> DataSet:
    """Of an image of six frames."""
    data_set = Dataset()
    data_set.NumberOfFrames, data_set.SOPInstanceUID = COUNT, "1.2.3"
    for keyword, value in values.items():
        if value is not None:
            setattr(data_set, keyword, value)
    return tree_of(data_set, big=big)


def tree_of(data_set: Dataset, *, big: bool = False) -> DataSet:
    raw = DicomBytesIO()
    raw.is_implicit_VR, raw.is_little_endian = False, not big
    write_dataset(raw, data_set)
    return read_data_set(raw.getvalue(), ExplicitVRBigEndian if big else ExplicitVRLittleEndian)


def extracted(tree: DataSet, indices: Sequence[int]) -> Dataset:
    raw = encode_data_set(extract_header(tree, indices, COUNT).values(), implicit_vr=False)
    found: Dataset = read_dataset(io.BytesIO(raw), False, True)
    return found


@pytest.mark.parametrize("big", [False, True])
def test_frame_time_grows_with_the_step(big: bool) -> None:
    found = extracted(header(big=big, FrameTime=40, FrameIncrementPointer=0x00181063, CineRate=25), [1, 3, 5])
    assert (found.NumberOfFrames, found.FrameTime, found.FrameDelay, found.FrameIncrementPointer) == (3, 80, 40, 0x00181063)
    assert "CineRate" not in found


def test_frames_in_a_row_keep_their_rate() -> None:
    found = extracted(header(FrameTime=40, FrameDelay=10, CineRate=25, EffectiveDuration=3), [0, 1, 2])
    assert (found.FrameTime, found.FrameDelay, found.CineRate) == (40, 10, 25)
    assert "EffectiveDuration" not in found


def test_uneven_steps_make_a_vector() -> None:
    found = extracted(header(FrameTime=40, FrameIncrementPointer=[0x00181063, 0x00182002], FrameLabelVector=list("abcdef")), [0, 1, 5])
    assert list(found.FrameTimeVector) == [0, 40, 160]
    assert list(found.FrameIncrementPointer) == [0x00181065, 0x00182002]
    assert list(found.FrameLabelVector) == ["a", "b", "f"]
    assert "FrameTime" not in found


def test_increments_of_a_vector_are_added_up() -> None:
    found = extracted(header(FrameTimeVector=[0, 10, 20, 30, 40, 50], FrameIncrementPointer=0x00181065), [1, 4])
    assert list(found.FrameTimeVector) == [0, 90]
    assert found.FrameDelay == 10


def test_functional_groups_of_the_frames() -> None:
    groups = []
    for index in range(COUNT):
        group, content = Dataset(), Dataset()
        content.FrameAcquisitionNumber = index
        group.FrameContentSequence = [content]
        group.private_block(0x0019, "TESTS", create=True).add_new(1, "LO", "private")
        groups.append(group)
    found = extracted(header(PerFrameFunctionalGroupsSequence=groups, ConcatenationUID="1.2", InConcatenationNumber=1), [0, 4])
    assert [item.FrameContentSequence[0].FrameAcquisitionNumber for item in found.PerFrameFunctionalGroupsSequence] == [0, 4]
    assert not [element for item in found.PerFrameFunctionalGroupsSequence for element in item if element.tag.is_private]
    assert "ConcatenationUID" not in found
    with pytest.raises(SOPClassNotExtractable):
        extracted(header(PerFrameFunctionalGroupsSequence=groups[1:]), [0])


def test_movement() -> None:
    moving = {"PositionerMotion": "DYNAMIC", "PositionerPrimaryAngle": 10, "PositionerSecondaryAngle": 5}
    increments = {"PositionerPrimaryAngleIncrement": [0, 1, 2, 3, 4, 5], "PositionerSecondaryAngleIncrement": 2}
    found = extracted(header(**moving, **increments), [1, 3])
    assert list(found.PositionerPrimaryAngleIncrement) == [1, 3]
    assert list(found.PositionerSecondaryAngleIncrement) == [2, 6]
    alone = extracted(header(**moving, **increments), [3])
    assert (alone.PositionerMotion, alone.PositionerPrimaryAngle, alone.PositionerSecondaryAngle) == ("STATIC", 13, 11)
    assert "PositionerPrimaryAngleIncrement" not in alone


def test_frames_named_by_number() -> None:
    tree = header(
        RepresentativeFrameNumber=4, FrameNumbersOfInterest=[2, 4, 6], FrameOfInterestDescription=list("abc"), RWavePointer=[1, 5]
    )
    found = extracted(tree, [1, 3, 4])
    assert (found.RepresentativeFrameNumber, list(found.FrameNumbersOfInterest), found.RWavePointer) == (2, [1, 2], 3)
    assert list(found.FrameOfInterestDescription) == ["a", "b"]
    none = extracted(tree, [2])
    assert not [keyword for keyword in ("RepresentativeFrameNumber", "FrameNumbersOfInterest", "RWavePointer") if keyword in none]
    assert "FrameOfInterestDescription" not in none


def test_masks() -> None:
    mask = Dataset()
    mask.MaskOperation, mask.MaskFrameNumbers, mask.ApplicableFrameRange = "AVG_SUB", [1, 2], [3, 6]
    tree = header(MaskSubtractionSequence=[mask], RecommendedViewingMode="SUB")
    found = extracted(tree, [0, 1, 3, 4])
    (item,) = found.MaskSubtractionSequence
    assert (list(item.MaskFrameNumbers), list(item.ApplicableFrameRange), found.RecommendedViewingMode) == ([1, 2], [3, 4], "SUB")
    gone = extracted(tree, [0, 3])
    assert gone.RecommendedViewingMode == "NAT"
    assert "MaskSubtractionSequence" not in gone


@pytest.mark.parametrize("big", [False, True])
def test_overlays(big: bool) -> None:
    """One of 15 pixels over the frames 2 to 5, one over frame 6 alone, one over all."""
    data_set = Dataset()
    data_set.NumberOfFrames = COUNT
    bits = sum(1 << 15 * frame + frame for frame in range(4))
    data_set.add_new(0x60000010, "US", 3)
    data_set.add_new(0x60000011, "US", 5)
    data_set.add_new(0x60000015, "IS", 4)
    data_set.add_new(0x60000051, "US", 2)
    data_set.add_new(0x60003000, "OB", bits.to_bytes(8, "little"))
    data_set.add_new(0x60020051, "US", 6)
    data_set.add_new(0x60023000, "OB", bytes(2))
    data_set.add_new(0x60043000, "OB", b"\1\2")
    found = extracted(tree_of(data_set, big=big), [0, 2, 4])
    assert (found[0x60000015].value, found[0x60000051].value) == (2, 2)
    assert int.from_bytes(found[0x60003000].value, "little") == 1 << 1 | 1 << 15 + 3
    assert 0x60023000 not in found
    assert found[0x60043000].value == b"\1\2"


@pytest.mark.parametrize(
    "values",
    [
        {"GridFrameOffsetVector": [0, 1, 2, 3, 4, 5], "FrameIncrementPointer": 0x3004000C},
        {"DetectorVector": [1, 1, 1, 2, 2, 2]},
        {"FrameIncrementPointer": 0x00540080},
        {"DimensionOrganizationType": "TILED_FULL"},
        {"FrameTimeVector": [0, 1]},
        {"FrameLabelVector": ["a", "b"]},
        {"PositionerPrimaryAngleIncrement": [1, 2]},
    ],
)
def test_frames_that_do_not_stand_alone(values: dict[str, Any]) -> None:
    with pytest.raises(SOPClassNotExtractable):
        extracted(header(**values), [0, 2])


def test_all_frames_stay_as_they_are() -> None:
    found = extracted(header(DimensionOrganizationType="TILED_FULL", FrameTime=40), range(COUNT))
    assert (found.NumberOfFrames, found.FrameTime, found.DimensionOrganizationType) == (COUNT, 40, "TILED_FULL")


def test_times_of_frames() -> None:
    assert frame_times_s(header(FrameTime=500, FrameDelay=1000), COUNT) == [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    assert frame_times_s(header(FrameTimeVector=[7, 500, 1000, 0, 0, 0]), COUNT) == [0.0, 0.5, 1.5, 1.5, 1.5, 1.5]
    assert frame_times_s(header(), COUNT) is None
    assert frame_times_s(header(FrameTimeVector=[0, 1]), COUNT) is None


@pytest.mark.parametrize(
    ("date", "content", "times"),
    [
        ("FrameReferenceDateTime", "235959.5", [1.5 + index for index in range(COUNT)]),
        ("FrameAcquisitionDateTime", "235959", [2.0 + index for index in range(COUNT)]),
        ("FrameReferenceDateTime", "", None),
    ],
)
def test_times_of_functional_groups(date: str, content: str, times: list[float] | None) -> None:
    groups = []
    for index in range(COUNT):
        group, item = Dataset(), Dataset()
        setattr(item, date, f"2026030100000{1 + index}.000+0100")
        group.FrameContentSequence = [item]
        groups.append(group)
    tree = header(PerFrameFunctionalGroupsSequence=groups, ContentDate="20260228", ContentTime=content or None)
    assert frame_times_s(tree, COUNT) == times


@pytest.mark.parametrize("late", ["99991231235960", "20260301240000", "20260301006000", "20260301000061"])
def test_a_time_that_is_none(late: str) -> None:
    """A leap second after the last day that can be told, and what no clock shows."""
    item, group = Dataset(), Dataset()
    item.add_new(0x00189151, "LO", late)
    group.FrameContentSequence = [item]
    tree = header(PerFrameFunctionalGroupsSequence=[group] * COUNT, ContentDate="20260228", ContentTime="120000")
    assert frame_times_s(tree, COUNT) is None
    assert (
        frame_times_s(header(PerFrameFunctionalGroupsSequence=[group] * COUNT, ContentDate=late[:8], ContentTime=late[8:]), COUNT) is None
    )


@pytest.mark.parametrize(
    ("values", "indices"),
    [
        ({"FrameTime": "1e308"}, [0, 2, 4]),
        ({"FrameTime": "1e308"}, [5]),
        ({"FrameTime": "1e308", "FrameDelay": "1e308"}, [1]),
        ({"FrameTimeVector": ["0", *["1e308"] * 5]}, [0, 3]),
        ({"FrameTimeVector": ["0", "1e308", "1e308", "-1e308", "-1e308", "1e308"]}, [2, 4]),
        ({"PositionerPrimaryAngleIncrement": "1e308"}, [1, 5]),
        ({"PositionerPrimaryAngle": "1e308", "PositionerPrimaryAngleIncrement": "1e308"}, [1]),
    ],
)
def test_what_adds_up_to_no_finite_number(values: dict[str, Any], indices: list[int]) -> None:
    """It is refused, as is the question when the frames were taken."""
    tree = header(**values)
    with pytest.raises(SOPClassNotExtractable, match="finite"):
        extracted(tree, indices)
    assert frame_times_s(tree, COUNT) is None


READ = [0x00280009, 0x0028000A, 0x00181063, 0x00181065, 0x00181066, 0x00181500, 0x00181510, 0x00181520, 0x00182002, 0x00209311]
READ += [0x00286010, 0x00286020, 0x00286022, 0x00286040, 0x60000010, 0x60000011, 0x60000015, 0x60000051, 0x60003000]
RAW = st.one_of(
    st.binary(max_size=12), st.sampled_from([b"1", b"6", b"-1", b"1\\2\\3\\4\\5\\6", b"1e308\\1e308", b"\6\0", b"\x18\0\x63\x10"])
)
ELEMENT = st.builds(NewElement, st.sampled_from(READ), st.sampled_from(["AT", "CS", "DS", "FD", "IS", "LO", "OB", "UL", "UN", "US"]), RAW)


@given(st.lists(ELEMENT, unique_by=lambda element: element.tag), st.sets(st.integers(0, COUNT - 1), min_size=1))
def test_any_values_make_a_header_or_are_refused(elements: list[NewElement], indices: set[int]) -> None:
    tree = read_data_set(encode_data_set(elements, implicit_vr=False), ExplicitVRLittleEndian)
    frame_times_s(tree, COUNT)
    with contextlib.suppress(SOPClassNotExtractable):
        made = extract_header(tree, sorted(indices), COUNT)
        assert not [
            one for one in made.values() if one.vr == "DS" and isinstance(one.value, str) and ("inf" in one.value or "nan" in one.value)
        ]
        encode_data_set(made.values(), implicit_vr=False)
