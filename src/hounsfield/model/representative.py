"""Which series a person would choose to stand for a study in one picture."""

from __future__ import annotations

import re
from typing import NamedTuple

_NO_PICTURES = frozenset({"PR", "KO", "SR", "SEG", "REG", "DOC", "PLAN", "RTSTRUCT", "RTPLAN", "RTRECORD", "RWV", "FID", "AU"})
_OF_OTHERS = frozenset({"OT", "RTDOSE", "SC"})
"""Made from other pictures, or of who knows what."""

_NOT_WHAT_WAS_LOOKED_FOR = re.compile(
    r"\b(loc|locali[sz]ers?|scouts?|scano(gram)?|surview|topograms?|topo|pilot|survey|(3|three)[- ]?plane|smart ?brain"
    r"|rep[eé]rage|(ü|ue)bersicht|screen ?(save|shot|capture)s?|snap ?shots?|dose (report|info|summary)|(patient )?protocol"
    r"|calibration|key ?images?)\b",
    re.IGNORECASE,
)
_LOCALIZERS = frozenset({"LOCALIZER", "SCOUT", "SURVIEW", "TOPOGRAM"})


class SeriesFacts(NamedTuple):
    """images: instances that have pixels."""

    number: int | None
    modality: str
    description: str
    images: int


def rank(facts: SeriesFacts) -> tuple[int, int, int]:
    """The smaller, the sooner: what has images, what was looked for, the lower series number."""
    if not facts.images:
        demerit = 4
    elif facts.modality in _NO_PICTURES:
        demerit = 3
    elif _NOT_WHAT_WAS_LOOKED_FOR.search(facts.description.replace("_", " ")):
        demerit = 2
    else:
        demerit = 1 if facts.modality in _OF_OTHERS else 0
    return demerit, 1 if facts.number is None else 0, facts.number or 0


def is_localizer(image_type: str) -> bool:
    """By Image Type (0008,0008), its values joined by backslashes (PS3.3 C.7.6.1.1.2, C.8.2.1.1.1)."""
    return not _LOCALIZERS.isdisjoint(value.strip() for value in image_type.upper().split("\\"))
