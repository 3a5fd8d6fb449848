"""The one shape of an error answer: `{"error": {"code": ..., "message": ...}}`, with the HTTP status that fits."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hounsfield.model import errors
from hounsfield.servers.outcomes import UNKNOWN, outcome_of

CODE_BY_STATUS: Mapping[int, str] = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "invalid-request",
    500: UNKNOWN.code,
}


def status_of(error: errors.HounsfieldError) -> int:
    """The HTTP status that says what went wrong."""
    return outcome_of(error).http


def error_body(code: str, message: str) -> bytes:
    """The envelope."""
    return json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False).encode("utf-8", "replace")


def body_of(error: errors.HounsfieldError) -> bytes:
    """The envelope of a domain error."""
    return error_body(outcome_of(error).code, str(error))


def headers_of(error: errors.HounsfieldError) -> list[tuple[bytes, bytes]]:
    """What belongs to the status beside the body (RFC 9110 11.6.1, RFC 6585 4)."""
    if isinstance(error, errors.TooManyAttempts):
        return [(b"retry-after", b"%d" % error.retry_after_s)]
    if isinstance(error, errors.NotSignedIn):
        return [(b"www-authenticate", b'Bearer realm="hounsfield"')]
    if isinstance(error, errors.Unavailable):
        return [(b"retry-after", b"5")]
    return []
