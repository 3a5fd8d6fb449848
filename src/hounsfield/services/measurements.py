"""Measurements of a study: saved as structured reports through the one write path, and read back from ours and from other makers'."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hounsfield.dicom.element_tree import DataSet, read_data_set
from hounsfield.dicom.part10 import build_prefix
from hounsfield.dicom.pixel_scale import measurable, pixel_scale
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.errors import FrameNotFound, HounsfieldError, InconsistentObject, InvalidInput
from hounsfield.model.identifiers import UID, is_valid_uid, new_uid
from hounsfield.model.measurement import Measurement, Removal, check, check_label
from hounsfield.model.origin import Origin, Role
from hounsfield.model.outcomes import StoreOutcome
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.reports.read import Report, read_report
from hounsfield.services.accounts import require
from hounsfield.services.coercion import header_syntax
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.store import FileStore

MOST_AT_ONCE = 200
MOST_HEADER_BYTES = 16 << 20
"""Of an image that is measured on."""
MOST_REPORT_BYTES = 4 << 20
MOST_REPORTS = 500

_STRUCTURED_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
_SERIES_OF_A_READER = uuid.UUID("6f0b5f0e-6a52-4d5c-9a35-5f0a0c6a7c11")


@dataclass(frozen=True, slots=True)
class UnreadReport:
    """A report that could not be read, and why."""

    sop_instance_uid: str
    reason: str


@dataclass(frozen=True, slots=True)
class StudyMeasurements:
    """The newest state of each measurement that counts, in the order in which they were first made."""

    measurements: tuple[Measurement, ...]
    unread: tuple[UnreadReport, ...]


@dataclass(frozen=True, slots=True)
class _Image:
    instance: StoredInstance
    header: DataSet
    head: bytes


class Measurements:
    """Thread-safe. uid, now: of the reports written."""

    def __init__(
        self,
        retrieve: Retrieve,
        store: FileStore,
        uid: Callable[[], str] = new_uid,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        self._retrieve = retrieve
        self._store = store
        self._uid = uid
        self._now = now

    def all(self, origin: Origin, study_instance_uid: str) -> StudyMeasurements:
        """Of all measurement reports of a study. One that cannot be read is named, the others count. Raises: StudyNotFound, Gone."""
        instances = self._retrieve.instances(origin, study_instance_uid)
        series_of = {instance.sop_instance_uid: instance.series_instance_uid for instance in instances}
        reports: list[tuple[str, int, Report]] = []
        unread: list[UnreadReport] = []
        documents = [instance for instance in instances if instance.sop_class_uid.startswith(_STRUCTURED_REPORTS)]
        for number, instance in enumerate(documents):
            try:
                if number >= MOST_REPORTS:
                    raise InvalidInput(f"only the first {MOST_REPORTS} reports of a study are read")
                report = self._report(instance)
            except HounsfieldError as exc:
                unread.append(UnreadReport(instance.sop_instance_uid, str(exc)))
            else:
                if report is not None:
                    reports.append((report.content_time, instance.stored.received_at_ns, report))
        states: dict[str, Measurement | Removal] = {}
        for _content_time, _received, report in sorted(reports, key=lambda one: one[:2]):
            states.update((state.tracking_uid, state) for state in report.found)
        counting = [state for state in states.values() if isinstance(state, Measurement)]
        placed = [replace(one, series_instance_uid=series_of.get(one.sop_instance_uid, "")) for one in counting]
        return StudyMeasurements(tuple(placed), tuple(unread))

    def save(
        self, origin: Origin, study_instance_uid: str, measurements: Sequence[Measurement], removals: Sequence[Removal]
    ) -> StudyMeasurements:
        """Writes one report of what is new, changed or taken away, and returns all of the study as it is stored then.

        Raises: AccessDenied, InvalidInput, InstanceNotFound, FrameNotFound, Gone, InconsistentObject, Unavailable, DamagedObject.
        """
        # It brings pydicom and an array library along, which a process that writes no reports does without.
        from hounsfield.reports.compose import Identity, ImageFile, compose

        require(origin.principal, Role.EDITOR)
        changes: list[Measurement | Removal] = [*measurements, *removals]
        if not 0 < len(changes) <= MOST_AT_ONCE:
            raise InvalidInput(f"1 to {MOST_AT_ONCE} measurements are saved at once")
        if len({one.tracking_uid for one in changes}) != len(changes):
            raise InvalidInput("a measurement comes twice")
        images: dict[str, _Image] = {}
        for one in changes:
            if not is_valid_uid(one.tracking_uid):
                raise InvalidInput(f"{one.tracking_uid[:80]!r} is not a UID")
            image = images.get(one.sop_instance_uid) or self._image(origin, study_instance_uid, one.sop_instance_uid)
            images[one.sop_instance_uid] = image
            if not 1 <= one.frame <= max(image.instance.frames, 1):
                raise FrameNotFound(f"{one.sop_instance_uid} has no frame {one.frame}")
            if isinstance(one, Measurement):
                check(one, measurable(image.header, one.frame), pixel_scale(image.header, one.frame, one.points))
            else:
                check_label(one.label)
        series = _series_of(origin, study_instance_uid)
        earlier = self._retrieve.reader.instances(origin.principal.partition_id, study_instance_uid, series)
        file = compose(
            Identity(series, self._uid(), len(earlier) + 1),
            origin.principal.name,
            self._now(),
            measurements,
            removals,
            {uid: ImageFile(image.head, image.instance.claimed_frames > 1) for uid, image in images.items()},
        )
        with self._store.receive_file(origin, study_instance_uid) as reception:
            reception.write(file)
            result = reception.finish()
        if result.outcome is not StoreOutcome.STORED:
            raise InconsistentObject(f"the report does not count in the archive: {result.reason or result.outcome}")
        return self.all(origin, study_instance_uid)

    def _report(self, instance: StoredInstance) -> Report | None:
        if instance.stored.location.data_set_length_bytes > MOST_REPORT_BYTES:
            raise InvalidInput(f"it is longer than {MOST_REPORT_BYTES} bytes")
        document = read_data_set(self._retrieve.read(instance).data_set, instance.transfer_syntax_uid)
        report = read_report(document)
        if not document.whole and (report is None or not report.found):
            raise InvalidInput(f"its content cannot be read: {'; '.join(document.problems)[:200]}")
        return report

    def _image(self, origin: Origin, study_instance_uid: str, sop_instance_uid: str) -> _Image:
        found = self._retrieve.reader.instances(origin.principal.partition_id, study_instance_uid, "", sop_instance_uid)
        if not found:
            raise self._retrieve.absent(origin, study_instance_uid, "", sop_instance_uid)
        instance = found[0]
        if not instance.rows or instance.header_length_bytes > MOST_HEADER_BYTES:
            raise InvalidInput(f"{sop_instance_uid} is no image that can be measured on here")
        header, length = self._retrieve.effective_header(instance)
        is_deflated = transfer_syntax(instance.transfer_syntax_uid).deflated
        syntax = header_syntax(instance)
        tree = read_data_set(header, syntax, header_length_bytes=None if is_deflated else length)
        prefix = build_prefix(instance.sop_class_uid, sop_instance_uid, syntax)
        return _Image(instance, tree, prefix + bytes(header if is_deflated else header[:length]))


def _series_of(origin: Origin, study_instance_uid: str) -> UID:
    """All reports of one reader on one study are one series, whichever process writes them (a UID by a name-based UUID, PS3.5 B.2)."""
    name = f"{origin.principal.partition_id}/{study_instance_uid}/{origin.principal.name}"
    return UID(f"2.25.{uuid.uuid5(_SERIES_OF_A_READER, name).int}")
