"""Where the demo studies lie. `tools/make_demo_studies.py` makes them."""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).resolve().parent / "data"


def paths() -> list[Path]:
    """The Part 10 files of all demo studies, study by study, in the order of their names."""
    return sorted(_DATA.glob("*/*.dcm"))
