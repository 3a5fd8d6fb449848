"""What names the state of an object, a frame or a value, so that a client need not fetch again what it has (RFC 9110 8.8.3)."""

from __future__ import annotations

import hashlib

from hounsfield.model.stored_instance import StoredInstance


def object_state(instance: StoredInstance) -> str:
    """Changes with the stored bytes and with what an overlay makes of them."""
    overlay = instance.stored.overlay
    return f"{instance.stored.digests.checksum:016x}{hashlib.sha256(overlay).hexdigest()[:16] if overlay else ''}"


def etag(*names: object, weak: bool = False) -> bytes:
    """weak: the bytes may differ from answer to answer, though they mean the same."""
    return f'{"W/" if weak else ""}"{"-".join(map(str, names))}"'.encode("ascii")


def short(name: str) -> str:
    """A name of any length and any characters, fit for a tag."""
    is_fit = len(name) <= 16 and name.isascii() and name.isalnum()
    return name if is_fit else hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
