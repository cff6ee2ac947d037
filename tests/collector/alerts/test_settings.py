"""Invalid thresholds are rejected with their bounds, and an address appears in no text."""

from pathlib import Path
from typing import Any

import pytest

from collector.alerts.alert_kinds import get_hours
from collector.configuration.alert_settings import BOUNDS, AlertSettings, Destination, parse_hours
from collector.contract.alerts import AlertKind


@pytest.mark.parametrize("name", BOUNDS)
def test_threshold_outside_its_bounds_is_rejected(name: str) -> None:
    least, most = BOUNDS[name]
    for value in (least, most):
        AlertSettings(**{name: value})
    for value in (least - 1, most + 1):
        with pytest.raises(ValueError, match=f"{name} must lie between {least} and {most}, got {value}"):
            AlertSettings(**{name: value})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"most_people": 4}, "most_people must be 0 or at least 5, got 4"),
        ({"quiet_hours": "22-7"}, 'quiet_hours must be like "22:00-07:00", got "22-7"'),
        ({"quiet_hours": "22:00-22:00"}, "quiet_hours must be like"),
        ({"when": {AlertKind.CO2_HIGH: "sometimes"}}, 'when, co2_high must be "always", "open", "off" or hours'),
    ],
)
def test_invalid_settings_are_rejected(given: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        AlertSettings(**given)


def test_kind_is_evaluated_always_by_default() -> None:
    settings = AlertSettings(when={AlertKind.STUCK: "08:00-18:00"})
    assert get_hours(settings, AlertKind.STUCK) == "08:00-18:00"
    assert get_hours(settings, AlertKind.CO2_HIGH) == "open"
    assert get_hours(settings, AlertKind.DEVICE_SILENT) == "always"


def test_hours_may_cross_midnight() -> None:
    assert parse_hours("22:00-07:30") == (1320, 450)
    assert parse_hours("24:00-07:30") is None


def test_address_is_not_in_the_repr_of_settings() -> None:
    destination = Destination(name="phone", url_file=Path("phone"), url="tgram://secret/1")
    assert "secret" not in repr(AlertSettings(destinations=(destination,)))


@pytest.mark.parametrize("name", ["", "My phone", "Å", "a" * 65])
def test_invalid_destination_name_is_rejected(name: str) -> None:
    with pytest.raises(ValueError, match="name must be"):
        Destination(name=name, url_file=Path("phone"))
