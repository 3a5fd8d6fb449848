"""Retrieve Capabilities, and what HTTP demands of every resource (PS3.18 8.9, annex H; RFC 9110)."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import httpx
import pytest

from conformance_kit.archive import Archive
from conformance_kit.catalogue import clause
from conformance_kit.client import JSON, Server, offered

WADL = "application/vnd.sun.wadl+xml"
RESOURCES = ["studies", "series", "instances"]


def local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


@pytest.fixture
def capabilities(server: Server) -> httpx.Response:
    answer = offered(
        server.request("OPTIONS", "/", accept=f"{WADL}, application/json;q=0.5"), "Retrieve Capabilities", (400, *range(404, 407), 501)
    )
    if not answer.content:
        pytest.skip(f"not offered: Retrieve Capabilities ({answer.status_code} without a description)")
    return answer


@pytest.fixture
def wadl(server: Server) -> ElementTree.Element:
    answer = offered(server.request("OPTIONS", "/", accept=WADL), "capabilities as WADL", (400, *range(404, 407), 501))
    if not answer.headers.get("content-type", "").startswith(WADL):
        pytest.skip("not offered: capabilities as WADL")
    return ElementTree.fromstring(answer.content)


@clause("PS3.18 8.9.3.1", "OPTIONS of the base URI is answered with 200 and a description")
def test_status(capabilities: httpx.Response) -> None:
    assert capabilities.status_code == 200


@clause("PS3.18 8.9.3", "the description has one of the media types accepted")
def test_media_type(capabilities: httpx.Response) -> None:
    assert capabilities.headers["content-type"].partition(";")[0] in (WADL, "application/json")


@clause("PS3.18 8.9.4", "the description comes as JSON where that is accepted")
def test_json(server: Server, capabilities: httpx.Response) -> None:
    assert capabilities.content
    answer = offered(server.request("OPTIONS", "/", accept="application/json"), "capabilities as JSON", (406,))
    if not answer.headers.get("content-type", "").startswith("application/json"):
        pytest.skip("not offered: capabilities as JSON")
    assert answer.json()


@clause("PS3.18 H.1", "the description has one top level element, application")
def test_application(wadl: ElementTree.Element) -> None:
    assert local(wadl) == "application"


@clause("PS3.18 H.1", "application holds one resources element, whose base is the URL of the service")
def test_base(wadl: ElementTree.Element, server: Server) -> None:
    (resources,) = [child for child in wadl if local(child) == "resources"]
    base = httpx.URL(server.root).join(resources.get("base", ""))
    assert base.path.rstrip("/") == httpx.URL(server.root).path.rstrip("/")


@clause("PS3.18 H.2", "{resource} is among the resources described")
@pytest.mark.parametrize("resource", RESOURCES)
def test_resource(wadl: ElementTree.Element, resource: str) -> None:
    paths = [element.get("path", "").strip("/") for element in wadl.iter() if local(element) == "resource"]
    assert any(path.split("/")[0] == resource for path in paths)


@clause("PS3.18 H.2", "{method} is among the methods of /studies, which has them")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_method(wadl: ElementTree.Element, method: str) -> None:
    (studies,) = [element for element in wadl.iter() if local(element) == "resource" and element.get("path", "").strip("/") == "studies"]
    assert method in [child.get("name") for child in studies if local(child) == "method"]


@clause("PS3.18 H.2.1", "the search parameter {name} is described")
@pytest.mark.parametrize("name", ["limit", "offset", "includefield", "fuzzymatching"])
def test_parameter(wadl: ElementTree.Element, name: str) -> None:
    assert name in [element.get("name") for element in wadl.iter() if local(element) == "param"]


@clause("PS3.18 8.9.1", "a description in a media type that no server has is refused with 406, or left out")
def test_unacceptable(server: Server, capabilities: httpx.Response) -> None:
    assert capabilities.content
    answer = server.request("OPTIONS", "/", accept="image/x-none")
    assert answer.status_code in (204, 406) or answer.headers["content-type"].partition(";")[0] in (WADL, "application/json")


@clause("RFC 9110 9.3.7", "OPTIONS of {resource} is answered with a status of the 200s, or declined")
@pytest.mark.parametrize("resource", ["/studies", "/series", "/instances"])
def test_options(server: Server, resource: str) -> None:
    assert offered(server.request("OPTIONS", resource), "OPTIONS").status_code in (200, 204)


@clause("RFC 9110 9.3.2", "HEAD of {resource} has the status and type of GET and no body")
@pytest.mark.parametrize("resource", ["/studies", "/series", "/instances"])
def test_head(server: Server, archive: Archive, resource: str) -> None:
    answer = offered(server.request("HEAD", resource, accept=JSON, query=[("PatientID", archive.patient_id)]), "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].partition(";")[0] == JSON


@clause("RFC 9110 15.5.6", "a 405 for {method} of {resource} names in Allow the methods that are taken")
@pytest.mark.parametrize(("method", "resource"), [("PUT", "/studies"), ("POST", "/series"), ("POST", "/instances")])
def test_allow(server: Server, method: str, resource: str) -> None:
    answer = server.request(method, resource, content=b"")
    assert answer.status_code in (405, 501)
    assert answer.status_code == 501 or "GET" in answer.headers["allow"]


@clause("RFC 9110 6.6.1", "an answer has a Date, as every server with a clock gives it")
def test_date(server: Server) -> None:
    answer = server.get("/studies", JSON, [("limit", 1)])
    assert "date" in answer.headers


@clause("RFC 9110 9.2.1", "{path} with an absurdly long value is refused or answered, and the service goes on")
@pytest.mark.parametrize("path", ["/studies", "/instances"])
def test_long_value(server: Server, archive: Archive, path: str) -> None:
    assert server.get(path, JSON, [("PatientID", "x" * 5000)]).status_code < 500
    assert server.get("/studies", JSON, [("PatientID", archive.patient_id)]).status_code == 200
