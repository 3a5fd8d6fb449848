"""The time zone of the site."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hounsfield.app import bootstrap
from hounsfield.app.settings import load_settings
from hounsfield.app.site_zone import site_zone, today_in
from hounsfield.model.errors import ConfigurationError

WINTER, SUMMER = (datetime.fromisoformat(day) for day in ("2024-01-15T10:00", "2024-07-15T10:00"))


@pytest.fixture
def machine_in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process' own zone."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_an_offset() -> None:
    assert site_zone("-0330")(SUMMER) == -210


def test_a_name_knows_summer_time() -> None:
    zone = site_zone("Europe/Berlin")
    assert (zone(WINTER), zone(SUMMER)) == (60, 120)


@pytest.mark.usefixtures("machine_in_new_york")
def test_the_machines_own() -> None:
    zone = site_zone("")
    assert (zone(WINTER), zone(SUMMER)) == (-300, -240)


@pytest.mark.parametrize("text", ["", "Asia/Manila", "America/Juneau"])
def test_any_day_has_an_offset_that_there_is(text: str) -> None:
    zone = site_zone(text)
    for day in ("0001-01-01T00:00", "0001-01-03T00:00", "1800-01-01T00:00", "9999-12-31T23:59"):
        assert -720 <= zone(datetime.fromisoformat(day)) <= 840


@pytest.mark.parametrize("text", ["CET1", "+2500", "../../etc/localtime", "Europe"])
def test_what_is_no_zone_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"time_zone: .* is neither an offset"):
        load_settings(None, {"time_zone": text})


@pytest.mark.usefixtures("machine_in_new_york")
@pytest.mark.parametrize(("text", "day"), [("", 1), ("-0500", 1), ("+0100", 2), ("Europe/Berlin", 2), ("Pacific/Honolulu", 1)])
def test_what_day_it_is_there(text: str, day: int) -> None:
    early = datetime(2024, 3, 2, 4, 30, tzinfo=UTC)
    assert today_in(text, lambda: early)() == date(2024, 3, day)


def test_the_database_knows_what_day_it_is_at_the_site(tmp_path: Path) -> None:
    days = {}
    for zone in ("+1400", "-1200"):  # which never have the same day
        with bootstrap.database(load_settings(None, {"time_zone": zone, "data_dir": tmp_path})) as opened:
            days[zone] = opened.today()
    assert days["+1400"] > days["-1200"]
