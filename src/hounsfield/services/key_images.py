"""Key images of a study: saved as Key Object Selections through the one write path, and read back from ours and from other makers'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hounsfield.dicom.rejection_note import KEY_OBJECT_SELECTION
from hounsfield.model.errors import HounsfieldError, InvalidInput
from hounsfield.model.key_image import MOST_KEY_IMAGES, KeyImage, KeySelection, KeyTitle
from hounsfield.model.origin import Origin, Role
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.reports.read_key_objects import KeyObjects, read_key_objects
from hounsfield.services.accounts import require
from hounsfield.services.made_objects import MOST_DOCUMENTS, Making, Unread, series_of


@dataclass(frozen=True, slots=True)
class StudyKeyImages:
    """The selections that count, the earliest first."""

    selections: tuple[KeySelection, ...]
    unread: tuple[Unread, ...]


class KeyImages:
    """Thread-safe.

    What one reader selects under one title is one series, whose newest document counts. Other makers' documents all count.
    """

    def __init__(self, making: Making) -> None:
        self._making = making

    def all(self, origin: Origin, study_instance_uid: str) -> StudyKeyImages:
        """Of all selections of a study; rejection notes are none. Raises: StudyNotFound, Gone."""
        instances = self._making.retrieve.instances(origin, study_instance_uid)
        series = {instance.sop_instance_uid: instance.series_instance_uid for instance in instances}
        own = {series_of(origin, study_instance_uid, "key", title) for title in KeyTitle}
        found: list[tuple[StoredInstance, KeyObjects]] = []
        unread: list[Unread] = []
        documents = [instance for instance in instances if instance.sop_class_uid == KEY_OBJECT_SELECTION]
        for number, instance in enumerate(documents):
            try:
                if number >= MOST_DOCUMENTS:
                    raise InvalidInput(f"only the first {MOST_DOCUMENTS} selections of a study are read")
                selection = read_key_objects(self._making.document(instance))
            except HounsfieldError as exc:
                unread.append(Unread(instance.sop_instance_uid, str(exc)))
            else:
                if selection is not None:
                    found.append((instance, selection))
        found.sort(key=lambda one: (one[1].content_time, one[0].stored.received_at_ns))
        ours = {instance.series_instance_uid for instance, selection in found if selection.ours}
        newest = {instance.series_instance_uid: instance.sop_instance_uid for instance, _ in found}
        counting = [
            _selection(instance, selection, instance.series_instance_uid in own, series)
            for instance, selection in found
            if instance.series_instance_uid not in ours
            or (newest[instance.series_instance_uid] == instance.sop_instance_uid and not selection.withdrawn)
        ]
        return StudyKeyImages(tuple(counting), tuple(unread))

    def save(
        self, origin: Origin, study_instance_uid: str, title: KeyTitle, images: Sequence[KeyImage], description: str = ""
    ) -> StudyKeyImages:
        """All that one reader points out under one title, instead of what was there before; none takes it back.

        Raises: AccessDenied, InvalidInput, InstanceNotFound, FrameNotFound, Gone, InconsistentObject, Unavailable.
        """
        # It brings pydicom and an array library along, which a process that writes no documents does without.
        from hounsfield.reports.concepts import WITHDRAWN, Concept
        from hounsfield.reports.evidence import Identity, ImageFile
        from hounsfield.reports.key_objects import compose_key_objects

        require(origin.principal, Role.EDITOR)
        if len(images) > MOST_KEY_IMAGES:
            raise InvalidInput(f"a selection has no more than {MOST_KEY_IMAGES} images")
        series = series_of(origin, study_instance_uid, "key", title)
        selected = images or self._selected(origin, study_instance_uid, series)
        frames: dict[str, list[int]] = {}
        for image in dict.fromkeys(selected):
            frames.setdefault(image.sop_instance_uid, []).append(image.frame)
        files = {}
        for uid, numbers in frames.items():
            found = self._making.image(origin, study_instance_uid, uid, tuple(numbers))
            files[uid] = ImageFile(found.head, found.instance.claimed_frames > 1)
        number = self._making.next_in_series(origin, study_instance_uid, series)
        file = compose_key_objects(
            Identity(series, self._making.uid(), number, origin.principal.name, self._making.now()),
            Concept(title, "DCM", title.meaning) if images else WITHDRAWN,
            frames,
            files,
            description,
        )
        self._making.keep(origin, study_instance_uid, file)
        return self.all(origin, study_instance_uid)

    def _selected(self, origin: Origin, study_instance_uid: str, series_instance_uid: str) -> Sequence[KeyImage]:
        """Raises: InvalidInput where nothing is selected."""
        uids = {
            instance.sop_instance_uid
            for instance in self._making.retrieve.reader.instances(origin.principal.partition_id, study_instance_uid, series_instance_uid)
        }
        for selection in self.all(origin, study_instance_uid).selections:
            if selection.sop_instance_uid in uids:
                return [KeyImage(image.sop_instance_uid, image.frame or 1) for image in selection.images]
        raise InvalidInput("there is no selection that could be taken back")


def _selection(instance: StoredInstance, found: KeyObjects, mine: bool, series: dict[str, str]) -> KeySelection:
    images = tuple(
        replace(image, series_instance_uid=series[image.sop_instance_uid]) for image in found.images if image.sop_instance_uid in series
    )
    return KeySelection(
        instance.sop_instance_uid, found.code, found.words, found.description, found.observer, found.content_time, mine, images
    )
