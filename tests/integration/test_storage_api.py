"""`/api/storage`, over HTTP and a real archive."""

from __future__ import annotations

import shutil
from pathlib import Path

from hounsfield.app import bootstrap
from services.databases import settings_of
from webapi_kit.server import add_people, running_site, settings_in, small_object, store


def test_storage_tells_totals_at_once_and_the_rest_when_it_is_counted(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, database=settings_of(tmp_path / "data").database, min_free_bytes=12345)
    bootstrap.prepare(settings)
    add_people(settings)
    files = [
        small_object("1.2.1", f"1.2.1.{number}", f"1.2.1.{number}.1", Modality=modality) for number, modality in enumerate(("CT", "MR"))
    ]
    store(settings, *files)
    with running_site(settings) as site, site.client("ada") as client:
        first = client.get("/api/storage").json()
        assert (first["studies"], first["series"], first["instances"]) == (1, 2, 2)
        assert first["min_free_bytes"] == 12345
        assert first["disk_total_bytes"] == shutil.disk_usage(tmp_path).total
        while (answer := client.get("/api/storage").json())["counted"] is None:
            pass
        counted = answer["counted"]
        assert {share["name"]: share["instances"] for share in counted["modalities"]} == {"CT": 1, "MR": 1}
        assert sum(share["bytes_stored"] for share in counted["modalities"]) == answer["bytes_stored"]
        assert [share["instances"] for share in counted["months"]] == [2]
        for name, status in (("", 401), ("vera", 403), ("edgar", 403)):
            with site.client(name) as other:
                assert other.get("/api/storage").status_code == status
