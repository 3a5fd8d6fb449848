"""Sign-in, worklist and upload, in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dimse_kit.dcmtk import storescp
from services.server import launch
from web_kit.gallery import keep_picture
from web_kit.pages import Complaints, first_password, until
from web_kit.uploads import ROW, drop, secondary_capture, upload_counts

pytestmark = pytest.mark.xdist_group("web_app")

CANARY = "<img src=x onerror=alert(1)>"
NAME_CANARY = "<svg><script>alert(1)</script>"
"""Without the sign that parts the groups of a person's name."""


def test_sign_in_and_out(open_page: Any, site: Any, complaints: Complaints) -> None:
    """Nothing is shown before, a wrong password says so, and signing out ends it."""
    # A picture still on its way when the session ends is refused too.
    complaints.expected.append(r"(/api/session|/thumbnail) .*(401|Unauthorized)")
    page = open_page("/")
    page.wait_for_selector("form")
    assert page.locator(ROW).count() == 0
    page.fill("[name=username]", site.user)
    page.fill("[name=password]", "not the password")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]:text('is incorrect')")
    page.fill("[name=password]", site.password)
    page.keyboard.press("Enter")
    page.wait_for_selector(ROW)
    assert page.evaluate("document.cookie") == "", "the session is for the server alone"
    page.click("[data-testid=user-menu]")
    page.click("text=Sign out")
    page.wait_for_selector("form")
    page.reload()
    page.wait_for_selector("form")


def test_a_session_that_ends_leads_to_the_sign_in(open_page: Any, signed_in: Any, complaints: Complaints) -> None:
    """Also in the middle of the work."""
    complaints.expected.append(r"401")
    page = open_page("/", state=signed_in)
    page.wait_for_selector(ROW)
    page.context.clear_cookies()
    page.keyboard.press("r")
    page.wait_for_selector("form")


def test_search_filters_and_sort_live_in_the_address(open_page: Any, signed_in: Any) -> None:
    """The server searches; the address can be kept."""
    page = open_page("/", state=signed_in)
    page.wait_for_selector(ROW)
    page.keyboard.press("/")
    page.keyboard.type("yamada")
    page.wait_for_url(re.compile(r"[?&]q=yamada"))
    until(page, "document.querySelector('[data-testid=total]').textContent === '2 studies'")
    assert all("Yamada" in text for text in page.locator(f"{ROW} .cell-patient").all_inner_texts())
    page.keyboard.press("Enter")
    page.select_option("select", "custom")
    page.fill("[aria-label=From]", "2026-01-01")
    until(page, "document.querySelector('[data-testid=total]').textContent === '1 study'")
    assert "date=custom&from=2026-01-01" in page.url
    page.reload()
    until(page, "document.querySelector('[data-testid=total]').textContent === '1 study'")
    page.click("text=Clear filters")
    page.click(".chip-button:text-is('MG')")
    page.wait_for_url(re.compile("modality=MG"))
    until(page, "document.querySelector('[data-testid=total]').textContent === '1 study'")
    page.click(".chip-button:text-is('CT')")
    until(page, "!document.querySelector('[data-testid=total]').textContent.startsWith('1 ')")
    page.click("button:text-is('Study date')")
    page.wait_for_url(re.compile("sort=study_date"))
    until(
        page,
        """(() => {
            const days = [...document.querySelectorAll('[data-testid=study-row] .cell-date')].map((cell) => cell.textContent.slice(0, 10));
            return days.length > 2 && days.every((day, at) => at === 0 || days[at - 1] <= day);
        })()""",
    )


def test_the_keyboard_walks_and_opens(open_page: Any, signed_in: Any) -> None:
    """j, k, Enter, and Escape back to the same list."""
    page = open_page("/?modality=CT", state=signed_in)
    page.wait_for_selector(f"{ROW}[aria-selected=true]")
    chosen = f"{ROW}[aria-selected=true]"
    first = page.get_attribute(chosen, "aria-rowindex")
    page.keyboard.press("j")
    page.wait_for_selector(f"{chosen}[aria-rowindex='{int(first) + 1}']")
    page.keyboard.press("k")
    page.wait_for_selector(f"{chosen}[aria-rowindex='{first}']")
    page.wait_for_selector(".timeline-here")
    keep_picture(page, "worklist", "The worklist, with thumbnails and the time line of priors beside it")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/viewer/"))
    page.wait_for_selector("[data-testid=tile-0][data-status=ready]")
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/\?modality=CT$"))


