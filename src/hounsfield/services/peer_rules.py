"""The rules of a peer for its objects, checked and in their canonical form: default character set and coercion."""

from __future__ import annotations

from dataclasses import replace

from hounsfield.dicom.character_sets import SINGLE, normalise_term
from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.errors import InvalidInput
from hounsfield.services.coercion_rules import check_extent, check_meaning

MOST_RULES = 64
LONGEST_VALUE = 1024
MOST_TERMS = 8

TEXTUAL = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UT"})
"""VRs whose values a rule can say. UIDs are not among them: an object that is another one by its UIDs is not coerced but made."""

_EXTENSIONS = frozenset({"ISO_IR 192", "GB18030", "GBK"})
_ONLY_SECOND = frozenset({"ISO_IR 58", "ISO_IR 87", "ISO_IR 149", "ISO_IR 159"})


def check_coercion(rules: tuple[CoercionRule, ...]) -> tuple[CoercionRule, ...]:
    """Raises: InvalidInput, naming the rule that makes no sense."""
    if len(rules) > MOST_RULES:
        raise InvalidInput(f"coercion: {MOST_RULES} rules at most")
    check_extent(rules)
    return tuple(map(_check_rule, rules))


def _check_rule(rule: CoercionRule) -> CoercionRule:
    keyword = rule.attribute.strip()
    rule = replace(rule, attribute=keyword)
    tag = tag_of(keyword)
    if tag is None:
        raise InvalidInput(f"coercion: {keyword[:64]!r} is no keyword of PS3.6")
    if tag >> 16 < 0x0008 or vr_of(tag) not in TEXTUAL:
        raise InvalidInput(f"coercion: {keyword} cannot be coerced; attributes of text, codes, names, numbers in text, dates and times can")
    if rule.action is CoercionAction.REMOVE:
        if rule.value:
            raise InvalidInput(f"coercion: {keyword} is removed, so no value goes with it")
    elif not rule.value.strip() or len(rule.value) > LONGEST_VALUE or not rule.value.isprintable():
        raise InvalidInput(f"coercion: {keyword} needs a value of 1 to {LONGEST_VALUE} characters without control characters")
    check_meaning(rule, tag, vr_of(tag))
    return rule


def check_character_set(text: str) -> str:
    r"""A default for Specific Character Set (0008,0005), such as `ISO_IR 100` or `\ISO 2022 IR 87` (PS3.3 C.12.1.1.2).

    Raises: InvalidInput.
    """
    terms = [normalise_term(term) for term in text.split("\\")] if text.strip() else []
    if len(terms) > MOST_TERMS or any(term not in SINGLE for term in terms):
        raise InvalidInput(f"{text[:64]!r} is no Specific Character Set of PS3.3 C.12.1.1.2")
    if terms == [""] or not terms:
        return ""
    if len(terms) == 1:
        if terms[0] in _ONLY_SECOND:
            raise InvalidInput(rf"{terms[0]} is used with code extensions alone: write \{_extension(terms[0])}")
        return terms[0]
    if _EXTENSIONS.intersection(terms) or "" in terms[1:] or terms[0] in _ONLY_SECOND:
        raise InvalidInput(f"{text[:64]!r} mixes character sets that PS3.3 C.12.1.1.2 keeps apart")
    return "\\".join(term and _extension(term) for term in terms)


def _extension(term: str) -> str:
    return term.replace("ISO_IR", "ISO 2022 IR")
