"""Where packs lie under the archive's root."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".tar"


@dataclass(frozen=True, slots=True)
class Layout:
    """The archive's directories.

    open: packs that are appended to. sealed: packs that never change again. aside: packs whose disk failed; read, never appended to.
    decisions: decision packs. renditions: packs of what was made of objects.
    """

    root: Path

    @property
    def open(self) -> Path:
        """Packs that are appended to."""
        return self.root / "open"

    @property
    def sealed(self) -> Path:
        """Packs that never change again."""
        return self.root / "sealed"

    @property
    def aside(self) -> Path:
        """Packs set aside for inspection."""
        return self.root / "aside"

    @property
    def decisions(self) -> Path:
        """Decision packs."""
        return self.root / "decisions"

    @property
    def renditions(self) -> Path:
        """Packs of renditions."""
        return self.root / "renditions"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.root / "archive.lock"

    @property
    def directories(self) -> tuple[Path, ...]:
        """All of them, in the order in which a pack is looked for: it moves from the first to one of the others."""
        return (self.open, self.sealed, self.aside)


def pack_file(directory: Path, pack_id: str) -> Path:
    """The pack's file."""
    return directory / (pack_id + SUFFIX)


def pack_id_of(name: str) -> str | None:
    """The pack's UUID, 32 hexadecimal digits; None where the file is no pack of ours."""
    pack_id = name.removesuffix(SUFFIX)
    is_pack = name.endswith(SUFFIX) and len(pack_id) == 32 and all(digit in "0123456789abcdef" for digit in pack_id)
    return pack_id if is_pack else None
