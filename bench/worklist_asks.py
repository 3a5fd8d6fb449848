"""What people ask of a worklist, as the parameters of `/api/worklist`: made up from names and numbers that the archive has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from bench.million import MANNERS, MODALITIES, REGIONS
from hounsfield.index.database import Database
from hounsfield.servers.webapi.worklist_query import SORT_KEYWORDS

Ask = dict[str, str]
"""Parameters of `/api/worklist`."""

KNOWN = 2_000

NEWEST = "-study_date"
SORTS = tuple(sign + name for name in SORT_KEYWORDS for sign in ("", "-"))
STATUSES = ("unread", "in-progress", "unread,in-progress", "read")
PRIORITIES = ("stat", "high,stat", "high", "routine")
"""The choices of the web app."""


@dataclass(frozen=True, slots=True)
class Known:
    """Of one study: what people search it by."""

    family: str
    given: str
    patient_id: str
    accession_number: str
    study_date: str


def names_and_numbers(database: Database) -> list[Known]:
    """Of some studies."""
    rows = database.fetch(f"SELECT patient_name, patient_id, accession_number, study_date FROM study ORDER BY id LIMIT {KNOWN}")
    return [Known(*name.split("^", 1), *rest) for name, *rest in rows]


class Asks:
    """Makes questions up. Sequences repeat with the seed."""

    def __init__(self, known: list[Known], chance: Random) -> None:
        self._known = known
        self._chance = chance

    def kinds(self) -> Iterator[tuple[str, Callable[[], Ask]]]:
        """Name of a kind of question, and what makes one."""
        yield "without filters, by any column", lambda: {"sort": self._sort()}
        yield "the first letters of a name, as it is typed", lambda: {"q": self._letters(), "sort": NEWEST}
        yield "the same, by any column", lambda: {"q": self._letters(), "sort": self._sort()}
        yield "two words", lambda: {"q": self._words(), "sort": NEWEST}
        yield "two words, by any column", lambda: {"q": self._words(), "sort": self._sort()}
        yield "Patient ID or accession number, from its beginning", lambda: {"q": self._number(), "sort": NEWEST}
        yield "the fields for name, ID, number, description", lambda: {**self._field(), "sort": self._sort()}
        yield "a range of dates", lambda: {**self._dates(), "sort": self._sort()}
        yield "modality", lambda: {**self._modality(), "sort": self._sort()}
        yield "status", lambda: {**self._status(), "sort": self._sort()}
        yield "priority", lambda: {**self._priority(), "sort": self._sort()}
        yield "status and priority", lambda: {**self._status(), **self._priority(), "sort": self._sort()}
        yield "status and modality", lambda: {**self._status(), **self._modality(), "sort": self._sort()}
        yield "priority and modality", lambda: {**self._priority(), **self._modality(), "sort": self._sort()}
        yield "status and dates", lambda: {**self._status(), **self._dates(), "sort": self._sort()}
        yield "modality and dates", lambda: {**self._modality(), **self._dates(), "sort": self._sort()}
        yield "status, priority, modality", lambda: {**self._marks(), **self._modality(), "sort": self._sort()}
        yield (
            "status, priority, modality, dates",
            lambda: {**self._marks(), **self._modality(), **self._dates(), "sort": self._sort()},
        )
        yield "typed, with a status", lambda: {"q": self._typed(), **self._status(), "sort": self._sort()}
        yield "typed, with a priority", lambda: {"q": self._typed(), **self._priority(), "sort": self._sort()}
        yield "typed, with a modality", lambda: {"q": self._typed(), **self._modality(), "sort": self._sort()}
        yield "typed, with dates", lambda: {"q": self._typed(), **self._dates(), "sort": self._sort()}

    def _one(self) -> Known:
        return self._chance.choice(self._known)

    def _sort(self) -> str:
        return self._chance.choice(SORTS)

    def _letters(self) -> str:
        return self._one().family[: self._chance.randint(1, 7)]

    def _words(self) -> str:
        one, chance = self._one(), self._chance
        region = chance.choice(REGIONS)
        return chance.choice(
            (
                f"{one.family} {one.given[: chance.randint(1, 5)]}",
                f"{one.family[: chance.randint(1, 4)]} {region}",
                f"{one.family[: chance.randint(1, 3)]} {one.given[: chance.randint(1, 3)]}",
                f"{region} {chance.choice(MANNERS).split()[0]}",
                f"{region[: chance.randint(2, 5)]} {chance.choice(MODALITIES)}",
            )
        )

    def _typed(self) -> str:
        return self._chance.choice((self._letters, self._words))()

    def _number(self) -> str:
        one = self._one()
        number = self._chance.choice((one.patient_id, one.accession_number))
        return number[: self._chance.randint(3, len(number))]

    def _field(self) -> Ask:
        one, chance = self._one(), self._chance
        name, value = chance.choice(
            (
                ("patient_name", one.family),
                ("patient_id", one.patient_id),
                ("accession_number", one.accession_number),
                ("description", chance.choice(REGIONS)),
            )
        )
        return {name: value[: chance.randint(1, len(value))]}

    def _dates(self) -> Ask:
        """A day, a week, a month, a year or five, of the recent past or of another time; or from a day on."""
        year, month, day = (self._one().study_date[begin:end] for begin, end in ((0, 4), (4, 6), (6, 8)))
        first = f"{year}{month}{day}"
        last = self._chance.choice(
            (first, f"{year}{month}{min(28, int(day) + 7):02}", f"{year}{month}28", f"{year}1231", f"{int(year) + 5}{month}{day}", "")
        )
        return {"date_from": first, "date_to": last}

    def _modality(self) -> Ask:
        return {"modality": self._chance.choice((*MODALITIES, "CT,MR", "NM,PT"))}

    def _status(self) -> Ask:
        return {"status": self._chance.choice(STATUSES)}

    def _priority(self) -> Ask:
        return {"priority": self._chance.choice(PRIORITIES)}

    def _marks(self) -> Ask:
        return {**self._status(), **self._priority()}
