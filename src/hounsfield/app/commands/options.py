"""Options that several subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hounsfield.app.settings import Settings, load_settings

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Where packs, database and caches live.", show_default="hounsfield-data")]
Config = Annotated[Path | None, typer.Option("--config", help="A TOML file of settings; default: hounsfield.toml in the data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text for people.")]
Database = Annotated[str | None, typer.Option("--database", help="PostgreSQL address; default: SQLite in the data directory.")]


def settings_from(config: Path | None, **overrides: Any) -> Settings:
    """Settings from all sources; what was not given on the command line (None) leaves the other sources their say."""
    return load_settings(config, {name: value for name, value in overrides.items() if value is not None})
