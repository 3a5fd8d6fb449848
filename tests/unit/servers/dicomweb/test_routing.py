"""Paths to handlers."""

from __future__ import annotations

import pytest

from hounsfield.model.errors import HounsfieldError, InvalidUID, NotFound
from hounsfield.servers.dicomweb.exchange import Exchange
from hounsfield.servers.dicomweb.routing import MethodNotAllowed, Route, Router


async def one(exchange: Exchange) -> None: ...


async def two(exchange: Exchange) -> None: ...


async def three(exchange: Exchange) -> None: ...


ROUTER = Router(
    "/dicom-web",
    [
        Route("GET", "studies", one),
        Route("POST", "studies", two),
        Route("GET", "studies/{study}", three),
        Route("GET", "studies/{study}/metadata", two),
        Route("POST", "studies/{study}/reject/{code}", one),
        Route("GET", "studies/{study}/series/{series}/instances/{instance}/bulkdata/{path...}", one),
        Route("GET", "studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered", two),
    ],
)


def test_head_goes_where_get_goes_and_options_everywhere() -> None:
    assert ROUTER.find("HEAD", "/dicom-web/studies") == (one, ())
    with pytest.raises(MethodNotAllowed, match=r"^GET, HEAD, POST$"):
        ROUTER.find("OPTIONS", "/dicom-web/studies")
    described = Router("/dicom-web", [Route("GET", "", one), Route("POST", "studies", two)], options=three)
    assert described.find("OPTIONS", "/dicom-web/studies") == (three, ())
    assert described.resource("/dicom-web/studies").methods == "OPTIONS, POST"
    assert described.find("GET", "/dicom-web") == described.find("GET", "/dicom-web/") == (one, ())
    assert [resource.pattern for resource in described.resources] == ["", "studies"]


def test_found() -> None:
    assert ROUTER.find("GET", "/dicom-web/studies") == (one, ())
    assert ROUTER.find("POST", "/dicom-web/studies") == (two, ())
    assert ROUTER.find("GET", "/dicom-web/studies/1.2") == (three, ("1.2",))
    assert ROUTER.find("GET", "/dicom-web/studies/1.2/metadata") == (two, ("1.2",))
    assert ROUTER.find("POST", "/dicom-web/studies/1.2/reject/113001^DCM") == (one, ("1.2", "113001^DCM"))
    assert ROUTER.find("GET", "/dicom-web/studies/1/series/2/instances/3/frames/4/rendered") == (two, ("1", "2", "3", "4"))
    assert ROUTER.find("GET", "/dicom-web/studies/1/series/2/instances/3/bulkdata/00091001") == (one, ("1", "2", "3", "00091001"))
    assert ROUTER.find("GET", "/dicom-web/studies/1/series/2/instances/3/bulkdata/1/0/2") == (one, ("1", "2", "3", "1/0/2"))


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", "/", NotFound),
        ("GET", "/dicom-web", NotFound),
        ("GET", "/dicom-web/", NotFound),
        ("GET", "/elsewhere/studies", NotFound),
        ("GET", "/dicom-web/studies/", InvalidUID),
        ("GET", "/dicom-web/studies/../x", NotFound),
        ("GET", "/dicom-web/studies/1.2/metadata/", NotFound),
        ("GET", "/dicom-web/studies/x/metadata", InvalidUID),
        ("POST", "/dicom-web/studies/x/reject/113001", InvalidUID),
        ("GET", "/dicom-web/studies/" + "1" * 65, InvalidUID),
        ("GET", "/dicom-web/studies/" + "1" * 2000, NotFound),
        ("GET", "/dicom-web/studies/1/series/2/instances/3/bulkdata", NotFound),
        ("DELETE", "/dicom-web/studies", MethodNotAllowed),
    ],
)
def test_not_found(method: str, path: str, error: type[HounsfieldError]) -> None:
    with pytest.raises(error):
        ROUTER.find(method, path)
