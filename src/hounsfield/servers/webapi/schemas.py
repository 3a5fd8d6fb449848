"""The JSON of `/api`, as its OpenAPI names it. Dates and times of studies are DICOM's (YYYYMMDD, HHMMSS), our own are ISO 8601 UTC."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from hounsfield.model.callers import RefusedCaller
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.origin import Principal, Role
from hounsfield.model.peers import USUAL, Peer, Permission
from hounsfield.model.reading import ReadingPriority, ReadingStatus
from hounsfield.model.visibility import MOST_VALUES, VisibleStudies
from hounsfield.model.worklist import KeptAside, SeriesRow, Statistics, StudyDetail, StudyRow, WorklistPage


class Answer(BaseModel):
    """What all answers have in common: frozen."""

    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """What all request bodies have in common: a field we do not know is a mistake to be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UserAnswer(Answer):
    """Who is signed in."""

    name: str
    role: Role


class SessionAnswer(Answer):
    """The session of this browser. csrf_token: to be sent as `X-CSRF-Token` with everything but GET."""

    user: UserAnswer
    csrf_token: str
    open_access: bool
    must_change_password: bool = False

    @classmethod
    def of(cls, principal: Principal, csrf_token: str, *, open_access: bool, must_change_password: bool = False) -> SessionAnswer:
        """Of a principal."""
        user = UserAnswer(name=principal.name, role=principal.role)
        return cls(user=user, csrf_token=csrf_token, open_access=open_access, must_change_password=must_change_password)


class SignInAsked(Asked):
    """A sign-in."""

    username: str = Field(max_length=256)
    password: str = Field(max_length=4096)


class PasswordAsked(Asked):
    """A change of one's own password."""

    current: str = Field(max_length=4096)
    new: str = Field(max_length=4096)


