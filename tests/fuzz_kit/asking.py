"""Searches, retrieves and paths by chance, and the headers of all requests."""

from __future__ import annotations

from random import Random
from urllib.parse import quote

from fuzz_kit.held import ROOT, Held
from fuzz_kit.mutations import damaged, damaged_header, damaged_target
from fuzz_kit.raw_http import Request
from fuzz_kit.words import (
    CODINGS,
    ETAGS,
    KEYWORDS,
    MEDIA_TYPES,
    PAIRS,
    QUALITIES,
    RANGES,
    RESOURCES,
    SEGMENTS,
    TRANSFER_SYNTAXES,
    VALUES,
)


def search(random: Random, held: Held) -> Request:
    """QIDO-RS, and the same of the worklist."""
    study, series, _ = random.choice(held.instances)
    path = random.choice(
        (
            "/studies",
            "/series",
            "/instances",
            f"/studies/{study}/series",
            f"/studies/{study}/instances",
            f"/studies/{study}/series/{series}/instances",
            "/workitems",
        )
    )
    query = _query(random, random.choice((1, 1, 1, 2, 3, 5, 300)))
    return Request("GET", _maybe_damaged(random, f"{ROOT}{path}?{query}", 0.3), headers(random))


def retrieve(random: Random, held: Held) -> Request:
    """WADO-RS, by every method but those that change something."""
    study, series, instance = random.choice(held.instances)
    whole = f"/studies/{study}", f"/studies/{study}/series/{series}", f"/studies/{study}/series/{series}/instances/{instance}"
    path = random.choices(whole, (1, 1, 8))[0] + random.choice(RESOURCES)
    query = f"?{_query(random, random.randint(1, 3))}" if random.random() < 0.4 else ""
    method = random.choices(("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "TRACE"), (40, 2, 1, 1, 1, 1))[0]
    return Request(method, _maybe_damaged(random, ROOT + path + query, 0.2), headers(random))


def path(random: Random, held: Held) -> Request:
    """Segments in any order, by any method."""
    segments = [random.choice(SEGMENTS) for _ in range(random.randint(0, 12))]
    return Request(random.choice(("GET", "GET", "POST", "DELETE", "PUT")), f"{ROOT}/{'/'.join(segments)}", headers(random))


def headers(random: Random) -> tuple[tuple[str, str], ...]:
    """Of what is asked for; each may be missing or wrong."""
    found = []
    if random.random() < 0.5:
        found.append(("Accept", _accept(random)))
    if random.random() < 0.2:
        text = random.choice(RANGES)
        found.append(("Range", text if random.random() < 0.6 else damaged_header(random, text)))
    if random.random() < 0.15:
        found.append((random.choice(("If-None-Match", "If-Match", "If-Range")), random.choice(ETAGS)))
    if random.random() < 0.2:
        found.append(("Accept-Encoding", random.choice(CODINGS)))
    if random.random() < 0.05:
        found.append(("Accept-Charset", random.choice(("utf-8", "*", "latin-1;q=0.1", damaged_header(random, "utf-8")))))
    return tuple(found)


def _query(random: Random, parameters: int) -> str:
    return "&".join(_parameter(random) for _ in range(parameters))


def _parameter(random: Random) -> str:
    """A name with a value that it takes, or with one of another, either of them damaged now and then."""
    name, value = random.choice(PAIRS) if random.random() < 0.6 else (random.choice(KEYWORDS), random.choice(VALUES))
    raw_name, raw_value = name.encode(), value.encode("utf-8", "surrogatepass")
    if random.random() < 0.1:
        raw_name = damaged(random, raw_name)
    if random.random() < 0.3:
        raw_value = damaged(random, raw_value)
    return f"{quote(raw_name)}={quote(raw_value, safe='*,^')}"


def _maybe_damaged(random: Random, target: str, how_often: float) -> str:
    if random.random() >= how_often:
        return target
    kept = len(ROOT) + 1
    return target[:kept] + damaged_target(random, target[kept:])


def _accept(random: Random) -> str:
    text = ", ".join(_range(random) for _ in range(random.choice((1, 1, 1, 2, 3, 100))))
    if random.random() < 0.3:
        text += ", */*;q=0.1"
    return text if random.random() < 0.7 else damaged_header(random, text)


def _range(random: Random) -> str:
    text = random.choice(MEDIA_TYPES)
    if text.startswith("multipart") and random.random() < 0.8:
        mark = random.choice(('"', '"', ""))
        text += f"; type={mark}{random.choice(MEDIA_TYPES)}{mark}"
    if random.random() < 0.4:
        text += f"; transfer-syntax={random.choice(TRANSFER_SYNTAXES)}"
    if random.random() < 0.2:
        text += f";q={random.choice(QUALITIES)}"
    return text
