"""The worklist at work in Chromium: picked studies are marked, sent, rejected and restored; views; live updates; uploads that go on."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pydicom
import pytest

from web_kit.gallery import keep_picture
from web_kit.pages import Complaints, until
from web_kit.uploads import ROW, drop, secondary_capture, upload_counts

pytestmark = pytest.mark.xdist_group("web_app")


def image(family: str, description: str, **values: str) -> bytes:
    """A secondary capture of a patient and study of its own."""
    return secondary_capture(f"{family}^Given", description, PatientID=f"{family.upper()}-1", **values)


def test_picked_studies_are_marked_rejected_and_restored(open_page: Any, signed_in: Any) -> None:
    """What one page does, another page that shows the same list sees by itself."""
    reader, other = (open_page("/?q=bulkov", state=signed_in) for _ in range(2))
    other.wait_for_selector("text=No study matches")
    drop(reader, **{f"{number}.dcm": image("Bulkov", f"Study {number}", StudyDate=f"2026010{number}") for number in (1, 2, 3)})
    assert upload_counts(reader) == {"stored": 3}
    until(other, f"document.querySelectorAll('{ROW}').length === 3")
    reader.click("[aria-label=Dismiss]")
    until(reader, f"document.querySelectorAll('{ROW}').length === 3")
    for key in ("x", "j", "x"):
        reader.keyboard.press(key)
    reader.wait_for_selector("[data-testid=bulk-bar] >> text=2 studies selected")
    reader.click("[data-testid=menu-status]")
    reader.click(".menu-item:has-text('In progress')")
    reader.wait_for_selector("[data-testid=notice]:has-text('2 studies: In progress.')")
    assert reader.evaluate("document.querySelector('[role=columnheader] input').indeterminate"), "two of three are selected"
    reader.click("[data-testid=menu-status]")
    reader.click(".menu-item:has-text('✓ Read')")
    until(other, "document.querySelectorAll('.status-read').length === 2")
    reader.keyboard.press("Control+z")
    until(other, "document.querySelectorAll('.status-in-progress').length === 2")
    reader.click("[data-testid=menu-priority]")
    reader.click(".menu-item:has-text('STAT')")
    until(
        other, "document.querySelectorAll('.status-in-progress').length === 2 && document.querySelectorAll('.priority-stat').length === 2"
    )
    keep_picture(reader, "worklist-selected", "Two studies are selected: their status, priority, export, sending and rejection")
    reader.select_option("[data-testid=filter-status-select]", "unread")
    reader.wait_for_url(re.compile("status=unread"))
    until(reader, f"document.querySelectorAll('{ROW}').length === 1")
    reader.click("[data-testid=filter-status] button")
    until(reader, f"document.querySelectorAll('{ROW}').length === 3")
    reader.click("button:text-is('Prio')")
    reader.wait_for_url(re.compile("sort=-priority"))
    until(reader, f"document.querySelector('{ROW}').querySelector('.priority-stat') !== null")
    reader.click(f"{ROW}:has-text('Study 1') input")
    reader.click("[data-testid=bulk-bar] >> text=Reject…")
    reader.wait_for_selector("[data-testid=named-studies] >> text=Bulkov, Given")
    keep_picture(reader, "worklist-reject", "Studies are rejected with a reason, named one by one, and can be brought back")
    reader.check("input[value='113038']")
    reader.click("dialog button:text-is('Reject')")
    reader.wait_for_selector("[data-testid=notice]:has-text('1 study was rejected')")
    until(other, f"document.querySelectorAll('{ROW}').length === 2")
    reader.click("[data-testid=notice] >> text=Undo")
    reader.wait_for_selector("[data-testid=notice]:has-text('1 study is back')")
    until(other, f"document.querySelectorAll('{ROW}').length === 3")
    assert other.locator(".status-in-progress").count() == 2, "what was said of a study outlives its rejection"


def test_a_study_is_marked_as_read_where_it_is_read(open_page: Any, signed_in: Any) -> None:
    """In the viewer's bar, or with one key that goes on to the next study; the list shows it."""
    page = open_page("/?q=readov", state=signed_in)
    page.wait_for_selector("text=No study matches")
    drop(page, **{f"{number}.dcm": image("Readov", f"Study {number}", StudyDate=f"2026010{number}") for number in (1, 2)})
    assert upload_counts(page) == {"stored": 2}
    until(page, f"document.querySelectorAll('{ROW}').length === 2")
    page.dblclick(f"{ROW}:has-text('Study 2')")
    page.wait_for_selector("[data-testid=tile-0][data-status=ready]")
    assert page.locator("[data-testid=upload-panel]").count() == 0, "what is finished does not cover pictures"
    page.click("header [aria-label='Reading: Unread']")
    page.click(".popover >> text=Mark as In progress")
    page.wait_for_selector("header [aria-label='Reading: In progress']")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("header .bar-title:has-text('Study 1')")
    page.click("header [aria-label='Back to the worklist']")
    page.wait_for_selector(f"{ROW}:has-text('Study 2') .status-read")
    page.wait_for_selector(f"{ROW}:has-text('Study 1') .status-unread")


