"""`/api/studies/{study}/series/{series}/volumes`, over a real archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicomweb_kit.objects import as_file, ct
from dicomweb_kit.pacs import ROOT, Pacs, open_pacs
from hounsfield.archive.reader import PackReader
from hounsfield.model.volume import LeftOut
from hounsfield.servers.webapi.api import create_api
from hounsfield.servers.webapi.application import Site
from hounsfield.servers.webapi.health import Health
from hounsfield.servers.webapi.volume_routes import add_volume_routes
from hounsfield.servers.webapi.volume_schemas import VolumesAnswer
from hounsfield.services import volumes as service
from hounsfield.services.metadata import SeriesMetadata
from hounsfield.services.retrieve import Retrieve
from hounsfield.services.volumes import Volumes

URL = "/api/studies/1.2.3/series/1.2.3.1/volumes"
PLANE: dict[str, Any] = {"PixelSpacing": [2.0, 0.5], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0], "FrameOfReferenceUID": "1.2.3.9"}


def tilted(number: int) -> dict[str, Any]:
    """Where the n-th slice lies: 3 mm on along the normal, 1 mm down the column."""
    return {**PLANE, "ImagePositionPatient": [5, number, 3 * number]}


@pytest.fixture
def pacs(tmp_path: Path) -> Iterator[Pacs]:
    with open_pacs(tmp_path / "archive") as opened:
        opened.store(*(as_file(ct(number, **tilted(number))) for number in (3, 1, 5, 2)))
        opened.store(as_file(ct(9, **PLANE, ImagePositionPatient=[0, 0, 0], ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])))
        yield opened


@pytest.fixture
def judged_house(house: Any, pacs: Pacs, tmp_path: Path) -> Iterator[Any]:
    """The house, with volumes."""
    packs = PackReader(pacs.archive_root)
    volumes = Volumes(SeriesMetadata(Retrieve(pacs.reader, packs), tmp_path / "cache", ROOT))
    api = create_api(house.parts, lambda app: add_volume_routes(app, volumes))
    yield replace(house, site=Site(api=api, dicomweb=api, static=api, health=Health({})))
    packs.close()


def test_a_tilted_series_with_a_gap(judged_house: Any) -> None:
    answer = judged_house.browser("vera").get(URL)
    assert answer.status_code == 200
    [volume] = answer.json()["volumes"]
    assert [(one["sop_instance_uid"], one["position"]) for one in volume["slices"]] == [
        (f"1.2.3.1.{number}", [5, number, 3 * number]) for number in (1, 2, 3, 5)
    ]
    assert volume["findings"] == ["tilted", "gaps"]
    assert volume["gaps"] == [{"after": 2, "slices": 1}]
    assert volume["tilt_degrees"] == pytest.approx(18.435, abs=0.001)
    assert (volume["row_spacing_mm"], volume["column_spacing_mm"], volume["step_mm"]) == (2.0, 0.5, 3.0)
    assert answer.json()["left_out"] == [{"sop_instance_uid": "1.2.3.1.9", "frame": 1, "reason": "localizer"}]
    assert answer.json()["left_out_count"] == {"localizer": 1}


def test_who_may_read_and_what_is_not_there(judged_house: Any) -> None:
    vera = judged_house.browser("vera")
    assert judged_house.browser().get(URL).status_code == 401
    assert vera.get("/api/studies/1.2.3/series/1.2.3.7/volumes").status_code == 404
    assert vera.get("/api/studies/x/series/1.2.3.1/volumes").status_code == 400


@pytest.mark.parametrize("limit", ["MOST_SLICES", "MOST_METADATA_BYTES"])
def test_a_series_beyond_the_limits_is_refused_in_words(judged_house: Any, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(service, limit, 3)
    answer = judged_house.browser("vera").get(URL)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "document-too-large")


def test_frames_that_are_left_out_are_named_up_to_a_number() -> None:
    """All are counted."""
    answer = VolumesAnswer.of(service.SeriesVolumes((), tuple(("1.2", at, LeftOut.NO_PLANE) for at in range(5000))))
    assert (len(answer.left_out), answer.left_out_count) == (1000, {"no-plane": 5000})
