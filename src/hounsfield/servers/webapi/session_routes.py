"""Sign in, sign out, change one's password."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from hounsfield.model.origin import Principal
from hounsfield.servers.webapi.asgi import came_over_https, peer_host
from hounsfield.servers.webapi.parts import Parts, SignedInOrigin
from hounsfield.servers.webapi.schemas import PasswordAsked, SessionAnswer, SignInAsked
from hounsfield.services.guard import OPEN_ACCESS, SESSION_COOKIE


def add_session_routes(app: FastAPI, parts: Parts) -> None:
    """`/api/session`."""

    @app.get("/api/session")
    async def read_session(request: Request, origin: SignedInOrigin) -> SessionAnswer:
        csrf_token = parts.access.csrf_token(request.scope["headers"])
        return SessionAnswer.of(origin.principal, csrf_token, open_access=parts.facts.open_access)

    @app.post("/api/session")
    def sign_in(asked: SignInAsked, request: Request, response: Response) -> SessionAnswer:
        if parts.facts.open_access:
            return SessionAnswer.of(OPEN_ACCESS, "", open_access=True)
        signed_in = parts.sessions.sign_in(asked.username, asked.password, peer_host(request.scope))
        previous = request.cookies.get(SESSION_COOKIE, "")
        if previous:
            parts.sessions.sign_out(previous)
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
    def change_password(asked: PasswordAsked, request: Request, origin: SignedInOrigin) -> None:
        token = request.cookies.get(SESSION_COOKIE, "")
        parts.sessions.change_password(token, asked.current, asked.new, peer_host(request.scope))
        parts.access.forget()
