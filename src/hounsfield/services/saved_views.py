"""Saved views of a study: kept as presentation states through the one write path; ours and other makers' are listed and applied."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hounsfield.codecs.describe import describe
from hounsfield.codecs.presentation import Presentation
from hounsfield.codecs.presentation_state import PRESENTATION_STATES, PresentationState, Reference, read_presentation_state
from hounsfield.dicom.element_tree import DataSet
from hounsfield.dicom.frame_times import whole_number
from hounsfield.dicom.pixel_scale import rescaling
from hounsfield.dicom.tags import SAMPLES_PER_PIXEL
from hounsfield.model.errors import HounsfieldError, InvalidInput, NotFound
from hounsfield.model.origin import Origin, Role
from hounsfield.model.saved_view import View, check_view
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.reports.content import person
from hounsfield.services.accounts import require
from hounsfield.services.coercion import header_syntax
from hounsfield.services.made_objects import MOST_DOCUMENTS, Making, Unread, series_of

_LABEL, _DESCRIPTION, _CREATOR, _CREATED = 0x00700080, 0x00700081, 0x00700084, (0x00700082, 0x00700083)
_PHOTOMETRIC = 0x00280004
_MOST_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class ListedState:
    """A presentation state that can be applied. created_at: a DICOM date and time. references: what it shows, in its order."""

    sop_instance_uid: str
    label: str
    description: str
    creator: str
    created_at: str
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class StudyViews:
    """The earliest first."""

    states: tuple[ListedState, ...]
    unread: tuple[Unread, ...]


class SavedViews:
    """Thread-safe."""

    def __init__(self, making: Making) -> None:
        self._making = making

    def all(self, origin: Origin, study_instance_uid: str) -> StudyViews:
        """The presentation states of a study. Raises: StudyNotFound, Gone."""
        instances = self._making.retrieve.instances(origin, study_instance_uid)
        series = {instance.sop_instance_uid: instance.series_instance_uid for instance in instances}
        states: list[tuple[int, ListedState]] = []
        unread: list[Unread] = []
        found = [instance for instance in instances if instance.sop_class_uid in PRESENTATION_STATES]
        for number, instance in enumerate(found):
            try:
                if number >= MOST_DOCUMENTS:
                    raise InvalidInput(f"only the first {MOST_DOCUMENTS} presentation states of a study are read")
                document, state = self._read(instance)
            except HounsfieldError as exc:
                unread.append(Unread(instance.sop_instance_uid, str(exc)))
            else:
                states.append((instance.stored.received_at_ns, _listed(instance, document, state, series)))
        states.sort(key=lambda one: (one[1].created_at, one[0]))
        return StudyViews(tuple(state for _, state in states), tuple(unread))

    def over(self, origin: Origin, study_instance_uid: str, state_uid: str, sop_instance_uid: str, frame: int) -> Presentation:
        """How a state shows one frame (its number, from 1).

        Raises: InstanceNotFound, FrameNotFound, Gone, UndecodablePixels; NotFound where it does not show that frame.
        """
        state_instance = self._instance(origin, study_instance_uid, state_uid)
        if state_instance.sop_class_uid not in PRESENTATION_STATES:
            raise InvalidInput(f"{state_uid} is no presentation state that can be applied")
        _document, state = self._read(state_instance)
        image = self._making.image(origin, study_instance_uid, sop_instance_uid, (frame,))
        if not any(
            shown.sop_instance_uid == sop_instance_uid and (not shown.frames or frame in shown.frames) for shown in state.references
        ):
            raise NotFound(f"the presentation state does not show frame {frame} of {sop_instance_uid}")
        header = self._making.retrieve.header(image.instance)
        return state.over(describe(header, header_syntax(image.instance)), sop_instance_uid, frame)

    def save(self, origin: Origin, study_instance_uid: str, view: View) -> StudyViews:
        """Raises: AccessDenied, InvalidInput, InstanceNotFound, FrameNotFound, Gone, InconsistentObject, Unavailable."""
        # It brings pydicom and an array library along, which a process that writes no states does without.
        from hounsfield.reports.evidence import Identity, ImageFile
        from hounsfield.reports.presentation_state import compose_view

        require(origin.principal, Role.EDITOR)
        check_view(view)
        image = self._making.image(origin, study_instance_uid, view.sop_instance_uid, (view.frame,))
        is_grey = whole_number(image.header, SAMPLES_PER_PIXEL, 1) == 1 and not image.header.text(_PHOTOMETRIC).startswith("PALETTE")
        if is_grey != (view.window is not None):
            raise InvalidInput("an image in grey is shown with a window, one in colour without")
        series = series_of(origin, study_instance_uid, "view")
        number = self._making.next_in_series(origin, study_instance_uid, series)
        file = compose_view(
            Identity(series, self._making.uid(), number, origin.principal.name, self._making.now()),
            view,
            rescaling(image.header, view.frame),
            ImageFile(image.head, image.instance.claimed_frames > 1),
        )
        self._making.keep(origin, study_instance_uid, file)
        return self.all(origin, study_instance_uid)

    def _instance(self, origin: Origin, study_instance_uid: str, sop_instance_uid: str) -> StoredInstance:
        found = self._making.retrieve.reader.instances(origin.principal.partition_id, study_instance_uid, "", sop_instance_uid)
        if not found:
            raise self._making.retrieve.absent(origin, study_instance_uid, "", sop_instance_uid)
        return found[0]

    def _read(self, instance: StoredInstance) -> tuple[DataSet, PresentationState]:
        document = self._making.document(instance)
        state = read_presentation_state(self._making.retrieve.header(instance), header_syntax(instance), instance.sop_class_uid)
        return document, state


def _listed(instance: StoredInstance, document: DataSet, state: PresentationState, series: dict[str, str]) -> ListedState:
    """Of what it shows, what is in this study: in the series where it is."""
    references = tuple(
        replace(reference, series_instance_uid=series[reference.sop_instance_uid])
        for reference in state.references
        if reference.sop_instance_uid in series
    )
    return ListedState(
        instance.sop_instance_uid,
        document.text(_LABEL)[:_MOST_CHARACTERS],
        document.text(_DESCRIPTION)[:_MOST_CHARACTERS],
        person(document.text(_CREATOR))[:_MOST_CHARACTERS],
        "".join(document.text(tag) for tag in _CREATED)[:26],
        references,
    )
