"""What objects say beyond what the index holds of them: read from their headers, for queries that name what they are about."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from hounsfield.dicom.json_model import data_set_json
from hounsfield.dicom.tags import PIXEL_REPRESENTATION, SPECIFIC_CHARACTER_SET
from hounsfield.dicom.top_level import read_top_level
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.index.rows import Hit, InstanceHit, SeriesHit
from hounsfield.model.errors import HounsfieldError
from hounsfield.model.origin import Origin
from hounsfield.services.retrieve import Retrieve

MOST_HEADER_BYTES = 1 << 20
"""A longer header, as of a multi-frame object with thousands of frames, is not read to answer a query; nor is a deflated object."""

_DECIDING = (SPECIFIC_CHARACTER_SET, PIXEL_REPRESENTATION)
"""What the others are read by."""


class HeaderAttributes:
    """Reads one object's header for each patient, study, series or instance asked about; thread-safe."""

    def __init__(self, retrieve: Retrieve) -> None:
        self._retrieve = retrieve

    def of(self, origin: Origin, hit: Hit, tags: Collection[int]) -> Mapping[str, Any] | None:
        """DICOM JSON of some attributes of the object that stands for a hit, numbers as they were written; None where it cannot be had."""
        series = hit.series_instance_uid if isinstance(hit, SeriesHit | InstanceHit) else ""
        instance = hit.sop_instance_uid if isinstance(hit, InstanceHit) else ""
        found = self._retrieve.reader.first_instance(origin.principal.partition_id, hit.study_instance_uid, series, instance)
        if found is None or found.header_length_bytes > MOST_HEADER_BYTES or transfer_syntax(found.transfer_syntax_uid).deflated:
            return None
        try:
            header, _length = self._retrieve.effective_header(found)
        except HounsfieldError:
            return None
        top = read_top_level(header, found.transfer_syntax_uid)
        wanted = {*tags, *_DECIDING}
        kept = b"".join([top.view[span.offset_bytes : span.end_bytes] for span in top.spans if span.tag in wanted])
        raw = data_set_json(kept, found.transfer_syntax_uid, bulk_data_uri=lambda path: path)
        attributes: Mapping[str, Any] = json.loads(raw, parse_float=str, parse_int=str)
        return attributes
