"""Search the worklist (PS3.18 11.9): the query parameters, and what an answer holds of each workitem."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hounsfield.dicom.dictionary import tag_of, vr_of
from hounsfield.model.errors import InvalidQuery
from hounsfield.model.procedure_step_attributes import RETURNED
from hounsfield.model.query import Key
from hounsfield.servers.dicomweb.data_set_exchange import choose_writer, warning
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.work import Work
from hounsfield.services.search_values import attribute_path
from hounsfield.services.workitem_keys import read_keys
from hounsfield.services.workitem_search import WorkitemSearch

MAX_RESULTS: Final = 1000
MAX_OFFSET: Final = 1 << 31
_CONTROL: Final = frozenset({"includefield", "limit", "offset", "fuzzymatching", "accept", "charset"})
_UNSAFE = re.compile(r"[^A-Za-z0-9.=_-]")


@dataclass(frozen=True, slots=True)
class WorklistRequest:
    """included: tags asked for beside those that every answer holds; None for all. unknown: parameters that are no attributes."""

    keys: tuple[Key, ...]
    included: frozenset[str] | None
    limit: int | None
    offset: int
    fuzzy: bool
    unknown: tuple[str, ...]


class WorklistSearch:
    """The handler of GET /workitems. A search without matches answers 200 and an empty array, as QIDO-RS does here."""

    def __init__(self, search: WorkitemSearch, work: Work) -> None:
        self._search = search
        self._work = work

    async def find(self, exchange: Exchange) -> None:
        """GET /workitems?{match*}{includefield}{fuzzymatching}{offset}{limit}."""
        write = choose_writer(exchange.accept)
        request = read_request(exchange.parameters)
        limit = MAX_RESULTS if request.limit is None else min(request.limit, MAX_RESULTS)
        found = await self._work.slow(
            self._search.find, exchange.origin, request.keys, limit=limit, offset=request.offset, fuzzy=request.fuzzy
        )
        content_type, body = write([_answered(item.data_set, request.included) for item in found.items])
        headers: list[Header] = [(b"content-type", content_type)]
        if request.unknown:
            listed = ", ".join(_UNSAFE.sub("?", name)[:80] for name in request.unknown[:10])
            headers.append(warning(f"The following parameters are not supported and were ignored: {listed}"))
        if found.given_up or (found.more and limit != request.limit):
            said = "The number of results exceeded the maximum supported by the server. Additional results can be requested."
            headers.append(warning(said))
        await exchange.answer(200, headers, body)


def read_request(parameters: Sequence[tuple[str, str]]) -> WorklistRequest:
    """Raises: InvalidQuery."""
    pairs: list[tuple[tuple[str, ...], str]] = []
    control: dict[str, str] = {}
    included: set[str] = set()
    everything = False
    unknown: list[str] = []
    for name, value in parameters:
        if name == "includefield":
            for one in value.split(","):
                path = attribute_path(one.strip())
                everything |= one.strip() == "all"
                if path:
                    included.add(_tag(path[0]))
                elif one.strip() not in ("", "all"):
                    unknown.append(f"includefield={one.strip()}")
        elif name in _CONTROL:
            if name in control:
                raise InvalidQuery(f"the parameter {name} is given twice")
            control[name] = value
        elif path := attribute_path(name):
            pairs.append((path, value))
            included.add(_tag(path[0]))
        else:
            unknown.append(name)
    return WorklistRequest(
        read_keys(pairs),
        None if everything else frozenset(included),
        _count(control, "limit"),
        _count(control, "offset") or 0,
        _flag(control, "fuzzymatching"),
        tuple(unknown),
    )


def _tag(keyword: str) -> str:
    return f"{tag_of(keyword):08X}"


def _answered(data_set: Mapping[str, Any], included: frozenset[str] | None) -> dict[str, Any]:
    """Attributes of return key types 1 and 2, and those that were asked for: empty where the workitem has none (11.9.2)."""
    if included is None:
        return dict(data_set)
    found = {tag: element for tag, element in data_set.items() if tag in RETURNED or tag in included}
    for tag in included - found.keys():
        found[tag] = {"vr": vr_of(int(tag, 16))}
    return dict(sorted(found.items()))


def _count(control: Mapping[str, str], name: str) -> int | None:
    text = control.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) > MAX_OFFSET:
        raise InvalidQuery(f"{name} is not a number from 0 on")
    return int(text)


def _flag(control: Mapping[str, str], name: str) -> bool:
    text = control.get(name, "false").lower()
    if text not in ("true", "false"):
        raise InvalidQuery(f"{name} is true or false")
    return text == "true"
