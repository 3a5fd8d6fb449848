"""Write docs/reference/conformance.md: what the server's own services answer when asked; `--check` only says whether it is current.

Every SOP class of the standard is proposed in every transfer syntax to the services that the archive process runs, as a peer would.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydicom.uid import UID_dictionary

from hounsfield.app import bootstrap
from hounsfield.app.dimse_services import dimse_services
from hounsfield.app.settings import Settings
from hounsfield.codecs.capabilities import DECODABLE, ENCODABLE
from hounsfield.codecs.loss import MEASURES
from hounsfield.dicom.character_sets import SINGLE
from hounsfield.dicom.commitment import PUSH_MODEL_SOP_CLASS
from hounsfield.dicom.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from hounsfield.dicom.sop_classes import STORAGE_SOP_CLASSES, VERIFICATION_SOP_CLASS
from hounsfield.dicom.transfer_syntaxes import TRANSFER_SYNTAXES
from hounsfield.index.criteria import ATTRIBUTES
from hounsfield.network.limits import AssociationLimits
from hounsfield.network.pdu import ProposedContext
from hounsfield.network.tls import CIPHERS_OF_TLS_1_2
from hounsfield.network.user_information import ExtendedNegotiation, RoleSelection
from hounsfield.peers.availability import AVAILABILITY_SOP_CLASS
from hounsfield.peers.pull import STUDY_ROOT_GET, STUDY_ROOT_MOVE
from hounsfield.peers.query import PATIENT_ROOT_FIND, STUDY_ROOT_FIND
from hounsfield.servers.dimse.service import Service
from hounsfield.servers.dimse.storage import OF_A_COERCED_CALLER, StoragePolicy, StorageService
from hounsfield.servers.dimse.user_identity import NOT_VERIFIED
from hounsfield.servers.dimse.verification import VerificationService
from hounsfield.servers.outcomes import OUTCOMES
from hounsfield.services.rewrite import NATIVE_TARGETS

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "conformance.md"

NAMES = {uid: row[0] for uid, row in UID_dictionary.items() if row[0] and row[1] in ("SOP Class", "Meta SOP Class")} | dict(
    STORAGE_SOP_CLASSES
)

Taken = tuple[str, ...]
"""Transfer syntaxes, in the order of their UIDs."""

Offered = dict[str, tuple[Service, Taken] | None]
"""By SOP class: the service that takes it, and how."""

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"


@contextmanager
def services() -> Iterator[list[Service]]:
    """As the archive process puts them together, over an empty archive."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        with bootstrap.owning(settings) as parts, dimse_services(parts, settings) as more:
            yield [VerificationService(), *more, StorageService(parts.store, StoragePolicy())]


def taken_by(service: Service, sop_class_uid: str) -> Taken:
    """The transfer syntaxes in which a service takes a SOP class."""
    return tuple(uid for uid in TRANSFER_SYNTAXES if service.choose(ProposedContext(1, sop_class_uid, (uid,))) == uid)


def text() -> str:
    """The page."""
    with services() as running:
        offered = {uid: next(((one, taken) for one in running if (taken := taken_by(one, uid))), None) for uid in NAMES}
        sections = [_services(running, offered), _users(), _keys(), _storage(running, offered)]
    return "\n\n".join([_HEAD, *sections, _transfer_syntaxes(), _character_sets(), _association(), _security(), _statuses()]) + "\n"


def _services(running: Iterable[Service], offered: Offered) -> str:
    lines = [
        "## Services as SCP",
        "",
        "Extended negotiation: what is answered to a request for everything, byte by byte (PS3.4 B.3.1, C.5).",
        "",
        "| service | SOP class | UID | transfer syntaxes | extended negotiation |",
        "|---|---|---|---|---|",
    ]
    for service in running:
        for uid, found in offered.items():
            if found is not None and found[0] is service and uid not in STORAGE_SOP_CLASSES:
                lines.append(f"| {_title(service)} | {NAMES[uid]} | `{uid}` | {_named(found[1])} | {_extension(service, uid)} |")
    storage = next(service for service in running if isinstance(service, StorageService))
    lines.append(f"| Storage | see below | | all | {_extension(storage, CT_IMAGE_STORAGE)} |")
    return "\n".join(lines)


def _extension(service: Service, uid: str) -> str:
    answer = service.extend(ExtendedNegotiation(uid, b"\1" * 8)) or b""
    return " ".join(str(octet) for octet in answer)


def _users() -> str:
    used = [
        ("C-ECHO", VERIFICATION_SOP_CLASS, "`hounsfield peer echo`"),
        ("C-FIND", PATIENT_ROOT_FIND, "`hounsfield peer find`"),
        ("C-FIND", STUDY_ROOT_FIND, "`hounsfield peer find`"),
        ("C-MOVE", STUDY_ROOT_MOVE, "`hounsfield peer pull`"),
        ("C-GET", STUDY_ROOT_GET, "`hounsfield peer pull --get`"),
        ("N-ACTION, N-EVENT-REPORT", PUSH_MODEL_SOP_CLASS, "`hounsfield peer commit`"),
        ("N-CREATE", AVAILABILITY_SOP_CLASS, "`hounsfield peer announce`"),
    ]
    lines = ["## Services as SCU", "", "| operation | SOP class | UID | when |", "|---|---|---|---|"]
    lines += [f"| {operation} | {NAMES[uid]} | `{uid}` | {when} |" for operation, uid, when in used]
    lines += [
        "| C-STORE | every storage class | | C-MOVE, routing, `hounsfield peer send`: as stored, else as the peer takes it |",
    ]
    return "\n".join(lines)


