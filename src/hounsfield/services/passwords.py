"""Passwords: what is good enough, and how they are kept (argon2id, RFC 9106)."""

from __future__ import annotations

import contextlib
import secrets
import threading
import unicodedata
from collections.abc import Iterator

import argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from hounsfield.model.errors import Unavailable, WeakPassword

MIN_CHARACTERS = 12
MAX_CHARACTERS = 1024
MIN_DIFFERENT_CHARACTERS = 5
RANDOM_PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are mistaken for another when read from a screen


def normalised(password: str) -> str:
    """One form for what different keyboards send for the same word (NFKC, as RFC 8265 asks)."""
    return unicodedata.normalize("NFKC", password)


def _bytes_of(password: str) -> bytes:
    return normalised(password).encode("utf-8", "surrogatepass")


def judge_password(name: str, password: str) -> None:
    """Whether `password` may become that of account `name`. Raises: WeakPassword."""
    text = normalised(password)
    if len(text) < MIN_CHARACTERS:
        raise WeakPassword(f"a password has at least {MIN_CHARACTERS} characters; a few words with spaces between them are a good one")
    if len(text) > MAX_CHARACTERS:
        raise WeakPassword(f"a password has at most {MAX_CHARACTERS} characters")
    folded, folded_name = text.casefold(), name.casefold()
    if folded_name and not folded.replace(folded_name, "").strip():
        raise WeakPassword("a password is something else than the user name")
    if len(set(folded)) < MIN_DIFFERENT_CHARACTERS:
        raise WeakPassword(f"a password has at least {MIN_DIFFERENT_CHARACTERS} different characters")


def random_password() -> str:
    """Four groups of five letters and digits: 99 bits."""
    return "-".join("".join(secrets.choice(RANDOM_PASSWORD_ALPHABET) for _ in range(5)) for _ in range(4))


class PasswordHasher:
    """Hashes and compares, by turns: each takes `memory_kib` and a core for as long as it lasts, so a flood of sign-ins must queue."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 32 * 1024, patience_s: float = 10.0) -> None:
        self._argon2 = argon2.PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._turn = threading.Lock()
        self._patience_s = patience_s
        self._decoy = ""

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """What happens inside, nobody else in this process does at the same time. Raises: Unavailable where the queue is too long."""
        if not self._turn.acquire(timeout=self._patience_s):
            raise Unavailable("too many people are signing in at this moment; try again")
        try:
            yield
        finally:
            self._turn.release()

    def hash(self, password: str) -> str:
        """Returns the argon2id string to keep."""
        return self._argon2.hash(_bytes_of(password))

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether `password` is what was hashed; None (no such account) takes the same time and is never so."""
        # Made at the first comparison of any kind, so that its making tells nothing; commands that compare none start at once.
        self._decoy = self._decoy or self._argon2.hash(secrets.token_hex(16))
        try:
            self._argon2.verify(password_hash or self._decoy, _bytes_of(password[: MAX_CHARACTERS + 1]))
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(password_hash)
