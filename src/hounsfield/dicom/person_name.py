"""Person names: component groups and components (PS3.5 6.2.1.1), and folding of text for search."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"})
"""Letters that people type plain and that Unicode does not decompose."""


@dataclass(frozen=True, slots=True)
class PersonName:
    """One name in up to three representations; each has five components joined by `^`: family, given, middle, prefix, suffix."""

    alphabetic: str = ""
    ideographic: str = ""
    phonetic: str = ""

    @classmethod
    def parse(cls, text: str) -> PersonName:
        """From the value of a PN element; padding and trailing empty components are dropped."""
        groups = [trim_components(group) for group in text.split("=", 2)]
        return cls(*groups)

    def __str__(self) -> str:
        return "=".join((self.alphabetic, self.ideographic, self.phonetic)).rstrip("=")

    @property
    def family(self) -> str:
        """The first component of the alphabetic group."""
        return self.alphabetic.partition("^")[0].strip()

    @property
    def given(self) -> str:
        """The second component of the alphabetic group."""
        return [*self.alphabetic.split("^"), ""][1].strip()


def trim_components(group: str) -> str:
    """A component group without padding and trailing empty components (not significant, PS3.5 6.2.1.1)."""
    return group.strip(" \0").rstrip("^ ")


def fold(text: str) -> str:
    """Text as it is compared in a search: without case, accents and width variants, runs of blanks and `^` and `=` as one blank.

    `Müller^Jörg` and `MULLER JORG` fold to `muller jorg`; scripts without case stay as they are.
    """
    if text.isascii():
        return " ".join(text.lower().replace("^", " ").replace("=", " ").split())
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    decomposed = unicodedata.normalize("NFKD", plain)
    bare = "".join(character for character in decomposed if unicodedata.category(character) != "Mn" or _is_letter_of_its_script(character))
    recomposed = unicodedata.normalize("NFKC", bare).casefold()
    return " ".join(recomposed.replace("^", " ").replace("=", " ").split())


def _is_letter_of_its_script(mark: str) -> bool:
    """Marks that are not accents: the voicing of kana, vowels and viramas of Indic and Thai writing."""
    point = ord(mark)
    return point in (0x3099, 0x309A) or 0x0900 <= point <= 0x0E7F
