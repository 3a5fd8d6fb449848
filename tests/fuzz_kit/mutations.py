"""Small damage to bytes and texts, by chance from a given generator."""

from __future__ import annotations

from random import Random

INTERESTING = (
    b"\0",
    b"\xff" * 4,
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n--",
    b"--",
    b";",
    b",",
    b'"',
    b"\\",
    b"=",
    b"*",
    b"/",
    b"%00",
    b"%",
    b"-1",
    b"4294967296",
    b"9" * 40,
    b"1e999",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"{",
    b"[" * 50,
    b"<!DOCTYPE x>",
    b"&x;",
    b"\xfe\xff\x00\xe0\xff\xff\xff\xff",
    b"\xfe\xff\x0d\xe0\0\0\0\0",
    b"SQ\0\0\xff\xff\xff\xff",
)


def damaged(random: Random, data: bytes, most: int = 6) -> bytes:
    """One to `most` bytes or pieces changed, taken out, put in, or doubled."""
    changed = bytearray(data)
    for _ in range(random.randint(1, most)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(7):
            case 0 if at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            case 1 if at < len(changed):
                changed[at] = random.randrange(256)
            case 2:
                del changed[at : at + random.randint(1, 16)]
            case 3:
                changed[at:at] = random.choice(INTERESTING)
            case 4:
                changed[at:at] = changed[at : at + random.randint(1, 64)]
            case 5:
                piece = random.choice(INTERESTING)
                changed[at : at + len(piece)] = piece
            case 6 if random.random() < 0.3:
                del changed[at:]
    return bytes(changed)


def damaged_header(random: Random, value: str) -> str:
    """Damage that still is a header's value to HTTP: no control characters."""
    raw = damaged(random, value.encode("latin-1", "replace"), 4)
    return bytes(byte for byte in raw if byte >= 32 and byte != 127).decode("latin-1").strip()


def damaged_target(random: Random, target: str) -> str:
    """Damage that still is a request target to HTTP: visible ASCII without quotes and braces that no parser lets through."""
    raw = damaged(random, target.encode("ascii"), 4)
    return "".join(chr(byte) if 33 <= byte < 127 and chr(byte) not in '"<>^`{|}\\#' else f"%{byte:02X}" for byte in raw)
