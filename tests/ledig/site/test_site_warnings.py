"""Warnings of `ledig check` about a site that starts, but will not show what its hosts expect."""

from dataclasses import replace
from typing import Any

import pytest

from collector.site.opening_spans import read_hours
from collector.site.privacy_settings import PrivacySettings, StrangersWhenFew
from ledig.site.site_warnings import list_site_warnings
from tests.support.dashboard.site import PLAN

FIVE = tuple(space for space in PLAN.spaces if space.is_offered)[:5]
TEN = tuple(space for space in PLAN.spaces if space.is_offered)[:10]
INFORMED = PrivacySettings(
    controller="The mill", contact="a@b.example", legal_basis="interest", informed_on="2026-01-02"
)
DAY_AND_NIGHT = {weekday: read_hours(["24/7"]) for weekday in range(7)}


@pytest.mark.parametrize("hours", [{}, DAY_AND_NIGHT])
def test_small_site_that_never_closes_is_warned_about(hours: dict[int, Any]) -> None:
    plan = replace(PLAN, spaces=FIVE, opening_hours=hours, privacy=INFORMED)
    (warning,) = list_site_warnings(plan)
    assert warning.startswith("the site never closes and has 5 shared spaces: while fewer than 5 are taken, ")
    assert "strangers_when_few" in warning


@pytest.mark.parametrize(
    "changed",
    [
        {"spaces": TEN},
        {"privacy": replace(INFORMED, strangers_when_few=StrangersWhenFew.ALL)},
        {"opening_hours": {**DAY_AND_NIGHT, 6: read_hours(["08:00-20:00"])}},
    ],
)
def test_site_that_shows_spaces_is_not_warned_about(changed: dict[str, Any]) -> None:
    small = replace(PLAN, spaces=FIVE, opening_hours=DAY_AND_NIGHT, privacy=INFORMED)
    assert list_site_warnings(replace(small, **changed)) == ()


def test_missing_contacts_are_warned_about() -> None:
    (warning,) = list_site_warnings(replace(PLAN, privacy=PrivacySettings()))
    assert warning.startswith("[privacy] has no controller, contact, legal_basis, informed_on;")
