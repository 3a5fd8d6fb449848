"""Which studies an application entity sees: a filter that stands before every query and retrieve of its."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from hounsfield.model.errors import InvalidInput

MOST_VALUES = 64
LONGEST_VALUE = 256
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class VisibleStudies:
    """Of each kind that names something a study must have one of the values; what is empty is not asked. Kinds go together by AND.

    Values are matched as C-FIND matches them, with `*` and `?` (PS3.4 C.2.2.2.4); an institution as it is written, to the letter.

    modalities: of any of its series (0008,0060).
    institutions: Institution Name (0008,0080) of any of its series.
    stations: Station Name (0008,1010) of any of its series.
    senders: AE title that brought the first instance of any of its series.
    issuers: Issuer of Patient ID (0010,0021), where absent the one that the archive takes for it.
    referring_physicians: Referring Physician's Name (0008,0090).
    last_days: Study Date (0008,0020) is today, in the future or at most so many days ago; 0: not asked. A study without a date is not
        seen then.
    """

    modalities: tuple[str, ...] = ()
    institutions: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()
    referring_physicians: tuple[str, ...] = ()
    last_days: int = 0

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> VisibleStudies:
        """From its fields by name, as `dataclasses.asdict` and JSON have them; what is absent is not asked."""
        lists: dict[str, Any] = {kind: tuple(values.get(kind, ())) for kind in VALUE_KINDS}
        return cls(**lists, last_days=values.get("last_days", 0))

    def since(self, today: date) -> str:
        """The first Study Date that is seen, YYYYMMDD; empty where all are."""
        return f"{today - timedelta(days=self.last_days):%Y%m%d}" if self.last_days else ""

    def check(self) -> None:
        """Raises: InvalidInput, naming what is wrong."""
        for kind in VALUE_KINDS:
            values: tuple[str, ...] = getattr(self, kind)
            if len(values) > MOST_VALUES:
                raise InvalidInput(f"visible {kind}: {MOST_VALUES} values at most")
            if any(not value.strip() or len(value) > LONGEST_VALUE or not value.isprintable() for value in values):
                raise InvalidInput(f"visible {kind}: a value is empty, longer than {LONGEST_VALUE} characters or holds control characters")
        if not 0 <= self.last_days <= MOST_DAYS:
            raise InvalidInput(f"visible last_days: 0 to {MOST_DAYS}, not {self.last_days}")


VALUE_KINDS = tuple(field.name for field in fields(VisibleStudies) if field.name != "last_days")
"""The kinds that take a list of values."""

ALL_STUDIES = VisibleStudies()
