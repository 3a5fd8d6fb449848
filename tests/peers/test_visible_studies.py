"""A peer with a rule, against a whole server: what it does not see is not there, whichever way it asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE, build_role, evt

from dicomweb_kit.objects import as_file, ct
from dimse_kit.committing import CT, MR, Modality, ask, store
from dimse_kit.retrieving import Receiver, keys, responses_of
from services.command_line import hounsfield
from services.server import Server, running

PATIENT_ROOT, STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.1", "1.2.840.10008.5.1.4.1.2.2"
FIND, MOVE, GET = ".1", ".2", ".3"
ROOTS = {"PATIENT": PATIENT_ROOT, "STUDY": STUDY_ROOT, "SERIES": STUDY_ROOT, "IMAGE": STUDY_ROOT}
SEEN, HIDDEN, STRANGER = "1.2.3", "1.2.4", "1.2.5"
"""An MR with an SR of one patient, a CT of the same, a CT of another."""

OBJECTS = {
    "1.2.3.1.1": (SEEN, {"Modality": "MR", "SOPClassUID": MR}),
    "1.2.3.2.1": (SEEN, {"Modality": "SR"}),
    "1.2.4.1.1": (HIDDEN, {"StudyDate": "20260201"}),
    "1.2.4.1.2": (HIDDEN, {"StudyDate": "20260201"}),
    "1.2.5.1.1": (STRANGER, {"PatientID": "PAT-2", "AccessionNumber": "ACC-2", "InstitutionName": 'Spital "Süd"'}),
}


@dataclass(frozen=True, slots=True)
class House:
    """READER sees studies with an MR alone."""

    server: Server
    destination: Receiver

    def know(self, *words: str) -> None:
        """`hounsfield peer add …`."""
        assert hounsfield("peer", "add", *words, "--replace", "--data-dir", self.server.data_dir).code == 0

    def entity(self, ae_title: str, *models: str) -> Any:
        """An association of pynetdicom's, which takes CT and MR by C-GET too."""
        entity = AE(ae_title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 20
        for model in models:
            entity.add_requested_context(model, ExplicitVRLittleEndian)
        for sop_class in (CT, MR):
            entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
        return entity

    def associated(self, entity: Any, receiver: Receiver | None = None) -> Any:
        handlers = [(evt.EVT_C_STORE, receiver.keep)] if receiver is not None else []
        roles = [build_role(sop_class, scp_role=True) for sop_class in (CT, MR)] if receiver is not None else []
        association = entity.associate(
            self.server.host, self.server.dicom_port, ae_title="HOUNSFIELD", evt_handlers=handlers, ext_neg=roles
        )
        assert association.is_established
        return association

    def find(self, ae_title: str, level: str, **values: str) -> list[Dataset]:
        model = ROOTS[level] + FIND
        association = self.associated(self.entity(ae_title, model))
        answers = [found for _status, found in association.send_c_find(keys(level, **values), model) if found is not None]
        association.release()
        return answers


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("visible")
    files = {}
    for uid, (study, values) in OBJECTS.items():
        series, _, number = uid.rpartition(".")
        files[uid] = folder / f"{uid}.dcm"
        files[uid].write_bytes(as_file(ct(int(number), study=study, series=series, **values)))
    destination = Receiver()
    listening = destination.listening({CT: [ExplicitVRLittleEndian], MR: [ExplicitVRLittleEndian]})
    with running(folder / "data") as server, listening as port:
        house = House(server, destination)
        house.know("MODALITY")
        house.know("READER", "--visible", "modality=MR")
        house.know("RECEIVER", f"127.0.0.1:{port}")
        with Modality().associated((server.host, server.dicom_port)) as association:
            store(association, list(files.values()))
        yield house


@pytest.mark.parametrize(
    ("level", "unique", "reader", "everybody"),
    [
        ("PATIENT", "PatientID", ["PAT-1"], ["PAT-1", "PAT-2"]),
        ("STUDY", "StudyInstanceUID", [SEEN], [SEEN, HIDDEN, STRANGER]),
        ("SERIES", "SeriesInstanceUID", ["1.2.3.1", "1.2.3.2"], ["1.2.3.1", "1.2.3.2", "1.2.4.1", "1.2.5.1"]),
        ("IMAGE", "SOPInstanceUID", ["1.2.3.1.1", "1.2.3.2.1"], list(OBJECTS)),
    ],
)
def test_queries(house: House, level: str, unique: str, reader: list[str], everybody: list[str]) -> None:
    association = {"StudyInstanceUID": "", "SeriesInstanceUID": ""} if level in ("SERIES", "IMAGE") else {}
    for title, due in (("READER", reader), ("MODALITY", everybody)):
        found = house.find(title, level, **(association | {unique: ""}))
        if level in ("SERIES", "IMAGE"):  # which name what they are of, for there is no relational query here
            found = [
                one
                for study in (SEEN, HIDDEN, STRANGER)
                for series in ([""] if level == "SERIES" else [f"{study}.1", f"{study}.2"])
                for one in house.find(title, level, **{"StudyInstanceUID": study, "SeriesInstanceUID": series, unique: ""})
            ]
        assert sorted(one[unique].value for one in found) == sorted(due), title


def test_keys_that_name_what_is_not_seen_find_nothing(house: House) -> None:
    assert house.find("MODALITY", "STUDY", AccessionNumber="ACC-2", StudyInstanceUID="")
    for values in ({"AccessionNumber": "ACC-2"}, {"StudyInstanceUID": HIDDEN}, {"PatientID": "PAT-2"}, {"StudyDate": "20260201"}):
        assert house.find("READER", "STUDY", **({"StudyInstanceUID": ""} | values)) == [], values
    assert house.find("READER", "PATIENT", PatientID="PAT-2") == []


def test_counts_say_nothing_of_it(house: House) -> None:
    asked = ("NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances")
    for level, values in (("PATIENT", {"PatientID": "PAT-1"}), ("STUDY", {"PatientID": "PAT-1", "StudyInstanceUID": SEEN})):
        for title, due in (("READER", [1, 2, 2]), ("MODALITY", [2, 3, 4])):
            (found,) = house.find(title, level, **dict.fromkeys(asked, ""), **values)
            assert [int(found[name].value) for name in asked] == due, (level, title)


WANTED = [
    ("STUDY", {"StudyInstanceUID": [SEEN, HIDDEN, STRANGER]}),
    ("PATIENT", {"PatientID": "PAT-1"}),
    ("IMAGE", {"StudyInstanceUID": HIDDEN, "SeriesInstanceUID": "1.2.4.1", "SOPInstanceUID": ["1.2.4.1.1", "1.2.4.1.2"]}),
    ("SERIES", {"StudyInstanceUID": STRANGER, "SeriesInstanceUID": "1.2.5.1"}),
]


@pytest.mark.parametrize(("level", "values"), WANTED)
def test_retrieves(house: House, level: str, values: dict[str, Any]) -> None:
    model = PATIENT_ROOT if level == "PATIENT" else STUDY_ROOT
    due = {"1.2.3.1.1", "1.2.3.2.1"} if SEEN in values.get("StudyInstanceUID", "") or level == "PATIENT" else set()
    got = Receiver()
    association = house.associated(house.entity("READER", model + GET), got)
    last = responses_of(association.send_c_get(keys(level, **values), model + GET))[-1]
    association.release()
    assert set(got.came) == due
    assert (last.status, last.counts) == (0, (len(due), 0, 0))
    house.destination.came.clear()
    association = house.associated(house.entity("READER", model + MOVE))
    last = responses_of(association.send_c_move(keys(level, **values), "RECEIVER", model + MOVE))[-1]
    association.release()
    assert set(house.destination.came) == due
    assert (last.status, last.counts) == (0, (len(due), 0, 0))


def test_frames(house: House) -> None:
    """What is not seen has no frames; what is seen is found, and is no multi-frame image."""
    model = "1.2.840.10008.5.1.4.1.2.4.3"
    for title, uid, due in (("READER", "1.2.4.1.1", 0xAA00), ("READER", "1.2.3.1.1", 0xAA01), ("MODALITY", "1.2.4.1.1", 0xAA01)):
        association = house.associated(house.entity(title, model), Receiver())
        last = responses_of(association.send_c_get(keys("FRAME", SOPInstanceUID=uid, SimpleFrameList=[1]), model))[-1]
        association.release()
        assert last.status == due, (title, uid, last)


def test_a_commitment(house: House) -> None:
    reader = Modality("READER")
    references = [(MR if uid == "1.2.3.1.1" else CT, uid) for uid in OBJECTS]
    with reader.associated((house.server.host, house.server.dicom_port)) as association:
        status, transaction = ask(association, references)
        heard = reader.heard_of(transaction, 30)
    assert status == 0
    assert heard.committed == references[:2]
    assert heard.failed == dict.fromkeys([uid for _, uid in references[2:]], 0x0112)


def test_a_rule_that_changes_holds_from_the_next_association_on(house: House) -> None:
    house.know("LATER", "--visible", "sender=NOBODY")
    assert house.find("LATER", "STUDY", StudyInstanceUID="") == []
    house.know("LATER", "--visible", "sender=MODALITY", "--visible", "referring-physician=ärztin*")
    assert len(house.find("LATER", "STUDY", StudyInstanceUID="")) == 3
    house.know("LATER", "--visible", 'institution=Spital "Süd"')
    assert [one.StudyInstanceUID for one in house.find("LATER", "STUDY", StudyInstanceUID="")] == [STRANGER]
    house.know("LATER", "--visible", "sender=MODALITY", "--visible", "last-days=1")
    assert house.find("LATER", "STUDY", StudyInstanceUID="") == []
