"""Search answers as XML: one document of the Native DICOM Model a match, each a part (PS3.18 8.7.3.2, 10.6.3.3)."""

from __future__ import annotations

from hounsfield.dicom.xml_model import xml_documents
from hounsfield.servers.dicomweb.media_types import DICOM_JSON, DICOM_XML, JSON, MediaType
from hounsfield.servers.dicomweb.multipart import MultipartWriter


def offer_search_type(wanted: MediaType) -> str | None:
    """The media type of what a search answers with: JSON as one document, XML in parts; None where it is neither."""
    if wanted.is_multipart:
        return DICOM_XML if wanted.covers(DICOM_XML) else None
    return next((name for name in (DICOM_JSON, JSON) if wanted.covers(name)), None)


def xml_parts(array: bytes, boundary: str) -> tuple[bytes, bytes]:
    """The Content-Type and the body; array: DICOM JSON of at least one data set."""
    writer = MultipartWriter(boundary)
    pieces: list[bytes] = []
    for document in xml_documents(array):
        pieces += (writer.part_head(DICOM_XML, length_bytes=len(document)), document)
    return writer.content_type(DICOM_XML), b"".join((*pieces, writer.close()))
