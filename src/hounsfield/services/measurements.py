"""Measurements of a study: saved as structured reports through the one write path, and read back from ours and from other makers'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hounsfield.dicom.pixel_scale import measurable, pixel_scale
from hounsfield.model.errors import HounsfieldError, InvalidInput
from hounsfield.model.identifiers import is_valid_uid
from hounsfield.model.measurement import Measurement, Removal, check, check_label
from hounsfield.model.origin import Origin, Role
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.reports.read import Report, read_report
from hounsfield.services.accounts import require
from hounsfield.services.made_objects import MOST_DOCUMENTS, Image, Making, Unread, check_frame, series_of

MOST_AT_ONCE = 200
_STRUCTURED_REPORTS = "1.2.840.10008.5.1.4.1.1.88."


@dataclass(frozen=True, slots=True)
class StudyMeasurements:
    """The newest state of each measurement that counts, in the order in which they were first made."""

    measurements: tuple[Measurement, ...]
    unread: tuple[Unread, ...]


class Measurements:
    """Thread-safe."""

    def __init__(self, making: Making) -> None:
        self._making = making

    def all(self, origin: Origin, study_instance_uid: str) -> StudyMeasurements:
        """Of all measurement reports of a study. One that cannot be read is named, the others count. Raises: StudyNotFound, Gone."""
        instances = self._making.retrieve.instances(origin, study_instance_uid)
        series_of = {instance.sop_instance_uid: instance.series_instance_uid for instance in instances}
        reports: list[tuple[str, int, Report]] = []
        unread: list[Unread] = []
        documents = [instance for instance in instances if instance.sop_class_uid.startswith(_STRUCTURED_REPORTS)]
        for number, instance in enumerate(documents):
            try:
                if number >= MOST_DOCUMENTS:
                    raise InvalidInput(f"only the first {MOST_DOCUMENTS} reports of a study are read")
                report = self._report(instance)
            except HounsfieldError as exc:
                unread.append(Unread(instance.sop_instance_uid, str(exc)))
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
        from hounsfield.reports.compose import compose
        from hounsfield.reports.evidence import Identity, ImageFile

        require(origin.principal, Role.EDITOR)
        changes: list[Measurement | Removal] = [*measurements, *removals]
        if not 0 < len(changes) <= MOST_AT_ONCE:
            raise InvalidInput(f"1 to {MOST_AT_ONCE} measurements are saved at once")
        if len({one.tracking_uid for one in changes}) != len(changes):
            raise InvalidInput("a measurement comes twice")
        images: dict[str, Image] = {}
        for one in changes:
            if not is_valid_uid(one.tracking_uid):
                raise InvalidInput(f"{one.tracking_uid[:80]!r} is not a UID")
            image = images.get(one.sop_instance_uid) or self._making.image(origin, study_instance_uid, one.sop_instance_uid)
            images[one.sop_instance_uid] = image
            check_frame(image.instance, one.frame)
            if isinstance(one, Measurement):
                check(one, measurable(image.header, one.frame), pixel_scale(image.header, one.frame, one.points))
            else:
                check_label(one.label)
        series = series_of(origin, study_instance_uid)
        number = self._making.next_in_series(origin, study_instance_uid, series)
        file = compose(
            Identity(series, self._making.uid(), number, origin.principal.name, self._making.now()),
            measurements,
            removals,
            {uid: ImageFile(image.head, image.instance.claimed_frames > 1) for uid, image in images.items()},
        )
        self._making.keep(origin, study_instance_uid, file)
        return self.all(origin, study_instance_uid)

    def _report(self, instance: StoredInstance) -> Report | None:
        document = self._making.document(instance)
        report = read_report(document)
        if not document.whole and (report is None or not report.found):
            raise InvalidInput(f"its content cannot be read: {'; '.join(document.problems)[:200]}")
        return report
