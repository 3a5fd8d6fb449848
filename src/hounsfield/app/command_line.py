"""All subcommands, put together."""

from __future__ import annotations

import sys

import typer

from hounsfield import __version__
from hounsfield.app.commands import access, archive, demo, doctor, media, peer, queue, route, serve, transcode

application = typer.Typer(
    name="hounsfield",
    help="Hounsfield, a PACS: takes DICOM objects in, keeps them, finds them, hands them out and shows them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
application.add_typer(access.users, name="user")
application.add_typer(access.tokens, name="token")
application.add_typer(peer.peers, name="peer")
application.add_typer(route.routes, name="route")
application.add_typer(transcode.transcoding, name="transcode")
application.add_typer(queue.queues, name="queue")
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
