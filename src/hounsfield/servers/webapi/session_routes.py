"""Sign in, sign out, change one's password."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response

from hounsfield.model.errors import Unavailable
from hounsfield.model.origin import Principal
from hounsfield.servers.webapi.asgi import came_over_https, peer_host
from hounsfield.servers.webapi.parts import Parts, SignedInOrigin
from hounsfield.servers.webapi.schemas import PasswordAsked, SessionAnswer, SignInAsked
from hounsfield.services.guard import OPEN_ACCESS, SESSION_COOKIE

MAX_WAITING = 100
"""Comparing passwords is slow on purpose; beyond so many in the queue one is told to come back."""

Result = TypeVar("Result")


class SlowQueue:
    """Runs what is slow in few threads of its own, so that a flood of sign-ins takes none from those who are signed in."""

    def __init__(self, threads: int = 2) -> None:
        self._threads = CapacityLimiter(threads)
        self._inside = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Raises: Unavailable where too many wait."""
        if self._inside >= MAX_WAITING:
            raise Unavailable("too many people are signing in at this moment; try again")
        self._inside += 1
        try:
            return await to_thread.run_sync(work, limiter=self._threads)
        finally:
            self._inside -= 1


def add_session_routes(app: FastAPI, parts: Parts) -> None:
    """`/api/session`."""
    queue = SlowQueue()

    @app.get("/api/session")
    async def read_session(request: Request, origin: SignedInOrigin) -> SessionAnswer:
        csrf_token = parts.access.csrf_token(request.scope["headers"])
        return SessionAnswer.of(origin.principal, csrf_token, open_access=parts.facts.open_access)

    @app.post("/api/session")
    async def sign_in(asked: SignInAsked, request: Request, response: Response) -> SessionAnswer:
        if parts.facts.open_access:
            return SessionAnswer.of(OPEN_ACCESS, "", open_access=True)
        host = peer_host(request.scope)
        signed_in = await queue.run(partial(parts.sessions.sign_in, asked.username, asked.password, host))
        previous = request.cookies.get(SESSION_COOKIE, "")
        if previous:
            await to_thread.run_sync(parts.sessions.sign_out, previous)
            parts.access.forget()
        secure = came_over_https(request.scope)
        response.set_cookie(SESSION_COOKIE, signed_in.token, path="/", httponly=True, samesite="strict", secure=secure)
        account = signed_in.account
        principal = Principal(account.name, account.role)
        return SessionAnswer.of(principal, signed_in.csrf_token, open_access=False, must_change_password=account.must_change_password)

    @app.delete("/api/session", status_code=204)
    def sign_out(request: Request, response: Response, origin: SignedInOrigin) -> None:
        token = request.cookies.get(SESSION_COOKIE, "")
        if token:
            parts.sessions.sign_out(token)
            parts.access.forget()
        response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")

    @app.post("/api/session/password", status_code=204)
    async def change_password(asked: PasswordAsked, request: Request, origin: SignedInOrigin) -> None:
        token = request.cookies.get(SESSION_COOKIE, "")
        host = peer_host(request.scope)
        await queue.run(partial(parts.sessions.change_password, token, asked.current, asked.new, host))
        parts.access.forget()