def _keys() -> str:
    lines = [
        "## Matching keys of C-FIND, QIDO-RS and the worklist",
        "",
        "By an index. C-FIND matches every other attribute where a query names what it is about; elsewhere it answers FF01.",
        "[find](find.md) says more, also how Specific Character Set and Timezone Offset From UTC are used.",
        "",
        "| attribute | from level | matching |",
        "|---|---|---|",
    ]
    lines += [f"| {name} | {one.level.name.lower()} | {one.kind.name.lower().replace('_', ' ')} |" for name, one in ATTRIBUTES.items()]
    return "\n".join(lines)


def _character_sets() -> str:
    return "## Character sets\n\nRead and written, with code extensions by ISO 2022 where the standard has them: " + ", ".join(
        f"`{name or 'default'}`" for name in SINGLE
    )


def _storage(running: Sequence[Service], offered: Offered) -> str:
    every = tuple(TRANSFER_SYNTAXES)
    lines = [
        "## Storage SOP classes as SCP",
        "",
        "Each in every transfer syntax of the list below, kept as it comes; any other class under the standard's storage arc, private",
        "classes and private transfer syntaxes too, unless `accept_unknown_sop_classes` is off.",
        "",
        "Attributes are coerced for calling AE titles with rules alone ([coercion](coercion.md)): those are answered B000, and told",
        f"`{' '.join(map(str, OF_A_COERCED_CALLER))}` in the extended negotiation of storage. A default for Specific Character Set is kept",
        "by calling AE title.",
        "",
        "| SOP class | UID | as SCP of a C-GET requestor |",
        "|---|---|---|",
    ]
    for uid in STORAGE_SOP_CLASSES:
        found = offered[uid]
        if found is None or found[1] != every:
            raise SystemExit(f"{uid} is not taken in every transfer syntax: this page would lie")
        roles = (service.role(RoleSelection(uid, scu=False, scp=True)) for service in running)
        role = next((role for role in roles if role is not None), None)
        lines.append(f"| {NAMES[uid]} | `{uid}` | {'yes' if role is not None and role.scp else 'no'} |")
    return "\n".join(lines)


def _transfer_syntaxes() -> str:
    lines = [
        "## Transfer syntaxes",
        "",
        "All are taken, and go out as they came to who takes them so. What is decoded can be rendered, and goes out in what is written.",
        "",
        "| transfer syntax | UID | decoded | written |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | `{uid}` | {'yes' if uid in DECODABLE else 'no'} | {_written(uid)} |" for uid, one in TRANSFER_SYNTAXES.items()
    ]
    return "\n".join(lines)


def _written(uid: str) -> str:
    if uid in MEASURES:
        return "with loss, by `hounsfield export` alone"
    return "yes" if uid in (*NATIVE_TARGETS, *ENCODABLE) else "no"


def _association() -> str:
    lines = [
        "## Associations",
        "",
        f"Implementation class UID `{IMPLEMENTATION_CLASS_UID}`, version name `{IMPLEMENTATION_VERSION_NAME}`.",
        "",
        "| limit | value |",
        "|---|---|",
    ]
    limits = AssociationLimits()
    lines += [f"| `{field.name}` | {getattr(limits, field.name):g} |" for field in dataclasses.fields(limits)]
    return "\n".join(lines)


def _security() -> str:
    port = Settings.model_fields["tls_port"].default
    lines = [
        "## Security",
        "",
        "| profile | support |",
        "|---|---|",
        f"| BCP 195 RFC 8996, 9325 TLS (PS3.15 B.12) | port {port} by default, TLS 1.3 and 1.2 with `{CIPHERS_OF_TLS_1_2}`; as SCU too |",
        "| certificates | of callers by authority, and by fingerprint or subject where the AE title is bound to one |",
        "| user identity: username (PS3.7 D.3.3.7) | taken as a claim: no positive response, the application entity's rights |",
        "| user identity: username and passcode | checked against the accounts, over TLS and from this machine; else 1/2/1 |",
        "| user identity: JSON web token | of the issuer in the settings, over TLS and from this machine; answered by itself; else 1/2/1 |",
        *(f"| user identity: {what} | refused, 1/2/1 |" for what in NOT_VERIFIED.values()),
        "| permissions by calling AE title | a context that may not be used is answered with user rejection (PS3.8 table 9-18, result 1) |",
        "| rejection notes (IHE RAD Imaging Object Change Management) | reject what they refer to, from a peer with that permission |",
        "| visible studies by calling AE title | what a peer does not see is not there for its C-FIND, C-MOVE, C-GET, commitment |",
    ]
    return "\n".join(lines)


def _statuses() -> str:
    lines = ["## Status codes of failures", "", "| cause | status |", "|---|---|"]
    lines += [f"| {outcome.code} | {outcome.dimse:04X} |" for outcome in OUTCOMES.values()]
    return "\n".join(lines)


def _title(service: Service) -> str:
    return type(service).__name__.removesuffix("Service")


def _named(taken: Taken) -> str:
    return ", ".join(TRANSFER_SYNTAXES[uid].name for uid in taken) if len(taken) < len(TRANSFER_SYNTAXES) // 2 else "all"


_HEAD = """# DICOM conformance

Generated by `tools/make_conformance_statement.py` from what the services of this version answer (PS3.2). One application entity, which
accepts and requests associations; its AE title is a setting."""


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(
            0
            if TARGET.exists() and TARGET.read_text() == text()
            else f"{TARGET.name} is out of date: run tools/make_conformance_statement.py"
        )
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text())
