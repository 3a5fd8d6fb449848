"""WCAG 2.2 AA, as far as a machine can judge it: axe-core over a page as it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""`wcag22aa` holds the size of targets: 24 by 24 px, or as much room around."""


def barriers(page: Any, inside: str = "html") -> list[str]:
    """What axe-core finds wrong inside an element: rule, what is wanted, and where. Skips where axe-core is not installed."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (make build)")
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(f"{AXE.read_text()};0")
    found = page.evaluate(
        """async ([inside, tags]) => {
            const rules = { 'target-size': { enabled: true } };
            const options = { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'], rules };
            const { violations } = await axe.run(inside, options);
            return violations.flatMap(({ id, help, nodes }) =>
                nodes.map(({ target, any }) => `${id}: ${help}: ${target.join(' ')}: ${any.map((one) => one.message).join('; ')}`));
        }""",
        [inside, TAGS],
    )
    return list(found)
