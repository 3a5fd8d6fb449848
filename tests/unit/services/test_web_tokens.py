"""Only a token that its issuer made for us, and that holds now, leads to an account."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from hounsfield.model.accounts import Account
from hounsfield.model.errors import ConfigurationError, NotSignedIn
from hounsfield.model.origin import Role
from hounsfield.services.web_tokens import ALGORITHMS, LONGEST_TOKEN_BYTES, Trust, WebTokens

NOW = 1_800_000_000
ISSUER, AUDIENCE = "https://login.example", "hounsfield"
ACCOUNTS = {
    "ada": Account("ada", Role.ADMINISTRATOR, "", 0),
    "gone": Account("gone", Role.VIEWER, "", 0, disabled=True),
    "a" * 64: Account("a" * 64, Role.VIEWER, "", 0),
    "kate": Account("kate", Role.VIEWER, "", 0),
}
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "Ada", "exp": NOW + 300, "iat": NOW - 5}


@dataclass
class Issuer:
    """Has a key of each kind; its public keys lie in a file."""

    keys: dict[str, Any]
    file: Path

    def publish(self, *kids: str) -> None:
        public = [key.as_dict(private=False) for kid, key in self.keys.items() if not kids or kid in kids]
        self.file.write_text(json.dumps({"keys": public}))

    def sign(self, kid: str = "ec", alg: str = "ES256", **claims: Any) -> str:
        """Claims that are None are left out."""
        told = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return jwt.encode({"alg": alg, "kid": self.keys[kid].kid}, told, self.keys[kid], algorithms=[alg])


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return {
        "rsa": RSAKey.generate_key(2048, {"kid": "rsa"}),
        "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
        "ec384": ECKey.generate_key("P-384", {"kid": "ec384"}),
        "ec521": ECKey.generate_key("P-521", {"kid": "ec521"}),
        "okp": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
        "stranger": ECKey.generate_key("P-256", {"kid": "ec"}),
    }


@pytest.fixture
def issuer(keys: dict[str, Any], tmp_path: Path) -> Issuer:
    made = Issuer(keys, tmp_path / "keys.json")
    made.publish("rsa", "ec", "ec384", "ec521", "okp")
    return made


@pytest.fixture
def tokens(issuer: Issuer) -> WebTokens:
    return WebTokens(Trust(issuer.file, ISSUER, AUDIENCE), ACCOUNTS.get, lambda: NOW)


def refused(tokens: WebTokens, token: str) -> str:
    with pytest.raises(NotSignedIn) as raised:
        tokens.check(token)
    assert token[:40] not in str(raised.value) or not token
    return str(raised.value)


KEY_OF = {"RS": "rsa", "PS": "rsa", "Ed": "okp", "ES256": "ec", "ES384": "ec384", "ES512": "ec521"}


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_every_algorithm_that_is_offered(issuer: Issuer, tokens: WebTokens, alg: str) -> None:
    kid = KEY_OF.get(alg) or KEY_OF[alg[:2]]
    assert tokens.check(issuer.sign(kid, alg)).name == "ada"


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"exp": NOW - 61}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"nbf": NOW + 61}, "nbf"),
        ({"iat": NOW + 61}, "iat"),
        ({"iss": "https://elsewhere.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another"}, "aud"),
        ({"aud": ["another", "third"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"sub": None}, "sub"),
        ({"sub": " "}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "eve"}, "without an account"),
        ({"sub": "gone"}, "disabled"),
        ({"sub": "a" * 64 + "-and-more"}, "no user name"),
        ({"sub": "\u212aate"}, "no user name"),
    ],
)
def test_a_claim_that_does_not_hold(issuer: Issuer, tokens: WebTokens, claims: dict[str, Any], told: str) -> None:
    assert told in refused(tokens, issuer.sign(**claims))


@pytest.mark.parametrize("claims", [{"exp": NOW - 59}, {"nbf": NOW + 59}, {"iat": NOW + 59}, {"aud": ["another", AUDIENCE]}])
def test_clocks_may_differ_a_little_and_a_token_may_be_for_others_too(issuer: Issuer, tokens: WebTokens, claims: dict[str, Any]) -> None:
    assert tokens.check(issuer.sign(**claims)).name == "ada"


def test_another_claim_may_name_the_account(issuer: Issuer) -> None:
    tokens = WebTokens(Trust(issuer.file, ISSUER, AUDIENCE, "preferred_username"), ACCOUNTS.get, lambda: NOW)
    assert tokens.check(issuer.sign(sub="4711", preferred_username="ada")).role is Role.ADMINISTRATOR
    assert "preferred_username" in refused(tokens, issuer.sign())


def test_a_signature_of_somebody_else_or_none(issuer: Issuer, tokens: WebTokens, keys: dict[str, Any]) -> None:
    assert "signature" in refused(tokens, issuer.sign("stranger"))
    head, body, signature = issuer.sign().split(".")
    forged = base64.urlsafe_b64encode(json.dumps(CLAIMS | {"sub": "gone"}).encode()).rstrip(b"=").decode()
    assert "signature" in refused(tokens, f"{head}.{forged}.{signature}")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","kid":"ec"}').rstrip(b"=").decode()
    for end in ("", signature):
        assert "cannot be verified" in refused(tokens, f"{unsigned}.{body}.{end}")
    # The public key is known to all: it must never serve as a shared secret.
    for secret in (keys["rsa"].as_pem(private=False), json.dumps(keys["rsa"].as_dict(private=False)).encode()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = jwt.encode({"alg": "HS256", "kid": "rsa"}, CLAIMS, OctKey(secret, secret), registry=JWSRegistry(algorithms=["HS256"]))
        assert "algorithm" in refused(tokens, made)


def test_a_key_of_another_name_or_kind(issuer: Issuer, tokens: WebTokens, keys: dict[str, Any]) -> None:
    issuer.keys = keys | {"unknown": ECKey.generate_key("P-256", {"kid": "unknown"})}
    assert "key id" in refused(tokens, issuer.sign("unknown"))
    crossed = jwt.encode({"alg": "ES256", "kid": "okp"}, CLAIMS, keys["ec"], algorithms=["ES256"])
    assert "cannot be verified" in refused(tokens, crossed)


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "é.b.c",
        "a" * (LONGEST_TOKEN_BYTES + 1),
        "." * 1000,
        base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.AA",
    ],
)
def test_rubbish(tokens: WebTokens, rubbish: str) -> None:
    assert refused(tokens, rubbish)


def test_what_says_that_it_must_be_understood_is_refused(issuer: Issuer, tokens: WebTokens, keys: dict[str, Any]) -> None:
    def signed(**header: Any) -> str:
        registry = JWSRegistry(strict_check_header=False)
        registry.check_header = lambda _header: None  # type: ignore[method-assign]
        return jwt.encode({"alg": "ES256", "kid": "ec", **header}, CLAIMS, keys["ec"], registry=registry)

    assert tokens.check(signed(nonce="x")).name == "ada"
    assert refused(tokens, signed(crit=["nonce"], nonce="x"))


def test_new_keys_are_taken_while_we_run(issuer: Issuer, tokens: WebTokens) -> None:
    issuer.publish("rsa")
    assert refused(tokens, issuer.sign("ec"))
    issuer.file.write_text("half a fi")
    assert tokens.check(issuer.sign("rsa", "RS256")).name == "ada"
    issuer.publish("ec", "okp")
    assert tokens.check(issuer.sign("ec")).name == "ada"


@pytest.mark.parametrize(
    "withdraw", [lambda file: file.unlink(), lambda file: file.write_text(""), lambda file: file.write_text('{"keys": []}')]
)
def test_keys_that_are_withdrawn_are_believed_no_more(issuer: Issuer, tokens: WebTokens, withdraw: Callable[[Path], object]) -> None:
    assert tokens.check(issuer.sign()).name == "ada"
    withdraw(issuer.file)
    assert "withdrawn" in refused(tokens, issuer.sign())
    issuer.file.write_text("half a fi")
    assert "withdrawn" in refused(tokens, issuer.sign()), "what is withdrawn does not come back by another mistake"
    issuer.publish("ec")
    assert tokens.check(issuer.sign()).name == "ada"


@pytest.mark.parametrize("kid", ["rsa", "ec", "okp"])
def test_one_key_in_pem(issuer: Issuer, keys: dict[str, Any], kid: str) -> None:
    issuer.file.write_bytes(keys[kid].as_pem(private=False))
    tokens = WebTokens(Trust(issuer.file, ISSUER, AUDIENCE), ACCOUNTS.get, lambda: NOW)
    alg = {"rsa": "RS256", "ec": "ES256", "okp": "Ed25519"}[kid]
    token = jwt.encode({"alg": alg}, CLAIMS, keys[kid], algorithms=[alg])
    assert tokens.check(token).name == "ada"


@pytest.mark.parametrize("form", ["pem", "set"])
def test_the_only_key_without_an_identifier_serves_tokens_that_name_one(issuer: Issuer, keys: dict[str, Any], form: str) -> None:
    public = {name: value for name, value in keys["ec"].as_dict(private=False).items() if name != "kid"}
    issuer.file.write_bytes(keys["ec"].as_pem(private=False) if form == "pem" else json.dumps({"keys": [public]}).encode())
    tokens = WebTokens(Trust(issuer.file, ISSUER, AUDIENCE), ACCOUNTS.get, lambda: NOW)
    assert tokens.check(issuer.sign()).name == "ada"
    assert "signature" in refused(tokens, issuer.sign("stranger"))
    assert "cannot be verified" in refused(tokens, issuer.sign("rsa", "RS256"))


def test_a_key_without_an_identifier_serves_its_own_algorithm_alone(issuer: Issuer, keys: dict[str, Any]) -> None:
    public = {name: value for name, value in keys["rsa"].as_dict(private=False).items() if name != "kid"} | {"alg": "PS256"}
    issuer.file.write_text(json.dumps({"keys": [public]}))
    tokens = WebTokens(Trust(issuer.file, ISSUER, AUDIENCE), ACCOUNTS.get, lambda: NOW)
    assert tokens.check(issuer.sign("rsa", "PS256")).name == "ada"
    assert refused(tokens, issuer.sign("rsa", "RS256"))


Write = Callable[[Issuer], object]


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda issuer: issuer.file.unlink(), "cannot be read"),
        (lambda issuer: issuer.file.write_text("{}"), "no JSON web key set"),
        (lambda issuer: issuer.file.write_text('{"keys": []}'), "hold no key"),
        (lambda issuer: issuer.file.write_text("[" * 100_000), "no JSON web key set"),
        (lambda issuer: issuer.file.write_text(" " * ((1 << 20) + 1)), "more than"),
        (lambda issuer: issuer.file.write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), "no JSON web key set"),
        (lambda issuer: issuer.file.write_bytes(issuer.keys["ec"].as_pem(private=True)), "private"),
        (lambda issuer: issuer.file.write_text(json.dumps(KeySet([issuer.keys["rsa"]]).as_dict(private=True))), "private"),
        (lambda issuer: issuer.file.write_text('{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'), "shared secret"),
        (
            lambda issuer: issuer.file.write_text(
                json.dumps({"keys": [{"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(b"\xc5" * 128).rstrip(b"=").decode()}]})
            ),
            "2048 bits",
        ),
    ],
)
def test_keys_that_cannot_be_used_are_told_at_the_start(issuer: Issuer, write: Write, told: str) -> None:
    write(issuer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ConfigurationError, match=told):
            WebTokens(Trust(issuer.file, ISSUER, AUDIENCE), ACCOUNTS.get)
