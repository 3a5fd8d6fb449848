"""The time zone of the site."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from hounsfield.app.settings import load_settings
from hounsfield.app.site_zone import site_zone
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
