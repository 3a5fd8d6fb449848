"""The entries of a ZIP archive that is a DICOM file-set: short names, and a DICOMDIR (PS3.10 8; PS3.12 annex V)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from hounsfield.dicom.element_tree import read_data_set
from hounsfield.dicom.media_directory import FILE_NAME, MediaDirectory
from hounsfield.model.identifiers import new_uid
from hounsfield.services.coercion import header_syntax
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.zip_stream import Entry

if TYPE_CHECKING:
    from hounsfield.servers.dicomweb.retrieve.outgoing import Outgoing

File = Callable[["Outgoing", Callable[["Outgoing"], None]], Iterator[bytes]]
"""The bytes of a file; before the first of them it is told how the object does go out."""


def media_entries(outgoing: Iterable[Outgoing], file: File, retrieve: Retrieve) -> Iterator[Entry]:
    """Each file, then the directory: of what went out, so that it stands last."""
    directory = MediaDirectory()
    series: dict[str, int] = {}
    counts: dict[str, int] = {}
    for one in outgoing:
        uid = one.instance.series_instance_uid
        counts[uid] = counts.get(uid, 0) + 1
        file_id = ("DICOM", f"S{series.setdefault(uid, len(series) + 1):07}", f"I{counts[uid]:07}")
        yield Entry("/".join(file_id), file(one, _Noting(directory, retrieve, file_id)), one.may_be_large)
    yield Entry(FILE_NAME, iter([directory.to_bytes(new_uid())]), False)


class _Noting:
    """Enters one file into the directory when it goes out."""

    def __init__(self, directory: MediaDirectory, retrieve: Retrieve, file_id: tuple[str, ...]) -> None:
        self._directory = directory
        self._retrieve = retrieve
        self._file_id = file_id

    def __call__(self, one: Outgoing) -> None:
        instance = one.instance
        header, length = self._retrieve.effective_header(instance)
        tree = read_data_set(header, header_syntax(instance), header_length_bytes=length)
        self._directory.add(tree, self._file_id, instance.sop_class_uid, one.delivery.transfer_syntax_uid)
