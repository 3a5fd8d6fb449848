"""`hounsfield user …` and `hounsfield token …`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hounsfield.app import bootstrap
from hounsfield.app.commands.options import AsJson, Config, Database, DataDir, settings_from
from hounsfield.model.origin import Role
from hounsfield.services.passwords import random_password

users = typer.Typer(help="People who may sign in.", no_args_is_help=True)
tokens = typer.Typer(help="API tokens for DICOMweb clients and scripts.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The user's name.")]
TokenName = Annotated[str, typer.Argument(help="What the token is for, for example the client's name.")]
RoleOption = Annotated[Role, typer.Option("--role", help="viewer reads, editor changes, administrator also manages people and peers.")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input instead of making one up.")]


def _read_password(from_stdin: bool) -> tuple[str, bool]:
    return (sys.stdin.readline().rstrip("\n"), False) if from_stdin else (random_password(), True)


@users.command("add")
def add_user(
    name: Name,
    role: RoleOption = Role.VIEWER,
    password_stdin: PasswordStdin = False,
    data_dir: DataDir = None,
    database: Database = None,
    config: Config = None,
) -> None:
    """Create an account; prints a random first password unless one is given."""
    password, made_up = _read_password(password_stdin)
    with bootstrap.access(settings_from(config, data_dir=data_dir, database=database)) as access:
        access.accounts.create(name, password, role, must_change=made_up)
    if made_up:
        sys.stdout.write(f"{password}\n")


@users.command("list")
def list_users(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the accounts."""
    with bootstrap.access(settings_from(config, data_dir=data_dir, database=database)) as access:
        rows: list[dict[str, object]] = [
            {"name": one.name, "role": one.role.value, "disabled": one.disabled, "created": _moment(one.created_at_s)}
            for one in access.accounts.all()
        ]
    _print_rows(rows, as_json)


@users.command("passwd")
def change_password(
    name: Name, password_stdin: PasswordStdin = False, data_dir: DataDir = None, database: Database = None, config: Config = None
) -> None:
    """Set a new password; prints a random one unless one is given. The account's sessions end."""
    password, made_up = _read_password(password_stdin)
    with bootstrap.access(settings_from(config, data_dir=data_dir, database=database)) as access:
        access.accounts.set_password(name, password, must_change=made_up)
    if made_up:
        sys.stdout.write(f"{password}\n")


@tokens.command("add")
def add_token(
    name: TokenName, role: RoleOption = Role.EDITOR, data_dir: DataDir = None, database: Database = None, config: Config = None
) -> None:
    """Issue a token and print it, this once: `Authorization: Bearer TOKEN`, or as the password of Basic."""
    with bootstrap.access(settings_from(config, data_dir=data_dir, database=database)) as access:
        secret, _ = access.tokens.issue(name, role, created_by="command line")
    sys.stdout.write(f"{secret}\n")


@tokens.command("list")
def list_tokens(data_dir: DataDir = None, database: Database = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the tokens, without their secrets."""
    with bootstrap.access(settings_from(config, data_dir=data_dir, database=database)) as access:
        rows: list[dict[str, object]] = [
            {
                "name": one.name,
                "role": one.role.value,
                "created": _moment(one.created_at_s),
                "last used": _moment(one.last_used_at_s),
                "revoked": _moment(one.revoked_at_s),
            }
            for one in access.tokens.all()
        ]
    _print_rows(rows, as_json)


@tokens.command("revoke")
def revoke_token(name: TokenName, data_dir: DataDir = None, database: Database = None, config: Config = None) -> None:
    """Make a token worthless, within seconds."""
    with bootstrap.access(settings_from(config, data_dir=data_dir, database=database)) as access:
        access.tokens.revoke(name)


def _moment(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")


def _print_rows(rows: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    table = Table(*(rows[0] if rows else ["none"]))
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)
