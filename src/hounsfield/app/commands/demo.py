"""`hounsfield demo`: serve, with studies to look at."""

from __future__ import annotations

from pathlib import Path

import typer

from hounsfield.app import bootstrap
from hounsfield.app.commands import serve
from hounsfield.app.commands.options import Config, DataDir, settings_from
from hounsfield.app.demo import studies
from hounsfield.app.settings import Settings
from hounsfield.model.origin import SYSTEM, Origin, Protocol
from hounsfield.services.bring import ImportJournal, bring, candidates


def register(application: typer.Typer) -> None:
    """Add the command."""
    application.command()(demo)


def demo(
    data_dir: DataDir = None,
    ae_title: serve.AETitleOption = None,
    host: serve.Host = None,
    dicom_port: serve.DicomPort = None,
    http_port: serve.HttpPort = None,
    open_access: serve.OpenAccess = None,
    config: Config = None,
) -> None:
    """Start the PACS with demo studies in it; any AE title may send to it from this machine."""
    settings = settings_from(
        config,
        data_dir=data_dir or Path("hounsfield-demo"),
        ae_title=ae_title,
        host=host,
        dicom_port=dicom_port,
        http_port=http_port,
        open_access=open_access,
        accept_any_caller=True,
    )
    raise typer.Exit(serve.run(settings, load_demo_studies))


def load_demo_studies(settings: Settings) -> list[str]:
    """Bring the demo studies through the one write path; the lines to print."""
    journal = ImportJournal(settings.data_dir / "imports" / "demo.journal")
    origin = Origin(Protocol.IMPORT, SYSTEM)
    with bootstrap.file_store(settings) as store:
        for _ in bring(store, origin, candidates(studies.paths()), journal):
            pass
    journal.close()
    return [
        f"Send        storescu -v -aec {settings.ae_title} {settings.host} {settings.dicom_port} +sd +r FOLDER",
        "            (part of DCMTK; any DICOM sender does. Compressed files: dcmsend in place of storescu)",
    ]