def test_files_fall_onto_the_page(open_page: Any, signed_in: Any, complaints: Complaints) -> None:
    """Stored, told apart from duplicates and from what is no DICOM; and what stands in a patient's name stays text."""
    complaints.expected.append(r"/dicom-web/studies .*400")  # the browser logs the answer to what is no DICOM
    page = open_page("/", state=signed_in)
    page.wait_for_selector(ROW)
    image = secondary_capture(f"{NAME_CANARY}^Given", f"{CANARY} study")
    drop(page, **{"one.dcm": image, "letter.txt": b"no image", "DICOMDIR": b"not an object"})
    assert upload_counts(page) == {"stored": 1, "rejected": 2}
    page.click("text=What was rejected")
    page.wait_for_selector(".rejects:has-text('letter.txt')")
    page.wait_for_selector(".rejects li:has-text('DICOMDIR') >> text=cannot be read")
    drop(page, **{"again.dcm": image})
    until(page, "document.querySelector('[data-testid=upload-duplicates]').textContent === '1'")
    assert upload_counts(page) == {"duplicates": 1}
    page.keyboard.press("/")
    page.keyboard.type("CANARY-1")
    row = page.locator(ROW, has_text="CANARY-1")
    row.wait_for()
    assert NAME_CANARY in row.locator(".cell-patient").inner_text()
    page.keyboard.press("Enter")
    row.dblclick()
    page.wait_for_selector("[data-testid=tile-0][data-status=ready]")
    assert NAME_CANARY in page.inner_text("[data-testid=corner-tl]")
    assert CANARY in page.inner_text("[data-testid=corner-bl]")
    assert page.evaluate("document.querySelectorAll('img[src=x], svg script').length") == 0


def test_an_empty_archive_teaches(open_page: Any, signed_in: Any, site: Any) -> None:
    """AE title, port and a line to copy."""
    page = open_page("/viewer/", state=signed_in)
    page.route(
        "**/api/worklist*",
        lambda route: route.fulfill(json={"rows": [], "next": None, "total": {"count": 0, "capped": False}, "change": 0}),
    )
    page.goto(site.url)
    page.wait_for_selector(f"[data-testid=empty] code:has-text('-aec HOUNSFIELD +sd +r 127.0.0.1 {site.server.dicom_port}')")
    keep_picture(page, "worklist-empty", "An empty archive says how images come in")
    page.keyboard.press("/")
    page.keyboard.type("nobody")
    page.wait_for_selector("text=No study matches")


def change_password(page: Any, old: str, new: str) -> None:
    """In the menu of the one who is signed in; a slip in the repetition is noticed before anything is sent."""
    page.click("[data-testid=user-menu]")
    page.click("text=Change password")
    current, first, again = (page.locator("dialog input[type=password]").nth(at) for at in range(3))
    current.fill(old)
    first.fill(new)
    again.fill(new[:-1])
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog >> text=passwords differ")
    again.fill(new)
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog >> text=Password changed")
    page.keyboard.press("Escape")


def test_the_first_day(browser: Any, tmp_path: Path) -> None:
    """A refused caller is listed, and after Accept the same call goes through; the printed password is changed."""
    echoscu = shutil.which("echoscu")
    if not echoscu:
        pytest.skip("DCMTK's echoscu is not installed")
    server = launch(tmp_path / "data")
    context = browser.new_context(locale="en-US")
    try:
        call = [echoscu, "-aet", "NEW_CT", "-aec", server.ae_title, server.host, str(server.dicom_port)]
        assert subprocess.run(call, capture_output=True, timeout=30).returncode != 0
        page = context.new_page()
        page.goto(server.url)
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", first_password(server))
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-testid=node]:has-text('1 refused')")
        page.click("[data-testid=node]")
        page.wait_for_selector(f"dialog >> text={server.dicom_port}")
        page.wait_for_selector("dialog .caller-list :text('NEW_CT 127.0.0.1')")
        page.click("dialog button:text-is('Accept')")
        page.wait_for_selector("dialog >> text=No caller was refused")
        assert subprocess.run(call, capture_output=True, timeout=30).returncode == 0
        page.keyboard.press("Escape")
        with storescp(tmp_path) as port:
            server.run("peer", "add", "SCP", f"127.0.0.1:{port}", "--may", "receive")
            page.click("[data-testid=node]")
            page.wait_for_selector("dialog >> text=May: receive")
            page.click("dialog button:text-is('Test')")
            page.wait_for_selector("dialog >> text=/Answers in [0-9]+ ms/")
            page.keyboard.press("Escape")
        change_password(page, first_password(server), "several words make a password")
        page.click("[data-testid=user-menu]")
        page.click("text=Sign out")
        page.fill("[name=username]", "admin")
        page.fill("[name=password]", "several words make a password")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-testid=empty]")
    finally:
        context.close()
        server.stop()


