"""The command line.

Exit codes: 0 done, 1 something went wrong, 2 wrong words, 3 done in part (some files were rejected, some objects are damaged).
"""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from hounsfield import __version__
from hounsfield.app.commands import access, archive, demo, doctor, media, serve
from hounsfield.model.errors import ConfigurationError, HounsfieldError, InvalidInput

application = typer.Typer(
    name="hounsfield",
    help="Hounsfield, a PACS: takes DICOM objects in, keeps them, finds them, hands them out and shows them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.add_typer(access.users, name="user")
application.add_typer(access.tokens, name="token")
for module in (serve, demo, media, archive, doctor):
    module.register(application)


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"hounsfield {__version__}\n")
        raise typer.Exit


@application.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def main() -> None:
    """Entry point: errors a person can act on are printed as words, without a traceback."""
    try:
        application()
    except HounsfieldError as exc:
        _complain(str(exc))
        sys.exit(2 if isinstance(exc, ConfigurationError | InvalidInput) else 1)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as exc:
        _complain(f"{exc.filename}: {exc.strerror}" if exc.filename else str(exc))
        sys.exit(1)


def _complain(message: str) -> None:
    Console(stderr=True, highlight=False).print(f"[bold red]hounsfield:[/] {escape(message)}", soft_wrap=True)
