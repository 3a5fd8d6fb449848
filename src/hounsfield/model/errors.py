"""The one tree of domain errors; `servers.outcomes` maps each to a protocol's answer once."""

from __future__ import annotations


class HounsfieldError(Exception):
    """Anything Hounsfield refuses or cannot do, said in words a person can act on."""


class InvalidInput(HounsfieldError):
    """Something from outside was judged and found wanting."""


class InvalidUID(InvalidInput):
    """Not a UID (PS3.5 section 9.1)."""


class InvalidAETitle(InvalidInput):
    """Not an application entity title (PS3.5 table 6.2-1)."""


class InvalidQuery(InvalidInput):
    """A search key or parameter that cannot be understood."""


class UnreadableObject(InvalidInput):
    """Bytes in which no DICOM object with the needed identifiers could be found."""


class ObjectTooLarge(InvalidInput):
    """More than the configured size of one object."""


class DocumentTooLarge(InvalidInput):
    """More than is kept of one document that is no DICOM object."""


class MismatchedIdentifiers(InvalidInput):
    """The data set contradicts what its envelope said (PS3.4 B.2.3, A900)."""


class WeakPassword(InvalidInput):
    """A new password that is too easily guessed; the message says what is wanted."""


class UnsupportedMediaType(InvalidInput):
    """A body whose type this resource does not take."""


class TransferSyntaxNotSupported(InvalidInput):
    """A compressed stream that no transfer syntax holds, or not the one that was named."""


class BulkDataMissing(InvalidInput):
    """Metadata names a value by a BulkDataURI, and no part has it."""


class InconsistentObject(InvalidInput):
    """The parts of an object contradict each other, or attributes are absent that its kind needs."""


class NotAcceptable(InvalidInput):
    """None of the representations asked for can be produced."""


class NotFound(HounsfieldError):
    """No such thing, or none that the principal may see."""


class StudyNotFound(NotFound):
    """No such study."""


class SeriesNotFound(NotFound):
    """No such series."""


class InstanceNotFound(NotFound):
    """No such instance."""


class FrameNotFound(NotFound):
    """The instance has no frame of this number."""


class PeerUnknown(NotFound):
    """No application entity of that title is known, or it is not known where to call it."""


class Gone(HounsfieldError):
    """It was here and has been deleted by a decision."""


class AlreadyExists(HounsfieldError):
    """The name is taken."""


class AccessDenied(HounsfieldError):
    """The principal may not do this."""


class NotSignedIn(AccessDenied):
    """No valid credential came with the request."""


class TooManyAttempts(AccessDenied):
    """Too many failed sign-ins; `retry_after_s` says how long to wait."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class CallerUnknown(AccessDenied):
    """The calling AE title is not among the known peers."""


class Unavailable(HounsfieldError):
    """Cannot be done now; the same request may succeed later."""


class OutOfSpace(Unavailable):
    """The disk or a quota is full."""


class ArchiveBusy(Unavailable):
    """More objects are arriving at once than the archive takes."""


class IndexUnavailable(Unavailable):
    """The database does not answer."""


class PackUnavailable(Unavailable):
    """The pack cannot be read or written now."""


class ArchiveLocked(Unavailable):
    """Another process owns this data directory."""


class DamagedObject(HounsfieldError):
    """Stored bytes no longer match their digest; they are not served as good."""


class UndecodablePixels(HounsfieldError):
    """The pixel data could not be decoded, or its description contradicts it."""


class ConfigurationError(HounsfieldError):
    """A setting is wrong; the message names it and says what to do."""
