"""The pages of administration, in a real browser, over a server of their own."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pynetdicom import AE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from dimse_kit.dcmtk import needs_dcmtk, storescp
from services.ports import free_port
from services.server import launch
from web_kit.gallery import keep_picture
from web_kit.pages import Complaints, Site, first_password, session_of, skip_unless_built, until
from webapi_kit.server import small_object

pytestmark = pytest.mark.xdist_group("web_app")

OpenRoom = Callable[[str], Any]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An empty archive; what one test does here does not disturb those of the worklist."""
    skip_unless_built()
    server = launch(tmp_path_factory.mktemp("site") / "data")
    try:
        yield Site(server, first_password(server))
    finally:
        server.stop()


@pytest.fixture(scope="module")
def signed_in(browser: Any, site: Site) -> Any:
    """The administrator."""
    return session_of(browser, site)


@pytest.fixture
def open_room(open_page: Callable[..., Any], signed_in: Any) -> OpenRoom:
    """Opens a page of administration as the administrator."""

    def open_one(room: str) -> Any:
        page = open_page(f"/admin/{room}", state=signed_in)
        page.wait_for_selector(f"[data-testid=room-{room}]")
        return page

    return open_one


@needs_dcmtk
def test_a_peer_is_added_echoed_changed_and_removed(
    open_page: Callable[..., Any], signed_in: Any, complaints: Complaints, tmp_path: Path
) -> None:
    """From the menu to a C-ECHO against DCMTK; what is wrong is said beside the thing, and tried again."""
    complaints.expected.append(r"/echo .*50\d")
    page = open_page("/", state=signed_in)
    page.click("[data-testid=user-menu]")
    page.click("text=Administration")
    page.wait_for_selector("text=No peers yet")
    assert page.evaluate("document.activeElement.id") == "room-title"
    page.click("text=Add a peer")
    page.get_by_label("AE title").fill("SEVENTEENLETTERS")
    page.get_by_label("Port").fill("99999")
    page.mouse.click(5, 5)  # beside the dialog: what was typed is not lost
    page.click("text=Save")
    page.wait_for_selector("text=A number from 1 to 65535.")
    page.get_by_label("AE title").fill("STORE/1")
    page.get_by_label("Host").fill("127.0.0.1")
    page.get_by_label("Port").fill(str(free_port()))
    page.get_by_role("switch", name="search here (C-FIND)").uncheck()
    page.keyboard.press("Enter")
    row = page.locator("[data-testid='peer-STORE/1']")
    row.wait_for()
    assert not row.get_by_role("switch", name="STORE/1: search here (C-FIND)").is_checked()

    row.get_by_role("button", name="Echo").click()
    page.wait_for_selector("[role=alert]:has-text('cannot be reached')")
    with storescp(tmp_path) as port:
        row.get_by_role("button", name="Edit").click()
        page.get_by_label("Port").fill(str(port))
        page.click("text=Save")
        page.wait_for_selector(f"text=127.0.0.1:{port}")
        page.locator("[role=alert]").get_by_role("button", name="Retry").click()
        page.wait_for_selector("output:has-text('Answers within')")
        keep_picture(page, "admin-peers", "Peers with what each may do; an echo answers with its time")

    store = row.get_by_role("switch", name="STORE/1: store objects here (C-STORE)")
    store.uncheck()
    until(page, "!document.querySelector('[role=switch]').disabled")
    page.reload()
    row.wait_for()
    assert not store.is_checked()
    row.get_by_role("button", name="Remove").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    page.wait_for_selector("text=No peers yet")
    assert page.evaluate("document.activeElement.id") == "room-title"


def test_who_is_connected_is_seen_as_they_come_and_go(open_room: OpenRoom, site: Site) -> None:
    page = open_room("associations")
    page.wait_for_selector("text=Nobody is connected")
    site.server.run("peer", "add", "CT_ROOM_1", "127.0.0.1:104")
    entity = AE(ae_title="CT_ROOM_1")
    entity.add_requested_context(Verification)
    association = entity.associate("127.0.0.1", site.server.dicom_port, ae_title="HOUNSFIELD")
    assert association.is_established
    row = page.get_by_test_id("association")
    row.filter(has_text="waits").wait_for()
    association.send_c_echo()
    row.filter(has_text="tests the connection (C-ECHO)").wait_for()
    assert "CT_ROOM_1" in row.inner_text()
    keep_picture(page, "admin-associations", "Who is connected by DICOM at this moment, and what they do")
    association.release()
    page.wait_for_selector("text=Nobody is connected")
    site.server.run("peer", "remove", "CT_ROOM_1")


