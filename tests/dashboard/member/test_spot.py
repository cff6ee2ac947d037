"""What a tap on a spot tells: words that everybody may read."""

import re

import pytest

from collector.forecast.outlook import Outlook
from collector.plan import WHOLE_SITE
from dashboard.live.frame import CODES
from dashboard.member.spot import tell, usual_now
from dashboard.why import Reader
from dashboard.words import Words
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.test_ahead import expected

EN, SV = Words.of("en"), Words.of("sv")
NOW = Reader(PLAN, MONDAY_10_MS, EN)


def usual(told: dict[tuple[str, str], Outlook], reader: Reader = NOW) -> dict[str, str]:
    return usual_now(lambda zone, kind: told.get((zone, kind)), reader)


def test_a_spot_tells_what_it_is_its_state_with_a_reason_and_what_is_usual_of_its_kind() -> None:
    told = tell(PLAN, PLAN.space["desk-5"], "o", {"0 desk": "Usually three."}, EN)
    assert (told.name, told.state) == ("Skrivbord 5", "taken: its sensors detect somebody")
    assert (told.what, told.needs, told.usual) == ("Desk in Spinnsalen", "window", "Usually three.")
    assert tell(PLAN, PLAN.space["laser"], "o", {}, SV).state == "används: den drar ström"


@pytest.mark.parametrize("words", [EN, SV])
@pytest.mark.parametrize("code", CODES.values())
def test_no_spot_tells_a_moment(words: Words, code: str) -> None:
    for space in ("desk-1", "booth-1", "room-1", "laser"):
        assert not re.search(r"\d", tell(PLAN, PLAN.space[space], code, {}, words).state)


def test_what_is_usual_is_that_of_the_kind_in_its_zone_or_else_in_the_house() -> None:
    hall, house = expected(3, usual=4.4), expected(9, usual=12.5)
    told = usual({("hall", "desk"): hall, (WHOLE_SITE, "desk"): house})
    assert told["0 desk"] == "Usually 4 of 28 free in Spinnsalen at this hour."
    assert told["2 desk"] == "Usually 12 of 28 free in all zones together at this hour."
    one = usual({("hall", "desk"): expected(3, usual=1.2), (WHOLE_SITE, "desk"): expected(3, usual=0.9)})
    assert one["0 desk"] == "Usually one of 28 free in Spinnsalen at this hour."
    assert one["2 desk"] == "Usually one of 28 free in all zones together at this hour."
    assert "3 booth" not in told


def test_what_is_usual_of_another_hour_or_of_too_few_days_is_not_told() -> None:
    assert usual({(WHOLE_SITE, "desk"): expected(3, first=1)}) == {}
    assert usual({(WHOLE_SITE, "desk"): Outlook(at_ms=MONDAY_10_MS, missing_days=3)}) == {}
