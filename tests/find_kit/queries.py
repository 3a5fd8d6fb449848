"""Queries made up from what is there, so that most of them find something."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydicom.datadict import dictionary_VR

from find_kit.brute_force import ATTRIBUTES, LEVELS, NAMED_STUDY_ATTRIBUTES, UNIQUE, Entity

WILD_VRS = ("PN", "LO", "SH", "CS")


@dataclass(frozen=True)
class Made:
    """A query. keys: values by keyword; items: keys inside Request Attributes Sequence; baseline: it names the levels above."""

    level: str
    keys: dict[str, str]
    items: dict[str, str] = field(default_factory=dict)
    baseline: bool = False


def make_query(chance: random.Random, holdings: dict[str, list[Entity]], favoured: Sequence[str] = ()) -> Made:
    """One. favoured: attributes of which it asks for one at least, where its level has it."""
    level = chance.choice((*LEVELS, "STUDY", "STUDY", "SERIES"))
    model = chance.choice(holdings[level])
    above = LEVELS[: LEVELS.index(level)]
    keys: dict[str, str] = {}
    items: dict[str, str] = {}
    baseline = chance.random() < 0.3 and level != "PATIENT" and (level != "STUDY" or bool(model.values["PatientID"]))
    if baseline:
        keys.update({UNIQUE[one]: model.values[UNIQUE[one]][0] for one in above if model.values[UNIQUE[one]]})
        names = list(ATTRIBUTES[level])
    else:
        names = [name for one in (*above, level) for name in ATTRIBUTES[one]]
    if level != "PATIENT" and (baseline or chance.random() < 0.2):
        if not baseline:
            keys["StudyInstanceUID"] = model.values["StudyInstanceUID"][0]
        names += [name for one in (*(() if baseline else above), level) for name in NAMED_STUDY_ATTRIBUTES.get(one, ())]
        if level == "SERIES" and model.requests and chance.random() < 0.5:
            items = {name: chance.choice((text, text[:-1] + "?", "x", "")) for name, text in chance.choice(model.requests).items()}
        if level == "STUDY" and baseline and not model.values["PatientID"]:
            baseline = False
    for name in chance.sample(names, chance.choice((1, 1, 2, 3))):
        if name not in keys:
            keys[name] = make_value(chance, name, model, holdings[level])
    for name in chance.sample(sorted(set(favoured) & set(names)), bool(set(favoured) & set(names))):
        keys[name] = make_value(chance, name, model, holdings[level])
    if not baseline and level in ("STUDY", "SERIES") and chance.random() < 0.1:
        keys |= _date_and_time(chance, model)
    return Made(level, keys, items, baseline)


def make_value(chance: random.Random, name: str, model: Entity, others: list[Entity]) -> str:
    """A value for one key, mostly one that the model matches."""
    vr = dictionary_VR(name)
    if chance.random() < 0.05:
        return "" if vr in ("IS", "DS", "US", "UI", "AS") else chance.choice(("", '""'))
    value = chance.choice(model.values.get(name) or ("",))
    if not value or any(one in value for one in '*?\\"'):
        return ""
    if vr == "UI":
        other = chance.choice(others).values.get(name) or ("1.2.3",)
        return chance.choice((value, f"{value}\\{other[0]}", f"1.2.3\\{value}\\1.2.4"))
    if vr in ("DA", "TM"):
        return _range(chance, vr, value, (chance.choice(others).values.get(name) or (value,))[0])
    if vr in WILD_VRS or vr == "LT":
        text = _wild(chance, value)
        if vr == "PN":
            text = chance.choice((text, text.upper(), text.lower()))
        if vr != "LT" and chance.random() < 0.15:
            other = (chance.choice(others).values.get(name) or ("none",))[0]
            text = text if any(one in other for one in '*?\\"') else f"{text}\\{other}"
        return text
    return value if vr in ("IS", "US", "AS") or value.isdigit() else ""


def _wild(chance: random.Random, value: str) -> str:
    at = chance.randrange(len(value))
    end = chance.randrange(at, len(value)) + 1
    inner = value[at:end].strip()
    return chance.choice(
        (
            value,
            value,
            value[:end].strip() + "*",
            f"*{inner}*",
            f"*{value[at:].strip()}",
            f"{value[:at]}?{value[at + 1 :]}",
            "*",
            f"{inner}nowhere",
        )
    )


def _range(chance: random.Random, vr: str, value: str, other: str) -> str:
    value, other = (text.replace(":", "").replace(".", "", vr == "DA") for text in (value, other))
    if vr == "DA" and not (value.isdigit() and other.isdigit() and len(value) == len(other) == 8):
        return ""
    low, high = sorted((value, other))
    if vr == "TM":
        low, high = low[: chance.choice((2, 4, 6, 20))], high[: chance.choice((2, 4, 6, 20))]
    made = chance.choice((value, value, f"{low}-{high}", f"{low}-{high}", f"{low}-", f"-{high}", f"{value}-{value}"))
    return f"{made}\\{other}" if chance.random() < 0.1 else made


def _date_and_time(chance: random.Random, model: Entity) -> dict[str, str]:
    date, time = (*model.values["StudyDate"], "")[0], (*model.values["StudyTime"], "")[0]
    if len(date) != 8 or not date.isdigit() or len(time) < 6:
        return {}
    year, rest = int(date[:4]), date[4:]
    dates = chance.choice((f"{date}-{date}", f"{year - 1}{rest}-{date}", f"{date}-", f"{date}-{year + 1}{rest}"))
    return {"StudyDate": dates, "StudyTime": chance.choice((f"{time}-", f"-{time}", f"0800-{time[:4]}", f"{time}-0100"))}
