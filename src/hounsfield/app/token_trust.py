"""Whose JSON web tokens are believed, as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hounsfield.app.settings import Settings
from hounsfield.model.accounts import Account

if TYPE_CHECKING:
    from hounsfield.services.web_tokens import WebTokens


def web_tokens(settings: Settings, account: Callable[[str], Account | None] = lambda _name: None) -> WebTokens | None:
    """None where nobody's are. account: by its name. Raises: ConfigurationError where the keys cannot be used."""
    if not settings.jwt_keys or settings.open_access:
        return None
    # Cryptography is loaded only where a site uses it.
    from hounsfield.services.web_tokens import Trust, WebTokens

    trust = Trust(Path(settings.jwt_keys), settings.jwt_issuer, settings.jwt_audience, settings.jwt_user_claim, settings.jwt_leeway_s)
    return WebTokens(trust, account)
