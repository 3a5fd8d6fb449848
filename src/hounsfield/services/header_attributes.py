"""What objects say beyond what the index holds of them: read from their headers, for queries that name what they are about."""

from __future__ import annotations

from collections.abc import Collection

from hounsfield.dicom.json_model import data_set_json
from hounsfield.dicom.tags import PIXEL_REPRESENTATION, SPECIFIC_CHARACTER_SET
from hounsfield.dicom.top_level import read_top_level
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.index.rows import Hit, InstanceHit, SeriesHit
from hounsfield.model.errors import HounsfieldError
from hounsfield.model.origin import Origin
from hounsfield.model.query import Level
from hounsfield.services.header_keys import header_level
from hounsfield.services.retrieve import Retrieve

MOST_HEADER_BYTES = 1 << 20
"""A longer header, as of a multi-frame object with thousands of frames, is not read to answer a query; nor is a deflated object."""

_DECIDING = (SPECIFIC_CHARACTER_SET, PIXEL_REPRESENTATION)
"""What the others are read by."""


class HeaderAttributes:
    """Reads one object's header for each patient, study, series or instance asked about; thread-safe.

    bulk_data_root: stands before the addresses of binary values inside sequences; empty where nobody reads those.
    """

    def __init__(self, retrieve: Retrieve, bulk_data_root: str = "") -> None:
        self._retrieve = retrieve
        self._bulk_data_root = bulk_data_root

    def of(self, origin: Origin, hit: Hit, tags: Collection[int], levels: Collection[Level] = ()) -> str | None:
        """DICOM JSON of some attributes, and of all of some levels, of the object that stands for a hit; None where it cannot be had."""
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
        spans = [span for span in top.spans if span.tag in wanted or (levels and header_level(span.tag) in levels)]
        kept = b"".join([top.view[span.offset_bytes : span.end_bytes] for span in spans])
        root = (
            f"{self._bulk_data_root}/studies/{found.study_instance_uid}/series/{found.series_instance_uid}"
            f"/instances/{found.sop_instance_uid}/bulkdata"
        )
        return data_set_json(kept, found.transfer_syntax_uid, bulk_data_uri=lambda path: f"{root}/{path}").decode()
