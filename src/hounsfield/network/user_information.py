"""User information items of A-ASSOCIATE-RQ and -AC (PS3.8 D.1, PS3.7 D.3.3)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hounsfield.network.errors import ProtocolError
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.octets import INVALID_PARAMETER, Cursor, counted, item, uid_bytes

MAXIMUM_LENGTH = 0x51
IMPLEMENTATION_CLASS_UID = 0x52
ASYNCHRONOUS_WINDOW = 0x53
ROLE_SELECTION = 0x54
IMPLEMENTATION_VERSION_NAME = 0x55
EXTENDED_NEGOTIATION = 0x56
COMMON_EXTENDED_NEGOTIATION = 0x57
USER_IDENTITY_RQ = 0x58
USER_IDENTITY_AC = 0x59


@dataclass(frozen=True, slots=True)
class AsynchronousWindow:
    """Asynchronous operations window (PS3.7 D.3.3.3); 0 stands for unlimited."""

    invoked: int
    performed: int


@dataclass(frozen=True, slots=True)
class RoleSelection:
    """SCP/SCU role selection of one SOP class (PS3.7 D.3.3.4)."""

    sop_class_uid: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class ExtendedNegotiation:
    """SOP class extended negotiation (PS3.7 D.3.3.5); the information is the service class' own."""

    sop_class_uid: str
    information: bytes


@dataclass(frozen=True, slots=True)
class CommonExtendedNegotiation:
    """SOP class common extended negotiation (PS3.7 D.3.3.6)."""

    sop_class_uid: str
    service_class_uid: str
    related_sop_class_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserIdentityRequest:
    """User identity negotiation (PS3.7 D.3.3.7.1). kind: 1 name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JWT."""

    kind: int
    response_requested: bool
    primary: bytes
    secondary: bytes = b""


@dataclass(frozen=True, slots=True)
class UserIdentityResponse:
    """User identity negotiation (PS3.7 D.3.3.7.2)."""

    server_response: bytes


@dataclass(frozen=True, slots=True)
class UserInformation:
    """What both sides tell of themselves.

    max_length_bytes: of the P-DATA-TF variable field the sender takes; 0 stands for no limit (PS3.8 D.1.1).
    """

    max_length_bytes: int = 0
    implementation_class_uid: str = ""
    implementation_version_name: str = ""
    window: AsynchronousWindow | None = None
    roles: tuple[RoleSelection, ...] = ()
    extended: tuple[ExtendedNegotiation, ...] = ()
    common_extended: tuple[CommonExtendedNegotiation, ...] = ()
    identity: UserIdentityRequest | UserIdentityResponse | None = None


def encode_user_information(user: UserInformation) -> bytes:
    """Returns the sub-items, in ascending order of their type as PS3.7 table D.3-1 lists them."""
    return b"".join(_sub_items(user))


def _sub_items(user: UserInformation) -> Iterator[bytes]:
    yield item(MAXIMUM_LENGTH, struct.pack(">L", user.max_length_bytes))
    if user.implementation_class_uid:
        yield item(IMPLEMENTATION_CLASS_UID, uid_bytes(user.implementation_class_uid))
    if user.window is not None:
        yield item(ASYNCHRONOUS_WINDOW, struct.pack(">HH", user.window.invoked, user.window.performed))
    for role in user.roles:
        yield item(ROLE_SELECTION, counted(uid_bytes(role.sop_class_uid)) + bytes((role.scu, role.scp)))
    if user.implementation_version_name:
        yield item(IMPLEMENTATION_VERSION_NAME, user.implementation_version_name.encode("latin-1"))
    for extended in user.extended:
        yield item(EXTENDED_NEGOTIATION, counted(uid_bytes(extended.sop_class_uid)) + extended.information)
    for common in user.common_extended:
        related = b"".join(counted(uid_bytes(uid)) for uid in common.related_sop_class_uids)
        names = counted(uid_bytes(common.sop_class_uid)) + counted(uid_bytes(common.service_class_uid))
        yield item(COMMON_EXTENDED_NEGOTIATION, names + counted(related))
    if isinstance(user.identity, UserIdentityRequest):
        wish = user.identity
        yield item(USER_IDENTITY_RQ, bytes((wish.kind, wish.response_requested)) + counted(wish.primary) + counted(wish.secondary))
    elif isinstance(user.identity, UserIdentityResponse):
        yield item(USER_IDENTITY_AC, counted(user.identity.server_response))


def decode_user_information(body: memoryview, limits: AssociationLimits) -> UserInformation:
    """Sub-items in any order; unknown ones are ignored, as PS3.8 9.3.1 asks. Raises: ProtocolError."""
    max_length_bytes = 0
    class_uid = version_name = ""
    window: AsynchronousWindow | None = None
    identity: UserIdentityRequest | UserIdentityResponse | None = None
    roles: list[RoleSelection] = []
    extended: list[ExtendedNegotiation] = []
    common: list[CommonExtendedNegotiation] = []
    cursor = Cursor(body)
    count = 0
    while cursor.left:
        count += 1
        if count > limits.max_user_items:
            raise ProtocolError(f"more than {limits.max_user_items} user information items", INVALID_PARAMETER)
        kind, content = cursor.item()
        match kind:
            case 0x51:
                max_length_bytes = content.u32()
            case 0x52:
                class_uid = content.rest_as_uid()
            case 0x53:
                window = AsynchronousWindow(content.u16(), content.u16())
            case 0x54:
                roles.append(RoleSelection(content.counted_uid(), bool(content.u8()), bool(content.u8())))
            case 0x55:
                version_name = bytes(content.rest()).decode("latin-1").rstrip("\0 ")
            case 0x56:
                extended.append(ExtendedNegotiation(content.counted_uid(), bytes(content.rest())))
            case 0x57:
                common.append(_common_extended(content, limits))
            case 0x58:
                identity = UserIdentityRequest(content.u8(), bool(content.u8()), bytes(content.counted()), bytes(content.counted()))
            case 0x59:
                identity = UserIdentityResponse(bytes(content.counted()))
            case _:
                continue
    return UserInformation(max_length_bytes, class_uid, version_name, window, tuple(roles), tuple(extended), tuple(common), identity)


def _common_extended(content: Cursor, limits: AssociationLimits) -> CommonExtendedNegotiation:
    sop_class_uid = content.counted_uid()
    service_class_uid = content.counted_uid()
    related: list[str] = []
    names = Cursor(content.counted())
    while names.left:
        if len(related) >= limits.max_user_items:
            raise ProtocolError(f"more than {limits.max_user_items} related general SOP classes", INVALID_PARAMETER)
        related.append(names.counted_uid())
    return CommonExtendedNegotiation(sop_class_uid, service_class_uid, tuple(related))
