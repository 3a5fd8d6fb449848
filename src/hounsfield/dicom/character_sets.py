"""Decoding of text by Specific Character Set (0008,0005) (PS3.3 C.12.1.1.2, PS3.5 6.1 and annexes H to K)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

ESCAPE = 0x1B

SINGLE: dict[str, str] = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 100": "iso8859-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 166": "iso8859-11",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
    # only with code extensions by the standard, yet seen alone
    "ISO_IR 58": "gb2312",
    "ISO_IR 87": "iso2022_jp",
    "ISO_IR 149": "euc_kr",
    "ISO_IR 159": "iso2022_jp_2",
}

_WHOLE = frozenset({"utf-8", "gb18030", "gbk"})
"""Codecs that know no escape sequences (PS3.3 C.12.1.1.2 forbids code extensions with them)."""

_G1_CODECS: dict[bytes, str] = {
    b"\x1b)I": "shift_jis",
    b"\x1b-A": "iso8859-1",
    b"\x1b-B": "iso8859-2",
    b"\x1b-C": "iso8859-3",
    b"\x1b-D": "iso8859-4",
    b"\x1b-F": "iso8859-7",
    b"\x1b-G": "iso8859-6",
    b"\x1b-H": "iso8859-8",
    b"\x1b-L": "iso8859-5",
    b"\x1b-M": "iso8859-9",
    b"\x1b-T": "iso8859-11",
    b"\x1b-b": "iso8859-15",
    b"\x1b$)A": "gb2312",
    b"\x1b$)C": "euc_kr",
}
"""Escape sequences that put a set into G1 (bytes above 0x7F), and a codec whose lower half is ASCII (PS3.3 tables C.12-3 and C.12-4)."""

_G0_MULTI_BYTE: dict[bytes, str] = {b"\x1b$B": "iso2022_jp", b"\x1b$@": "iso2022_jp", b"\x1b$(D": "iso2022_jp_2"}
_G0_SINGLE_BYTE = frozenset({b"\x1b(B", b"\x1b(J"})

_SEQUENCE = re.compile(rb"\x1b(?:\$[B@]|\$\([A-D]|\$\)[AC]|[()\-][0-9A-Za-z])")
_DELIMITERS = re.compile(rb"([\\^=\r\n\f\t])")


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """What text in a data set is decoded with.

    terms: the defined terms as written, in ISO_IR form, the first may be empty (the default repertoire).
    codec: Python's name of the first value's set.
    unknown: terms that are not in the standard.
    """

    terms: tuple[str, ...]
    codec: str
    unknown: tuple[str, ...]

    @property
    def is_declared(self) -> bool:
        """Whether the data set names a character set."""
        return self.terms not in ((), ("",))

    def decode(self, raw: bytes) -> str:
        """The text, whatever the bytes: never raises. Values stay joined by backslashes.

        What the declared set cannot explain is read as UTF-8 where it is that, else as ISO 8859-1, so that no byte is lost.
        """
        if raw.isascii() and ESCAPE not in raw:
            return raw.decode("ascii")
        try:
            if ESCAPE in raw and self.codec not in _WHOLE:
                return _decode_code_extensions(raw, self.codec)
            return raw.decode(self.codec)
        except UnicodeDecodeError:
            pass
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def encode(self, text: str) -> bytes:
        """The bytes of `text` in the first value's set, without code extensions; what the set does not have becomes `?`."""
        return text.encode("ascii" if self.codec.startswith("iso2022") else self.codec, "replace")

    def decodes(self, raw: bytes) -> bool:
        """Whether `raw` is valid in the declared set."""
        if raw.isascii() and ESCAPE not in raw:
            return True
        try:
            if ESCAPE in raw and self.codec not in _WHOLE:
                _decode_code_extensions(raw, self.codec)
            else:
                raw.decode(self.codec)
        except UnicodeDecodeError:
            return False
        return True


