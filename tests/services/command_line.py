"""Run `hounsfield` in this process, as the console script would: quick, and with the same exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from hounsfield.app import cli
from services.databases import environment_of


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for machines."""
        return json.loads(self.out)


def hounsfield(*words: str | Path, stdin: str = "") -> Ran:
    """Run one command, on the database of the data directory that it names."""
    out, err = io.StringIO(), io.StringIO()
    named = Path(words[words.index("--data-dir") + 1]) if "--data-dir" in words else None
    code: object = 0
    with (
        mock.patch.object(sys, "argv", ["hounsfield", *map(str, words)]),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        mock.patch.dict(os.environ, environment_of(named) if named is not None else {}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            cli.main()
        except SystemExit as exc:
            code = exc.code
    return Ran(code if isinstance(code, int) else 0 if code is None else 1, out.getvalue(), err.getvalue())
