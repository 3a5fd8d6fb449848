"""Twenty studies in a row: what the renderer kept for one is let go with it."""

from __future__ import annotations

from typing import Any

import pytest

STUDIES = 20
WARM = 8
"""By then every decoder has been loaded, and every kind of study seen."""

MOST_GROWTH_BYTES = 6_000_000


def held_bytes(page: Any) -> int:
    """JavaScript's heap and the buffers that it holds, once what nobody refers to has been collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    session.detach()
    return int(usage["usedSize"] + usage.get("embedderHeapUsedSize", 0) + usage.get("backingStorageSize", 0))


@pytest.mark.prove
def test_twenty_studies_in_a_row_leave_nothing_behind(open_page: Any, signed_in: Any, studies: dict[str, dict[str, Any]]) -> None:
    page = open_page("/", state=signed_in)
    page.set_default_timeout(60_000)
    # Locators: what Playwright waits for by selector it keeps a handle of, and with it the element.
    rows = page.locator("[data-testid=study-row]")
    held = []
    opened = [studies[modality]["study_instance_uid"] for modality in ("CT", "MR", "DX", "US", "MG", "XA", "PT", "OT")]
    for number in range(STUDIES):
        rows.first.wait_for()
        # By the router, as a click does it: a page that is loaded anew would prove nothing.
        page.evaluate(
            "(path) => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')); }",
            f"/viewer/{opened[number % len(opened)]}",
        )
        page.locator("[data-testid=tile-0][data-status=ready]").wait_for()
        page.keyboard.press("Escape")
        rows.first.wait_for()
        held.append(held_bytes(page))
    print("held, MB:", [round(one / 1e6, 1) for one in held])
    assert max(held[-len(opened) :]) - max(held[:WARM]) < MOST_GROWTH_BYTES
