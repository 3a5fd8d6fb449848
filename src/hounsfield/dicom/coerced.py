"""A stored object with its overlay applied: which rules take effect, and what has to be edited of the data set for them.

Everything that no rule names passes through as it stands. The change is recorded as the standard wants it: an item more in Original
Attributes Sequence (0400,0561) and Instance Coercion DateTime (0008,0015) (PS3.3 C.12.1.1.9, PS3.4 B.4.1.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from hounsfield.dicom.buffer import Buffer
from hounsfield.dicom.character_encoding import defined_terms, encode_text
from hounsfield.dicom.character_sets import DEFAULT_CHARACTER_SET, CharacterSet, character_set
from hounsfield.dicom.data_set_writer import UTF_8
from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.dicom.edits import Edit
from hounsfield.dicom.encoding import IMPLICIT_LITTLE, Encoding
from hounsfield.dicom.index_attributes import ALL_TAGS
from hounsfield.dicom.json_values import SINGLE_VALUED
from hounsfield.dicom.tags import SPECIFIC_CHARACTER_SET
from hounsfield.dicom.texts import LONGEST_TEXT_BYTES, TEXT_VRS, in_utf_8, undeclared_texts
from hounsfield.dicom.top_level import Span, TopLevel, encode_element, encode_item, read_top_level
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.overlay import NO_OVERLAY, Overlay, Treatment

INSTANCE_COERCION_DATETIME = 0x00080015
ORIGINAL_ATTRIBUTES_SEQUENCE = 0x04000561
_MODIFIED_ATTRIBUTES_SEQUENCE = 0x04000550
_MODIFICATION_DATETIME, _MODIFYING_SYSTEM, _SOURCE_OF_PREVIOUS_VALUES, _REASON = 0x04000562, 0x04000563, 0x04000564, 0x04000565
_PATIENT_ID, _ISSUER_OF_PATIENT_ID = 0x00100020, 0x00100021

_INDEXED = frozenset(ALL_TAGS)
LONGEST_FOR_INDEX_BYTES = 64 << 10
_TOO_LONG = "\0"
"""Stands for a text that is not looked at; no text is this, for padding is not part of one."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """source: who brought the object. received_at_ns: nanoseconds since 1970-01-01 UTC."""

    source: str
    received_at_ns: int


def overlay_for(header: Buffer, transfer_syntax_uid: str, treatment: Treatment) -> Overlay:
    """What of a treatment takes effect on an object. header: its data set up to Pixel Data, not deflated."""
    found = read_top_level(header, transfer_syntax_uid)
    default = _default_for(found, header, transfer_syntax_uid, treatment.character_set)
    changed = _changed(found, _characters(found, default), treatment.rules)
    rules = tuple(rule for rule in treatment.rules if tag_of(rule.attribute) in changed)
    return Overlay(rules, default, treatment.system if rules else "") if rules or default else NO_OVERLAY


def _default_for(found: TopLevel, header: Buffer, transfer_syntax_uid: str, character_set_text: str) -> str:
    """The default character set where it is needed and explains every text."""
    if not character_set_text or found.declared:
        return ""
    theirs = character_set(character_set_text.encode("ascii"))
    explained = False
    for raw in undeclared_texts(header, transfer_syntax_uid):
        if not theirs.decodes(raw):
            return ""
        explained = True
    return character_set_text if explained else ""


def _characters(found: TopLevel, default: str) -> CharacterSet:
    return character_set(default.encode("ascii")) if default else found.characters


def edits_for(header: Buffer, transfer_syntax_uid: str, overlay: Overlay, provenance: Provenance) -> list[Edit]:
    """What has to be edited of a data set. header: its part up to Pixel Data, not deflated."""
    found = read_top_level(header, transfer_syntax_uid)
    return _as_edits(found, _replacements(found, overlay, provenance))


def elements_for(header: Buffer, transfer_syntax_uid: str, overlay: Overlay, provenance: Provenance) -> dict[int, bytes]:
    """The elements that differ, by tag and as they are to be written; empty where one goes."""
    return _replacements(read_top_level(header, transfer_syntax_uid), overlay, provenance)


def values_for_index(header: Buffer, transfer_syntax_uid: str, overlay: Overlay) -> dict[int, bytes | None]:
    """The values that differ, of the elements that the index wants; None where one goes or is too long to be looked at."""
    found = read_top_level(header, transfer_syntax_uid)
    wanted = {tag: span for tag, span in found.first.items() if tag in _INDEXED}
    short = {tag: span for tag, span in wanted.items() if span.end_bytes - span.offset_bytes <= LONGEST_FOR_INDEX_BYTES}
    changed = _values(found, short, overlay, None)
    return dict.fromkeys(wanted.keys() - short.keys()) | {tag: value for tag, value in changed.items() if tag in _INDEXED}


def _replacements(found: TopLevel, overlay: Overlay, provenance: Provenance) -> dict[int, bytes]:
    values = _values(found, found.first, overlay, provenance)
    return {tag: b"" if value is None else encode_element(tag, _vr(found, tag), value, found.encoding) for tag, value in values.items()}


def _values(found: TopLevel, rewritten: Mapping[int, Span], overlay: Overlay, provenance: Provenance | None) -> dict[int, bytes | None]:
    """By tag; None where an element goes. rewritten: of these the texts where they have to be in UTF-8.

    provenance: None leaves out the record of the change.
    """
    encoding = found.encoding
    characters = _characters(found, overlay.character_set)
    changed = _changed(found, characters, overlay.rules)
    values: dict[int, bytes | None] = {}
    written = characters
    if any(encode_text(text, characters) is None for text in changed.values() if text is not None):
        written = UTF_8
        values = {tag: value for tag, span in rewritten.items() if (value := in_utf_8(found, span, characters)) is not None}
    if overlay.character_set or written is not characters:
        terms = overlay.character_set if written is characters else defined_terms(written)
        values[SPECIFIC_CHARACTER_SET] = terms.encode("ascii")
    values |= {tag: None if text is None else _encoded(text, written) for tag, text in changed.items()}
    if changed and provenance is not None:
        stamp = _date_time(provenance.received_at_ns)
        earlier = values.get(ORIGINAL_ATTRIBUTES_SEQUENCE) or found.value(ORIGINAL_ATTRIBUTES_SEQUENCE)
        # The items of a sequence that is stated as UN are in Implicit VR (PS3.5 6.2.2).
        inner = IMPLICIT_LITTLE if _vr(found, ORIGINAL_ATTRIBUTES_SEQUENCE) == "UN" else encoding
        modified = _modified_attributes(found, changed, characters, written, inner)
        item = _record(modified, stamp, overlay.system, provenance.source, inner)
        values[ORIGINAL_ATTRIBUTES_SEQUENCE] = earlier + encode_item(item, inner)
        values[INSTANCE_COERCION_DATETIME] = stamp
    return values


def _date_time(at_ns: int) -> bytes:
    seconds, rest_ns = divmod(at_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%d%H%M%S}.{rest_ns // 1000:06d}+0000".encode("ascii")


def _encoded(text: str, characters: CharacterSet) -> bytes:
    coded = None if characters is UTF_8 else encode_text(text, characters)
    return text.encode("utf-8", "replace") if coded is None else coded


def _vr(found: TopLevel, tag: int) -> str:
    span = found.first.get(tag)
    return vr_of(tag) if span is None or (span.vr == "UN" and vr_of(tag) != "SQ") else span.vr


def _text(found: TopLevel, tag: int, characters: CharacterSet) -> str | None:
    """None where the element is absent, `_TOO_LONG` where it is that."""
    if tag not in found.first:
        return None
    if len(found.raw(tag)) > LONGEST_TEXT_BYTES:
        return _TOO_LONG
    text = (characters if _vr(found, tag) in TEXT_VRS else DEFAULT_CHARACTER_SET).decode(found.value(tag))
    return text.rstrip(" \0") if vr_of(tag) in SINGLE_VALUED else text.strip(" \0")


def _changed(found: TopLevel, characters: CharacterSet, rules: Iterable[CoercionRule]) -> dict[int, str | None]:
    """What the rules, one after the other, make of the attributes that they change; None where one goes."""
    before: dict[int, str | None] = {}
    after: dict[int, str | None] = {}
    for rule in rules:
        tag = tag_of(rule.attribute)
        if tag is None:
            continue
        if tag not in before:
            before[tag] = after[tag] = _text(found, tag, characters)
        after[tag] = _result(rule, after[tag], vr_of(tag))
    return {tag: text for tag, text in after.items() if text != before[tag]}


def _result(rule: CoercionRule, text: str | None, vr: str) -> str | None:
    if rule.action is CoercionAction.REMOVE:
        return None
    if rule.action is CoercionAction.SET or (rule.action is CoercionAction.SET_IF_EMPTY and not text):
        return rule.value
    if not text or text == _TOO_LONG or rule.action is CoercionAction.SET_IF_EMPTY:
        return text
    values = [text] if vr in SINGLE_VALUED else text.split("\\")
    return "\\".join([_affixed(rule, value, vr) for value in values])


def _affixed(rule: CoercionRule, value: str, vr: str) -> str:
    """One value with what goes before or behind it, unless it is there already. Of a name the first component group is meant."""
    first, equals, others = value.partition("=") if vr == "PN" else (value, "", "")
    first = first.rstrip(" \0")
    if first and rule.action is CoercionAction.PREFIX and not first.startswith(rule.value):
        return rule.value + first + equals + others
    if first and rule.action is CoercionAction.SUFFIX and not first.endswith(rule.value):
        return first + rule.value + equals + others
    return value


def _modified_attributes(
    found: TopLevel, changed: Mapping[int, str | None], characters: CharacterSet, written: CharacterSet, encoding: Encoding
) -> bytes:
    """The item with the previous values; what was absent, empty or too long stands there empty."""
    previous = dict.fromkeys(changed, b"")
    for tag in changed:
        raw = found.value(tag) if len(found.raw(tag)) <= LONGEST_TEXT_BYTES else b""
        if written is not characters and not found.declared and _vr(found, tag) in TEXT_VRS:
            raw = characters.decode(raw).encode()
        previous[tag] = raw
    if written is not characters and found.declared:
        previous[SPECIFIC_CHARACTER_SET] = found.declared
    if _PATIENT_ID in changed and found.value(_ISSUER_OF_PATIENT_ID):
        previous.setdefault(_ISSUER_OF_PATIENT_ID, found.value(_ISSUER_OF_PATIENT_ID))
    return b"".join([encode_element(tag, _vr(found, tag), previous[tag], encoding) for tag in sorted(previous)])


def _record(modified: bytes, stamp: bytes, system: str, source: str, encoding: Encoding) -> bytes:
    """The item of Original Attributes Sequence (PS3.3 table C.12.1.1.9-1)."""
    return b"".join(
        (
            encode_element(_MODIFIED_ATTRIBUTES_SEQUENCE, "SQ", encode_item(modified, encoding), encoding),
            encode_element(_MODIFICATION_DATETIME, "DT", stamp, encoding),
            encode_element(_MODIFYING_SYSTEM, "LO", system.encode("ascii", "replace"), encoding),
            encode_element(_SOURCE_OF_PREVIOUS_VALUES, "LO", source.encode("ascii", "replace"), encoding),
            encode_element(_REASON, "CS", b"COERCE", encoding),
        )
    )


def _as_edits(found: TopLevel, elements: Mapping[int, bytes]) -> list[Edit]:
    """In place of what has their tag, else before the first element with a greater one; lengths of groups that change go."""
    groups = {tag >> 16 for tag in elements}
    edits: list[tuple[int, bool, int, Edit]] = []
    for span in found.spans:
        if span.tag in elements or (not span.tag & 0xFFFF and span.tag >> 16 in groups):
            inserted = elements[span.tag] if found.first[span.tag] is span and span.tag in elements else b""
            edits.append((span.offset_bytes, True, span.tag, Edit(span.offset_bytes, span.end_bytes - span.offset_bytes, inserted)))
    for tag in elements.keys() - found.first.keys():
        offset = next((span.offset_bytes for span in found.spans if span.tag > tag), found.end_bytes)
        edits.append((offset, False, tag, Edit(offset, 0, elements[tag])))
    return [edit for _offset, _replaces, _tag, edit in sorted(edits) if edit.inserted or edit.removed_bytes]
