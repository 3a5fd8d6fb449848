"""Write docs/reference/settings.md from the settings themselves; `--check` only says whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from hounsfield.app.explained_settings import written
from hounsfield.app.settings import Settings

TARGET = Path(__file__).resolve().parent.parent / "docs" / "reference" / "settings.md"


def text() -> str:
    """The page."""
    lines = [
        "# Settings",
        "",
        "Generated from `src/hounsfield/app/settings.py` by `tools/make_settings_reference.py`.",
        "",
        "Each is read, the later winning, from its default, from `hounsfield.toml` in the data directory (or `--config FILE`), from the",
        "variable `HOUNSFIELD_` + its name in capitals, and from the command line where an option exists.",
        "`hounsfield doctor` shows the values in force.",
        "",
        "| setting | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        default = written(field.default)
        lines.append(f"| `{name}` | {f'`{default}`' if default else ''} | {field.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(
            0 if TARGET.exists() and TARGET.read_text() == text() else f"{TARGET.name} is out of date: run tools/make_settings_reference.py"
        )
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text())
