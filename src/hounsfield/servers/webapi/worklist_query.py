"""What the worklist's filters ask for, as a query of the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from hounsfield.model.errors import InvalidQuery
from hounsfield.model.query import AnyOf, Key, Level, Match, Order, Query, Range, SingleValue, WildCard
from hounsfield.model.reading import ReadingPriority, ReadingStatus

MAX_LIMIT = 500
MAX_TEXT_CHARACTERS = 200
RECEIVED_AT = "ReceivedAt"
"""Our own sort key beside the attributes of PS3.6: when the latest object of a study arrived."""

SORT_KEYWORDS: Mapping[str, str] = {
    "study_date": "StudyDate",
    "patient_name": "PatientName",
    "patient_id": "PatientID",
    "received_at": RECEIVED_AT,
    "description": "StudyDescription",
    "accession_number": "AccessionNumber",
    "modality": "ModalitiesInStudy",
    "status": "ReadingStatus",
    "priority": "ReadingPriority",
}

_MODALITY = re.compile(r"[A-Z0-9_ ]{1,16}")
_DATE = re.compile(r"[0-9]{8}")


def worklist_query(
    *,
    text: str = "",
    patient_name: str = "",
    patient_id: str = "",
    accession_number: str = "",
    modality: str = "",
    date_from: str = "",
    date_to: str = "",
    description: str = "",
    status: str = "",
    priority: str = "",
    sort: str = "-study_date",
    limit: int = 50,
    partition_id: int = 1,
) -> Query:
    """Names, numbers and IDs match from their beginning, descriptions anywhere; `*` and `?` typed by the person count as they stand.

    Raises: InvalidQuery, naming the parameter.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidQuery(f"limit is a number from 1 to {MAX_LIMIT}")
    keys = [
        *_text_key("patient_name", "PatientName", patient_name, "{}*"),
        *_text_key("patient_id", "PatientID", patient_id, "{}*"),
        *_text_key("accession_number", "AccessionNumber", accession_number, "{}*"),
        *_text_key("description", "StudyDescription", description, "*{}*"),
        *_modality_key(modality),
        *_date_key(date_from, date_to),
        *_rank_key("status", "ReadingStatus", status, ReadingStatus),
        *_rank_key("priority", "ReadingPriority", priority, ReadingPriority),
    ]
    return Query(
        level=Level.STUDY,
        keys=tuple(keys),
        text=_checked("q", text),
        order=_order(sort),
        limit=limit,
        partition_id=partition_id,
    )


def _checked(parameter: str, text: str) -> str:
    text = text.strip()
    if len(text) > MAX_TEXT_CHARACTERS or "\0" in text:
        raise InvalidQuery(f"{parameter} is a text of at most {MAX_TEXT_CHARACTERS} characters")
    return text


def _text_key(parameter: str, keyword: str, raw: str, pattern: str) -> list[Key]:
    text = _checked(parameter, raw)
    if not text:
        return []
    has_wild_card = "*" in text or "?" in text
    return [Key(keyword, WildCard(text if has_wild_card else pattern.format(text)))]


def _modality_key(raw: str) -> list[Key]:
    modalities = tuple(part.strip().upper() for part in raw.split(",") if part.strip())
    if not modalities:
        return []
    if len(modalities) > 32 or any(_MODALITY.fullmatch(modality) is None for modality in modalities):
        raise InvalidQuery("modality is a list such as CT,MR")
    match: Match = SingleValue(modalities[0]) if len(modalities) == 1 else AnyOf(modalities)
    return [Key("ModalitiesInStudy", match)]


def _date_key(date_from: str, date_to: str) -> list[Key]:
    if not date_from and not date_to:
        return []
    for parameter, date in (("date_from", date_from), ("date_to", date_to)):
        if date and not _is_date(date):
            raise InvalidQuery(f"{parameter} is a date as YYYYMMDD")
    return [Key("StudyDate", Range(date_from, date_to))]


def _rank_key(parameter: str, keyword: str, raw: str, words: type[ReadingStatus] | type[ReadingPriority]) -> list[Key]:
    asked = list(dict.fromkeys(part.strip() for part in raw.split(",") if part.strip()))
    try:
        ranks = tuple(str(words(part).rank) for part in asked)
    except ValueError as exc:
        raise InvalidQuery(f"{parameter} is a list of {', '.join(words)}") from exc
    if not ranks or len(ranks) == len(words):
        return []
    return [Key(keyword, SingleValue(ranks[0]) if len(ranks) == 1 else AnyOf(ranks))]


def _is_date(text: str) -> bool:
    if _DATE.fullmatch(text) is None:
        return False
    try:
        datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a study's date has no time zone
    except ValueError:
        return False
    return True


def _order(sort: str) -> Order:
    keyword = SORT_KEYWORDS.get(sort.removeprefix("-"))
    if keyword is None:
        raise InvalidQuery(f"sort is one of {', '.join(SORT_KEYWORDS)}, with a hyphen before it for descending")
    return Order(keyword, descending=sort.startswith("-"))