@pytest.mark.usefixtures("preferences")
def test_the_pages_speak_other_languages(open_page: Any, signed_in: Any) -> None:
    """Chosen in the menu, kept after a reload."""
    page = open_page("/", state=signed_in)
    page.wait_for_selector(ROW)
    page.click("[data-testid=user-menu]")
    page.select_option(".menu-list select", "fr")
    page.wait_for_selector("text=Importer des fichiers")
    page.reload()
    page.wait_for_selector("text=Importer des fichiers")
    assert page.get_attribute("html", "lang") == "fr"


def test_the_worklist_is_light(open_page: Any, signed_in: Any, site: Any) -> None:
    """The renderer is fetched by those who open a study; until then at most 250 kB come over the wire, compressed and for ever fresh."""
    page = open_page("/", state=signed_in)
    page.wait_for_selector(ROW)
    files = page.evaluate(
        """() => performance.getEntriesByType('resource')
            .filter((entry) => /\\.(js|css|wasm)$/.test(entry.name))
            .map((entry) => [entry.name, entry.encodedBodySize])"""
    )
    assert files
    assert not [name for name, _ in files if "ViewerPage" in name or name.endswith(".wasm")]
    assert 0 < sum(size for _, size in files) < 250_000
    for name, size in files:
        answer = page.request.get(name, headers={"Accept-Encoding": "gzip"})
        assert size < 1024 or answer.headers["content-encoding"] == "gzip"
        assert "immutable" in answer.headers["cache-control"]
    assert page.request.get(f"{site.url}/assets/missing.js").status == 404


def test_a_long_list_stays_light(open_page: Any, signed_in: Any, site: Any, complaints: Complaints) -> None:
    """Only the rows in view are in the page; the following pages come as one scrolls."""
    complaints.expected.append(r"/api/studies/1\.2\.\d+ .*404")
    asked: list[str] = []

    def answer(route: Any) -> None:
        start = int(re.search(r"after=(\d+)", route.request.url)[1]) if "after=" in route.request.url else 0
        asked.append(route.request.url)
        rows = [long_row(start + at) for at in range(100)]
        route.fulfill(json={"rows": rows, "next": str(start + 100), "total": {"count": 10_000, "capped": True}, "change": 0})

    page = open_page("/nowhere", state=signed_in)
    page.route("**/api/worklist*", answer)
    page.goto(site.url)
    page.wait_for_selector(ROW)
    assert page.inner_text("[data-testid=total]") == "10,000+ studies"
    assert page.evaluate("getComputedStyle(document.querySelector('.study-row')).height") == "32px"
    for goal in (90, 190, 290):
        page.evaluate(f"document.querySelector('.table').scrollTop = {goal} * 32")
        page.wait_for_selector(f"{ROW}[aria-rowindex='{goal + 2}']")
        assert page.locator(ROW).count() < 60
    assert len(asked) >= 3
    head = page.locator(".table-head").bounding_box()
    assert head["y"] == pytest.approx(page.locator(".table").bounding_box()["y"]), "the header stays"
    page.keyboard.press("j")
    page.wait_for_selector(f"{ROW}[aria-rowindex='3'][aria-selected=true]")


def long_row(number: int) -> dict[str, Any]:
    """A study that nobody has."""
    texts = ("patient_id", "birth_date", "sex", "study_date", "study_time", "accession_number", "description", "referring_physician")
    counts = {
        "series_count": 1,
        "instance_count": 1,
        "modalities": ["SR"],
        "received_at": "",
        "thumbnail": "",
        "status": "unread",
        "priority": "routine",
    }
    return {"study_instance_uid": f"1.2.{number}", "patient_name": f"Row^{number}", **counts, **dict.fromkeys(texts, "")}
