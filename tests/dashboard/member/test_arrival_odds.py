"""Arrival odds, their hit rate, and remedies for invalid queries."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from collector.contract.forecast_points import ChanceScore
from collector.contract.forecasts import ForecastScores, Outlook
from collector.site.calendar import to_local_time
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceAttribute
from dashboard.live.upcoming_hours import MIN_SCORED_FORECASTS
from dashboard.member.arrival_odds import ArrivalAnswer, answer_form, build_form
from dashboard.member.needs import Needs
from dashboard.text.explanations import ExplanationContext
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.outlooks import build_outlook
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

EN = ExplanationContext(PLAN, MONDAY_10_MS, PageTexts.load("en"))
SV = ExplanationContext(PLAN, MONDAY_10_MS, PageTexts.load("sv"))
SCORES = ForecastScores({}, (*(None,) * 9, ChanceScore(212, 0.95, 0.938)))
OUTLOOK = Outlook(
    at_ms=MONDAY_10_MS, capacity=28, days=30, hours=build_outlook(0.2, 6, 8, usual=7).hours, scores=SCORES
)
NONE: Needs = frozenset()
COUNTS = ((("hall", 5),), (("hall", 16), ("quiet", 12)))
"""5 or all 28 spaces may match."""


def answer_query(
    reader: ExplanationContext = EN,
    outlook: Outlook | None = OUTLOOK,
    of: str = WHOLE_SITE,
    wanted: Needs = NONE,
    **args: str,
) -> ArrivalAnswer:
    """Answer a query where only the zone `of` has a forecast and 5 or all 28 spaces may match."""
    return answer_form(
        build_form(args, wanted, reader), args, COUNTS, lambda zone, _kind: outlook if zone == of else None, reader
    )


def test_odds_are_shown_with_their_hit_rate() -> None:
    result = answer_query(at="11:30")
    assert result.odds == "96%"
    assert result.lines == (
        "that at least one desk is free today at 11:30.",
        "About 6 are expected to be free then; the usual number is 7.",
        "Earlier forecasts like this came true 199 of 212 times.",
    )
    assert answer_query(SV, at="11.30").lines[0] == "att minst ett skrivbord är ledigt i dag kl. 11.30."


def test_expected_number_has_singular_and_plural() -> None:
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=build_outlook(1.2, usual=1).hours)
    assert (
        answer_query(outlook=outlook, at="10:30").lines[1]
        == "About one is expected to be free then; the usual number is 1."
    )
    assert answer_query(SV, outlook=outlook, at="10:30").lines[1] == "Ungefär ett väntas vara ledigt då; normalt 1."


def test_odds_without_earlier_forecasts_have_no_hit_rate() -> None:
    assert answer_query(at="10:30").odds == "10%"
    assert "not yet enough forecasts" in answer_query(at="10:30").lines[-1]


def test_hit_rate_is_that_of_the_decile_of_the_odds() -> None:
    kept = [ChanceScore(100, tenth / 10, tenth / 10) for tenth in range(10)]
    outlook = structs.replace(OUTLOOK, hours=build_outlook(1.76).hours, scores=ForecastScores({}, tuple(kept)))
    assert answer_query(outlook=outlook, at="10:30").odds == "88%"
    assert "came true 80 of 100 times" in answer_query(outlook=outlook, at="10:30").lines[-1]


@pytest.mark.parametrize(
    ("forecasts", "text"),
    [(MIN_SCORED_FORECASTS, "came true 20 of 20 times"), (MIN_SCORED_FORECASTS - 1, "not yet enough")],
)
def test_few_earlier_forecasts_give_no_hit_rate(forecasts: int, text: str) -> None:
    outlook = structs.replace(OUTLOOK, scores=ForecastScores({}, (*(None,) * 9, ChanceScore(forecasts, 0.95, 1.0))))
    assert text in answer_query(outlook=outlook, at="11:30").lines[-1]


def test_odds_of_matching_spaces_are_lower_and_only_if_some_but_not_all_match() -> None:
    """With 6 of 28 free and 5 matching: 1 - C(22, 5) / C(28, 5) is 73 %."""
    assert answer_query(at="11:30").match_odds == {"hall:5": "73%"}
    assert answer_query(SV, at="11:30").match_odds == {"hall:5": "73\u00a0%"}
    assert answer_query(at="11:30").capacity == 28


def test_site_and_zone_agree_about_the_same_matching_spaces() -> None:
    zone_outlook = Outlook(at_ms=MONDAY_10_MS, capacity=8, days=30, hours=build_outlook(0.2, 6, capacity=8).hours)
    outlooks = {WHOLE_SITE: OUTLOOK, "quiet": zone_outlook}
    counts = ((("quiet", 4),), (("quiet", 8),), (("hall", 1), ("quiet", 4)))

    def answer(**args: str) -> ArrivalAnswer:
        form = build_form(args, NONE, EN)
        return answer_form(form, args, counts, lambda zone, _kind: outlooks.get(zone), EN)

    whole, zone = answer(at="11:30", zone=""), answer(at="11:30", zone="quiet")
    assert whole.match_odds["quiet:4"] == zone.match_odds["quiet:4"]
    assert whole.match_odds["quiet:8"] == zone.odds, "all spaces of the zone match"
    assert whole.match_odds["hall:1,quiet:4"] == whole.match_odds["quiet:4"], "one more elsewhere: no less"


def test_chosen_zone_has_its_own_odds_and_is_named() -> None:
    result = answer_query(of="quiet", at="11:00", zone="quiet")
    assert (result.odds, result.lines[0]) == ("96%", "that at least one desk is free today at 11:00 in Tysta rummet.")
    swedish = answer_query(SV, of="quiet", at="11:00", zone="quiet").lines[0]
    assert swedish == "att minst ett skrivbord är ledigt i dag kl. 11.00 i Tysta rummet."


def test_zone_with_too_few_of_a_kind_is_rejected_with_remedy() -> None:
    result = answer_query(at="11:00", zone="quiet", kind="booth")
    assert result == ArrivalAnswer(
        fault="There are too few of those in this zone for a forecast of their own. Choose all zones."
    )


def test_need_met_by_exactly_one_zone_selects_it_unless_all_zones_are_requested() -> None:
    quiet = tuple(
        replace(one, attributes=frozenset({SpaceAttribute.QUIET})) if one.zone == "quiet" else one
        for one in PLAN.spaces
    )
    reader, wanted = replace(EN, plan=replace(PLAN, spaces=quiet)), frozenset({SpaceAttribute.QUIET})
    assert build_form({}, wanted, reader).zone == "quiet"
    assert build_form({"zone": ""}, wanted, reader).zone == ""
    assert build_form({}, frozenset({SpaceAttribute.WINDOW}), reader).zone == ""


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ({"at": ""}, "Enter a time, such as 10:30."),
        ({"at": "25:00"}, "Enter a time, such as 10:30."),
        ({"at": "1٣:00"}, "Enter a time, such as 10:30."),
        ({"at": "10:30", "day": "soon"}, "Choose one of the next 7 days."),
        ({"at": "10:30", "day": "2025-11-23"}, "Choose one of the next 7 days."),
        ({"at": "10:30", "day": "9999-12-31"}, "Choose one of the next 7 days."),
        ({"at": "09:59"}, "We are closed then, or that time has passed. Choose another time."),
        ({"at": "23:00"}, "We are closed then, or that time has passed. Choose another time."),
    ],
)
def test_invalid_form_gets_a_remedy(args: dict[str, str], fault: str) -> None:
    assert answer_query(**args) == ArrivalAnswer(fault=fault)


def test_missing_days_are_shown_before_two_weeks_of_history() -> None:
    young = Outlook(at_ms=MONDAY_10_MS, missing_days=9)
    assert answer_query(outlook=young, at="11:30").fault == "No forecast yet. It needs 9 more days of history."
    assert answer_query(outlook=None, at="11:30").fault == "There is no forecast for that at the moment."


def test_form_offers_seven_days_forecast_kinds_and_next_hour() -> None:
    shown = build_form({}, NONE, EN)
    assert [value for value, _ in shown.days][::6] == ["2025-11-24", "2025-11-30"]
    assert [name for _, name in shown.days][:3] == ["today", "tomorrow", "Wednesday 26 November"]
    assert shown.kinds == ("desk", "booth", "room", "equipment")
    assert (shown.day, shown.at, shown.kind) == ("2025-11-24", "11:00", "desk")


def test_default_time_after_last_hour_is_tomorrow() -> None:
    late = build_form({}, NONE, replace(EN, now_ms=MONDAY_10_MS + 13 * HOUR_MS + HOUR_MS // 2))
    assert (late.day, late.at) == ("2025-11-25", "00:00")


def test_form_keeps_valid_choices_only() -> None:
    tomorrow = (to_local_time(PLAN, MONDAY_10_MS) + timedelta(days=1)).date().isoformat()
    kept = build_form({"day": tomorrow, "at": "9.15", "kind": "room"}, NONE, EN)
    assert (kept.day, kept.at, kept.kind) == (tomorrow, "09:15", "room")
    odd = build_form({"day": "<script>", "at": "<", "kind": "throne", "zone": "cellar"}, NONE, EN)
    assert (odd.day, odd.at, odd.kind, odd.zone) == ("2025-11-24", "11:00", "desk", "")
