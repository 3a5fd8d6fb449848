"""Which handler a method and path lead to: a table, looked up by the path's fixed segments.

Below the root the segments of DICOMweb's paths alternate between a fixed name and a variable (`studies/{study}/series/{series}`), so the
fixed ones alone, together with the number of segments, name the route.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hounsfield.model.errors import HounsfieldError, InvalidUID, NotFound
from hounsfield.model.identifiers import is_usable_uid
from hounsfield.servers.dicomweb.exchange import Exchange

Handler = Callable[[Exchange], Awaitable[None]]

MAX_PATH_CHARACTERS: Final = 1024
_BULK_DATA_SEGMENTS: Final = 8
"""studies/1/series/2/instances/3/bulkdata/path"""
_UIDS: Final = frozenset({"{study}", "{series}", "{instance}", "{workitem}", "{transaction}", "{mpps}"})
"""Variables that are UIDs."""


class MethodNotAllowed(HounsfieldError):
    """The resource exists, but does not take this method; the message lists those that it takes."""


@dataclass(frozen=True, slots=True)
class Route:
    """pattern: below the root, variables in braces: `studies/{study}/metadata`."""

    method: str
    pattern: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of path, and what answers its methods. uids: which of its variables are UIDs, from 0."""

    pattern: str
    handlers: dict[str, Handler]
    uids: tuple[int, ...]

    @property
    def methods(self) -> str:
        """As `Allow` lists them."""
        return ", ".join(sorted(self.handlers))


_REST: Final = "{path...}"


class Router:
    """Finds a route in constant time. A last variable `{path...}` takes all segments that are left.

    options: answers OPTIONS on every resource; HEAD goes where GET goes.
    """

    def __init__(self, root: str, routes: Sequence[Route], options: Handler | None = None) -> None:
        self._prefix = root.rstrip("/") + "/"
        self._table: dict[tuple[int, tuple[str, ...]], Resource] = {}
        self._open_ended: set[tuple[str, ...]] = set()
        for route in routes:
            segments = route.pattern.split("/")
            if segments[-1] == _REST:
                self._open_ended.add(tuple(segments[0::2]))
            key = (len(segments), tuple(segments[0::2]))
            uids = tuple(index for index, name in enumerate(segments[1::2]) if name in _UIDS)
            self._table.setdefault(key, Resource(route.pattern, {}, uids)).handlers[route.method] = route.handler
        for resource in self._table.values():
            if "GET" in resource.handlers:
                resource.handlers.setdefault("HEAD", resource.handlers["GET"])
            if options is not None:
                resource.handlers.setdefault("OPTIONS", options)

    @property
    def resources(self) -> Iterable[Resource]:
        """All of them, in the order in which their first routes were given."""
        return self._table.values()

    def find(self, method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
        """The handler and the variables' values. Raises: NotFound, MethodNotAllowed, InvalidUID."""
        resource, segments = self._resource(path)
        handler = resource.handlers.get(method)
        if handler is None:
            raise MethodNotAllowed(resource.methods)
        variables = tuple(segments[1::2])
        for index in resource.uids:
            if not is_usable_uid(variables[index]):
                raise InvalidUID("the path holds something that is not a UID where a UID belongs")
        return handler, variables

    def resource(self, path: str) -> Resource:
        """Raises: NotFound."""
        return self._resource(path)[0]

    def _resource(self, path: str) -> tuple[Resource, list[str]]:
        if path == self._prefix[:-1]:
            path = self._prefix
        if not path.startswith(self._prefix) or len(path) > MAX_PATH_CHARACTERS:
            raise NotFound("there is no such resource here")
        segments = path[len(self._prefix) :].split("/")
        if len(segments) > _BULK_DATA_SEGMENTS and tuple(segments[: _BULK_DATA_SEGMENTS - 1 : 2]) in self._open_ended:
            segments[_BULK_DATA_SEGMENTS - 1 :] = ["/".join(segments[_BULK_DATA_SEGMENTS - 1 :])]
        resource = self._table.get((len(segments), tuple(segments[0::2])))
        if resource is None:
            raise NotFound("there is no such resource here")
        return resource, segments
