"""OPTIONS, HEAD, and the description of what is served (PS3.18 8.9, annex H)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from typing import Any
from xml.etree import ElementTree

import pytest

from hounsfield.servers.dicomweb.application import DICOMWeb
from hounsfield.servers.dicomweb.composition import Parts, dicomweb_application
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.routing import Route
from hounsfield.servers.dicomweb.transactions import TRANSACTIONS, transaction_of

WADL = "{http://wadl.dev.java.net/2009/02}"
INSTANCE = "studies/{study}/series/{series}/instances/{instance}"

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def app(executor: Executor) -> DICOMWeb:
    """The whole service; nothing below it is asked."""

    class Anything:
        def __getattr__(self, name: str) -> Any:
            return Anything()

        def recall(self, headers: object, method: str) -> None: ...

    class Guard(Anything):
        def authenticate(self, headers: Any, method: str, host: str) -> Any:
            from hounsfield.model.errors import NotSignedIn
            from hounsfield.model.origin import Principal, Role

            if not dict(headers).get(b"authorization"):
                raise NotSignedIn("sign in")
            return Principal("viewer", Role.VIEWER)

    nothing: Any = Anything()
    guard: Any = Guard()
    return dicomweb_application(Parts(nothing, nothing, nothing, nothing, nothing, guard, executor, executor))


def routes_of(app: DICOMWeb) -> set[tuple[str, str]]:
    return {(method, resource.pattern) for resource in app._router.resources for method in resource.handlers}


def described_by_wadl(document: bytes, base: str) -> set[tuple[str, str]]:
    root = ElementTree.fromstring(document)
    assert root.tag == f"{WADL}application"
    (resources,) = root
    assert (resources.tag, resources.get("base")) == (f"{WADL}resources", base)
    found = set()

    def walk(element: ElementTree.Element, above: str) -> None:
        path = "/".join(filter(None, (above, element.get("path", ""))))
        variables = {param.get("name") for param in element.findall(f"{WADL}param")}
        assert all(f"{{{name}}}" in path for name in variables)
        for method in element.findall(f"{WADL}method"):
            found.add((method.get("name", ""), path))
        for inner in element.findall(f"{WADL}resource"):
            walk(inner, path)

    for resource in resources:
        walk(resource, "")
    return found


def test_the_description_is_that_of_the_routes(call: Call, app: DICOMWeb) -> None:
    expected = {(method, pattern.replace("...", "")) for method, pattern in routes_of(app) if method not in ("HEAD", "OPTIONS")}
    for method, path in (("OPTIONS", "/dicom-web"), ("OPTIONS", "/dicom-web/"), ("GET", "/dicom-web/"), ("GET", "/dicom-web")):
        answer = call(app, method, path)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.sun.wadl+xml")
        assert described_by_wadl(answer.body, "http://pacs.example:8080/dicom-web/") == expected
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    told = json.loads(call(app, "OPTIONS", "/dicom-web/", headers={"accept": "application/json"}).body)
    assert {(one["name"], each["path"].replace("...", "")) for each in told["resources"] for one in each["methods"]} == expected


def test_a_resource_and_what_is_below_it(call: Call, app: DICOMWeb) -> None:
    answer = call(app, "OPTIONS", "/dicom-web/studies/1.2/series/1.3/instances/1.4")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
    described = described_by_wadl(answer.body, "http://pacs.example:8080/dicom-web/")
    assert ("GET", INSTANCE) in described
    assert all(pattern.startswith(INSTANCE) for _, pattern in described)
    assert call(app, "OPTIONS", "/dicom-web/studies").headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_what_a_search_takes(call: Call, app: DICOMWeb) -> None:
    told = json.loads(call(app, "OPTIONS", "/dicom-web/studies", headers={"accept": "application/json"}).body)
    (search,) = [one for each in told["resources"] if each["path"] == "studies" for one in each["methods"] if one["name"] == "GET"]
    assert search["id"] == "SearchForStudies"
    assert {"limit", "includefield", "emptyvaluematching", "PatientID", "StudyDate"} <= set(search["parameters"])
    assert "SeriesNumber" not in search["parameters"]
    assert "application/dicom+json" in search["produces"]


def test_where_the_description_is_not_taken(call: Call, app: DICOMWeb) -> None:
    answer = call(app, "OPTIONS", "/dicom-web/studies", headers={"accept": "application/dicom+json"})
    assert (answer.status, answer.body, answer.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert call(app, "GET", "/dicom-web/", headers={"accept": "image/png"}).status == 406


def test_who_may_ask(call: Call, app: DICOMWeb) -> None:
    for method, path in (("OPTIONS", "/dicom-web/"), ("OPTIONS", "/dicom-web/studies"), ("GET", "/dicom-web/"), ("HEAD", "/dicom-web/")):
        assert call(app, method, path, role="", bodiless=method == "HEAD").status == 401
    assert call(app, "OPTIONS", "/dicom-web/nothing").status == 404
    assert call(app, "OPTIONS", "/dicom-web/studies/x").status == 400


def test_every_description_is_of_a_route(app: DICOMWeb) -> None:
    assert set(TRANSACTIONS) <= routes_of(app)


def test_a_route_without_a_description_has_a_name() -> None:
    assert transaction_of("POST", "workitems/{workitem}/cancelrequest").name == "PostWorkitemsWorkitemCancelrequest"


def test_head_is_get_without_a_body(call: Call, guard: Any, executor: Executor) -> None:
    started = []

    async def whole(exchange: Exchange) -> None:
        await exchange.answer(200, [(b"etag", b'"a"')], b"12345")

    async def pieces() -> AsyncIterator[bytes]:
        started.append(True)
        yield b"123"

    async def streamed(exchange: Exchange) -> None:
        await exchange.stream(200, [(b"content-type", b"text/plain")], pieces(), 3)  # type: ignore[arg-type]

    app = DICOMWeb([Route("GET", "studies", whole), Route("GET", "series", streamed), Route("POST", "instances", whole)], guard, executor)
    for path, length in (("studies", "5"), ("series", "3")):
        head = call(app, "HEAD", f"/dicom-web/{path}", bodiless=True)
        assert (head.status, head.body, head.headers["content-length"], head.complete) == (200, b"", length, True)
        assert head.headers == call(app, "GET", f"/dicom-web/{path}").headers
    assert started == [True], "by GET alone"
    refused = call(app, "HEAD", "/dicom-web/instances", bodiless=True)
    assert (refused.status, refused.headers["allow"], refused.body) == (405, "OPTIONS, POST", b"")
