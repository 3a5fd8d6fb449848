"""How a name sounds: the Cologne phonetics (H. J. Postel, Die Koelner Phonetik, IBM-Nachrichten 19, 1969, pages 925 to 931).

A word becomes a row of digits, one for each group of letters that sound alike; vowels count only where they begin it. `Meyer`, `Maier` and
`Mayr` are all 67, `Smith`, `Schmitt` and `Schmidt` all 862, `Catherine` and `Kathrin` 4276.
"""

from __future__ import annotations

import re
from functools import lru_cache

_NO_LETTER = re.compile(r"[^a-z]")
_PLAIN = dict.fromkeys("aeijouy", "0") | dict.fromkeys("fvw", "3") | dict.fromkeys("gkq", "4") | dict.fromkeys("mn", "6")
_PLAIN |= dict.fromkeys("sz", "8") | {"b": "1", "l": "5", "r": "7", "h": ""}


@lru_cache(maxsize=8192)
def sound_of(word: str) -> str:
    """The digits of a folded word; the word itself where it has none, as one in other than Latin letters."""
    letters = _NO_LETTER.sub("", word)
    if not letters or any(letter.isalpha() and not letter.isascii() for letter in word):
        return word
    digits = [_digits(letters[index - 1 : index], letter, letters[index + 1 : index + 2]) for index, letter in enumerate(letters)]
    found = ""
    for digit in "".join(digits):
        if digit != found[-1:]:
            found += digit
    return found[:1] + found[1:].replace("0", "") or word


def _digits(before: str, letter: str, after: str) -> str:
    """Of a letter between two others, each empty at an end of the word (table 1 of the paper)."""
    match letter:
        case "p":
            return "3" if after == "h" else "1"
        case "d" | "t":
            return "8" if after and after in "csz" else "2"
        case "x":
            return "8" if before and before in "ckq" else "48"
        case "c":
            hard = "ahkoqux" if before else "ahkloqrux"
            return "4" if after and after in hard and before not in ("s", "z") else "8"
    return _PLAIN[letter]
