"""The rules of a peer as words of the command line: `--visible modality=CT`, `--coerce "prefix PatientID=A-"`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hounsfield.model.coercion import CoercionAction, CoercionRule
from hounsfield.model.errors import InvalidInput
from hounsfield.model.visibility import ALL_STUDIES, VisibleStudies

KINDS = {
    "modality": "modalities",
    "institution": "institutions",
    "station": "stations",
    "sender": "senders",
    "issuer": "issuers",
    "referring-physician": "referring_physicians",
}
DAYS = "last-days"


def parse_visible(words: Iterable[str]) -> VisibleStudies:
    """From `modality=CT`, `last-days=30`: one value each, those of one kind as alternatives. Raises: InvalidInput."""
    visible = ALL_STUDIES
    for word in words:
        kind, _, value = word.partition("=")
        kind = kind.strip().lower()
        if kind == DAYS:
            if not (value.isdecimal() and 0 < len(value) < 7):
                raise InvalidInput(f"{word[:80]!r}: a number of days, such as {DAYS}=30")
            visible = replace(visible, last_days=int(value))
        elif kind in KINDS and value.strip():
            changed: dict[str, Any] = {KINDS[kind]: (*getattr(visible, KINDS[kind]), value)}
            visible = replace(visible, **changed)
        else:
            raise InvalidInput(f"{word[:80]!r}: write KIND=VALUE with {', '.join(KINDS)} or {DAYS}")
    return visible


def parse_coercion(words: Iterable[str]) -> tuple[CoercionRule, ...]:
    """From `set InstitutionName=General`, `remove OtherPatientIDs`. Raises: InvalidInput."""
    return tuple(map(_parse_rule, words))


def _parse_rule(text: str) -> CoercionRule:
    action, _, rest = text.strip().partition(" ")
    attribute, _, value = rest.partition("=")
    try:
        return CoercionRule(attribute.strip(), CoercionAction(action.lower().replace("-", "_")), value)
    except ValueError as exc:
        actions = ", ".join(one.replace("_", "-") for one in CoercionAction)
        raise InvalidInput(f"{text[:80]!r}: write ACTION KEYWORD=VALUE; the actions are {actions}") from exc


def visible_words(visible: VisibleStudies) -> list[str]:
    """As `parse_visible` reads them."""
    words = [f"{kind}={value}" for kind, name in KINDS.items() for value in getattr(visible, name)]
    return words + ([f"{DAYS}={visible.last_days}"] if visible.last_days else [])


def coercion_words(rules: Iterable[CoercionRule]) -> list[str]:
    """As `parse_coercion` reads them."""
    return [
        f"{rule.action.replace('_', '-')} {rule.attribute}" + ("" if rule.action is CoercionAction.REMOVE else f"={rule.value}")
        for rule in rules
    ]
