"""Write key images as a Key Object Selection Document of template TID 2010 (PS3.16), with highdicom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from highdicom import ko

from hounsfield.reports.concepts import OURS, Concept
from hounsfield.reports.evidence import Evidence, Identity, ImageFile, at_time, coded, observer_of, of_ours, our_coding_scheme, refusing

SERIES_NUMBER = 9001


def compose_key_objects(
    identity: Identity, title: Concept, frames: Mapping[str, Sequence[int]], images: Mapping[str, ImageFile], description: str = ""
) -> bytes:
    """A Part 10 file. frames: numbers (from 1) of the frames of each of the images, which are by SOP Instance UID.

    Raises: InconsistentObject where what the images say of patient and study cannot be written.
    """
    with refusing("key object selection"):
        evidence = Evidence(images)
        selected = list(evidence.data_sets.values())
        content = ko.KeyObjectSelection(coded(title), selected, observer_of(identity), description=description or None)
        for item in content[0].ContentSequence:
            if item.ValueType == "IMAGE":
                [reference] = item.ReferencedSOPSequence
                uid = reference.ReferencedSOPInstanceUID
                if evidence.images[uid].is_multi_frame:
                    reference.ReferencedFrameNumber = sorted(frames[uid])
        schemes: dict[str, Any] = {"coding_schemes": [our_coding_scheme()]} if title.scheme == OURS else {}
        more = of_ours(identity) | at_time(identity) | schemes
        document = ko.KeyObjectSelectionDocument(
            selected,
            content,
            series_number=SERIES_NUMBER,
            series_description="Key images",
            **more,
        )
        return evidence.file(document)
