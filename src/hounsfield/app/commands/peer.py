"""`hounsfield peer add|list|show|remove`: who may call us, whom we can call."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hounsfield.app import bootstrap
from hounsfield.app.commands import peer_calls, peer_promises
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.app.commands.peer_options import Title
from hounsfield.app.commands.peer_rules import coercion_words, parse_coercion, parse_visible, visible_words
from hounsfield.app.settings import Settings
from hounsfield.model.errors import AlreadyExists, InvalidInput
from hounsfield.model.peers import USUAL, Peer, Permission
from hounsfield.services.peers import Peers

peers = typer.Typer(help="Other DICOM systems: who may call us, and calls to them.", no_args_is_help=True)
peer_calls.register(peers)
peer_promises.register(peers)

Address = Annotated[str, typer.Argument(metavar="[HOST:PORT]", help="Where to call it; without it, it may only call us.")]
Tls = Annotated[bool, typer.Option("--tls", help="Call it over TLS.")]
May = Annotated[
    list[str] | None,
    typer.Option(
        "--may",
        metavar="PERMISSION",
        help=f"What it may do here: {', '.join(Permission)}, or nothing; with commas or repeated; default: all but {Permission.REJECT}.",
    ),
]
MostAssociations = Annotated[int, typer.Option("--max-associations", help="Associations that we open to it at once.")]
Certificate = Annotated[
    str, typer.Option("--certificate", help="The only certificate it goes by: SHA-256 fingerprint, or subject such as O=Hospital,CN=CT1.")
]
Syntaxes = Annotated[list[str] | None, typer.Option("--transfer-syntax", help="UID it takes best, first choice first; repeatable.")]
Classes = Annotated[list[str] | None, typer.Option("--accept-class", help="SOP Class UID it may store here; repeatable; default: all.")]
Accepted = Annotated[
    list[str] | None, typer.Option("--accept-syntax", help="Transfer syntax UID it may store in; repeatable; default: all.")
]
Visible = Annotated[
    list[str] | None,
    typer.Option(
        "--visible",
        metavar="KIND=VALUE",
        help="Studies it sees; KIND is modality, institution, station, sender, issuer, referring-physician or last-days; repeatable.",
    ),
]
CharacterSet = Annotated[str, typer.Option("--character-set", help="Of its objects that name none, such as `ISO_IR 100`.")]
Coerce = Annotated[
    list[str] | None,
    typer.Option(
        "--coerce",
        metavar="ACTION KEYWORD=VALUE",
        help="Change of what it stores; ACTION is set, set-if-empty, prefix, suffix or remove; repeatable.",
    ),
]
Replace = Annotated[bool, typer.Option("--replace", help="Overwrite the peer of that title.")]


@contextmanager
def opened(settings: Settings) -> Iterator[Peers]:
    """The list of peers; the server may be running."""
    with bootstrap.database(settings) as database:
        yield bootstrap.peers_of(database, settings)


@peers.command("add")
def add(
    ae_title: Title,
    address: Address = "",
    tls: Tls = False,
    may: May = None,
    max_associations: MostAssociations = 2,
    certificate: Certificate = "",
    transfer_syntax: Syntaxes = None,
    accept_class: Classes = None,
    accept_syntax: Accepted = None,
    visible: Visible = None,
    character_set: CharacterSet = "",
    coerce: Coerce = None,
    replace: Replace = False,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Add a peer: it may call us, and we can call it where HOST:PORT is given. A running server knows it at once."""
    host, port = _parse_address(address)
    peer = Peer(
        ae_title,
        host,
        port,
        tls,
        tuple(transfer_syntax or ()),
        parse_permissions(",".join(may or ())),
        max_associations,
        certificate,
        tuple(accept_class or ()),
        tuple(accept_syntax or ()),
        parse_visible(visible or ()),
        character_set,
        parse_coercion(coerce or ()),
    )
    with opened(settings_from(config, data_dir=data_dir, database=database)) as known:
        if not replace and known.find(ae_title.strip()) is not None:
            raise AlreadyExists(f"there is a peer {ae_title.strip()!r} already: --replace overwrites it")
        known.put(peer)


@peers.command("list")
def list_(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the peers, those of the settings too."""
    with opened(settings_from(config, data_dir=data_dir, database=database)) as known:
        found = known.all()
    if as_json:
        sys.stdout.write(json.dumps([as_row(peer) for peer in found]) + "\n")
        return
    table = Table("AE title", "address", "TLS", "may", "rules", "certificate")
    for peer in found:
        may, rules = ", ".join(sorted(peer.may)), "\n".join(_rules(peer))
        table.add_row(*map(Text, (peer.ae_title, _address(peer), "yes" if peer.tls else "", may, rules, peer.certificate)))
    Console().print(table)


@peers.command("show")
def show(ae_title: Title, data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show all that is known of a peer."""
    with opened(settings_from(config, data_dir=data_dir, database=database)) as known:
        row = as_row(known.get(ae_title.strip()))
    if as_json:
        sys.stdout.write(json.dumps(row) + "\n")
        return
    for name, value in row.items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        sys.stdout.write(f"{name.replace('_', ' '):28}{text}\n")


@peers.command("remove")
def remove(ae_title: Title, data_dir: DataDir = None, database: Database = None, config: Config = None) -> None:
    """Remove a peer: it may call us no more."""
    with opened(settings_from(config, data_dir=data_dir, database=database)) as known:
        known.remove(ae_title.strip())


def parse_permissions(text: str) -> frozenset[Permission]:
    """`store,query`, `nothing`. Raises: InvalidInput."""
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    if names == ["nothing"]:
        return frozenset()
    try:
        return frozenset(map(Permission, names)) or USUAL
    except ValueError as exc:
        raise InvalidInput(f"{text!r}: a peer may {', '.join(Permission)}, or nothing") from exc


def as_row(peer: Peer) -> dict[str, object]:
    """A peer as JSON has it."""
    return {
        "ae_title": peer.ae_title,
        "host": peer.host,
        "port": peer.port,
        "tls": peer.tls,
        "may": sorted(peer.may),
        "max_associations": peer.max_associations,
        "certificate": peer.certificate,
        "transfer_syntaxes": list(peer.transfer_syntaxes),
        "accepted_sop_classes": list(peer.accepted_sop_classes),
        "accepted_transfer_syntaxes": list(peer.accepted_transfer_syntaxes),
        "visible": visible_words(peer.visible),
        "character_set": peer.character_set,
        "coercion": coercion_words(peer.coercion),
    }


def _rules(peer: Peer) -> list[str]:
    """What is not as for everybody else, in the words of the options."""
    sees = [f"sees {rule}" for rule in visible_words(peer.visible)]
    character_set = [f"character set {peer.character_set}"] if peer.character_set else []
    return sees + character_set + coercion_words(peer.coercion)


def _parse_address(text: str) -> tuple[str, int]:
    if not text:
        return "", 0
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) < 65536):
        raise InvalidInput(f"{text!r} is not HOST:PORT, for example 192.0.2.10:104")
    return host.strip("[]"), int(port)


def _address(peer: Peer) -> str:
    return f"{peer.host}:{peer.port}" if peer.port else peer.host
