"""The one shape of an error answer: `{"error": {"code": ..., "message": ...}}`, with the HTTP status that fits."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from hounsfield.model import errors

STATUS: Mapping[type[errors.HounsfieldError], int] = {
    errors.TooManyAttempts: 429,
    errors.NotSignedIn: 401,
    errors.AccessDenied: 403,
    errors.AlreadyExists: 409,
    errors.InvalidInput: 400,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.OutOfSpace: 507,
    errors.Unavailable: 503,
}
"""The nearest class among an error's own and its ancestors counts; what is not here is our own fault: 500."""

CODE_BY_STATUS: Mapping[int, str] = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    500: "internal_error",
}

_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def status_of(error: errors.HounsfieldError) -> int:
    """The HTTP status that says what went wrong."""
    return next((STATUS[ancestor] for ancestor in type(error).__mro__ if ancestor in STATUS), 500)


def code_of(error: errors.HounsfieldError) -> str:
    """A stable word for programs: the error's class in snake case, as `study_not_found`."""
    return _BETWEEN_WORDS.sub("_", type(error).__name__).lower()


def error_body(code: str, message: str) -> bytes:
    """The envelope."""
    return json.dumps({"error": {"code": code, "message": message}}, ensure_ascii=False).encode("utf-8", "replace")


def body_of(error: errors.HounsfieldError) -> bytes:
    """The envelope of a domain error."""
    return error_body(code_of(error), str(error))


def headers_of(error: errors.HounsfieldError) -> list[tuple[bytes, bytes]]:
    """What belongs to the status beside the body (RFC 9110 11.6.1, RFC 6585 4)."""
    if isinstance(error, errors.TooManyAttempts):
        return [(b"retry-after", b"%d" % error.retry_after_s)]
    if isinstance(error, errors.NotSignedIn):
        return [(b"www-authenticate", b'Bearer realm="hounsfield"')]
    if isinstance(error, errors.Unavailable):
        return [(b"retry-after", b"5")]
    return []
