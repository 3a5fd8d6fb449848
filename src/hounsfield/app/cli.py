"""The entry point of the console script.

The HTTP workers import this module once more (it is the main module of the process that spawns them), so it loads the command line
only when it is called.

Exit codes: 0 done, 1 something went wrong, 2 wrong words, 3 done in part (some files were rejected, some objects are damaged).
"""

from __future__ import annotations

import sys

from hounsfield.app.loading import loading
from hounsfield.model.errors import ConfigurationError, HounsfieldError, InvalidInput


def main() -> None:
    """Entry point: errors a person can act on are printed as words, without a traceback."""
    with loading():
        from hounsfield.app.command_line import application

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
    from rich.console import Console
    from rich.markup import escape

    Console(stderr=True, highlight=False).print(f"[bold red]hounsfield:[/] {escape(message)}", soft_wrap=True)
