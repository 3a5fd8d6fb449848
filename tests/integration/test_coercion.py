"""Objects of a caller with rules: stored as they came, indexed and handed out as the rules want them, and the same after a rebuilding."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from hounsfield.app.bootstrap import Owning, owning, rebuilt
from hounsfield.app.settings import Settings
from hounsfield.archive.reader import PackReader
from hounsfield.dicom.deflate import deflate, inflate
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.transfer_syntaxes import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from hounsfield.index.reader import IndexReader
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.errors import DamagedObject
from hounsfield.model.origin import Origin, Principal, Protocol, Role
from hounsfield.model.outcomes import StoreOutcome, StoreResult
from hounsfield.model.overlay import NO_TREATMENT, Treatment
from hounsfield.model.query import Key, Level, Query, SingleValue
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.intake import decode_origin, decode_result, encode_origin, encode_result
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.object_source import PackSource
from hounsfield.services.peer_rules import check_coercion
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.rewrite import Rewriter
from hounsfield.services.store import Envelope
from services.command_line import hounsfield
from services.databases import settings_of

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
CT1 = Origin(Protocol.DIMSE, Principal("CT1", Role.EDITOR), "10.0.0.1", "CT1", "HOUNSFIELD")
RULES = (
    CoercionRule("PatientID", CoercionAction.PREFIX, "N-"),
    CoercionRule("IssuerOfPatientID", CoercionAction.SET_IF_EMPTY, "NORTH"),
    CoercionRule("InstitutionName", CoercionAction.SET, "Spital Zürich"),
    CoercionRule("OtherPatientIDs", CoercionAction.REMOVE),
)
NORTH = Treatment(RULES, "", "HOUNSFIELD")
CYRILLIC = Treatment((), "ISO_IR 144", "HOUNSFIELD")
SYNTAXES = (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path / "data").model_copy(update={"seal_after_idle_s": 0.0})


@pytest.fixture
def parts(settings: Settings) -> Iterator[Owning]:
    with owning(settings) as opened:
        list(opened.archive.recover({}))
        yield opened


def image(number: int = 1, *, patient_id: str = "123", character_set: str = "ISO_IR 100", name: bytes = b"M\xfcller^J\xf6rg") -> Dataset:
    """name: as it stands in the file."""
    ds = Dataset()
    if character_set:
        ds.SpecificCharacterSet = character_set
    ds.SOPClassUID, ds.SOPInstanceUID = CT_IMAGE, f"1.2.3.4.{number}"
    ds.Modality = "CT"
    ds.add_new(0x00100010, "PN", name)
    ds.PatientID = patient_id
    ds.OtherPatientIDs = "X1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    ds.InstanceNumber = number
    ds.Rows = ds.Columns = 16
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 15, 0, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.add_new(0x7FE00010, "OW", bytes(range(256)) * 2)
    return ds


def encoded(ds: Dataset, transfer_syntax_uid: str = EXPLICIT_VR_LITTLE_ENDIAN) -> bytes:
    target = DicomBytesIO()
    target.is_implicit_VR = transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN
    target.is_little_endian = transfer_syntax_uid != EXPLICIT_VR_BIG_ENDIAN
    write_dataset(target, ds)
    return deflate([target.getvalue()]) if transfer_syntax_uid == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN else target.getvalue()


def decoded(data_set: bytes, transfer_syntax_uid: str) -> Dataset:
    if transfer_syntax_uid == DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN:
        data_set = bytes(inflate(data_set))
    is_implicit, is_little = transfer_syntax_uid == IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax_uid != EXPLICIT_VR_BIG_ENDIAN
    return pydicom.filereader.read_dataset(io.BytesIO(data_set), is_implicit, is_little)


def store(parts: Owning, ds: Dataset, treatment: Treatment, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> StoreResult:
    return store_bytes(parts, encoded(ds, syntax), ds.SOPInstanceUID, treatment, syntax)


def store_bytes(parts: Owning, data: bytes, sop_instance_uid: str, treatment: Treatment, syntax: str) -> StoreResult:
    with parts.store.receive(CT1, Envelope(CT_IMAGE, sop_instance_uid, syntax, treatment)) as reception:
        for start in range(0, len(data), 500):
            reception.write(data[start : start + 500])
        return reception.finish()


class Reading:
    """What the archive says of itself."""

    def __init__(self, parts: Owning, settings: Settings) -> None:
        self.reader = IndexReader(parts.database)
        self.packs = PackReader(settings.packs_dir)
        self.retrieve = Retrieve(self.reader, self.packs)
        self.rewriter = Rewriter(self.retrieve, self.packs, None)  # type: ignore[arg-type]

    def instance(self, number: int = 1) -> StoredInstance:
        return self.retrieve.instance(CT1, "1.2.3", "1.2.3.4", f"1.2.3.4.{number}")

    def sent(self, instance: StoredInstance, syntax: str) -> bytes:
        opened = PackSource(self.packs, self.rewriter).open(instance, syntax)
        return bytes(opened) if isinstance(opened, bytes | bytearray | memoryview) else b"".join(map(bytes, opened))

    def studies(self, keyword: str, value: str) -> list[dict[str, object]]:
        page = self.reader.search_studies(Query(Level.STUDY, (Key(keyword, SingleValue(value)),)))
        return [json.loads(b"{" + b",".join(filter(None, hit.json.split(b"\n"))) + b"}") for hit in page.rows]


def check_coerced(ds: Dataset) -> None:
    assert ds.PatientID == "N-123"
    assert ds.IssuerOfPatientID == "NORTH"
    assert ds.InstitutionName == "Spital Zürich"
    assert "OtherPatientIDs" not in ds
    assert str(ds.PatientName) == "Müller^Jörg"
    assert ds.InstanceCoercionDateTime
    (item,) = ds.OriginalAttributesSequence
    assert (item.ModifyingSystem, item.SourceOfPreviousValues, item.ReasonForTheAttributeModification) == ("HOUNSFIELD", "CT1", "COERCE")
    assert item.AttributeModificationDateTime == ds.InstanceCoercionDateTime
    (previous,) = item.ModifiedAttributesSequence
    assert (previous.PatientID, previous.OtherPatientIDs) == ("123", "X1")
    assert not previous.InstitutionName
    assert not previous.IssuerOfPatientID


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_bytes_stay_and_what_goes_out_is_coerced(parts: Owning, settings: Settings, syntax: str) -> None:
    result = store(parts, image(), NORTH, syntax)
    assert result.outcome is StoreOutcome.STORED
    assert result.coerced == ("PatientID", "IssuerOfPatientID", "InstitutionName", "OtherPatientIDs")
    reading = Reading(parts, settings)
    instance = reading.instance()
    received = encoded(image(), syntax)
    assert bytes(reading.retrieve.read(instance).data_set) == received
    assert instance.stored.digests.data_set_sha256 == hashlib.sha256(received).digest()
    sent = decoded(reading.sent(instance, syntax), syntax)
    check_coerced(sent)
    assert sent.PixelData == image().PixelData
    reading.packs.verify(instance.stored)
    for keyword, value in (("PatientID", "N-123"), ("IssuerOfPatientID", "NORTH"), ("PatientName", "Müller^Jörg")):
        (study,) = reading.studies(keyword, value)
        assert study["00100020"] == {"vr": "LO", "Value": ["N-123"]}
    assert reading.studies("PatientID", "123") == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_rewritten_data_set_is_coerced_too(parts: Owning, settings: Settings, syntax: str) -> None:
    store(parts, image(), NORTH, syntax)
    reading = Reading(parts, settings)
    for target in (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN):
        sent = decoded(reading.sent(reading.instance(), target), target)
        check_coerced(sent)
        assert len(sent.PixelData) == 512
    check_coerced(decoded(reading.rewriter.without_bulk_data(reading.instance(), EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN))


@pytest.mark.parametrize("seal", [False, True], ids=["open pack", "sealed pack"])
def test_a_rebuilding_brings_the_same_back(parts: Owning, settings: Settings, seal: bool) -> None:
    store(parts, image(1), NORTH)
    store(parts, image(2), NORTH, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)
    store(parts, image(3, patient_id="N-123"), NO_TREATMENT)  # of the same patient by now, save for the issuer
    reading = Reading(parts, settings)

    def said() -> list[object]:
        instances = [reading.instance(1), reading.instance(2)]
        aside = [kept.outcome for kept in reading.reader.kept_aside(1, 10)]
        return [
            reading.studies("PatientID", "N-123"),
            instances,
            [reading.sent(one, EXPLICIT_VR_LITTLE_ENDIAN) for one in instances],
            aside,
        ]

    before = said()
    assert before[-1] == ["kept-aside-patient"]
    if seal:
        assert parts.archive.seal_idle()
    rebuilt(parts, settings, lambda _: None)
    assert said() == before


def test_the_longest_rules(parts: Owning, settings: Settings) -> None:
    """As long as a peer may have them, in letters that take most room."""
    keywords = ["ImageComments", "PatientComments", "AdditionalPatientHistory", "StudyComments", "VisitComments", "TextComments"]
    rules = tuple(CoercionRule(keyword, CoercionAction.SET, "王" * 1024) for keyword in (*keywords, *keywords[:2]))
    assert check_coercion(rules) == rules
    store(parts, image(), Treatment(rules, "", "HOUNSFIELD"))
    assert parts.archive.seal_idle()
    rebuilt(parts, settings, lambda _: None)
    reading = Reading(parts, settings)
    sent = decoded(reading.sent(reading.instance(), EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN)
    assert {sent[keyword].value for keyword in keywords} == {"王" * 1024}
    assert str(sent.PatientName) == "Müller^Jörg"


def test_a_later_object_of_less_precedence_counts_with_its_overlay(parts: Owning, settings: Settings) -> None:
    """What is kept aside keeps its overlay until it counts."""
    store(parts, image(1, patient_id="9"), NO_TREATMENT)
    assert store(parts, image(2), NORTH).outcome is StoreOutcome.KEPT_ASIDE_PATIENT
    parts.decisions.decide(
        {
            "kind": "delete",
            "level": "instance",
            "study_instance_uid": "1.2.3",
            "series_instance_uid": "1.2.3.4",
            "sop_instance_uid": "1.2.3.4.1",
        }
    )
    reading = Reading(parts, settings)
    check_coerced(decoded(reading.sent(reading.instance(2), EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN))


def test_an_object_that_no_rule_changes_is_as_any_other(parts: Owning, settings: Settings) -> None:
    rules = Treatment(
        (CoercionRule("Modality", CoercionAction.SET, "CT"), CoercionRule("AccessionNumber", CoercionAction.PREFIX, "A")), "ISO_IR 192"
    )
    assert store(parts, image(), rules).coerced == ()
    reading = Reading(parts, settings)
    assert reading.instance().stored.overlay == b""
    assert reading.sent(reading.instance(), EXPLICIT_VR_LITTLE_ENDIAN) == encoded(image())
    assert b"".join(reading.retrieve.stream(reading.instance()))[-512:] == image().PixelData


def test_the_same_object_again_is_answered_as_it_counts(parts: Owning) -> None:
    """To whom it was said that elements may be coerced; to others no less than success (PS3.4 B.4.1.4)."""
    first = store(parts, image(), NORTH)
    for treatment, coerced in ((NORTH, first.coerced), (NO_TREATMENT, ()), (CYRILLIC, ())):
        again = store(parts, image(), treatment)
        assert (again.outcome, again.coerced) == (StoreOutcome.DUPLICATE, coerced)


def test_another_object_is_taken_while_the_one_of_its_uid_cannot_be_read(parts: Owning, settings: Settings, tmp_path: Path) -> None:
    store(parts, image(), NORTH)
    assert parts.archive.seal_idle()
    instance = Reading(parts, settings).instance()
    (pack,) = settings.packs_dir.rglob(f"{instance.stored.location.pack_id}.tar")
    pack.rename(tmp_path / "away.tar")
    assert store(parts, image(patient_id="7"), NO_TREATMENT).outcome is StoreOutcome.KEPT_ASIDE_UID


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_went_out_and_comes_back_is_here_already(parts: Owning, settings: Settings, syntax: str) -> None:
    store(parts, image(), NORTH, syntax)
    reading = Reading(parts, settings)
    went_out = reading.sent(reading.instance(), syntax)
    for treatment in (NORTH, NO_TREATMENT):
        result = store_bytes(parts, went_out, "1.2.3.4.1", treatment, syntax)
        assert (result.outcome, result.coerced) == (StoreOutcome.DUPLICATE, ())
    same_length = went_out.replace(b"CT", b"MR", 1) if syntax != DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN else went_out + b"\0\0"
    assert store_bytes(parts, same_length, "1.2.3.4.1", NO_TREATMENT, syntax).outcome is StoreOutcome.KEPT_ASIDE_UID


def test_what_is_fetched_from_a_peer_is_subject_to_its_rules(parts: Owning, settings: Settings) -> None:
    file = build_prefix(CT_IMAGE, "1.2.3.4.1", EXPLICIT_VR_LITTLE_ENDIAN) + encoded(image())
    told = encode_origin(CT1, "1.2.3", NORTH)
    assert decode_origin(told) == (CT1, "1.2.3", NORTH)
    may_reject = replace(CT1, may_reject=True)
    assert decode_origin(encode_origin(may_reject))[0] == may_reject
    with parts.store.receive_file(*decode_origin(told)) as reception:
        reception.write(file)
        assert decode_result(encode_result(reception.finish())).coerced[0] == "PatientID"
    reading = Reading(parts, settings)
    sent = decoded(b"".join(reading.retrieve.stream(reading.instance()))[len(file) - len(encoded(image())) :], EXPLICIT_VR_LITTLE_ENDIAN)
    check_coerced(sent)


def test_text_without_a_character_set_is_read_in_the_callers(parts: Owning, settings: Settings) -> None:
    bare = image(character_set="", name="Иванов^Иван".encode("iso8859-5"))
    result = store(parts, bare, CYRILLIC)
    assert (result.outcome, result.coerced) == (StoreOutcome.STORED, ())
    reading = Reading(parts, settings)
    (study,) = reading.studies("PatientName", "Иванов^Иван")
    assert study["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Иванов^Иван"}]}
    assert study["00080005"] == {"vr": "CS", "Value": ["ISO_IR 144"]}
    sent = decoded(reading.sent(reading.instance(), EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN)
    assert sent.SpecificCharacterSet == "ISO_IR 144"
    assert str(sent.PatientName) == "Иванов^Иван"
    assert "OriginalAttributesSequence" not in sent
    assert "InstanceCoercionDateTime" not in sent
    received, out = encoded(bare), reading.sent(reading.instance(), EXPLICIT_VR_LITTLE_ENDIAN)
    assert out == bytes.fromhex("0800050043530a00") + b"ISO_IR 144" + received


@pytest.mark.parametrize(
    ("character_set", "name", "default"),
    [("ISO_IR 101", b"M\xfcller", "ISO_IR 100"), ("", b"Muller", "ISO_IR 100"), ("", b"M\xfcller", "ISO_IR 192")],
    ids=["its own", "ASCII", "not valid in the default"],
)
def test_where_the_default_character_set_does_not_apply(
    parts: Owning, settings: Settings, character_set: str, name: bytes, default: str
) -> None:
    store(parts, image(character_set=character_set, name=name), Treatment((), default))
    assert Reading(parts, settings).instance().stored.overlay == b""


def test_documents_and_files(parts: Owning, settings: Settings, tmp_path: Path) -> None:
    store(parts, image(), NORTH)
    reading = Reading(parts, settings)
    documents = SeriesMetadata(reading.retrieve, tmp_path / "cache", "http://here")
    (document,) = json.loads(gzip.decompress(documents.document(CT1, "1.2.3", "1.2.3.4").body))
    assert document["00100020"]["Value"] == ["N-123"]
    assert "00101000" not in document
    assert document["04000561"]["Value"][0]["04000550"]["Value"][0]["00100020"]["Value"] == ["123"]
    assert document["7FE00010"]["BulkDataURI"].endswith("/bulkdata/7FE00010")
    for folder, options in (("out", ()), ("original", ("--original",))):
        ran = hounsfield("export", "--study", "1.2.3", "--to", tmp_path / folder, "--data-dir", settings.data_dir, *options)
        assert ran.code == 0, ran
    check_coerced(pydicom.dcmread(tmp_path / "out" / "1.2.3" / "1.2.3.4" / "1.2.3.4.1.dcm"))
    assert (tmp_path / "original" / "1.2.3" / "1.2.3.4" / "1.2.3.4.1.dcm").read_bytes().endswith(encoded(image()))


def test_a_long_object_is_edited_as_it_streams(parts: Owning, settings: Settings) -> None:
    """Longer than what is read at once; a damaged byte keeps the last piece back."""
    long = image()
    long.Rows, long.Columns = 2048, 1536
    long.add_new(0x7FE00010, "OW", bytes(range(256)) * (2048 * 1536 // 128))
    store(parts, long, NORTH)
    reading = Reading(parts, settings)
    instance = reading.instance()
    sent = decoded(reading.sent(instance, EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN)
    check_coerced(sent)
    assert sent.PixelData == long.PixelData
    path = next(settings.packs_dir.glob("open/*.tar"))
    with path.open("r+b") as file:
        file.seek(instance.stored.location.data_set_offset_bytes + 5_000_000)
        file.write(b"!")
    with pytest.raises(DamagedObject):
        reading.sent(instance, EXPLICIT_VR_LITTLE_ENDIAN)
