"""Which handler a method and path lead to: a table, looked up by the path's fixed segments.

Below the root the segments of DICOMweb's paths alternate between a fixed name and a variable (`studies/{study}/series/{series}`), so the
fixed ones alone, together with the number of segments, name the route.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hounsfield.model.errors import HounsfieldError, InvalidUID, NotFound
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.servers.dicomweb.exchange import Exchange

Handler = Callable[[Exchange], Awaitable[None]]

MAX_PATH_CHARACTERS: Final = 1024
_BULK_DATA_SEGMENTS: Final = 8
"""studies/1/series/2/instances/3/bulkdata/path"""
_UID_VARIABLES: Final = 3
"""The first three variables of most paths are study, series and instance UIDs."""


class MethodNotAllowed(HounsfieldError):
    """The resource exists, but does not take this method; the message lists those that it takes."""


@dataclass(frozen=True, slots=True)
class Route:
    """pattern: below the root, variables in braces: `studies/{study}/metadata`. uids: how many of the first variables are UIDs."""

    method: str
    pattern: str
    handler: Handler
    uids: int = _UID_VARIABLES


_REST: Final = "{path...}"


class Router:
    """Finds a route in constant time. A last variable `{path...}` takes all segments that are left."""

    def __init__(self, root: str, routes: Sequence[Route]) -> None:
        self._prefix = root.rstrip("/") + "/"
        self._table: dict[tuple[int, tuple[str, ...]], dict[str, Handler]] = {}
        self._uids: dict[tuple[int, tuple[str, ...]], int] = {}
        self._open_ended: set[tuple[str, ...]] = set()
        for route in routes:
            segments = route.pattern.split("/")
            if segments[-1] == _REST:
                self._open_ended.add(tuple(segments[0::2]))
            key = (len(segments), tuple(segments[0::2]))
            self._table.setdefault(key, {})[route.method] = route.handler
            self._uids[key] = route.uids

    def find(self, method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
        """The handler and the variables' values. Raises: NotFound, MethodNotAllowed, InvalidUID."""
        if not path.startswith(self._prefix) or len(path) > MAX_PATH_CHARACTERS:
            raise NotFound("there is no such resource here")
        segments = path[len(self._prefix) :].split("/")
        if len(segments) > _BULK_DATA_SEGMENTS and tuple(segments[: _BULK_DATA_SEGMENTS - 1 : 2]) in self._open_ended:
            segments[_BULK_DATA_SEGMENTS - 1 :] = ["/".join(segments[_BULK_DATA_SEGMENTS - 1 :])]
        key = (len(segments), tuple(segments[0::2]))
        handlers = self._table.get(key)
        if handlers is None:
            raise NotFound("there is no such resource here")
        handler = handlers.get(method)
        if handler is None:
            raise MethodNotAllowed(", ".join(sorted(handlers)))
        variables = tuple(segments[1::2])
        for uid in variables[: self._uids[key]]:
            if not is_usable_uid(uid):
                raise InvalidUID("the path holds something that is not a UID where a UID belongs")
        return handler, variables
