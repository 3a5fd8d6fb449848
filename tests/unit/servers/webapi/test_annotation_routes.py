"""`key-images`, `presentation-states` and `documents` of a study, over a real archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import open_pacs
from hounsfield.archive.reader import PackReader
from hounsfield.servers.webapi.annotation_routes import AnnotationParts, add_annotation_routes
from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.health import Health
from hounsfield.services.key_images import KeyImages
from hounsfield.services.made_objects import Making
from hounsfield.services.report_documents import ReportDocuments
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.saved_views import SavedViews
from measurement_kit import SPACING

STUDY = "/api/studies/1.2.3"
KEYS = {"title": "113004", "images": [{"sop_instance_uid": "1.2.3.1.1", "frame": 1}], "description": " Schöner Fall "}
VIEW: dict[str, Any] = {
    "name": "Lunge",
    "sop_instance_uid": "1.2.3.1.1",
    "frame": 1,
    "window": {"center": -600, "width": 1500, "function": "LINEAR"},
    "inverted": True,
    "quarter_turns": 1,
    "flipped": True,
    "area": [5, 3, 44, 30],
    "figures": [{"kind": "POLYLINE", "points": [[1.5, 2.5], [20, 30]]}],
    "labels": [{"text": "5.0 mm", "at": [17, 13]}],
}


@pytest.fixture
def annotated(house: Any, tmp_path: Path) -> Iterator[Any]:
    """The house, with annotations, over an archive of one CT image."""
    with open_pacs(tmp_path / "archive") as pacs:
        pacs.store(as_file(ct(1, **SPACING)))
        packs = PackReader(pacs.archive_root)
        making = Making(Retrieve(pacs.reader, packs), pacs.local)
        parts = AnnotationParts(KeyImages(making), SavedViews(making), ReportDocuments(making))
        api = create_api(house.parts, lambda app: add_annotation_routes(app, parts))
        yield replace(house, site=Site(api=api, dicomweb=api, static=api, health=Health({})))
        packs.close()


def test_key_images(annotated: Any) -> None:
    """What is answered to the save is what anybody reads, but that it is not theirs; and it can be read as a document."""
    edgar, vera = annotated.browser("edgar"), annotated.browser("vera")
    assert vera.get(f"{STUDY}/key-images").json() == {"selections": [], "unread": []}
    saved = edgar.change("POST", f"{STUDY}/key-images", json=KEYS)
    assert saved.status_code == 201
    [selection] = saved.json()["selections"]
    assert selection["images"] == [{"series_instance_uid": "1.2.3.1", "sop_instance_uid": "1.2.3.1.1", "frame": 0}]
    assert (selection["words"], selection["description"], selection["mine"]) == ("For Teaching", "Schöner Fall", True)
    assert vera.get(f"{STUDY}/key-images").json()["selections"] == [{**selection, "mine": False}]
    document = vera.get(f"{STUDY}/documents/{selection['sop_instance_uid']}").json()
    assert document["title"] == "For Teaching"
    [image] = [item for item in document["items"] if item["value_type"] == "IMAGE"]
    assert image["references"] == [{"series_instance_uid": "1.2.3.1", "sop_instance_uid": "1.2.3.1.1", "frames": []}]
    assert vera.change("POST", f"{STUDY}/key-images", json=KEYS).status_code == 403


def test_views(annotated: Any) -> None:
    """Saved, listed, and how it shows the frame."""
    edgar, vera = annotated.browser("edgar"), annotated.browser("vera")
    saved = edgar.change("POST", f"{STUDY}/presentation-states", json=VIEW)
    assert saved.status_code == 201, saved.text
    assert vera.get(f"{STUDY}/presentation-states").json() == saved.json()
    [state] = saved.json()["states"]
    assert (state["description"], state["creator"]) == ("Lunge", "edgar")
    assert state["shown"] == [{"series_instance_uid": "1.2.3.1", "sop_instance_uid": "1.2.3.1.1", "frames": []}]
    over = vera.get(f"{STUDY}/presentation-states/{state['sop_instance_uid']}/over/1.2.3.1.1/1").json()
    assert over == {
        "window": {"center": -600.0, "width": 1500.0, "function": "LINEAR"},
        "inverted": True,
        "area": [5, 3, 44, 30],
        "quarter_turns": 1,
        "flipped": True,
        "graphics": [{"kind": "POLYLINE", "points": [[1.5, 2.5], [20.0, 30.0]], "relative": False, "filled": False, "shade": 255}],
        "texts": [
            {
                "text": "5.0 mm",
                "box": None,
                "box_relative": False,
                "justification": "LEFT",
                "anchor": [17.0, 13.0],
                "anchor_relative": False,
                "anchor_visible": False,
                "shade": 255,
            }
        ],
        "shutter": None,
        "beyond": [],
    }
    assert vera.change("POST", f"{STUDY}/presentation-states", json=VIEW).status_code == 403
    assert vera.get(f"{STUDY}/presentation-states/{state['sop_instance_uid']}/over/1.2.3.1.1/2").status_code == 404
    assert vera.get(f"{STUDY}/presentation-states/1.2.3.1.1/over/1.2.3.1.1/1").status_code == 400


@pytest.mark.parametrize(
    ("path", "sent", "status", "word"),
    [
        ("key-images", {**KEYS, "title": "113001"}, 422, "title"),
        ("key-images", {**KEYS, "images": KEYS["images"] * 201}, 422, "images"),
        ("key-images", {**KEYS, "images": []}, 400, "taken back"),
        ("key-images", {**KEYS, "images": [{"sop_instance_uid": "1.2.3.1.9", "frame": 1}]}, 404, "1.2.3.1.9"),
        ("presentation-states", {**VIEW, "quarter_turns": 4}, 422, "quarter_turns"),
        ("presentation-states", {**VIEW, "area": [1, 2, 3]}, 422, "area"),
        ("presentation-states", {**VIEW, "window": None}, 400, "grey"),
        ("presentation-states", {**VIEW, "figures": [{"kind": "CIRCLE", "points": [[1, 2], [3, 4]]}]}, 422, "figures"),
        ("presentation-states", {**VIEW, "colour": "red"}, 422, "colour"),
    ],
)
def test_bad_requests_are_told_in_words(annotated: Any, path: str, sent: Any, status: int, word: str) -> None:
    """By the status that fits."""
    answer = annotated.browser("edgar").change("POST", f"{STUDY}/{path}", json=sent)
    assert (answer.status_code, word in answer.json()["error"]["message"]) == (status, True), answer.text


def test_documents_that_are_none(annotated: Any) -> None:
    """An image is no document; what is not there is not found."""
    vera = annotated.browser("vera")
    assert vera.get(f"{STUDY}/documents/1.2.3.1.1").status_code == 400
    assert vera.get(f"{STUDY}/documents/1.2.3.1.9").status_code == 404
    assert annotated.browser().get(f"{STUDY}/key-images").status_code == 401
