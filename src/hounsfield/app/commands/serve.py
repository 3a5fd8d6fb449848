"""`hounsfield serve`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from hounsfield.app import bootstrap
from hounsfield.app.calling import tls_of_listener
from hounsfield.app.commands.options import Config, Database, DataDir, settings_from
from hounsfield.app.settings import Settings
from hounsfield.app.supervisor import Running, Supervisor
from hounsfield.app.token_trust import web_tokens

AETitleOption = Annotated[str | None, typer.Option("--ae-title", help="Our AE title.", show_default="HOUNSFIELD")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")]
DicomPort = Annotated[int | None, typer.Option("--dicom-port", help="TCP port for DICOM.", show_default="11112")]
HttpPort = Annotated[int | None, typer.Option("--http-port", help="TCP port for DICOMweb and the web app.", show_default="8080")]
TlsPort = Annotated[int | None, typer.Option("--tls-port", help="TCP port for DICOM over TLS.", show_default="2762")]
TlsCertificate = Annotated[str | None, typer.Option("--tls-certificate", help="PEM file with our certificate; turns TLS on.")]
TlsKey = Annotated[str | None, typer.Option("--tls-key", help="PEM file with its key, where it is another file.")]
TlsAuthorities = Annotated[str | None, typer.Option("--tls-ca", help="PEM file of the authorities whose certificates are believed.")]
TlsRequire = Annotated[
    bool | None,
    typer.Option("--tls-require-client-certificate/--tls-no-client-certificate", help="Whether callers by TLS must show a certificate."),
]
Peers = Annotated[list[str] | None, typer.Option("--peer", metavar="AET=host:port", help="A system that may call us; repeatable.")]
OpenAccess = Annotated[bool | None, typer.Option("--open-access", help="No sign-in, any AE title; only on a loopback address.")]
LogFormat = Annotated[str | None, typer.Option("--log-format", help="console or json.", show_default="console")]


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command()(serve)


def serve(
    data_dir: DataDir = None,
    ae_title: AETitleOption = None,
    host: Host = None,
    dicom_port: DicomPort = None,
    http_port: HttpPort = None,
    tls_port: TlsPort = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    tls_ca: TlsAuthorities = None,
    tls_require_client_certificate: TlsRequire = None,
    peer: Peers = None,
    open_access: OpenAccess = None,
    database: Database = None,
    config: Config = None,
    log_format: LogFormat = None,
) -> None:
    """Start the PACS: DICOM, DICOMweb and the web app, until Ctrl+C."""
    settings = settings_from(
        config,
        data_dir=data_dir,
        ae_title=ae_title,
        host=host,
        dicom_port=dicom_port,
        http_port=http_port,
        tls_port=tls_port,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        tls_ca=tls_ca,
        tls_require_client_certificate=tls_require_client_certificate,
        peers=peer or None,
        open_access=open_access,
        database=database,
        log_format=log_format,
    )
    raise typer.Exit(run(settings))


def run(settings: Settings, after_start: bootstrap.AfterStart | None = None) -> int:
    """Prepare the data directory, start everything, print where it is; the exit code."""
    tls_of_listener(settings)  # what is wrong with its files is said before anything starts
    web_tokens(settings)
    first_password = bootstrap.prepare(settings)

    def announce(running: Running) -> None:
        lines = after_start(running.settings) if after_start is not None else []
        _print_whereabouts(running, first_password, lines)

    return Supervisor(settings, announce).run()


def _print_whereabouts(running: Running, first_password: str, lines: list[str]) -> None:
    """All of it in one piece, so that who reads along has the whole or nothing."""
    console = Console(highlight=False, soft_wrap=True)
    with console:
        _say_whereabouts(console, running, first_password, lines)


def _say_whereabouts(console: Console, running: Running, first_password: str, lines: list[str]) -> None:
    settings = running.settings
    console.print()
    console.print(f"[bold]Hounsfield is ready[/]   data in {settings.data_dir}")
    console.print(f"  Web app     {running.url}")
    console.print(f"  DICOMweb    {running.url}/dicom-web")
    console.print(f"  DICOM       AE title {settings.ae_title}, {settings.host} port {settings.dicom_port}")
    if settings.tls_certificate:
        console.print(
            f"  DICOM TLS   port {settings.tls_port}{'' if settings.tls_require_client_certificate else ', without client certificates'}"
        )
    if settings.open_access:
        console.print("  Access      [yellow]open: no sign-in, any AE title (loopback only)[/]")
    elif first_password:
        console.print(
            f"  Sign in     user [bold]admin[/], password [bold]{first_password}[/]   (shown this once; change it after signing in)"
        )
    else:
        console.print("  Sign in     with your account; a forgotten password: hounsfield user passwd NAME")
    for line in lines:
        console.print(f"  {line}", markup=False)
    console.print("  Stop        Ctrl+C")