@needs_dcmtk
def test_a_rule_fills_a_queue_that_fails_and_is_retried(open_room: OpenRoom, site: Site, complaints: Complaints, tmp_path: Path) -> None:
    """A rule is added and tried; what arrives waits for a peer that is down, and goes once it is up and somebody says so."""
    complaints.expected.append(r"/queue/\d+/retry .*400")  # one that went by itself in that very moment
    port = free_port()
    site.server.run("peer", "add", "DOWN", f"127.0.0.1:{port}")
    page = open_room("rules")
    page.click("text=Add a rule")
    page.get_by_label("Name", exact=True).fill("chest")
    page.click("text=Save")
    page.wait_for_selector("text=Choose at least one peer.")
    page.get_by_label("DOWN").check()
    page.click("text=Add a condition")
    page.get_by_label("Modality is one of").fill("CT, OT")
    page.click("text=Save")
    page.wait_for_selector("[data-testid=rule-chest]:has-text('Modality = CT, OT')")

    files = [tmp_path / f"{number}.dcm" for number in (1, 2)]
    for number, path in enumerate(files, 1):
        path.write_bytes(small_object("1.2.7", "1.2.7.1", f"1.2.7.1.{number}", PatientName="Rule^Tried", PatientID="R1"))
    site.server.run("import", str(tmp_path))
    page.get_by_label("Study").fill("tried")
    page.keyboard.press("Enter")
    page.click(".found-study:has-text('Rule, Tried')")
    page.wait_for_selector("[data-testid=verdict-chest]:has-text('would send 2 objects to DOWN')")

    page.click("nav >> text=Queue")
    queue = page.locator("[data-testid='queue-send/DOWN']")
    queue.wait_for()
    page.wait_for_selector("text=/Last error: .*cannot be reached/")
    assert queue.locator("[data-state=waiting]").inner_text() == "2"
    keep_picture(page, "admin-queue", "The queue to a peer that is down: why, and what waits")
    jobs = page.locator("[data-testid=job]")
    jobs.first.get_by_role("button", name="Cancel").click()
    page.wait_for_selector("[data-testid=job][data-state=cancelled]")
    page.evaluate("document.querySelectorAll('[data-testid=job]').forEach((row) => { row.marked = true; })")
    received = tmp_path / "received"
    received.mkdir()
    with storescp(received, listen_on=port):
        page.get_by_label("Choose all of the list").check()
        page.click("text=Retry chosen (2)")
        until(page, "document.querySelectorAll('[data-testid=job][data-state=done]').length === 2")
    assert len(list(received.iterdir())) == 2
    assert page.evaluate("[...document.querySelectorAll('[data-testid=job]')].every((row) => row.marked)"), "rows are changed, not replaced"
    assert queue.locator("[data-state=done]").inner_text() == "2"
    page.click("nav >> text=Routing rules")
    page.get_by_role("button", name="Remove").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    page.wait_for_selector("text=nothing goes on by itself")


def test_a_user_is_added_who_can_sign_in_and_a_token_is_made_and_revoked(
    open_room: OpenRoom, open_page: Callable[..., Any], site: Site
) -> None:
    """Secrets are shown once; who was added signs in with it, and sees no administration."""
    page = open_room("people")
    page.get_by_label("New user").fill("Noor")
    page.get_by_label("Role", exact=True).select_option("editor")
    page.click("text=Add user")
    password = page.inner_text("[data-testid=secret]")
    page.keyboard.press("Escape")
    assert page.locator("[data-testid=secret]").count() == 1, "not lost by a slip"
    page.get_by_label("I have copied it").check()
    page.locator("dialog").get_by_role("button", name="Close").last.click()
    row = page.locator("[data-testid=user-noor]")
    assert row.get_by_label("Role of noor").input_value() == "editor"
    own = page.locator("[data-testid=user-admin]")
    assert own.get_by_label("Role of admin").is_disabled()

    theirs = open_page("/admin")
    theirs.fill("[name=username]", "noor")
    theirs.fill("[name=password]", password)
    theirs.keyboard.press("Enter")
    theirs.wait_for_selector("text=These pages are for administrators.")
    theirs.wait_for_selector("dialog:has-text('Change password')")
    theirs.close()  # its session ends below, whatever it asks for then

    row.get_by_label("Role of noor").select_option("viewer")
    until(page, "!document.querySelector('[data-testid=user-noor] select').disabled")
    row.get_by_role("button", name="New password").click()
    page.locator("dialog").get_by_role("button", name="New password").click()
    page.wait_for_selector("[data-testid=secret]")
    assert page.inner_text("[data-testid=secret]") != password
    page.get_by_label("I have copied it").check()
    page.locator("dialog").get_by_role("button", name="Close").last.click()

    keep_picture(page, "admin-people", "People with their roles, and tokens for machines")
    page.get_by_label("What it is for").fill("research")
    page.click("text=Make a token")
    secret = page.inner_text("[data-testid=secret]")
    page.get_by_label("I have copied it").check()
    page.locator("dialog").get_by_role("button", name="Close").last.click()
    machine = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{site.url}/api/status", headers=machine).status_code == 200
    page.locator("[data-testid=token-research]").get_by_role("button", name="Revoke").click()
    page.locator("dialog").get_by_role("button", name="Revoke").click()
    page.wait_for_selector("[data-testid=token-research]:has-text('revoked')")
    # Another process may remember it for some seconds; this sees to it that the answer is a new judgement.
    fresh = {"Authorization": "Basic " + base64.b64encode(f"again:{secret}".encode()).decode()}
    assert httpx.get(f"{site.url}/api/status", headers=fresh).status_code == 401


