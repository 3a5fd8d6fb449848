"""The header of what is compressed lossily, read back by pydicom."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from hounsfield.dicom.data_set_writer import encode_data_set
from hounsfield.dicom.element_tree import read_data_set
from hounsfield.dicom.lossy_derivation import LossyStep, Predecessor, derive, derived_uid
from hounsfield.dicom.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN
from hounsfield.dicom.tree_elements import new_elements

SOURCE, SOP_CLASS = "1.2.840.1", "1.2.840.10008.5.1.4.1.1.2"
JPEG_2000 = "1.2.840.10008.1.2.4.91"


def derived(source: Dataset, stored_with: LossyStep | None = None) -> Dataset:
    source.SOPInstanceUID, source.SOPClassUID = SOURCE, SOP_CLASS
    written = io.BytesIO()
    pydicom.dcmwrite(written, source, implicit_vr=False, little_endian=True, enforce_file_format=False)
    elements = new_elements(read_data_set(written.getvalue(), EXPLICIT_VR_LITTLE_ENDIAN))
    step = LossyStep(12.3456789, "ISO_15444_1")
    derive(
        elements, Predecessor(SOP_CLASS, SOURCE, stored_with), step, "Lossy compression: so", lambda uid: derived_uid(uid, JPEG_2000, 45)
    )
    encoded = encode_data_set(elements.values(), implicit_vr=False)
    return pydicom.filereader.read_dataset(io.BytesIO(encoded), is_implicit_VR=False, is_little_endian=True)


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def test_a_first_compression() -> None:
    source = item(ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], InstanceCreationDate="20200101", SmallestImagePixelValue=3)
    source["SmallestImagePixelValue"].VR = "US"
    found = derived(source)
    assert found.SOPInstanceUID == derived_uid(SOURCE, JPEG_2000, 45.0)
    assert list(found.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]
    assert (found.LossyImageCompression, found.LossyImageCompressionMethod) == ("01", "ISO_15444_1")
    assert found.LossyImageCompressionRatio == 12.3457
    assert found.DerivationDescription == "Lossy compression: so"
    (code,) = found.DerivationCodeSequence
    assert (code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning) == ("113040", "DCM", "Lossy Compression")
    (reference,) = found.SourceImageSequence
    assert (reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID) == (SOP_CLASS, SOURCE)
    assert reference.PurposeOfReferenceCodeSequence[0].CodeValue == "121320"
    assert reference.SpatialLocationsPreserved == "YES"
    assert "InstanceCreationDate" not in found
    assert "SmallestImagePixelValue" not in found


def test_one_after_another() -> None:
    """Earlier steps stay, value by value; what one of them did not record stays empty."""
    earlier = item(
        ImageType=["DERIVED", "SECONDARY"],
        LossyImageCompression="01",
        LossyImageCompressionRatio=[4, 7.5],
        LossyImageCompressionMethod="ISO_10918_1",
        DerivationDescription="first",
        DerivationCodeSequence=[item(CodeValue="113041", CodingSchemeDesignator="DCM", CodeMeaning="Apparent Diffusion Coefficient")],
        SourceImageSequence=[item(ReferencedSOPClassUID=SOP_CLASS, ReferencedSOPInstanceUID="1.2.3")],
    )
    found = derived(earlier, LossyStep(99, "ISO_14495_1"))
    assert list(found.LossyImageCompressionRatio) == [4, 7.5, 12.3457]
    assert list(found.LossyImageCompressionMethod) == ["ISO_10918_1", "", "ISO_15444_1"]
    assert found.DerivationDescription == "first; Lossy compression: so"
    assert [code.CodeValue for code in found.DerivationCodeSequence] == ["113041", "113040"]
    assert [one.ReferencedSOPInstanceUID for one in found.SourceImageSequence] == ["1.2.3", SOURCE]
    assert found.SourceImageSequence[1].PurposeOfReferenceCodeSequence[0].CodeValue == "121330"


def test_what_the_source_does_not_say_of_itself() -> None:
    found = derived(item(), LossyStep(8, "ISO_10918_1"))
    assert list(found.LossyImageCompressionRatio) == [8, 12.3457]
    assert list(found.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_15444_1"]
    assert list(found.ImageType) == ["DERIVED", "SECONDARY"]


def frame_groups(**more: Any) -> Dataset:
    return item(MRImageFrameTypeSequence=[item(FrameType=["ORIGINAL", "PRIMARY", "T1", "NONE"])], **more)


def test_functional_groups_share_one_derivation() -> None:
    found = derived(
        item(
            ImageType=["ORIGINAL", "PRIMARY"],
            SharedFunctionalGroupsSequence=[item(PixelMeasuresSequence=[item(SliceThickness=2)])],
            PerFrameFunctionalGroupsSequence=[frame_groups(), frame_groups()],
        )
    )
    for groups in found.PerFrameFunctionalGroupsSequence:
        assert list(groups.MRImageFrameTypeSequence[0].FrameType) == ["DERIVED", "PRIMARY", "T1", "NONE"]
        assert "DerivationImageSequence" not in groups
    (shared,) = found.SharedFunctionalGroupsSequence
    assert shared.PixelMeasuresSequence[0].SliceThickness == 2
    (derivation,) = shared.DerivationImageSequence
    assert derivation.DerivationCodeSequence[0].CodeValue == "113040"
    assert derivation.SourceImageSequence[0].ReferencedSOPInstanceUID == SOURCE
    assert "ReferencedFrameNumber" not in derivation.SourceImageSequence[0]


def test_frames_that_have_derivations_keep_them() -> None:
    """A functional group is either shared or of each frame (PS3.3 C.7.6.16.1)."""
    own = [item(DerivationDescription="own", DerivationCodeSequence=[], SourceImageSequence=[])]
    found = derived(
        item(
            SharedFunctionalGroupsSequence=[item()],
            PerFrameFunctionalGroupsSequence=[frame_groups(DerivationImageSequence=own), frame_groups()],
        )
    )
    assert "DerivationImageSequence" not in found.SharedFunctionalGroupsSequence[0]
    first, second = (groups.DerivationImageSequence for groups in found.PerFrameFunctionalGroupsSequence)
    assert [len(first), len(second)] == [2, 1]
    assert first[0].DerivationDescription == "own"
    assert [one[-1].SourceImageSequence[0].ReferencedFrameNumber for one in (first, second)] == [1, 2]


def test_parts_of_a_concatenation_stay_parts_of_one() -> None:
    found = derived(item(ConcatenationUID="1.2.7", SOPInstanceUIDOfConcatenationSource="1.2.8"))
    assert found.ConcatenationUID == derived_uid("1.2.7", JPEG_2000, 45)
    assert found.SOPInstanceUIDOfConcatenationSource == derived_uid("1.2.8", JPEG_2000, 45)


def test_the_same_question_has_the_same_uid() -> None:
    uids = {
        derived_uid(uid, syntax, amount) for uid in ("1.2", "1.3") for syntax in (JPEG_2000, "1.2.840.10008.1.2.4.81") for amount in (1, 2)
    }
    assert len(uids) == 8
    assert derived_uid("1.2", JPEG_2000, 1) in uids
    for uid in uids:
        assert uid.startswith("2.25.")
        made = uuid.UUID(int=int(uid[5:]))
        assert (made.variant, made.version) == (uuid.RFC_4122, 8)


def test_a_description_that_is_full_is_left_as_it_is() -> None:
    found = derived(item(DerivationDescription="x" * 1020))
    assert found.DerivationDescription == "x" * 1020
    assert found.LossyImageCompressionMethod == "ISO_15444_1"
