"""Which frames a rendered resource or a thumbnail shows, and through which presentation state (PS3.18 10.4.1.1.3, 10.4.1.1.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hounsfield.codecs.capabilities import DECODABLE
from hounsfield.codecs.presentation_state import PRESENTATION_STATES, PresentationState
from hounsfield.model.errors import FrameNotFound, Gone, InvalidQuery, NotAcceptable, NotFound
from hounsfield.model.origin import Origin
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.servers.dicomweb.rendering.pictures import Pictures
from hounsfield.services.retrieve import Retrieve

MOST_PICTURES = 10_000
"""In one answer."""


class NoPicture(NotFound):
    """Nothing in it can be shown as a picture."""


class ReferencedImagesMissing(NotFound):
    """A presentation state of which no image is here."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame (from 1), and the state through which it is shown, if any. state_checksum: of the object that holds the state."""

    instance: StoredInstance
    number: int
    state: PresentationState | None = None
    state_checksum: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """pictures: never empty. complete: whether all that was named is among them."""

    pictures: Sequence[Picture]
    complete: bool = True

    @property
    def is_one_object(self) -> bool:
        """Whether all are frames of one image."""
        return len({picture.instance.sop_instance_uid for picture in self.pictures}) == 1


class PictureChoice:
    """Calls block."""

    def __init__(self, retrieve: Retrieve, pictures: Pictures) -> None:
        self._retrieve = retrieve
        self._pictures = pictures

    def of_instance(self, origin: Origin, instance: StoredInstance, *, only_first: bool = False) -> Chosen:
        """Every frame, or the first; of a presentation state the frames that it refers to.

        Raises: NoPicture; ReferencedImagesMissing; InvalidQuery where there are too many; PackUnavailable, DamagedObject.
        """
        if is_state(instance):
            return self._of_state(origin, instance)
        if not has_frames(instance):
            raise NoPicture("the instance has no frames")
        if only_first:
            return Chosen([Picture(instance, 1)])
        if instance.frames > MOST_PICTURES:
            raise _too_many()
        return Chosen([Picture(instance, number) for number in _numbers(instance)], is_whole(instance))

    def of_frames(self, origin: Origin, study: str, series: str, sop_instance: str, numbers: Sequence[int]) -> Chosen:
        """These frames (from 1). Raises: InstanceNotFound, Gone, NoPicture, FrameNotFound."""
        instance = self._retrieve.instance(origin, study, series, sop_instance)
        if not has_frames(instance):
            raise NoPicture("the instance has no frames")
        if max(numbers) > instance.frames:
            raise FrameNotFound(f"the instance has {instance.frames} frames")
        return Chosen([Picture(instance, number) for number in numbers])

    def through(self, origin: Origin, image: StoredInstance, series: str, sop_instance: str, number: int | None) -> Picture:
        """A frame (from 1; None: the first that is shown) of an image through a presentation state of the same study (PS3.18 9.5.2).

        Raises: InstanceNotFound, Gone; NotAcceptable where it is no state that can be applied; InvalidQuery where it shows another frame.
        """
        instance = self._retrieve.instance(origin, image.study_instance_uid, series, sop_instance)
        if not is_state(instance):
            raise NotAcceptable("presentationUID names no presentation state that can be applied here")
        state = self._pictures.state(instance)
        there = range(1, image.frames + 1)
        of_image = [reference for reference in state.references if reference.sop_instance_uid == image.sop_instance_uid]
        shown = [frame for reference in of_image for frame in reference.frames or there if frame in there]
        if not shown or (number is not None and number not in shown):
            raise InvalidQuery("the presentation state is not for this image or frame")
        return Picture(image, number or shown[0], state, instance.stored.digests.checksum)

    def of_all(self, origin: Origin, study: str, series: str = "") -> Chosen:
        """Every frame of every image; where there are none but presentation states, what these refer to.

        Images that no codec of ours decodes are left out. Raises: StudyNotFound, SeriesNotFound, Gone, NoPicture, InvalidQuery.
        """
        instances = self._retrieve.instances(origin, study, series)
        images = [instance for instance in instances if instance.rows]
        if not any(map(has_frames, images)):
            states = [instance for instance in instances if is_state(instance)]
            if not states:
                raise NoPicture("nothing in it has frames")
            found = [self._of_state(origin, state) for state in states[:100]]
            return _counted([picture for one in found for picture in one.pictures], all(one.complete for one in found))
        shown = [instance for instance in images if has_frames(instance) and instance.transfer_syntax_uid in DECODABLE]
        if not shown:
            raise NoPicture("nothing in it can be decoded to pictures")
        if sum(instance.frames for instance in shown) > MOST_PICTURES:
            raise _too_many()
        pictures = [Picture(instance, number) for instance in shown for number in _numbers(instance)]
        return Chosen(pictures, len(shown) == len(images) and all(map(is_whole, shown)))

    def representative(self, origin: Origin, *named: str) -> Chosen:
        """One frame that stands for a study, series or instance.

        Raises: StudyNotFound, SeriesNotFound, InstanceNotFound, Gone, NoPicture, ReferencedImagesMissing.
        """
        find = self._retrieve.instance if len(named) == 3 else self._retrieve.representative
        instance = find(origin, *named)
        if is_state(instance):
            return Chosen([self._of_state(origin, instance).pictures[0]])
        if not has_frames(instance):
            raise NoPicture("there is nothing in it that can be shown as a picture")
        return Chosen([Picture(instance, self._pictures.representative_frame(instance))])

    def _of_state(self, origin: Origin, instance: StoredInstance) -> Chosen:
        state = self._pictures.state(instance)
        checksum = instance.stored.digests.checksum
        pictures: list[Picture] = []
        complete = True
        for reference in state.references:
            try:
                # Its series may be named wrongly: a UID leads to one instance alone.
                image = self._retrieve.instance(origin, instance.study_instance_uid, "", reference.sop_instance_uid)
            except (NotFound, Gone):
                complete = False
                continue
            numbers = reference.frames or range(1, image.claimed_frames + 1)
            shown = [Picture(image, number, state, checksum) for number in numbers if number <= image.frames]
            complete = complete and len(shown) == len(numbers) and bool(shown)
            pictures += shown
            if len(pictures) > MOST_PICTURES:
                raise _too_many()
        if not pictures:
            raise ReferencedImagesMissing("the images that the presentation state refers to are not in this study")
        return Chosen(pictures, complete)


def has_frames(instance: StoredInstance) -> bool:
    """Whether it has a picture. Objects without rows have none (PS3.3 C.7.6.3)."""
    return bool(instance.rows and instance.frames)


def is_whole(instance: StoredInstance) -> bool:
    """Whether all the frames that its header claims are there."""
    return instance.frames >= instance.claimed_frames


def _numbers(instance: StoredInstance) -> range:
    return range(1, instance.frames + 1)


def is_state(instance: StoredInstance) -> bool:
    """Whether it is a presentation state that can be applied."""
    return instance.sop_class_uid in PRESENTATION_STATES


def _counted(pictures: Sequence[Picture], complete: bool) -> Chosen:
    if len(pictures) > MOST_PICTURES:
        raise _too_many()
    return Chosen(pictures, complete)


def _too_many() -> InvalidQuery:
    return InvalidQuery(f"more than {MOST_PICTURES} pictures in one answer: name fewer")
