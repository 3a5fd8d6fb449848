"""Retrieve Capabilities: what is served here, told from the table of routes (PS3.18 8.9, annex H).

OPTIONS on any resource lists its methods in `Allow` and describes it and all below it; the base URI describes everything, also by GET.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final
from xml.sax.saxutils import quoteattr

from hounsfield.model.errors import NotAcceptable
from hounsfield.servers.dicomweb.exchange import Exchange, Header
from hounsfield.servers.dicomweb.media_types import JSON, MediaType, choose
from hounsfield.servers.dicomweb.routing import Resource, Router
from hounsfield.servers.dicomweb.transactions import transaction_of

WADL: Final = "application/vnd.sun.wadl+xml"

_NAMESPACE: Final = "http://wadl.dev.java.net/2009/02"
_UNDESCRIBED: Final = frozenset({"HEAD", "OPTIONS"})
"""The description is how OPTIONS answers, and HEAD is GET without a body."""


class Capabilities:
    """The handler of OPTIONS everywhere, and of GET on the base URI. router: set by whoever makes it."""

    router: Router

    async def describe(self, exchange: Exchange) -> None:
        """OPTIONS, and GET /. A client that takes neither form of the description gets `Allow` alone, or 406 where it asked by GET."""
        resource = self.router.resource(exchange.scope["path"])
        headers: list[Header] = [(b"allow", resource.methods.encode()), (b"vary", b"accept, accept-encoding")]
        try:
            media_type = choose(exchange.accept, _offer)
        except NotAcceptable:
            if exchange.scope["method"] != "OPTIONS":
                raise
            await exchange.answer(204, headers)
            return
        described = [one for one in self.router.resources if _is_within(one.pattern, resource.pattern)]
        body = (_json if media_type == JSON else _wadl)(f"{exchange.base_url}/", described)
        await exchange.answer_text(200, [(b"content-type", media_type.encode()), *headers], body)


def _offer(wanted: MediaType) -> str | None:
    if wanted.is_multipart:
        return None
    return next((name for name in (WADL, JSON) if wanted.covers(name)), None)


def _is_within(pattern: str, above: str) -> bool:
    return not above or pattern == above or pattern.startswith(f"{above}/")


def _described(resource: Resource) -> list[str]:
    return sorted(resource.handlers.keys() - _UNDESCRIBED)


def _json(base: str, resources: Iterable[Resource]) -> bytes:
    listed: list[dict[str, Any]] = []
    for resource in resources:
        methods = [
            {"name": method, "id": told.name, "parameters": told.parameters, "takes": told.takes, "produces": told.produces}
            for method in _described(resource)
            for told in (transaction_of(method, resource.pattern),)
        ]
        listed.append({"path": resource.pattern, "methods": methods})
    return json.dumps({"base": base, "resources": listed}, indent=1).encode()


def _wadl(base: str, resources: Iterable[Resource]) -> bytes:
    parts = [f'<?xml version="1.0" encoding="UTF-8"?>\n<application xmlns="{_NAMESPACE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema">']
    parts.append(f"<resources base={quoteattr(base)}>")
    open_paths: list[str] = []
    for resource in sorted(resources, key=lambda one: one.pattern.split("/")):
        path = resource.pattern
        while open_paths and not path.startswith(f"{open_paths[-1]}/"):
            open_paths.pop()
            parts.append("</resource>")
        parts.append(_resource_head(path.removeprefix(f"{open_paths[-1]}/") if open_paths else path))
        parts += [_method(method, resource.pattern) for method in _described(resource)]
        open_paths.append(path)
    parts += ["</resource>"] * len(open_paths)
    parts.append("</resources>\n</application>\n")
    return "\n".join(parts).encode()


def _resource_head(path: str) -> str:
    """path: relative to the resource around it."""
    variables = [segment.strip("{.}") for segment in path.split("/") if segment.startswith("{")]
    params = "".join(f'<param name="{name}" style="template" type="xsd:string" required="true"/>' for name in variables)
    return f"<resource path={quoteattr(path.replace('...', ''))}>{params}"


def _method(method: str, pattern: str) -> str:
    told = transaction_of(method, pattern)
    params = "".join(f'<param name="{name}" style="query" type="xsd:string"/>' for name in told.parameters)
    taken = "".join(f"<representation mediaType={quoteattr(media_type)}/>" for media_type in told.takes)
    given = "".join(f"<representation mediaType={quoteattr(media_type)}/>" for media_type in told.produces)
    return f'<method name="{method}" id="{told.name}"><request>{params}{taken}</request><response status="200">{given}</response></method>'
