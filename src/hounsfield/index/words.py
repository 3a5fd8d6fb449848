"""Texts as people search them: without case and accents, cut into words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hounsfield.dicom.person_name import fold
from hounsfield.dicom.phonetics import sound_of
from hounsfield.model.entities import ObjectAttributes
from hounsfield.model.matching import literal_runs

MOST_WORDS = 200
LONGEST_WORD = 64
MOST_SOUNDS = 64

_BETWEEN = re.compile(r"[\s^=,;:/\\()\[\]{}\"|+*?<>&]+")
_INSIDE = re.compile(r"[-'’`._]+")


def fold_name_group(group: str) -> str:
    """A component group of a name, folded; empty components at its end and spaces around components do not count (PS3.5 6.2.1)."""
    return "^".join(map(fold, group.split("^"))).rstrip("^ ")


def fold_name(name: str) -> tuple[str, str, str]:
    """The alphabetic, ideographic and phonetic group of a name, folded (PS3.5 6.2.1)."""
    groups = [fold_name_group(group) for group in name.split("=", 2)]
    groups += [""] * (3 - len(groups))
    return groups[0], groups[1], groups[2]


def words_of(text: str) -> set[str]:
    """The words of a text, folded.

    A word with a hyphen or an apostrophe in it is found by what follows these too, and without them: of `o'brien-smith` come
    `o'brien-smith`, `brien-smith`, `smith`, `obriensmith`.
    """
    found: set[str] = set()
    for part in _BETWEEN.split(text):
        part = fold(part.strip("-'’`._"))[:LONGEST_WORD]
        if not part:
            continue
        found.add(part)
        inner = list(_INSIDE.finditer(part))
        if inner:
            found.update(part[match.end() :] for match in inner)
            found.add(_INSIDE.sub("", part))
    return found


def cut(stretch: str) -> list[tuple[str, bool, bool]]:
    """A stretch of a text word by word, folded, each with whether it touches the stretch's start and its end."""
    found = []
    position = 0
    for match in [*_BETWEEN.finditer(stretch), None]:
        end = len(stretch) if match is None else match.start()
        trimmed = fold(stretch[position:end].strip("-'’`._"))
        if trimmed:
            found.append((trimmed, position == 0, match is None))
        position = end if match is None else match.end()
    return found


def sounds_of(words: set[str]) -> set[str]:
    """How the words of a name sound, as entries of the word table: no word has the `=` that these begin with."""
    return {f"={sound_of(word)}" for word in words}


def heard(pattern: str) -> tuple[list[str], list[str]]:
    """The sounds of the whole words of a name that is asked for, and the literal pieces of words that wild cards stand beside."""
    sounds: dict[str, None] = {}
    pieces: dict[str, None] = {}
    for run, begins, ends in literal_runs(pattern):
        for text, at_start, at_end in cut(run):
            if (begins or not at_start) and (ends or not at_end):
                sounds.update(dict.fromkeys(sorted(sounds_of({text[:LONGEST_WORD]}))))
            else:
                pieces[text] = None
    return list(sounds), list(pieces)


def typed_words(text: str) -> list[str]:
    """What a person typed, word by word."""
    parts = (fold(part.strip("-'’`._"))[:LONGEST_WORD] for part in _BETWEEN.split(text))
    return list(dict.fromkeys(part for part in parts if part))[:16]


@dataclass(frozen=True, slots=True)
class StudyTexts:
    """The folded texts of a study row.

    indexed: what goes into the word table: words, and how those of the name sound; the others have columns of their own.
    """

    name: tuple[str, str, str]
    patient_id: str
    accession_number: str
    description: str
    referring_physician: str
    indexed: frozenset[str]

    @property
    def line(self) -> str:
        """All words between spaces, for the column `words`."""
        own = {word for text in (self.patient_id, self.accession_number) for word in text.split()}
        return f" {' '.join(sorted(self.indexed | own))} "


def study_texts(attributes: ObjectAttributes) -> StudyTexts:
    """Fold what a study is searched by."""
    patient, study = attributes.patient, attributes.study
    name = fold_name(patient.name)
    of_name = words_of(patient.name)
    words = [*sorted(of_name), *sorted(words_of(study.description))]
    return StudyTexts(
        name=name,
        patient_id=fold(patient.patient_id),
        accession_number=fold(study.accession_number),
        description=fold(study.description),
        referring_physician="=".join(fold_name(study.referring_physician)).rstrip("="),
        indexed=frozenset([*words[:MOST_WORDS], *sorted(sounds_of(of_name))[:MOST_SOUNDS]]),
    )