def test_storage_shows_totals_at_once_and_what_was_counted_when_it_is(open_room: OpenRoom, site: Site, tmp_path: Path) -> None:
    """By modality and by month, with the room that is left."""
    (tmp_path / "one.dcm").write_bytes(small_object("1.2.8", "1.2.8.1", "1.2.8.1.1", PatientName="Room^Taken", Modality="XA"))
    site.server.run("import", str(tmp_path))
    page = open_room("storage")
    page.wait_for_selector("[data-testid=disk]:has-text('free of')")
    assert int(page.inner_text("[data-testid=total-Objects]")) >= 1
    row = page.locator("[data-testid=modality-XA]")
    row.wait_for()
    assert row.locator("td").nth(0).inner_text() == "1"
    keep_picture(page, "admin-storage", "What the archive holds, by modality and by month, and how much room is left")
    page.click("text=As a table")
    month = page.locator("[data-testid^=month-]").first
    assert month.locator("td").nth(0).inner_text() == page.inner_text("[data-testid=total-Objects]")
    page.get_by_label("Show").select_option("objects")
    assert page.locator("svg.chart rect title").first.text_content().endswith(f": {page.inner_text('[data-testid=total-Objects]')}")


def test_what_was_rejected_is_listed_with_reason_and_restored(open_room: OpenRoom, site: Site, tmp_path: Path) -> None:
    """Who, why, and back again."""
    (tmp_path / "one.dcm").write_bytes(small_object("1.2.9", "1.2.9.1", "1.2.9.1.1", PatientName="Hidden^Away"))
    site.server.run("import", str(tmp_path))
    page = open_room("rejected")
    page.wait_for_selector("text=Nothing is rejected")
    site.server.run("reject", "--study", "1.2.9", "--series", "1.2.9.1", "--code", "113001", "--reason", "motion <b>blur</b>")
    page.reload()
    row = page.locator("[data-testid=rejected]")
    row.wait_for()
    keep_picture(page, "admin-rejected", "What was rejected, by whom and why; it can be restored")
    for words in ("Series", "1.2.9.1", "of study 1.2.9", "for quality reasons", "motion <b>blur</b>"):
        assert words in row.inner_text()
    row.get_by_role("button", name="Restore").click()
    page.get_by_label("Reason").fill("a mistake")
    page.locator("dialog").get_by_role("button", name="Restore").click()
    page.wait_for_selector("text=Nothing is rejected")
    assert page.request.get(f"{site.url}/api/studies/1.2.9").status == 200


def test_settings_are_shown_with_their_meaning(open_room: OpenRoom, site: Site) -> None:
    """What was set at the start can be told from what is as usual."""
    page = open_room("settings")
    row = page.locator("[data-testid=setting-http_port]")
    row.wait_for()
    assert str(site.server.http_port) in row.inner_text()
    assert "default: 8080" in row.inner_text()
    page.get_by_label("Search").fill("nothing like this")
    until(page, "document.querySelectorAll('tbody tr').length === 0")
    page.get_by_label("Search").fill("pack sealed")
    until(page, "document.querySelectorAll('tbody tr').length === 2")
    keep_picture(page, "admin-settings", "Every setting with its meaning, found by its words")
    page.get_by_role("switch", name="only what differs").check()
    page.wait_for_selector("text=No setting matches.")


@pytest.mark.usefixtures("preferences")
def test_the_palette_leads_to_each_page_in_each_language(open_room: OpenRoom) -> None:
    """By keyboard alone, and nothing is left untranslated."""
    page = open_room("peers")
    page.click("[data-testid=user-menu]")
    page.locator(".menu select").select_option("fr")
    page.wait_for_selector("h1:text-is('Nœuds DICOM')")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("stockage")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Stockage')")
    assert page.url.endswith("/admin/storage")
    assert page.evaluate("document.activeElement.id") == "room-title"
    page.go_back()
    page.wait_for_selector("h1:text-is('Nœuds DICOM')")