def _decode_code_extensions(raw: bytes, initial: str) -> str:
    """ISO 2022 as PS3.5 6.1.2.5 uses it. Raises: UnicodeDecodeError."""
    text: list[str] = []
    g1 = initial
    multi_byte = b""
    position = 0
    while position < len(raw):
        matched = _SEQUENCE.match(raw, position) if raw[position] == ESCAPE else None
        if matched is not None:
            sequence = matched[0]
            if sequence in _G0_MULTI_BYTE:
                multi_byte = sequence
            elif sequence in _G0_SINGLE_BYTE:
                multi_byte = b""
            elif sequence in _G1_CODECS:
                g1 = _G1_CODECS[sequence]
            else:
                raise UnicodeDecodeError("iso2022", raw, position, matched.end(), "unknown escape sequence")
            position = matched.end()
            continue
        if raw[position] == ESCAPE:
            raise UnicodeDecodeError("iso2022", raw, position, position + 1, "no escape sequence of the standard")
        end = raw.find(b"\x1b", position + 1)
        if end < 0:
            end = len(raw)
        segment = raw[position:end]
        if multi_byte:
            head, multi_byte = _multi_byte_run(segment, multi_byte)
            text.append(head)
        else:
            decoded, g1 = _single_byte_run(segment, g1, initial)
            text.append(decoded)
        position = end
    return "".join(text)


def _multi_byte_run(segment: bytes, sequence: bytes) -> tuple[str, bytes]:
    """Text of a 94x94 set in G0, up to a control character that ends it (PS3.5 6.1.2.5.3)."""
    ends = re.search(rb"[\r\n\f\t]", segment)
    run = segment if ends is None else segment[: ends.start()]
    rest = b"" if ends is None else segment[ends.start() :]
    padding = b" " if len(run) % 2 and run.endswith(b" ") else b""
    body = run[: len(run) - len(padding)]
    return (sequence + body).decode(_G0_MULTI_BYTE[sequence]) + (padding + rest).decode("ascii"), b"" if rest else sequence


def _single_byte_run(segment: bytes, g1: str, initial: str) -> tuple[str, str]:
    """Text with ASCII in G0 and `g1` above it.

    A delimiter brings the initial set back, unless that has no upper half: many writers do not repeat the escape then.
    """
    if initial in ("ascii", g1):
        return segment.decode(g1), g1
    text = []
    for part in _DELIMITERS.split(segment):
        text.append(part.decode(g1))
        if len(part) == 1 and part in b"\\^=\r\n\f\t":
            g1 = initial
    return "".join(text), g1


def normalise_term(term: str) -> str:
    """`ISO 2022 IR 87` and the misspellings seen in the field, to the form `ISO_IR 87`."""
    bare = term.strip().upper()
    matched = re.fullmatch(r"ISO[ _-]?(?:2022[ _-]?)?IR[ _-]?([0-9]{1,3})", bare)
    if matched is not None:
        return f"ISO_IR {int(matched[1])}"
    if bare in ("UTF-8", "UTF8"):
        return "ISO_IR 192"
    matched = re.fullmatch(r"ISO[ _-]?8859[ _-]([0-9]{1,2})", bare)
    if matched is not None:
        codec = f"iso8859-{int(matched[1])}"
        return next((known for known, name in SINGLE.items() if name == codec), bare)
    return bare


@lru_cache(maxsize=256)
def character_set(raw: bytes) -> CharacterSet:
    """The character set that the value of Specific Character Set names; empty where the element is absent."""
    terms = tuple(normalise_term(term) for term in raw[:1024].decode("latin-1").rstrip("\0 ").split("\\"))
    codec = SINGLE.get(terms[0], "ascii")
    if codec == "ascii" and len(terms) == 2 and SINGLE.get(terms[1]) in _WHOLE:
        codec = SINGLE[terms[1]]  # "\\ISO_IR 192": forbidden, and meant as it reads
    unknown = tuple(term for term in terms if term not in SINGLE)
    return CharacterSet(terms, codec, unknown)


DEFAULT_CHARACTER_SET = character_set(b"")
