"""Settings as people read them: value, default and meaning of each, without secrets."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from hounsfield.app.settings import Settings
from hounsfield.servers.webapi.settings_routes import SettingAnswer

HIDDEN = "(set)"
_SECRET_WORDS = ("password", "passcode", "secret", "token", "credential")


def explained(settings: Settings) -> list[SettingAnswer]:
    """All of them, in the order in which they are declared."""
    return [
        SettingAnswer(
            name=name,
            value=shown(name, getattr(settings, name)),
            default=written(field.default),
            meaning=field.description or "",
            changed=getattr(settings, name) != field.default,
        )
        for name, field in Settings.model_fields.items()
    ]


def written(value: Any) -> str:
    """As it would be written in a variable: lists with commas; empty where nothing is set."""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def shown(name: str, value: Any) -> str:
    """What may be shown of a value: of the database's address where it is, not how one gets in."""
    text = written(value)
    if name == "database":
        return _without_password(text)
    return HIDDEN if text and any(word in name for word in _SECRET_WORDS) else text


def _without_password(address: str) -> str:
    """Scheme, user, host, port and name; what follows a `?` may hold a password too."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN
    if not parts.scheme or not parts.netloc:
        return HIDDEN
    user = f"{parts.username}@" if parts.username else ""
    return f"{parts.scheme}://{user}{parts.hostname or ''}{port}{parts.path}"
