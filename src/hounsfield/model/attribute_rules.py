"""Requirements on the attributes of normalized instances, as the service classes give them in tables, held against data sets.

A data set is a DICOM JSON model object (PS3.18 annex F): elements by tag, eight hexadecimal digits. The requirement types are those of
PS3.4 5.4.2: of the user and the provider, such as `2/2`. Conditions that only the parties can judge (types 1C and 2C) are left to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

from hounsfield.model.errors import InvalidInput

DataSet = MutableMapping[str, Any]

CODE_VALUES: Final = ("00080100", "00080119", "00080120")
CODE_MEANING: Final = "00080104"
MOST_NAMED: Final = 20


class AttributeRefused(InvalidInput):
    """Attributes that are missing, or that may not be given; the message names them, never their values."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table.

    create, update: requirement types in N-CREATE and N-SET, of user and provider; `no` where it is not allowed.
    final: the Final State Code. returned: the return key type. is_code: its items are codes. inner: the rows of its items.
    """

    tag: str
    keyword: str
    create: str
    update: str
    final: str
    returned: str
    is_code: bool
    inner: dict[str, Rule] = field(default_factory=dict, hash=False, compare=False)


def read_rules(rows: str) -> dict[str, Rule]:
    """From lines of nesting and tag, keyword, create, update, final, returned and perhaps `code`."""
    top: dict[str, Rule] = {}
    levels: list[dict[str, Rule]] = [top]
    for line in filter(None, rows.split("\n")):
        depth = len(line) - len(line.lstrip(">"))
        tag, keyword, create, update, final, returned, *macro = line.lstrip(">").split()
        rule = Rule(tag, keyword, create, update, final, returned, bool(macro))
        del levels[depth + 1 :]
        levels[depth][tag] = rule
        levels.append(rule.inner)
    return top


def is_valued(element: Mapping[str, Any] | None) -> bool:
    """Whether an element is there and has a value; items of sequences count."""
    if element is None:
        return False
    return any(value not in (None, "") for value in element.get("Value") or ()) or "InlineBinary" in element


def items_of(element: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The items of a sequence that may be absent."""
    return [item or {} for item in (element or {}).get("Value") or ()]


def first_text(data_set: Mapping[str, Any], tag: str) -> str:
    """The first value as text; empty where there is none."""
    values = (data_set.get(tag) or {}).get("Value") or [""]
    value = values[0]
    return "" if value is None or isinstance(value, dict) else str(value).strip(" \0")


# Creating


def complete(data_set: DataSet, rules: Mapping[str, Rule], vr_of: Mapping[str, str], must_be_empty: Collection[str] = ()) -> list[str]:
    """Fills in what a new instance lacks and may lack; returns the keywords of what was filled in although the requester owed it.

    vr_of: of the tags of the table. must_be_empty: tags. Raises: AttributeRefused, naming all that is missing or may not be given.
    """
    missing: list[str] = []
    filled: list[str] = []
    refused = [f"{rules[tag].keyword} (must be empty)" for tag in must_be_empty if is_valued(data_set.get(tag))]
    if not refused:
        _complete(data_set, rules, vr_of, "", (missing, refused, filled))
    _raise(missing, refused)
    return filled


def _complete(
    data_set: DataSet, rules: Mapping[str, Rule], vr_of: Mapping[str, str], path: str, found: tuple[list[str], list[str], list[str]]
) -> None:
    missing, refused, filled = found
    for tag, rule in rules.items():
        user, _, provider = rule.create.partition("/")
        element = data_set.get(tag)
        name = path + rule.keyword
        if rule.create == "no":
            if element is not None:
                refused.append(f"{name} (not allowed when a workitem is created)")
            continue
        if user == "1" and not is_valued(element):
            missing.append(name)
        elif element is None and provider == "2" and user != "3":
            data_set[tag] = {"vr": vr_of[tag]}
            if user == "2":
                filled.append(name)
        for number, item in enumerate(items_of(element), 1):
            within = f"{name}[{number}]."
            if rule.is_code:
                missing.extend(_lacking_code(item, within))
            if rule.inner:
                _complete(item, rule.inner, vr_of, within, found)


def _lacking_code(item: Mapping[str, Any], path: str) -> Iterator[str]:
    """Table CC.2.5-2a: one kind of code value, and its meaning."""
    if not any(is_valued(item.get(tag)) for tag in CODE_VALUES):
        yield f"{path}CodeValue"
    if not is_valued(item.get(CODE_MEANING)):
        yield f"{path}CodeMeaning"


# Changing


def check_changes(changes: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    """Whether a change of attributes is allowed. A sequence is given with all of its items.

    Raises: AttributeRefused, naming all that may not be set, or not be emptied.
    """
    missing: list[str] = []
    refused: list[str] = []
    _check_changes(changes, rules, "", missing, refused, nested=False)
    _raise(missing, refused)


def _check_changes(
    changes: Mapping[str, Any], rules: Mapping[str, Rule], path: str, missing: list[str], refused: list[str], *, nested: bool
) -> None:
    for tag, rule in rules.items():
        element = changes.get(tag)
        name = path + rule.keyword
        user, _, provider = rule.update.partition("/")
        if rule.update == "no" or (user == "-" and not nested):
            if element is not None:
                refused.append(f"{name} (may not be set)")
            continue
        if element is None:
            if nested and user == "1":
                missing.append(name)
            continue
        if provider == "1" and not is_valued(element):
            missing.append(name)
        for number, item in enumerate(items_of(element), 1):
            within = f"{name}[{number}]."
            if rule.is_code:
                missing.extend(_lacking_code(item, within))
            if rule.inner:
                _check_changes(item, rule.inner, within, missing, refused, nested=True)


# Ending


def lacking(
    data_set: Mapping[str, Any], rules: Mapping[str, Rule], codes: Collection[str], may_be_empty: Collection[str] = (), path: str = ""
) -> Iterator[str]:
    """The keywords of what has no value, though its Final State Code is one of `codes`. may_be_empty: tags that must be there at least."""
    for tag, rule in rules.items():
        element = data_set.get(tag)
        name = path + rule.keyword
        if rule.final in codes:
            fulfilled = element is not None if tag in may_be_empty else is_valued(element)
            if not fulfilled:
                yield name
        if rule.inner:
            for number, item in enumerate(items_of(element), 1):
                yield from lacking(item, rule.inner, codes, may_be_empty, f"{name}[{number}].")


def _raise(missing: list[str], refused: list[str]) -> None:
    parts = []
    if missing:
        parts.append(f"without a value, though required: {_listed(missing)}")
    if refused:
        parts.append(f"refused: {_listed(refused)}")
    if parts:
        raise AttributeRefused("; ".join(parts))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
