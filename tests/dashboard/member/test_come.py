"""If I come at 10:30: the odds, how often such odds came true, and help where there are none."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from collector.days import local
from collector.forecast import HOUR_MS
from collector.forecast.outlook import Hindsight, Outlook
from collector.forecast.score import Kept
from collector.plan import WHOLE_SITE, Attribute
from dashboard.ahead import OFTEN
from dashboard.member.come import Answer, answer, form
from dashboard.member.needs import Needs
from dashboard.why import Reader
from dashboard.words import Words
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.test_ahead import expected

EN = Reader(PLAN, MONDAY_10_MS, Words.of("en"))
SV = Reader(PLAN, MONDAY_10_MS, Words.of("sv"))
LOOKED = Hindsight({}, (*(None,) * 9, Kept(212, 0.95, 0.938)))
TOLD = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=expected(0.2, 6, 8, usual=7).hours, hindsight=LOOKED)
NONE: Needs = frozenset()


def say(
    reader: Reader = EN, told: Outlook | None = TOLD, of: str = WHOLE_SITE, wanted: Needs = NONE, **args: str
) -> Answer:
    """What is said where only `of` has a forecast, and five spots or all may fit what is needed."""
    return answer(form(args, wanted, reader), args, {5, 28}, lambda zone, _kind: told if zone == of else None, reader)


def test_the_odds_are_told_with_how_often_they_came_true() -> None:
    told = say(at="11:30")
    assert told.odds == "96%"
    assert told.lines == (
        "that at least one desk is free today at 11:30.",
        "About 6 are expected to be free then; the usual number is 7.",
        "Earlier forecasts like this came true 199 of 212 times.",
    )
    assert say(SV, at="11.30").lines[0] == "att minst ett skrivbord är ledigt i dag kl. 11.30."


def test_one_is_expected_and_more_are() -> None:
    told = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=expected(1.2, usual=1).hours)
    assert say(told=told, at="10:30").lines[1] == "About one is expected to be free then; the usual number is 1."
    assert say(SV, told=told, at="10:30").lines[1] == "Ungefär ett väntas vara ledigt då; normalt 1."


def test_odds_that_were_never_promised_have_no_record() -> None:
    assert say(at="10:30").odds == "10%"
    assert "not yet enough forecasts" in say(at="10:30").lines[-1]


def test_the_record_is_that_of_the_tenth_which_the_odds_are_in() -> None:
    kept = [Kept(100, tenth / 10, tenth / 10) for tenth in range(10)]
    told = structs.replace(TOLD, hours=expected(1.76).hours, hindsight=Hindsight({}, tuple(kept)))
    assert say(told=told, at="10:30").odds == "88%"
    assert "came true 80 of 100 times" in say(told=told, at="10:30").lines[-1]


@pytest.mark.parametrize(("promises", "said"), [(OFTEN, "came true 20 of 20 times"), (OFTEN - 1, "not yet enough")])
def test_hundredths_are_told_of_no_handful_of_promises(promises: int, said: str) -> None:
    told = structs.replace(TOLD, hindsight=Hindsight({}, (*(None,) * 9, Kept(promises, 0.95, 1.0))))
    assert said in say(told=told, at="11:30").lines[-1]


def test_of_what_is_needed_alone_the_odds_are_less_and_only_where_some_fit_and_not_all() -> None:
    """Six of 28 free, five that fit: 1 - C(22, 5) / C(28, 5) is 73 %, and no odds are surer than 30 days allow."""
    assert say(at="11:30").likes == {5: "71%"}
    assert say(SV, at="11:30").likes == {5: "71\u00a0%"}
    assert say(at="11:30").of == 28


def test_a_zone_that_is_chosen_has_odds_of_its_own_and_its_name() -> None:
    told = say(of="quiet", at="11:00", zone="quiet")
    assert (told.odds, told.lines[0]) == ("96%", "that at least one desk is free today at 11:00 in Tysta rummet.")
    swedish = say(SV, of="quiet", at="11:00", zone="quiet").lines[0]
    assert swedish == "att minst ett skrivbord är ledigt i dag kl. 11.00 i Tysta rummet."


def test_a_zone_with_too_few_of_a_kind_is_refused_with_the_way_out() -> None:
    told = say(at="11:00", zone="quiet", kind="booth")
    assert told == Answer(
        fault="There are too few of those in this zone for a forecast of their own. Choose all zones."
    )


def test_a_need_that_is_a_whole_zone_chooses_it_unless_the_whole_house_is_asked_for() -> None:
    quiet = tuple(
        replace(one, attributes=frozenset({Attribute.QUIET})) if one.zone == "quiet" else one for one in PLAN.spaces
    )
    reader, wanted = replace(EN, plan=replace(PLAN, spaces=quiet)), frozenset({Attribute.QUIET})
    assert form({}, wanted, reader).zone == "quiet"
    assert form({"zone": ""}, wanted, reader).zone == ""
    assert form({}, frozenset({Attribute.WINDOW}), reader).zone == ""


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ({"at": ""}, "Enter a time, such as 10:30."),
        ({"at": "25:00"}, "Enter a time, such as 10:30."),
        ({"at": "1٣:00"}, "Enter a time, such as 10:30."),
        ({"at": "10:30", "day": "soon"}, "Choose one of the next seven days."),
        ({"at": "10:30", "day": "2025-11-23"}, "Choose one of the next seven days."),
        ({"at": "10:30", "day": "9999-12-31"}, "Choose one of the next seven days."),
        ({"at": "09:59"}, "We are closed then, or that time has passed. Choose another time."),
        ({"at": "23:00"}, "We are closed then, or that time has passed. Choose another time."),
    ],
)
def test_a_form_that_cannot_be_answered_is_helped(args: dict[str, str], fault: str) -> None:
    assert say(**args) == Answer(fault=fault)


def test_before_two_weeks_the_missing_days_are_told_and_silence_says_nothing() -> None:
    young = Outlook(at_ms=MONDAY_10_MS, missing_days=9)
    assert say(told=young, at="11:30").fault == "No forecast yet. It needs 9 more days of history."
    assert say(told=None, at="11:30").fault == "There is no forecast for that at the moment."


def test_the_form_offers_seven_days_the_kinds_that_are_forecast_and_the_next_hour() -> None:
    shown = form({}, NONE, EN)
    assert [value for value, _ in shown.days][::6] == ["2025-11-24", "2025-11-30"]
    assert [name for _, name in shown.days][:3] == ["today", "tomorrow", "Wednesday 26 November"]
    assert shown.kinds == ("desk", "booth", "room", "equipment")
    assert (shown.day, shown.at, shown.kind) == ("2025-11-24", "11:00", "desk")


def test_the_hour_after_the_last_of_a_day_is_tomorrow_s() -> None:
    late = form({}, NONE, replace(EN, now_ms=MONDAY_10_MS + 13 * HOUR_MS + HOUR_MS // 2))
    assert (late.day, late.at) == ("2025-11-25", "00:00")


def test_the_form_keeps_what_was_chosen_and_nothing_that_is_no_choice() -> None:
    tomorrow = (local(PLAN, MONDAY_10_MS) + timedelta(days=1)).date().isoformat()
    kept = form({"day": tomorrow, "at": "9.15", "kind": "room"}, NONE, EN)
    assert (kept.day, kept.at, kept.kind) == (tomorrow, "09:15", "room")
    odd = form({"day": "<script>", "at": "<", "kind": "throne", "zone": "cellar"}, NONE, EN)
    assert (odd.day, odd.at, odd.kind, odd.zone) == ("2025-11-24", "11:00", "desk", "")
