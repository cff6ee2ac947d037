"""The public details of one space."""

import re

import pytest

from collector.contract.forecasts import Outlook
from collector.site.site_plan import WHOLE_SITE
from dashboard.live.frame import STATE_CODES
from dashboard.member.space_details import PublicSpaceState, describe_space, describe_usual
from dashboard.text.explanations import ExplanationContext
from dashboard.text.page_texts import PageTexts
from tests.support.dashboard.outlooks import build_outlook
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

EN, SV = PageTexts.load("en"), PageTexts.load("sv")
NOW = ExplanationContext(PLAN, MONDAY_10_MS, EN)


def find_usual(outlooks: dict[tuple[str, str], Outlook], reader: ExplanationContext = NOW) -> dict[str, str]:
    return describe_usual(lambda zone, kind: outlooks.get((zone, kind)), reader)


def test_panel_has_kind_state_with_reason_and_usual_number() -> None:
    panel = describe_space(
        PLAN, PLAN.space_by_id["desk-5"], PublicSpaceState("o", hides_spaces=False), {"0 desk": "Usually three."}, EN
    )
    assert (panel.name, panel.state) == ("Skrivbord 5", "taken: its sensors detect somebody")
    assert (panel.kind, panel.needs, panel.usual) == ("Desk in Spinnsalen", "window", "Usually three.")
    assert (
        describe_space(PLAN, PLAN.space_by_id["laser"], PublicSpaceState("o", hides_spaces=False), {}, SV).state
        == "används: den drar ström"
    )


@pytest.mark.parametrize("texts", [EN, SV])
@pytest.mark.parametrize("code", STATE_CODES.values())
def test_panel_never_contains_a_time(texts: PageTexts, code: str) -> None:
    for space in ("desk-1", "booth-1", "room-1", "laser"):
        shown = PublicSpaceState(code, hides_spaces=False)
        assert not re.search(r"\d", describe_space(PLAN, PLAN.space_by_id[space], shown, {}, texts).state)


def test_usual_number_is_that_of_the_zone_or_else_of_the_site() -> None:
    hall, whole_site = build_outlook(3, usual=4.4), build_outlook(9, usual=12.5)
    sentences = find_usual({("hall", "desk"): hall, (WHOLE_SITE, "desk"): whole_site})
    assert sentences["0 desk"] == "Usually 4 of 28 free in Spinnsalen at this hour."
    assert sentences["2 desk"] == "Usually 12 of 28 free in all zones together at this hour."
    one = find_usual({("hall", "desk"): build_outlook(3, usual=1.2), (WHOLE_SITE, "desk"): build_outlook(3, usual=0.9)})
    assert one["0 desk"] == "Usually one of 28 free in Spinnsalen at this hour."
    assert one["2 desk"] == "Usually one of 28 free in all zones together at this hour."
    assert "3 booth" not in sentences


def test_usual_number_of_another_hour_or_too_few_days_is_not_shown() -> None:
    assert find_usual({(WHOLE_SITE, "desk"): build_outlook(3, first=1)}) == {}
    assert find_usual({(WHOLE_SITE, "desk"): Outlook(at_ms=MONDAY_10_MS, missing_days=3)}) == {}
