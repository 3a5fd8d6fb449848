"""A ZIP archive as a stream: nothing is held but what goes out next (APPNOTE 4.3.9, 4.5.3).

Entries are stored, not deflated: pixels that compress well have been compressed. Their lengths stand behind them, in data descriptors.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hounsfield.network.transport import Buffer

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One file. large: whether it may be longer than 2 GiB, so that its lengths need 64 bits (ZIP64)."""

    name: str
    pieces: Iterable[Buffer]
    large: bool


def zip_stream(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The archive's bytes in pieces of about a megabyte. What the entries' pieces raise cuts it short: it has no directory then."""
    sink = _Sink()
    archive = zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED)
    for entry in entries:
        with archive.open(zipfile.ZipInfo(entry.name), "w", force_zip64=entry.large) as file:
            for piece in entry.pieces:
                file.write(piece)
                if sink.length_bytes >= PIECE_BYTES:
                    yield sink.take()
    archive.close()
    yield sink.take()


class _Sink:
    """What the archive has written and nobody has taken."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self.length_bytes = 0

    def write(self, data: Buffer) -> int:
        self._written.append(bytes(data))
        self.length_bytes += len(data)
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        self.length_bytes = 0
        return taken
