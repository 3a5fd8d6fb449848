"""The one table from domain errors to what a protocol answers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hounsfield.model import errors
from hounsfield.model.procedure_step import StepRefused
from hounsfield.network.errors import NetworkError
from hounsfield.network.status import Status
from hounsfield.services.performed_steps import PerformedStepRefused


class Outcome(NamedTuple):
    """dimse: (0000,0900) of a response. http: the status of an answer. code: a stable word for programs."""

    dimse: Status
    http: int
    code: str


UNKNOWN = Outcome(Status.PROCESSING_FAILURE, 500, "internal-error")
"""For what is no domain error: the log has its traceback, the peer learns nothing more."""

OUTCOMES: Mapping[type[BaseException], Outcome] = MappingProxyType(
    {
        errors.HounsfieldError: UNKNOWN,
        errors.InvalidInput: Outcome(Status.CANNOT_UNDERSTAND, 400, "invalid-input"),
        errors.InvalidUID: Outcome(Status.INVALID_SOP_INSTANCE, 400, "invalid-uid"),
        errors.InvalidAETitle: Outcome(Status.INVALID_ATTRIBUTE_VALUE, 400, "invalid-ae-title"),
        errors.InvalidQuery: Outcome(Status.CANNOT_UNDERSTAND, 400, "invalid-query"),
        errors.WeakPassword: Outcome(Status.CANNOT_UNDERSTAND, 400, "weak-password"),
        errors.UnreadableObject: Outcome(Status.CANNOT_UNDERSTAND, 400, "unreadable-object"),
        errors.ObjectTooLarge: Outcome(Status.OUT_OF_RESOURCES, 413, "object-too-large"),
        errors.DocumentTooLarge: Outcome(Status.OUT_OF_RESOURCES, 413, "document-too-large"),
        errors.MismatchedIdentifiers: Outcome(Status.DATA_SET_DOES_NOT_MATCH, 409, "mismatched-identifiers"),
        errors.UnsupportedMediaType: Outcome(Status.CANNOT_UNDERSTAND, 415, "unsupported-media-type"),
        errors.TransferSyntaxNotSupported: Outcome(Status.TRANSFER_SYNTAX_NOT_SUPPORTED, 409, "transfer-syntax-not-supported"),
        errors.BulkDataMissing: Outcome(Status.BULK_DATA_MISSING, 409, "bulk-data-missing"),
        errors.InconsistentObject: Outcome(Status.DATA_SET_DOES_NOT_MATCH, 409, "inconsistent-object"),
        errors.NotAcceptable: Outcome(Status.PROCESSING_FAILURE, 406, "not-acceptable"),
        errors.NotFound: Outcome(Status.NO_SUCH_SOP_INSTANCE, 404, "not-found"),
        errors.Gone: Outcome(Status.NO_SUCH_SOP_INSTANCE, 410, "gone"),
        errors.AlreadyExists: Outcome(Status.DUPLICATE_SOP_INSTANCE, 409, "already-exists"),
        errors.AccessDenied: Outcome(Status.NOT_AUTHORIZED, 403, "access-denied"),
        errors.NotSignedIn: Outcome(Status.NOT_AUTHORIZED, 401, "not-signed-in"),
        errors.TooManyAttempts: Outcome(Status.NOT_AUTHORIZED, 429, "too-many-attempts"),
        errors.CallerUnknown: Outcome(Status.NOT_AUTHORIZED, 403, "caller-unknown"),
        PerformedStepRefused: Outcome(Status.PROCESSING_FAILURE, 409, "performed-step-refused"),
        StepRefused: Outcome(Status.PROCESSING_FAILURE, 409, "step-refused"),
        NetworkError: Outcome(Status.PROCESSING_FAILURE, 502, "peer-failed"),
        errors.Unavailable: Outcome(Status.PROCESSING_FAILURE, 503, "unavailable"),
        errors.OutOfSpace: Outcome(Status.OUT_OF_RESOURCES, 507, "out-of-space"),
        errors.ArchiveBusy: Outcome(Status.OUT_OF_RESOURCES, 503, "archive-busy"),
        errors.DamagedObject: Outcome(Status.PROCESSING_FAILURE, 500, "damaged-object"),
        errors.UndecodablePixels: Outcome(Status.PROCESSING_FAILURE, 422, "undecodable-pixels"),
    }
)
"""An error that has no row takes that of its nearest ancestor."""


def outcome_of(error: BaseException | type[BaseException]) -> Outcome:
    """Returns the row of an error, `UNKNOWN` for what is no domain error."""
    kind = error if isinstance(error, type) else type(error)
    return next((OUTCOMES[ancestor] for ancestor in kind.__mro__ if ancestor in OUTCOMES), UNKNOWN)
