"""What the person who is signed in prefers; nobody sees another's."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from hounsfield.model.errors import AccessDenied
from hounsfield.servers.webapi.asgi import header
from hounsfield.servers.webapi.parts import SignedInOrigin
from hounsfield.services.preferences import Preferences


async def _account(request: Request, origin: SignedInOrigin) -> str:
    """The account's name. A token may have the name of a person: it has no preferences."""
    if header(request.scope, b"authorization"):
        raise AccessDenied("preferences are of people who sign in; an API token has none")
    return origin.principal.name


AccountName = Annotated[str, Depends(_account)]


def add_preference_routes(app: FastAPI, preferences: Preferences) -> None:
    """`/api/me/preferences`."""

    @app.get("/api/me/preferences", response_model=dict[str, Any])
    def read_preferences(account: AccountName) -> Response:
        """Documents by name."""
        members = ",".join(f"{json.dumps(name)}:{document}" for name, document in preferences.all(account).items())
        return Response(f"{{{members}}}", media_type="application/json")

    @app.put("/api/me/preferences/{name}", status_code=204)
    async def put_preference(name: str, request: Request, account: AccountName) -> None:
        """The body is the document."""
        await run_in_threadpool(preferences.put, account, name, await request.body())

    @app.delete("/api/me/preferences/{name}", status_code=204)
    def delete_preference(name: str, account: AccountName) -> None:
        """What is not there is gone already."""
        preferences.delete(account, name)
