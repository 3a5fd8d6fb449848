"""What the identifier of C-MOVE or C-GET names (PS3.4 C.4.2.1.4, C.4.3.1.3)."""

from __future__ import annotations

from hounsfield.dicom.tags import tag_text
from hounsfield.model.frame_selection import CalculatedFrameList, FrameSelection, InvalidFrameSelection, SimpleFrameList, TimeRange
from hounsfield.model.query import Level
from hounsfield.model.retrieval import Named, NamedFrames
from hounsfield.servers.dimse.identifier import QUERY_RETRIEVE_LEVEL, Asked, Identifier, UnfitIdentifier
from hounsfield.servers.dimse.information_model import UNIQUE_KEYS, InformationModel

ISSUER_OF_PATIENT_ID = 0x00100021
FRAME_LEVEL = "FRAME"
SIMPLE_FRAME_LIST, CALCULATED_FRAME_LIST, TIME_RANGE = 0x00081161, 0x00081162, 0x00081163
FRAME_RANGE_KEYS = (SIMPLE_FRAME_LIST, CALCULATED_FRAME_LIST, TIME_RANGE)


def named_by(identifier: Identifier, model: InformationModel) -> Named:
    """The unique keys down to the level; those below it are not looked at.

    The level's own key must be there, one UID or a list of them. Keys of the levels above may be left out, whether relational
    retrieve was negotiated or not: a UID names one thing without them. Raises: UnfitIdentifier.
    """
    level = identifier.level(model)
    patient_id = _patient_id(identifier, required=level is Level.PATIENT) if Level.PATIENT in model.levels else ""
    issuer = identifier.text(ISSUER_OF_PATIENT_ID) if patient_id else ""
    uids: dict[Level, tuple[str, ...]] = {}
    for one in model.levels:
        if Level.PATIENT < one <= level:
            uids[one] = _uids(identifier, one, is_asked=one is level)
    return Named(patient_id, issuer, uids.get(Level.STUDY, ()), uids.get(Level.SERIES, ()), uids.get(Level.INSTANCE, ()))


def _patient_id(identifier: Identifier, *, required: bool) -> str:
    tag = UNIQUE_KEYS[Level.PATIENT]
    text = identifier.text(tag)
    if "\\" in text:
        raise UnfitIdentifier("Patient ID holds several values", tag)
    if required and not text:
        raise UnfitIdentifier("there is no Patient ID", tag)
    return text


def _uids(identifier: Identifier, level: Level, *, is_asked: bool) -> tuple[str, ...]:
    tag = UNIQUE_KEYS[level]
    uids = identifier.uids(tag)
    if is_asked and not uids:
        raise UnfitIdentifier("the unique key of the level is missing or empty", tag)
    if not is_asked and len(uids) > 1:
        raise UnfitIdentifier("a level above the one that is retrieved holds several UIDs", tag)
    return uids


def asks_for_frames(identifier: Identifier) -> bool:
    """Whether the request is at FRAME level."""
    return identifier.text(QUERY_RETRIEVE_LEVEL).upper() == FRAME_LEVEL


def named_frames(identifier: Identifier) -> NamedFrames:
    """One instance and one frame range key (PS3.4 Y.3.2, Y.4.1.2). Raises: UnfitIdentifier, InvalidFrameSelection."""
    uid = identifier.uid(UNIQUE_KEYS[Level.INSTANCE])
    found = [identifier.elements[tag] for tag in FRAME_RANGE_KEYS if tag in identifier and identifier.elements[tag].values]
    if len(found) != 1:
        raise InvalidFrameSelection(f"one frame range key must be there, not {len(found)}")
    return NamedFrames(uid, _selection(found[0]))


def _selection(key: Asked) -> FrameSelection:
    try:
        if key.tag == TIME_RANGE:
            start_s, end_s = map(float, key.values)
            return TimeRange(start_s, end_s)
        numbers = tuple(map(int, key.values))
        if key.tag == SIMPLE_FRAME_LIST:
            return SimpleFrameList(numbers)
        return CalculatedFrameList(tuple(zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)))
    except ValueError as exc:
        raise InvalidFrameSelection(f"{tag_text(key.tag)} does not hold the numbers that it should") from exc