class StudyAnswer(Answer):
    """One line of the worklist. thumbnail: relative URL of a JPEG."""

    study_instance_uid: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    study_date: str
    study_time: str
    accession_number: str
    description: str
    referring_physician: str
    modalities: list[str]
    series_count: int
    instance_count: int
    received_at: str
    status: ReadingStatus
    priority: ReadingPriority
    thumbnail: str

    @classmethod
    def of(cls, row: StudyRow) -> StudyAnswer:
        """Of a row of the index."""
        return cls(
            study_instance_uid=row.study_instance_uid,
            patient_id=row.patient_id,
            patient_name=row.patient_name,
            birth_date=row.birth_date,
            sex=row.sex,
            study_date=row.study_date,
            study_time=row.study_time,
            accession_number=row.accession_number,
            description=row.description,
            referring_physician=row.referring_physician,
            modalities=list(row.modalities),
            series_count=row.series_count,
            instance_count=row.instance_count,
            received_at=iso_time(row.received_at_ns // 1_000_000),
            status=row.status,
            priority=row.priority,
            thumbnail=f"/dicom-web/studies/{quote(row.study_instance_uid, safe='')}/thumbnail",
        )


class TotalAnswer(Answer):
    """How many match. capped: there are more than `count`, or may be: no more was looked at."""

    count: int
    capped: bool


class WorklistAnswer(Answer):
    """A page of the worklist. next: to be sent as `after` for the following page; null on the last.

    change: to be sent as `since` to `/dicom-web/changes`: all up to it is in the page.
    """

    rows: list[StudyAnswer]
    next: str | None
    total: TotalAnswer
    change: int

    @classmethod
    def of(cls, page: WorklistPage) -> WorklistAnswer:
        """Of a page of the index."""
        total = TotalAnswer(count=page.count, capped=page.capped)
        return cls(rows=[StudyAnswer.of(row) for row in page.rows], next=page.next, total=total, change=page.change)


class SeriesAnswer(Answer):
    """One series of a study."""

    series_instance_uid: str
    number: int | None
    modality: str
    description: str
    body_part: str
    instance_count: int
    frame_count: int
    thumbnail: str

    @classmethod
    def of(cls, study_instance_uid: str, row: SeriesRow) -> SeriesAnswer:
        """Of a row of the index."""
        return cls(
            series_instance_uid=row.series_instance_uid,
            number=row.number,
            modality=row.modality,
            description=row.description,
            body_part=row.body_part,
            instance_count=row.instance_count,
            frame_count=row.frame_count,
            thumbnail=f"/dicom-web/studies/{quote(study_instance_uid, safe='')}/series/{quote(row.series_instance_uid, safe='')}/thumbnail",
        )


class StudyDetailAnswer(Answer):
    """A study with its series and the other studies of the same patient."""

    study: StudyAnswer
    series: list[SeriesAnswer]
    priors: list[StudyAnswer]

    @classmethod
    def of(cls, detail: StudyDetail) -> StudyDetailAnswer:
        """Of what the index knows."""
        series = [SeriesAnswer.of(detail.study.study_instance_uid, row) for row in detail.series]
        return cls(study=StudyAnswer.of(detail.study), series=series, priors=[StudyAnswer.of(row) for row in detail.priors])


class DeletionAsked(Asked):
    """Why a study is deleted; kept with the decision."""

    reason: str = Field(min_length=1, max_length=500)


class StatusAnswer(Answer):
    """What a person needs in order to send images here, and how much is here."""

    ae_title: str
    host: str
    dicom_port: int
    http_port: int
    version: str
    studies: int
    series: int
    instances: int
    bytes_stored: int
    open_access: bool
    demo: bool

    @classmethod
    def of(
        cls,
        statistics: Statistics,
        *,
        ae_title: str,
        host: str,
        dicom_port: int,
        http_port: int,
        version: str,
        open_access: bool,
        demo: bool,
    ) -> StatusAnswer:
        """Of the counters and the site's own facts."""
        return cls(
            ae_title=ae_title,
            host=host,
            dicom_port=dicom_port,
            http_port=http_port,
            version=version,
            studies=statistics.studies,
            series=statistics.series,
            instances=statistics.instances,
            bytes_stored=statistics.bytes_stored,
            open_access=open_access,
            demo=demo,
        )


class RefusedCallerAnswer(Answer):
    """A calling AE title that was not let in."""

    ae_title: str
    host: str
    last_seen: str
    count: int

    @classmethod
    def of(cls, caller: RefusedCaller) -> RefusedCallerAnswer:
        """Of a record."""
        return cls(ae_title=caller.ae_title, host=caller.host, last_seen=iso_time(caller.last_seen_s * 1000), count=caller.count)


class VisibleStudiesAsked(Asked):
    """Which studies a peer sees: AND over kinds, OR within; what is empty, or 0, is not asked."""

    modalities: list[str] = Field(default_factory=list, max_length=MOST_VALUES)
    institutions: list[str] = Field(default_factory=list, max_length=MOST_VALUES)
    stations: list[str] = Field(default_factory=list, max_length=MOST_VALUES)
    senders: list[str] = Field(default_factory=list, max_length=MOST_VALUES)
    issuers: list[str] = Field(default_factory=list, max_length=MOST_VALUES)
    referring_physicians: list[str] = Field(default_factory=list, max_length=MOST_VALUES)
    last_days: int = 0

    def visible(self) -> VisibleStudies:
        """As an entity, not yet checked."""
        return VisibleStudies.read(self.model_dump())


class CoercionRuleAsked(Asked):
    """A change of one attribute of what a peer stores."""

    attribute: str = Field(max_length=128)
    action: CoercionAction
    value: str = Field("", max_length=1024)


class PeerAsked(Asked):
    """What shall be kept of a peer; its AE title stands in the path."""

    host: str = Field("", max_length=253)
    port: int = Field(0, ge=0, le=65535)
    tls: bool = False
    transfer_syntaxes: list[str] = Field(default_factory=list, max_length=256)
    may: list[Permission] = Field(default_factory=lambda: sorted(USUAL))
    max_associations: int = 2
    certificate: str = Field("", max_length=1024)
    accepted_sop_classes: list[str] = Field(default_factory=list, max_length=256)
    accepted_transfer_syntaxes: list[str] = Field(default_factory=list, max_length=256)
    visible: VisibleStudiesAsked = Field(default_factory=VisibleStudiesAsked)
    character_set: str = Field("", max_length=256)
    coercion: list[CoercionRuleAsked] = Field(default_factory=list, max_length=64)

    def peer(self, ae_title: str) -> Peer:
        """As an entity, not yet checked."""
        return Peer(
            ae_title,
            self.host,
            self.port,
            self.tls,
            tuple(self.transfer_syntaxes),
            frozenset(self.may),
            self.max_associations,
            self.certificate,
            tuple(self.accepted_sop_classes),
            tuple(self.accepted_transfer_syntaxes),
            self.visible.visible(),
            self.character_set,
            tuple(CoercionRule(rule.attribute, rule.action, rule.value) for rule in self.coercion),
        )


class VisibleStudiesAnswer(Answer):
    """Which studies a peer sees: AND over kinds, OR within; what is empty, or 0, is not asked."""

    modalities: list[str]
    institutions: list[str]
    stations: list[str]
    senders: list[str]
    issuers: list[str]
    referring_physicians: list[str]
    last_days: int

    @classmethod
    def of(cls, visible: VisibleStudies) -> VisibleStudiesAnswer:
        """Of a record."""
        return cls.model_validate(asdict(visible))


class CoercionRuleAnswer(Answer):
    """A change of one attribute of what a peer stores."""

    attribute: str
    action: CoercionAction
    value: str


class PeerAnswer(Answer):
    """An application entity: where it is and what it may do here. port: 0 where we cannot call it."""

    ae_title: str
    host: str
    port: int
    tls: bool
    transfer_syntaxes: list[str]
    may: list[Permission]
    max_associations: int
    certificate: str
    accepted_sop_classes: list[str]
    accepted_transfer_syntaxes: list[str]
    visible: VisibleStudiesAnswer
    character_set: str
    coercion: list[CoercionRuleAnswer]

    @classmethod
    def of(cls, peer: Peer) -> PeerAnswer:
        """Of a record."""
        return cls(
            ae_title=peer.ae_title,
            host=peer.host,
            port=peer.port,
            tls=peer.tls,
            transfer_syntaxes=list(peer.transfer_syntaxes),
            may=sorted(peer.may),
            max_associations=peer.max_associations,
            certificate=peer.certificate,
            accepted_sop_classes=list(peer.accepted_sop_classes),
            accepted_transfer_syntaxes=list(peer.accepted_transfer_syntaxes),
            visible=VisibleStudiesAnswer.of(peer.visible),
            character_set=peer.character_set,
            coercion=[CoercionRuleAnswer(attribute=rule.attribute, action=rule.action, value=rule.value) for rule in peer.coercion],
        )


class PeersAnswer(Answer):
    """By AE title."""

    peers: list[PeerAnswer]


class EchoAnswer(Answer):
    """What came of a C-ECHO. status: four hexadecimal digits, 0000 for success."""

    status: str
    milliseconds: float


class CallersAnswer(Answer):
    """Who may call, and who tried."""

    refused: list[RefusedCallerAnswer]
    known: list[PeerAnswer]


class KeptAsideAnswer(Answer):
    """An object kept beside the one that counts."""

    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    outcome: str
    reason: str
    source: str
    received_at: str

    @classmethod
    def of(cls, kept: KeptAside) -> KeptAsideAnswer:
        """Of a record."""
        return cls(
            study_instance_uid=kept.study_instance_uid,
            series_instance_uid=kept.series_instance_uid,
            sop_instance_uid=kept.sop_instance_uid,
            outcome=kept.outcome,
            reason=kept.reason,
            source=kept.source,
            received_at=iso_time(kept.received_at_ns // 1_000_000),
        )


class ConflictsAnswer(Answer):
    """The latest conflicts. more: there are others."""

    conflicts: list[KeptAsideAnswer]
    more: bool


class ErrorDetail(Answer):
    """code: a stable word for programs; message: for a person."""

    code: str
    message: str


class ErrorAnswer(Answer):
    """Every error's body."""

    error: ErrorDetail


def iso_time(milliseconds: int) -> str:
    """`2026-01-31T08:05:00.000Z`, from milliseconds since 1970-01-01 UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
