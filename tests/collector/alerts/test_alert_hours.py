"""Hours in local time, also across midnight and on days of a time change."""

from datetime import UTC, datetime

import pytest

from collector.alerts.alert_hours import is_evaluated, is_within
from tests.support.collector.random_sites import build_desk_plan

PLAN = build_desk_plan(1)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "moment", "inside"),
    [
        ("08:00-18:00", "2026-01-12T07:00", True),  # 08:00 in Stockholm
        ("08:00-18:00", "2026-01-12T17:00", False),
        ("22:00-07:00", "2026-01-12T21:00", True),
        ("22:00-07:00", "2026-01-12T05:59", True),
        ("22:00-07:00", "2026-01-12T06:00", False),
        ("22:00-07:00", "2026-07-12T20:00", True),  # summer time
        ("02:30-02:45", "2026-03-29T01:30", False),  # 02:30 does not exist on that day
        ("", "2026-01-12T12:00", False),
    ],
)
def test_hours_are_in_local_time(hours: str, moment: str, inside: bool) -> None:
    assert is_within(PLAN, hours, at(moment)) is inside


def test_site_without_opening_hours_is_always_open() -> None:
    assert is_evaluated(PLAN, "open", at("2026-01-12T03:00"))
    assert is_evaluated(PLAN, "always", 0)
    assert not is_evaluated(PLAN, "off", 0)
