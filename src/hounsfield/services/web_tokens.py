"""JSON web tokens of people: verified with the public keys of who issues them, and led to an account (RFC 7519, RFC 8725)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, MissingKeyError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, Key, KeyParameters, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hounsfield.model.accounts import Account
from hounsfield.model.errors import ConfigurationError, NotSignedIn
from hounsfield.network.renewal import Renewed, TrustWithdrawn

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA")
"""Signatures whose verifier cannot make them: never `none`, never a secret that both sides share (RFC 8725 3.1)."""

LONGEST_TOKEN_BYTES = 16_384
LONGEST_NAME = 64
"""Characters of an account's name."""
LARGEST_KEYS_BYTES = 1 << 20
LEAST_RSA_BITS = 2048
_MALFORMED = (ValueError, TypeError, KeyError, RecursionError, OverflowError)
"""What a parser says of bytes that are no token or no keys."""


class _Signatures(JWSRegistry):
    """Our algorithms and no others, whatever the library recommends."""

    max_header_length = 4096

    def get_alg(self, name: str) -> Any:
        """Raises: UnsupportedAlgorithmError."""
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError
        return self.algorithms[name]


_SIGNATURES = _Signatures(strict_check_header=False)
"""An unknown header parameter is ignored (RFC 7515 4), but not one that is called critical."""


class _OnlyKey(KeySet):
    """One key that its file gives no identifier: it is meant, whatever identifier a token names (RFC 7515 4.1.4 is a hint)."""

    def get_by_kid(self, kid: str | None = None, parameters: KeyParameters | None = None) -> Key:
        """The key, where it is one for the algorithm. Raises: InvalidKeyIdError."""
        return super().get_by_kid(self.keys[0].kid, parameters)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens are believed.

    keys: file of the issuer's public keys, a JSON web key set (RFC 7517 5) or one key in PEM.
    issuer, audience: what `iss` and `aud` must be. user_claim: the claim that names the account.
    leeway_s: by how much the issuer's clock may differ from ours.
    """

    keys: Path
    issuer: str
    audience: str
    user_claim: str = "sub"
    leeway_s: int = 60


class WebTokens:
    """Checks tokens. Thread-safe; the file of keys is read again when it changes, and who has no key in it is believed no more.

    account: by its name.

    Raises: ConfigurationError where the keys cannot be used.
    """

    def __init__(self, trust: Trust, account: Callable[[str], Account | None], now: Callable[[], float] = time.time) -> None:
        self._trust = trust
        self._account = account
        self._now = now
        self._keys = Renewed("the public keys for JSON web tokens", (), lambda: read_keys(trust.keys), anchors=(trust.keys,))

    def check(self, token: str) -> Account:
        """The account that a token is for. Raises: NotSignedIn, whose message holds nothing of the token; IndexUnavailable."""
        if len(token) > LONGEST_TOKEN_BYTES:
            raise NotSignedIn("a JSON web token too long to be one")
        claims = self._verified(token)
        name = claims.get(self._trust.user_claim)
        if not isinstance(name, str) or not name.strip():
            raise NotSignedIn(f"the JSON web token names no user in its claim {self._trust.user_claim!r}")
        name = name.strip()
        # Before it is folded: the Kelvin sign's small letter is our k, and no part of a name is a name.
        if not name.isascii() or len(name) > LONGEST_NAME:
            raise NotSignedIn(f"the JSON web token's claim {self._trust.user_claim!r} is no user name that an account can have")
        account = self._account(name.lower())
        if account is None or account.disabled:
            raise NotSignedIn("the JSON web token is for a user without an account here, or with one that is disabled")
        return account

    def _verified(self, token: str) -> dict[str, Any]:
        trust = self._trust
        rules = jwt.JWTClaimsRegistry(
            now=int(self._now()),
            leeway=trust.leeway_s,
            iss={"essential": True, "value": trust.issuer},
            aud={"essential": True, "value": trust.audience},
            exp={"essential": True},
        )
        try:
            keys = self._keys.get()
        except ConfigurationError as exc:
            raise NotSignedIn("the JSON web token cannot be verified: the keys of its issuer are withdrawn") from exc
        try:
            claims = jwt.decode(token, keys, registry=_SIGNATURES).claims
            rules.validate(claims)
        except ExpiredTokenError as exc:
            raise NotSignedIn("the JSON web token has expired") from exc
        except ClaimError as exc:
            raise NotSignedIn(f"the JSON web token's claim {exc.claim!r} is missing or not what is asked for") from exc
        except JoseError as exc:
            raise NotSignedIn(f"the JSON web token cannot be verified: {exc.error.replace('_', ' ')}") from exc
        except _MALFORMED as exc:
            raise NotSignedIn("the JSON web token is none") from exc
        return claims


def read_keys(path: Path) -> KeySet:
    """The public keys of a file. Raises: ConfigurationError, naming the file; TrustWithdrawn where it is a key set without one."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_KEYS_BYTES + 1)
    except OSError as exc:
        raise ConfigurationError(f"the keys for JSON web tokens {path} cannot be read: {exc.strerror}") from exc
    if len(raw) > LARGEST_KEYS_BYTES:
        raise ConfigurationError(f"the keys for JSON web tokens {path} are more than {LARGEST_KEYS_BYTES} bytes")
    try:
        keys = _OnlyKey([_from_pem(raw)]) if raw.lstrip().startswith(b"-----BEGIN") else _from_set(json.loads(raw))
    except MissingKeyError as exc:
        raise TrustWithdrawn(f"the keys for JSON web tokens {path} hold no key") from exc
    except (JoseError, *_MALFORMED) as exc:
        raise ConfigurationError(f"the keys for JSON web tokens {path} are no JSON web key set and no public key in PEM") from exc
    for key in keys:
        _require_public(path, key)
    return keys


def _from_set(document: Any) -> KeySet:
    is_only = len(document["keys"]) == 1 and "kid" not in document["keys"][0]
    return (_OnlyKey if is_only else KeySet).import_key_set(document)


def _from_pem(raw: bytes) -> RSAKey | ECKey | OKPKey:
    for kind in (RSAKey, ECKey):
        try:
            return kind.import_key(raw)
        except (JoseError, *_MALFORMED):
            continue
    return OKPKey.import_key(raw)


def _require_public(path: Path, key: object) -> None:
    if not isinstance(key, RSAKey | ECKey | OKPKey):
        raise ConfigurationError(f"the keys for JSON web tokens {path} hold a shared secret: public keys are asked for")
    if key.is_private:
        raise ConfigurationError(f"the keys for JSON web tokens {path} hold a private key, which only the issuer should have")
    if isinstance(key, RSAKey) and key.raw_value.key_size < LEAST_RSA_BITS:
        raise ConfigurationError(f"the keys for JSON web tokens {path} hold an RSA key of less than {LEAST_RSA_BITS} bits")