def test_a_view_is_saved_and_comes_back(open_page: Any, signed_in: Any) -> None:
    """Kept for the person, on every browser."""
    page = open_page("/?modality=CT&sort=patient_name", state=signed_in)
    page.wait_for_selector(ROW)
    page.click("[data-testid=menu-views]")
    page.fill("#view-name", "My CTs")
    keep_picture(page, "worklist-views", "Filters and sort order are saved as a view, for the person, on every workstation")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-testid=menu-views]:has-text('My CTs')")
    page.click("text=Clear filters")
    until(page, "!location.search.includes('modality')")
    # The change is in the browser's storage until the server has it.
    until(page, "!Object.keys(localStorage).some((key) => key.endsWith('/worklist.views'))")
    again = open_page("/", state=signed_in)
    again.click("[data-testid=menu-views]")
    again.click(".menu-item:has-text('My CTs')")
    again.wait_for_url(re.compile(r"modality=CT&sort=patient_name"))
    again.click("[data-testid=menu-views]")
    again.click("[aria-label='Delete the view My CTs']")
    again.wait_for_selector("text=save them here under a name")


def test_typed_dates_become_a_chip(open_page: Any, signed_in: Any, site: Any) -> None:
    """The words are understood, shown, and taken away again; Space shows and hides the panel."""
    page = open_page("/", state=signed_in)
    page.wait_for_selector(ROW)
    page.keyboard.press("/")
    row = page.request.get(f"{site.url}/api/worklist?q=yamada&limit=1").json()["rows"][0]
    month = f"{row['study_date'][:4]}-{row['study_date'][4:6]}"
    page.keyboard.type(f"yamada {month}")
    page.wait_for_selector(f"[data-testid=filter-date]:has-text('{month}: {month}-01 – {month}-')")
    until(page, "document.querySelector('[data-testid=total]').textContent === '1 study'")
    keep_picture(page, "worklist-search", "A month among the words of a search is understood and shown as a filter")
    page.click("[data-testid=filter-date] button")
    until(page, "document.querySelector('[data-testid=total]').textContent === '2 studies'")
    assert re.search(r"q=yamada$", page.url)
    page.keyboard.press("Escape")
    page.wait_for_selector(".peek")
    page.keyboard.press("Space")
    page.wait_for_selector(".peek", state="detached")
    page.keyboard.press("Space")
    page.wait_for_selector(".peek")


def test_an_upload_goes_on_where_it_was(open_page: Any, signed_in: Any, complaints: Complaints) -> None:
    """The connection breaks, the page is loaded again; of the same archive only the rest is sent."""
    complaints.expected.append(r"/dicom-web/studies .*(ERR_FAILED|Failed to load)")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            archive.writestr(f"CD/IM{number}", image("Resumov", f"Part {number}"))
        archive.writestr("CD/README.TXT", "no image")
    page = open_page("/", state=signed_in)
    page.wait_for_selector(ROW)
    sent: list[str] = []

    def break_off(route: Any) -> None:
        sent.append(route.request.url)
        if len(sent) > 3:
            route.abort()
        else:
            route.continue_()

    page.route("**/dicom-web/studies", break_off)
    drop(page, **{"disk.zip": packed.getvalue()})
    page.wait_for_selector("[data-testid=upload-panel] [role=status]:text('goes on by itself')")
    until(page, "document.querySelector('[data-testid=upload-stored]').textContent === '3'")
    # Loaded anew first: what goes on by itself would store one more otherwise.
    page.reload()
    page.unroute("**/dicom-web/studies")
    page.wait_for_selector("[data-testid=upload-interrupted]:has-text('3 of 7 files')")
    complaints.expected.append(r"/dicom-web/studies .*400")
    sent.clear()
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" and "/dicom-web/" in request.url else None)
    drop(page, **{"disk.zip": packed.getvalue()})
    assert upload_counts(page) == {"stored": 3, "duplicates": 3, "rejected": 1}
    assert len(sent) == 4, "three objects and a letter; what was here is not sent"
    page.click("text=What was here already")
    page.wait_for_selector(".rejects:has-text('disk.zip/CD/IM0')")
    keep_picture(page, "worklist-upload", "An upload that was interrupted has gone on: what was here already was not sent again")


def test_an_export_is_a_file_set(open_page: Any, signed_in: Any, tmp_path: Path) -> None:
    """Of two studies, with a DICOMDIR."""
    page = open_page("/?q=yamada", state=signed_in)
    page.wait_for_selector(ROW)
    page.click("[aria-label='Select all studies listed']")
    with page.expect_download() as download:
        page.click("[data-testid=bulk-bar] >> text=Export as ZIP")
    download.value.save_as(tmp_path / "studies.zip")
    with zipfile.ZipFile(tmp_path / "studies.zip") as archive:
        names = archive.namelist()
        assert names[-1] == "DICOMDIR"
        studies = {pydicom.dcmread(io.BytesIO(archive.read(name)), stop_before_pixels=True).StudyInstanceUID for name in names[:-1]}
    assert len(studies) == 2
