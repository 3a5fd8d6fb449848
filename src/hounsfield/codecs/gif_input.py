"""GIF pictures that are brought, of one frame or of several (GIF89a): what the file says of them, and their pixels."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hounsfield.codecs.gif_frames import behind_blocks, colour_table
from hounsfield.model.errors import UndecodablePixels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_FRAMES: Final = 2_000
_GRAPHIC_CONTROL: Final = 0xF9


@dataclass(frozen=True, slots=True)
class GifHeader:
    """delays_ms: how long each frame is shown; as many as there are frames."""

    rows: int
    columns: int
    delays_ms: tuple[int, ...]

    @property
    def frames(self) -> int:
        """One or more."""
        return len(self.delays_ms)


def read_gif_header(file: bytes) -> GifHeader:
    """Walks through all blocks without decoding a pixel. Raises: UndecodablePixels."""
    try:
        if file[:6] not in (b"GIF87a", b"GIF89a"):
            raise ValueError("no signature")
        columns, rows, flags = struct.unpack_from("<HHB", file, 6)
        _colours, position = colour_table(file, 13, flags)
        delays_ms, delay = [], 0
        while (kind := file[position]) != 0x3B:
            if kind == 0x21:
                if file[position + 1] == _GRAPHIC_CONTROL:
                    delay = int.from_bytes(file[position + 4 : position + 6], "little") * 10
                position = behind_blocks(file, position + 2)
            elif kind == 0x2C:
                _own, position = colour_table(file, position + 10, file[position + 9])
                position = behind_blocks(file, position + 1)
                delays_ms.append(delay)
                delay = 0
            else:
                raise ValueError("an unknown block")
            if len(delays_ms) > MOST_FRAMES:
                raise UndecodablePixels(f"a GIF of more than {MOST_FRAMES} frames")
    except (ValueError, IndexError, struct.error) as exc:
        raise UndecodablePixels("no GIF, or one that is cut short") from exc
    if not delays_ms:
        raise UndecodablePixels("a GIF without a picture")
    return GifHeader(rows, columns, tuple(delays_ms))


def decode_gif(file: bytes, rows: int, columns: int, first: int) -> NDArray[np.uint8]:
    """The frames from `first` (from 0) on as they are seen, one below the other until `rows` are full: (rows, columns, 3).

    For a child: the file is not trusted. Raises: UndecodablePixels.
    """
    import numpy as np  # only a child that meets such a picture pays for both
    from PIL import Image

    header = read_gif_header(file)
    count, rest = divmod(rows, header.rows)
    if rest or columns != header.columns or first + count > header.frames:
        raise UndecodablePixels("the GIF is of another size than is said of it")
    seen: NDArray[np.uint8] = np.empty((count, header.rows, columns, 3), np.uint8)
    try:
        with Image.open(io.BytesIO(file), formats=("GIF",)) as opened:
            picture: Any = opened
            for index in range(first + count):
                picture.seek(index)
                if index >= first:
                    seen[index - first] = np.asarray(picture.convert("RGB"))
                else:
                    picture.load()
    except (OSError, EOFError, SyntaxError, struct.error, Image.DecompressionBombError) as exc:
        raise UndecodablePixels("a GIF that cannot be decoded") from exc
    return seen.reshape(rows, columns, 3)
