"""What a capabilities description says of each transaction beyond its method and path (PS3.18 table H-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from hounsfield.model.query import Level
from hounsfield.servers.dicomweb.media_types import DICOM, DICOM_JSON, DICOM_XML, JSON, OCTET_STREAM, ZIP
from hounsfield.servers.dicomweb.retrieve.wado_uri import WADO_URI
from hounsfield.services.search import matched_at


class Transaction(NamedTuple):
    """name: as the standard calls it, without spaces. produces, takes: media types. parameters: of the query."""

    name: str
    produces: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


def in_parts(media_type: str) -> str:
    """The media type of a message whose parts are of another."""
    return f'multipart/related; type="{media_type}"'


_SEARCH_PARAMETERS: Final = ("limit", "offset", "includefield", "fuzzymatching", "emptyvaluematching", "multiplevaluematching")
_OBJECTS: Final = (in_parts(DICOM), in_parts(OCTET_STREAM), ZIP)
_METADATA: Final = (DICOM_JSON, JSON, in_parts(DICOM_XML))
_STORED: Final = (DICOM_JSON, JSON, DICOM_XML)
_TAKEN: Final = tuple(form for name in (DICOM, DICOM_JSON, DICOM_XML) for form in (in_parts(name), name))
_PICTURES: Final = ("image/jpeg", "image/png")
_RENDERED: Final = (*_PICTURES, "image/gif", *map(in_parts, _PICTURES))
_PACKING: Final = ("accept", "dicomdir")
_RENDERING: Final = ("accept", "viewport", "window", "quality", "annotation", "iccprofile")
_VALUES: Final = (in_parts(OCTET_STREAM), OCTET_STREAM)


def _search(name: str, level: Level) -> Transaction:
    return Transaction(name, (DICOM_JSON, JSON, in_parts(DICOM_XML)), (), (*_SEARCH_PARAMETERS, *matched_at(level)))


_URI_PARAMETERS: Final = (
    *("requestType", "studyUID", "seriesUID", "objectUID", "contentType", "charset", "transferSyntax", "frameNumber"),
    *("rows", "columns", "region", "windowCenter", "windowWidth", "imageQuality", "presentationSeriesUID", "presentationUID"),
)

_STUDY: Final = "studies/{study}"
_SERIES: Final = f"{_STUDY}/series/{{series}}"
_INSTANCE: Final = f"{_SERIES}/instances/{{instance}}"

TRANSACTIONS: Final[Mapping[tuple[str, str], Transaction]] = {
    ("GET", ""): Transaction("RetrieveCapabilities", ("application/vnd.sun.wadl+xml", JSON)),
    ("GET", "studies"): _search("SearchForStudies", Level.STUDY),
    ("GET", "series"): _search("SearchForSeries", Level.SERIES),
    ("GET", "instances"): _search("SearchForInstances", Level.INSTANCE),
    ("GET", f"{_STUDY}/series"): _search("SearchForStudySeries", Level.SERIES),
    ("GET", f"{_STUDY}/instances"): _search("SearchForStudyInstances", Level.INSTANCE),
    ("GET", f"{_SERIES}/instances"): _search("SearchForStudySeriesInstances", Level.INSTANCE),
    ("POST", "studies"): Transaction("StoreInstances", _STORED, _TAKEN),
    ("POST", _STUDY): Transaction("StoreStudyInstances", _STORED, _TAKEN),
    ("GET", _STUDY): Transaction("RetrieveStudy", _OBJECTS, (), _PACKING),
    ("GET", _SERIES): Transaction("RetrieveSeries", _OBJECTS, (), _PACKING),
    ("GET", _INSTANCE): Transaction("RetrieveInstance", (*_OBJECTS, DICOM), (), _PACKING),
    ("GET", f"{_STUDY}/metadata"): Transaction("RetrieveStudyMetadata", _METADATA),
    ("GET", f"{_SERIES}/metadata"): Transaction("RetrieveSeriesMetadata", _METADATA),
    ("GET", f"{_INSTANCE}/metadata"): Transaction("RetrieveInstanceMetadata", _METADATA),
    ("GET", f"{_INSTANCE}/frames/{{frames}}"): Transaction("RetrieveFrames", _VALUES),
    ("GET", f"{_STUDY}/rendered"): Transaction("RetrieveRenderedStudy", _RENDERED, (), _RENDERING),
    ("GET", f"{_SERIES}/rendered"): Transaction("RetrieveRenderedSeries", _RENDERED, (), _RENDERING),
    ("GET", f"{_INSTANCE}/rendered"): Transaction("RetrieveRenderedInstance", _RENDERED, (), _RENDERING),
    ("GET", f"{_INSTANCE}/frames/{{frames}}/rendered"): Transaction("RetrieveRenderedFrames", _RENDERED, (), _RENDERING),
    ("GET", f"{_STUDY}/thumbnail"): Transaction("RetrieveStudyThumbnail", _PICTURES, (), _RENDERING),
    ("GET", f"{_SERIES}/thumbnail"): Transaction("RetrieveSeriesThumbnail", _PICTURES, (), _RENDERING),
    ("GET", f"{_INSTANCE}/thumbnail"): Transaction("RetrieveInstanceThumbnail", _PICTURES, (), _RENDERING),
    ("GET", f"{_INSTANCE}/frames/{{frame}}/thumbnail"): Transaction("RetrieveFrameThumbnail", _PICTURES, (), _RENDERING),
    ("GET", f"{_INSTANCE}/bulkdata/{{path...}}"): Transaction("RetrieveBulkdata", _VALUES),
    **{
        ("GET", f"{pattern}/{resource}"): Transaction(f"Retrieve{level}{name}", (in_parts(OCTET_STREAM),))
        for level, pattern in (("Study", _STUDY), ("Series", _SERIES), ("Instance", _INSTANCE))
        for resource, name in (("bulkdata", "Bulkdata"), ("pixeldata", "PixelData"))
    },
    ("GET", WADO_URI): Transaction("RetrieveInstanceByURI", (*_PICTURES, "image/gif", DICOM), (), _URI_PARAMETERS),
}
"""By method and pattern of the route. A route that is not here is described by its method and path alone."""


def transaction_of(method: str, pattern: str) -> Transaction:
    """Of a route; its name made of its path where the table has none."""
    known = TRANSACTIONS.get((method, pattern))
    if known is not None:
        return known
    words = [word.strip("{}.") for word in pattern.split("/")]
    return Transaction(method.capitalize() + "".join(word[:1].upper() + word[1:] for word in words))
