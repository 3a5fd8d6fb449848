"""Tar headers as POSIX writes them: ustar blocks and pax records (POSIX.1-2017, pax, "ustar Interchange Format")."""

from __future__ import annotations

import struct

BLOCK_BYTES = 512

_USTAR = struct.Struct("<100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x")
_OCTAL_LIMIT = 8**11
_CHECKSUM = slice(148, 156)
_BLANK_CHECKSUM = b"        "
_ZERO_FIELD = b"0000000\0"


def padded(length_bytes: int) -> int:
    """The length with the padding to whole blocks."""
    return (length_bytes + BLOCK_BYTES - 1) & -BLOCK_BYTES


def ustar_header(prefix: bytes, name: bytes, size_bytes: int, modified_s: int, *, kind: bytes = b"0") -> bytes:
    """One 512-byte header block.

    prefix, name: the path before and behind one `/`; at most 155 and 100 bytes.
    size_bytes: of the file; 8 GiB and more need a pax `size` record beside it, and the field here holds zero.
    kind: the type flag, `0` a file, `x` pax records for the next file.
    """
    if len(name) > 100 or len(prefix) > 155:
        raise ValueError("a path of more than 100 + 155 bytes does not fit a ustar header")
    size = size_bytes if size_bytes < _OCTAL_LIMIT else 0
    block = bytearray(
        _USTAR.pack(
            name, b"0000400\0", _ZERO_FIELD, _ZERO_FIELD, b"%011o\0" % size, b"%011o\0" % (modified_s % _OCTAL_LIMIT),
            _BLANK_CHECKSUM, kind, b"", b"ustar\0", b"00", b"", b"", _ZERO_FIELD, _ZERO_FIELD, prefix,
        )
    )  # fmt: skip
    block[_CHECKSUM] = b"%06o\0 " % sum(block)
    return bytes(block)


def is_ustar_header(block: bytes) -> bool:
    """Whether a block has the form and the checksum of a header that `ustar_header` writes."""
    if len(block) != BLOCK_BYTES or block[257:265] != b"ustar\x0000":
        return False
    return block[_CHECKSUM] == b"%06o\0 " % (sum(block) - sum(block[_CHECKSUM]) + sum(_BLANK_CHECKSUM))


def path_of(header: bytes) -> str:
    """The path in a ustar header block."""
    name = header[:100].rstrip(b"\0").decode()
    prefix = header[345:500].rstrip(b"\0").decode()
    return f"{prefix}/{name}" if prefix else name


def needs_size_record(size_bytes: int) -> bool:
    """Whether the ustar size field is too small for this file, so that a pax `size` record must say it."""
    return size_bytes >= _OCTAL_LIMIT


def pax_record(keyword: bytes, value: bytes) -> bytes:
    """`<length> <keyword>=<value>\\n`, the length counting itself."""
    rest = len(keyword) + len(value) + 3
    length = rest + len(str(rest))
    length = rest + len(str(length))
    return b"%d %b=%b\n" % (length, keyword, value)
