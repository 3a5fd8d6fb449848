"""The JSON API of the web app: FastAPI behind `Guarded`."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from hounsfield.model.errors import HounsfieldError
from hounsfield.servers.webapi.envelope import CODE_BY_STATUS, body_of, error_body, headers_of, status_of
from hounsfield.servers.webapi.guarded import Guarded
from hounsfield.servers.webapi.parts import Parts
from hounsfield.servers.webapi.peer_routes import add_peer_routes
from hounsfield.servers.webapi.schemas import ErrorAnswer
from hounsfield.servers.webapi.session_routes import add_session_routes
from hounsfield.servers.webapi.site_routes import add_site_routes
from hounsfield.servers.webapi.study_routes import add_study_routes

_JSON = "application/json"


AddRoutes = Callable[[FastAPI], None]


def create_api(parts: Parts, *more: AddRoutes) -> Guarded:
    """The ASGI application for everything below `/api`; its OpenAPI at `/api/openapi.json`, for those who are signed in."""
    return Guarded(create_routes(parts, *more), parts.access)


def create_routes(parts: Parts, *more: AddRoutes) -> FastAPI:
    """The routes alone, without their guard."""
    app = FastAPI(
        title="Hounsfield",
        version=parts.facts.version,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses={"default": {"model": ErrorAnswer, "description": "What went wrong"}},
    )
    app.add_exception_handler(HounsfieldError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unknown_error)
    add_session_routes(app, parts)
    add_study_routes(app, parts)
    add_site_routes(app, parts)
    add_peer_routes(app, parts)
    for add in more:
        add(app)
    return app


async def _domain_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HounsfieldError)
    headers = {name.decode(): value.decode() for name, value in headers_of(error)}
    return Response(body_of(error), status_of(error), headers, _JSON)


async def _validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # What was sent is not repeated: it may be a password or a patient's name.
    problems = "; ".join(f"{'.'.join(str(part) for part in problem['loc'][1:])}: {problem['msg']}" for problem in error.errors()[:5])
    return Response(error_body(CODE_BY_STATUS[422], problems), 422, None, _JSON)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = CODE_BY_STATUS.get(error.status_code, f"http-{error.status_code}")
    return Response(error_body(code, str(error.detail)), error.status_code, error.headers, _JSON)


async def _unknown_error(_: Request, __: Exception) -> Response:
    # The error itself goes on to `Guarded`, which logs it.
    return Response(error_body(CODE_BY_STATUS[500], "something went wrong here; it has been logged"), 500, None, _JSON)
