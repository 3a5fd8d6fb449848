"""The volumes of a series, judged from its metadata document."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from hounsfield.dicom.slice_geometry import slices_of
from hounsfield.model.errors import DocumentTooLarge
from hounsfield.model.origin import Origin
from hounsfield.model.volume import LeftOut, PlacedSlice, Volume
from hounsfield.model.volume_geometry import judge
from hounsfield.services.metadata import SeriesMetadata, data_sets_of

MOST_SLICES = 20_000
"""Of a series; more are no volume that a browser could hold."""
MOST_METADATA_BYTES = 128 << 20
"""Of DICOM JSON."""


@dataclass(frozen=True, slots=True)
class SeriesVolumes:
    """left_out: how many frames are in no volume, by reason; of, for each, the SOP Instance UID and number."""

    volumes: tuple[Volume, ...]
    left_out: tuple[tuple[str, int, LeftOut], ...]

    def count(self) -> Counter[LeftOut]:
        """Frames left out, by reason."""
        return Counter(reason for _uid, _number, reason in self.left_out)


class Volumes:
    """Thread-safe."""

    def __init__(self, documents: SeriesMetadata) -> None:
        self._documents = documents

    def of_series(self, origin: Origin, study_instance_uid: str, series_instance_uid: str) -> SeriesVolumes:
        """Raises: SeriesNotFound, Gone, PackUnavailable, DamagedObject, DocumentTooLarge."""
        document = self._documents.document(origin, study_instance_uid, series_instance_uid)
        placed: list[PlacedSlice] = []
        left_out: list[tuple[str, int, LeftOut]] = []
        room = MOST_METADATA_BYTES
        for data_set in data_sets_of([document.body]):
            room -= len(data_set)
            if room < 0:
                raise DocumentTooLarge(f"the metadata of the series is longer than {MOST_METADATA_BYTES} bytes")
            for one, reason, uid, number in slices_of(json.loads(data_set)):
                if one is not None:
                    placed.append(one)
                elif reason is not None:
                    left_out.append((uid, number, reason))
            if len(placed) + len(left_out) > MOST_SLICES:
                raise DocumentTooLarge(f"the series has more than {MOST_SLICES} frames")
        volumes, not_used = judge(placed)
        left_out += [(one.sop_instance_uid, one.frame, reason) for one, reason in not_used]
        return SeriesVolumes(tuple(volumes), tuple(left_out))
