"""What the suite has stored on the server before it asserts: two studies of one patient, and one of each of several scripts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian, RLELossless

from conformance_kit import objects
from conformance_kit.client import Item, Server, value
from conformance_kit.objects import Series, Specimen

SCRIPTS = {
    "Latin-1": ("ISO_IR 100", "Buc^Jérôme"),
    "Greek": ("ISO_IR 126", "Διονυσιος"),
    "Cyrillic": ("ISO_IR 144", "Иванов^Пётр"),
    "Hebrew": ("ISO_IR 138", "שרון^דבורה"),
    "Japanese": (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "Korean": (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동"),
    "Chinese": ("GB18030", "Wang^XiaoDong=王^小东"),
    "Unicode": ("ISO_IR 192", "Ångström^Œuvre=安^妮"),
}
"""A name in each, and the character set in which it is stored."""


@dataclass(slots=True)
class Archive:
    """run: stands in every Patient ID, so that searches meet what this run stored. answers: of the server, by study."""

    run: str
    thorax: Dataset
    head: Dataset
    specimens: dict[str, Specimen] = field(default_factory=dict)
    scripts: dict[str, Specimen] = field(default_factory=dict)
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Specimen:
        return self.specimens[name]

    @property
    def patient_id(self) -> str:
        """Of the patient with two studies."""
        return str(self.thorax.PatientID)

    def spare(self) -> Specimen:
        """A new object of a new study that is not stored."""
        return self.spares(1)[0]

    def spares(self, count: int) -> list[Specimen]:
        """New objects of one new series."""
        person = objects.patient(f"{self.run}-Z", "Spare^Object")
        series = Series(objects.study(person, StudyDate="20260607", StudyTime="010203", StudyID="Z"), 1, "CT", "spare")
        return [objects.ct(series, number) for number in range(1, count + 1)]

    def of_study(self, study: Dataset) -> list[Specimen]:
        """Its objects in the order in which they were stored."""
        return [specimen for specimen in self.specimens.values() if specimen.study == study.StudyInstanceUID]

    def of_series(self, series: str) -> list[Specimen]:
        """Its objects in the order in which they were stored."""
        return [specimen for specimen in self.specimens.values() if specimen.series == series]

    def ours(self, items: Iterable[Item], tag: str) -> list[str]:
        """The UIDs of one attribute of those items that this run stored."""
        known = {uid for one in (*self.specimens.values(), *self.scripts.values()) for uid in (one.study, one.series, one.uid)}
        return [uid for item in items if (uid := value(item, tag)) in known]


def new_run() -> str:
    """A word that no other run has."""
    return "C" + secrets.token_hex(4).upper()


def make_archive(run: str) -> Archive:
    """All the objects, not yet stored."""
    person = objects.patient(f"{run}-A", "Conformance^Ägidius^^Dr")
    thorax = objects.study(
        person,
        StudyDate="20260102",
        StudyTime="101112",
        AccessionNumber=f"{run}T",
        ReferringPhysicianName="Lehmann",
        StudyID="THORAX1",
        StudyDescription="Thorax nativ",
    )
    head = objects.study(
        person,
        StudyDate="20260304",
        StudyTime="171819.250000",
        AccessionNumber=f"{run}H",
        ReferringPhysicianName="Ander^Otto^^Prof",
        StudyID="HEAD2",
        StudyDescription="Head",
    )
    archive = Archive(run, thorax, head)
    axial, coronal = Series(thorax, 1, "CT", "axial"), Series(thorax, 2, "CT", "coronal")
    made = [
        *(objects.ct(axial, number, **_performed(run, "1", "20260102", "101500")) for number in range(1, 6)),
        *(objects.ct(coronal, number, **_performed(run, "2", "20260103", "114500")) for number in (1, 2)),
        objects.report(Series(thorax, 3, "SR", "report"), 1),
        objects.multi_frame(Series(head, 1, "OT", "cine"), 1),
        objects.ct(mixed := Series(head, 2, "CT", "mixed"), 1, syntax=RLELossless),
        objects.jpeg(Series(head, 3, "OT", "photo"), 1),
        objects.ct(Series(head, 4, "CT", "implicit"), 1, syntax=ImplicitVRLittleEndian),
        objects.colour(Series(head, 5, "OT", "colours"), 1),
        objects.document(Series(head, 6, "DOC", "document"), 1),
        objects.ct(mixed, 2),
    ]
    archive.specimens = {specimen.name: specimen for specimen in made}
    for script, (character_set, name) in SCRIPTS.items():
        of = objects.patient(f"{run}-{script}", name, character_set, PatientBirthDate="")
        one = objects.study(of, StudyDate="20260506", StudyTime="080000", AccessionNumber=f"{run}S", StudyID="S", ReferringPhysicianName="")
        archive.scripts[script] = objects.ct(Series(one, 1, "CT", script), 1)
    return archive


def store_archive(server: Server, archive: Archive) -> None:
    """One request a study. Raises: AssertionError where an object is not taken: nothing can be said of such a server."""
    for name, specimens in (
        ("thorax", archive.of_study(archive.thorax)),
        ("head", archive.of_study(archive.head)),
        ("scripts", list(archive.scripts.values())),
    ):
        answer = server.store(*(specimen.file for specimen in specimens))
        assert answer.status_code in (200, 202), f"{name}: {answer.status_code} {answer.text[:500]}"
        archive.answers[name] = answer


def _performed(run: str, step: str, date: str, time: str) -> dict[str, object]:
    request = Dataset()
    request.ScheduledProcedureStepID, request.RequestedProcedureID = f"{run}P{step}", f"{run}R{step}"
    return {
        "PerformedProcedureStepStartDate": date,
        "PerformedProcedureStepStartTime": time,
        "RequestAttributesSequence": Sequence([request]),
    }
