"""Thresholds that cannot be are refused with their bounds, and an address is told to nobody."""

from pathlib import Path
from typing import Any

import pytest

from collector.alerts.settings import BOUNDS, AlertSettings, Destination, minutes
from collector.alerts.wire import AlertKind


@pytest.mark.parametrize("name", BOUNDS)
def test_a_threshold_keeps_to_its_bounds(name: str) -> None:
    least, most = BOUNDS[name]
    for value in (least, most):
        AlertSettings(**{name: value})
    for value in (least - 1, most + 1):
        with pytest.raises(ValueError, match=f"{name} must lie between {least} and {most}, got {value}"):
            AlertSettings(**{name: value})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"most_people": 4}, "most_people must be 0 or at least 5, got 4"),
        ({"quiet_hours": "22-7"}, 'quiet_hours must be like "22:00-07:00", got "22-7"'),
        ({"quiet_hours": "22:00-22:00"}, "quiet_hours must be like"),
        ({"when": {AlertKind.CO2_HIGH: "sometimes"}}, 'when, co2_high must be "always", "open", "off" or hours'),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        AlertSettings(**given)


def test_a_kind_is_judged_always_unless_it_says_otherwise() -> None:
    settings = AlertSettings(when={AlertKind.STUCK: "08:00-18:00"})
    assert settings.hours(AlertKind.STUCK) == "08:00-18:00"
    assert settings.hours(AlertKind.CO2_HIGH) == "open"
    assert settings.hours(AlertKind.DEVICE_SILENT) == "always"


def test_hours_may_pass_midnight() -> None:
    assert minutes("22:00-07:30") == (1320, 450)
    assert minutes("24:00-07:30") is None


def test_an_address_is_in_no_text_that_settings_make() -> None:
    destination = Destination(name="phone", url_file=Path("phone"), url="tgram://secret/1")
    assert "secret" not in repr(AlertSettings(destinations=(destination,)))


@pytest.mark.parametrize("name", ["", "My phone", "Å", "a" * 65])
def test_a_destination_has_a_name_that_can_be_said(name: str) -> None:
    with pytest.raises(ValueError, match="name must be"):
        Destination(name=name, url_file=Path("phone"))
