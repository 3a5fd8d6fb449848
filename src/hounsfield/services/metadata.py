"""The metadata document of a series: DICOM JSON of all its instances, built once for each state of the series.

Kept as a gzip file in the cache folder, named by the series and its version; any of them may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hounsfield.dicom.element_tree import Element
from hounsfield.dicom.json_model import data_set_json
from hounsfield.dicom.transfer_syntaxes import transfer_syntax
from hounsfield.model.origin import Origin
from hounsfield.model.stored_instance import StoredInstance
from hounsfield.services.coercion import header_syntax
from hounsfield.services.retrieve import Retrieve

FORMAT = 1
"""Counts up when what the document holds changes, so that older ones are not served."""
COMPRESSION_LEVEL = 4
AVAILABLE_TRANSFER_SYNTAX_UID = 0x00083002
"""What the origin server holds, so that a client can ask for it (PS3.18 table 10.4.1-1)."""


@dataclass(frozen=True, slots=True)
class MetadataDocument:
    """body: a JSON array, compressed by gzip. etag: names this very state, without quotes."""

    body: bytes
    etag: str


def data_sets_of(documents: Iterable[bytes]) -> Iterator[bytes]:
    """The JSON objects of documents that are compressed by gzip, one after the other: however long, one line of it is in memory.

    No line break stands in an object: JSON's strings have none, and the writer puts none between values.
    """
    for document in documents:
        with gzip.GzipFile(fileobj=io.BytesIO(document)) as lines:
            for line in lines:
                if data_set := line.strip(b"[],\n"):
                    yield data_set


class SeriesMetadata:
    """Builds and keeps the documents. Thread-safe; two processes that build the same one write the same bytes."""

    def __init__(self, retrieve: Retrieve, cache_dir: Path, bulk_data_root: str) -> None:
        self._retrieve = retrieve
        self._folder = cache_dir / "metadata"
        self._bulk_data_root = bulk_data_root

    def etag(self, origin: Origin, study_instance_uid: str, series_instance_uid: str) -> str:
        """Of the series' present state: one query. Raises: SeriesNotFound, Gone."""
        partition_id = origin.principal.partition_id
        version = self._retrieve.reader.series_version(partition_id, study_instance_uid, series_instance_uid)
        if version is None:
            raise self._retrieve.absent(origin, study_instance_uid, series_instance_uid)
        return hashlib.sha256(f"{FORMAT}/{partition_id}/{study_instance_uid}/{series_instance_uid}/{version}".encode()).hexdigest()[:32]

    def document(self, origin: Origin, study_instance_uid: str, series_instance_uid: str) -> MetadataDocument:
        """Raises: SeriesNotFound, Gone, PackUnavailable, DamagedObject."""
        etag = self.etag(origin, study_instance_uid, series_instance_uid)
        path = self._folder / etag[:2] / f"{etag}.json.gz"
        with contextlib.suppress(FileNotFoundError):
            return MetadataDocument(path.read_bytes(), etag)
        instances = self._retrieve.instances(origin, study_instance_uid, series_instance_uid)
        body = gzip.compress(self.of_instances(instances), COMPRESSION_LEVEL, mtime=0)
        if self.etag(origin, study_instance_uid, series_instance_uid) == etag:
            _keep(path, body)
        return MetadataDocument(body, etag)

    def of_instances(self, instances: Iterable[StoredInstance]) -> bytes:
        """A JSON array read from the packs, an instance a line. Raises: PackUnavailable, DamagedObject."""
        return b"[" + b",\n".join(self._of_instance(instance) for instance in instances) + b"]"

    def bulk_data_uri(self, instance: StoredInstance, path: str = "") -> str:
        """The address of a value by its path, as the documents give it; without a path of what all of them begin with."""
        return (
            f"{self._bulk_data_root}/studies/{instance.study_instance_uid}/series/{instance.series_instance_uid}"
            f"/instances/{instance.sop_instance_uid}/bulkdata/{path}"
        )

    def bulk_data_paths(self, instance: StoredInstance) -> list[str]:
        """Of the values to which the instance's metadata refers, in order. Raises: PackUnavailable, DamagedObject."""
        paths: list[str] = []

        def note(path: str) -> str:
            paths.append(path)
            return ""

        self._of_instance(instance, note)
        return paths

    def _of_instance(self, instance: StoredInstance, address: Callable[[str], str] | None = None) -> bytes:
        root = self.bulk_data_uri(instance)
        header, length = self._retrieve.effective_header(instance)
        return data_set_json(
            header,
            header_syntax(instance),
            bulk_data_uri=address or (lambda path: root + path),
            header_length_bytes=None if transfer_syntax(instance.transfer_syntax_uid).deflated else length,
            more=(Element(AVAILABLE_TRANSFER_SYNTAX_UID, "UI", memoryview(instance.transfer_syntax_uid.encode())),),
        )


def _keep(path: Path, body: bytes) -> None:
    """Appears whole or not at all; a full disk costs the cache, not the answer."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(body)
            Path(unfinished).replace(path)
        except OSError:
            Path(unfinished).unlink(missing_ok=True)
            raise
