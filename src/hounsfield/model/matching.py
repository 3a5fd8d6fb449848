"""Attribute matching as ranges and patterns (PS3.4 C.2.2.2)."""

from __future__ import annotations

import re

LAST_CHARACTER = "\U0010ffff"

_DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,6})?")
_WILD = re.compile(r"[*?]")


def has_wild_card(text: str) -> bool:
    """Whether the text holds a wild card character (C.2.2.2.4)."""
    return _WILD.search(text) is not None


def is_universal(pattern: str) -> bool:
    """Whether the pattern matches anything, also an absent value (C.2.2.2.3)."""
    return not pattern.strip("*")


def literal_prefix(pattern: str) -> str:
    """What every match begins with."""
    match = _WILD.search(pattern)
    return pattern if match is None else pattern[: match.start()]


def literal_runs(pattern: str) -> list[tuple[str, bool, bool]]:
    """The literal stretches of a pattern, each with whether it begins and whether it ends where the matched text does."""
    runs = []
    position = 0
    for match in [*_WILD.finditer(pattern), None]:
        end = len(pattern) if match is None else match.start()
        if end > position:
            runs.append((pattern[position:end], position == 0, match is None))
        position = end if match is None else match.end()
    return runs


def prefix_range(prefix: str) -> tuple[str, str]:
    """First and last text, by code point, of those that begin with `prefix`; both inclusive."""
    return prefix, prefix + LAST_CHARACTER


def date_column(text: str) -> str:
    """A date as its column holds it, `YYYYMMDD`; empty where it is none."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return ""
    year, month, day = match.groups()
    return f"{year}{month}{day}" if "01" <= month <= "12" and "01" <= day <= "31" else ""


def time_column(text: str) -> str:
    """A time as its column holds it, `HHMMSS` and, where it is not zero, a fraction; empty where it is none."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return ""
    hour, minute, second, fraction = match.groups()
    if hour > "23" or (minute or "00") > "59" or (second or "00") > "60":
        return ""
    return f"{hour}{minute or '00'}{second or '00'}{(fraction or '').rstrip('0').rstrip('.')}"


def date_bounds(first: str, last: str) -> tuple[str, str] | None:
    """Column values between which dates match; None where a bound is no date. An absent date never matches a range."""
    low, high = date_column(first), date_column(last)
    if (first and not low) or (last and not high):
        return None
    return low or "0", high or LAST_CHARACTER


def time_bounds(first: str, last: str) -> tuple[str, str] | None:
    """Column values between which times match; the last bound holds for all of the minute or second that it names."""
    low, high = time_column(first), time_column(last)
    if (first and not low) or (last and not high):
        return None
    named = len(re.sub(r"\D", "", last.partition(".")[0]))
    if high and "." not in last:
        high = high[:named] + "9" * (6 - named) + ".~"
    return low or "0", high or LAST_CHARACTER


def matches_wild_card(text: str, pattern: str) -> bool:
    """Whether all of `text` matches, case counting (C.2.2.2.4); in time proportional to the product of the lengths at worst."""
    position = at = 0
    star, resumed = -1, 0
    while position < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resumed = at, position
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[position]):
            position += 1
            at += 1
        elif star >= 0:
            resumed += 1
            position, at = resumed, star + 1
        else:
            return False
    return not pattern[at:].strip("*")
