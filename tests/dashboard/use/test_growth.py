"""The estimate for more members: properties of the model, and its texts."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.history import MINUTE_MS, Row
from dashboard.use import growth_words
from dashboard.use.asked import Days
from dashboard.use.growth import (
    ADDED,
    Asked,
    Chance,
    Day,
    Fault,
    GrowthRejected,
    Tight,
    growth,
    known_days,
    read_asked,
    shared_desks,
    too_few,
)
from dashboard.use.hours import open_hours, ordinary
from dashboard.words import Words
from tests.dashboard.house import PLAN
from tests.dashboard.use.weeks import MONDAY, at_ms, weeks

DESKS = 28
FIRST = date(2025, 9, 1).toordinal()
EN, SV = Words.of("en"), Words.of("sv")

TAKEN = st.integers(0, DESKS)
WEEKS = st.lists(st.lists(TAKEN, min_size=15, max_size=15), min_size=4, max_size=5)
"""Weeks of five days with three hours each."""


def days(of: list[list[int]]) -> list[Day]:
    return [
        Day(FIRST + 7 * week + weekday, weekday, {9 + n: Tight(taken[3 * weekday + n], DESKS) for n in range(3)})
        for week, taken in enumerate(of)
        for weekday in range(5)
    ]


def even(taken: int, count: int = 6) -> list[Day]:
    return days([[taken] * 15] * count)


def every(chances: tuple[Chance, ...]) -> Iterator[Chance]:
    for one in chances:
        assert one.low <= one.middle <= one.high
        yield one


@settings(max_examples=15, deadline=None)
@given(of=WEEKS, members=st.integers(1, 200), floor=st.integers(1, DESKS))
def test_more_members_never_lower_a_chance(of: list[list[int]], members: int, floor: int) -> None:
    estimate = growth(days(of), members, DESKS, floor)
    assert estimate is not None
    for chances in (*estimate.hours.values(), estimate.any_in_a_week):
        for name in ("low", "middle", "high"):
            values = [getattr(one, name) for one in every(chances)]
            assert values == sorted(values)
            assert all(-1e-9 <= value <= 1 + 1e-9 for value in values)
    hours = [one.middle for one in estimate.hours_a_week]
    assert hours == sorted(hours)
    assert hours[-1] <= estimate.open_hours + 1e-9


@given(taken=TAKEN, added=st.integers(0, 40), members=st.integers(1, 200), floor=st.integers(1, DESKS - 1))
def test_higher_floor_or_fuller_hour_never_lowers_the_chance(taken: int, added: int, members: int, floor: int) -> None:
    now = too_few(Tight(taken, DESKS), added, members, DESKS, floor)
    assert now <= too_few(Tight(taken, DESKS), added, members, DESKS, floor + 1) + 1e-9
    if taken < DESKS:
        assert now <= too_few(Tight(taken + 1, DESKS), added, members, DESKS, floor) + 1e-9


@given(of=WEEKS)
@settings(max_examples=10, deadline=None)
def test_zero_new_members_reproduce_the_past(of: list[list[int]]) -> None:
    estimate = growth(days(of), 60, DESKS, 1)
    assert estimate is not None
    full = sum(taken == DESKS for week in of for taken in week) / len(of)
    assert estimate.hours_a_week[0].middle == pytest.approx(full)


def test_same_history_gives_the_same_estimate() -> None:
    past = days([[(7 * week + 3 * hour) % 29 for hour in range(15)] for week in range(8)])
    assert growth(past, 60, DESKS, 2) == growth(list(past), 60, DESKS, 2)


def test_chance_follows_the_binomial_distribution() -> None:
    assert too_few(Tight(26, 28), 2, 52, 28, 1) == pytest.approx(0.25)
    assert too_few(Tight(26, 28), 1, 52, 28, 1) == 0
    assert too_few(Tight(28, 28), 0, 52, 28, 1) == 1
    assert too_few(Tight(27, 28), 0, 52, 28, 2) == 1


def test_less_than_four_weeks_give_no_estimate() -> None:
    assert growth(even(20, 3), 60, DESKS, 1) is None
    assert growth([], 60, DESKS, 1) is None
    sparse = [day for day in even(20, 9) if (day.ordinal - FIRST) // 7 % 4 == 0]
    assert growth(sparse, 60, DESKS, 1) is None
    assert growth(even(20, 5), 60, DESKS, 1) is not None


def test_weekday_with_two_known_days_gives_no_estimate() -> None:
    saturdays = [Day(FIRST + 7 * week + 5, 5, {9: Tight(27, DESKS)}) for week in range(3)]
    assert growth([*even(10), *saturdays[:2]], 40, DESKS, 1) is None
    assert growth([*even(10), *saturdays], 40, DESKS, 1) is not None


def test_range_is_the_middle_80_percent_of_redrawn_days() -> None:
    """Five of ten Mondays were full: redrawn, three to seven are, the middle 80 % of Binomial(10, 1/2)."""
    mondays = [Day(FIRST + 7 * week, 0, {9: Tight(DESKS * (week % 2), DESKS)}) for week in range(10)]
    estimate = growth(mondays, 40, DESKS, 1)
    assert estimate is not None
    for one in (estimate.any_in_a_week[0], estimate.hours_a_week[0], estimate.hours[9][0]):
        assert [round(value, 9) for value in (one.low, one.middle, one.high)] == [0.3, 0.5, 0.7]


def test_week_runs_from_monday_to_sunday() -> None:
    estimate = growth([Day(FIRST + day, day % 7, {9: Tight(3, DESKS)}) for day in range(28)], 40, DESKS, 1)
    assert estimate is not None
    assert (estimate.days, estimate.weeks) == (28, 4)


def test_full_site_warns_that_more_people_may_have_come() -> None:
    full, calm = growth(even(DESKS), 60, DESKS, 1), growth(even(9), 60, DESKS, 1)
    assert full
    assert calm
    assert full.cut == 1
    assert growth_words.cut(calm, EN) == ""
    assert growth_words.cut(full, EN).startswith("In over 99% of the hours every desk was taken.")


def five_minutes(of: Days, free: float, *, unknown: float = 0.0, capacity: float = 32.0) -> list[Row]:
    begin, end = of.span(PLAN)
    return [Row(("site", "desk"), at, (capacity, 9.0, 9.0, free, unknown)) for at in range(begin, end, 5 * MINUTE_MS)]


def known(rows: list[Row], of: Days) -> list[Day]:
    hours = ordinary(open_hours(PLAN, of, at_ms(of.last + timedelta(days=2))))
    return known_days(rows, hours, PLAN)


def test_dedicated_desks_are_left_out_of_the_counts() -> None:
    assert shared_desks(PLAN) == DESKS
    found = known(five_minutes(weeks(1), 19.0), weeks(1))
    assert len(found) == 5
    assert {tight for day in found for tight in day.hours.values()} == {Tight(9, 28)}


def test_hour_counts_its_busiest_quarter() -> None:
    rows = five_minutes(Days(MONDAY, MONDAY), 19.0)
    ten = at_ms(MONDAY, 10)
    tight = [replaced(row, 3.0) if ten <= row.at_ms < ten + 10 * MINUTE_MS else row for row in rows]
    assert known(tight, Days(MONDAY, MONDAY))[0].hours[10].taken == 9
    tight = [replaced(row, 3.0) if ten <= row.at_ms < ten + 15 * MINUTE_MS else row for row in rows]
    assert known(tight, Days(MONDAY, MONDAY))[0].hours[10].taken == 25


def replaced(row: Row, free: float) -> Row:
    return Row(row.tags, row.at_ms, (*row.fields[:3], free, row.fields[4]))


def test_day_with_too_little_data_is_left_out() -> None:
    assert known(five_minutes(weeks(1), 19.0, unknown=1.0), weeks(1)) == []
    half = [row for row in five_minutes(Days(MONDAY, MONDAY), 19.0) if row.at_ms < at_ms(MONDAY, 13)]
    assert known(half, Days(MONDAY, MONDAY)) == []


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ({"members": "many"}, Fault.NO_NUMBER),
        ({"members": "0"}, Fault.NO_NUMBER),
        ({"members": "-3"}, Fault.NO_NUMBER),
        ({"members": "1e3"}, Fault.NO_NUMBER),
        ({"members": "12345"}, Fault.TOO_MANY_MEMBERS),
        ({"members": "60", "floor": "29"}, Fault.TOO_HIGH),
        ({"floor": "x"}, Fault.NO_NUMBER),
    ],
)
def test_invalid_query_is_rejected_with_a_remedy(args: dict[str, str], fault: Fault) -> None:
    with pytest.raises(GrowthRejected) as rejected:
        read_asked(args, DESKS, 0)
    assert rejected.value.fault is fault
    for language_texts in (EN, SV):
        assert rejected.value.text in growth_words.fault(rejected.value, DESKS, language_texts)


def test_floor_defaults_to_the_setting_of_the_site() -> None:
    assert read_asked({}, DESKS, 0) == Asked(None, 1)
    assert read_asked({"members": " 60 "}, DESKS, 3) == Asked(60, 3)
    assert read_asked({"members": "60", "floor": "2"}, DESKS, 3) == Asked(60, 2)


def test_answer_and_percentages_never_claim_certainty() -> None:
    estimate = growth(even(24), 60, DESKS, 1)
    assert estimate
    answer = growth_words.answer(estimate, Asked(60, 1), EN)
    assert answer == (
        "With 10 more members, no desk would be free in 9.3 of 15 open hours a week; at present in hardly any."
    )
    assert growth_words.percent(0.0, EN) == "under 1%"
    assert growth_words.percent(1.0, SV) == "över 99\u00a0%"
    assert growth_words.hours(Chance(0.02, 0.0, 0.4), EN) == "hardly any (at most 0.4)"
    assert growth_words.hours(Chance(3.0, 2.0, 4.0), SV) == "3,0 (2,0–4,0)"  # noqa: RUF001


def test_warning_if_more_desks_are_taken_than_there_are_members() -> None:
    estimate = growth(even(24), 20, DESKS, 1)
    assert estimate
    assert "24 desks were taken at once" in growth_words.doubt(estimate, Asked(20, 1), EN)
    assert growth_words.doubt(estimate, Asked(60, 1), EN) == ""


def test_table_sheet_and_figure_have_the_same_values() -> None:
    estimate = growth(even(24), 60, DESKS, 1)
    assert estimate
    sheet = growth_words.sheet(estimate, EN)
    rows = list(sheet.rows)
    assert [len(row) for row in rows] == [len(sheet.columns)] * 3
    assert len(growth_words.table(estimate, EN)[0]) == 1 + len(ADDED)
    drawn = growth_words.figure(estimate, EN)["data"]
    assert [trace["y"][0] for trace in drawn] == [round(float(rows[0][1 + 3 * n]) * 100, 2) for n in range(len(ADDED))]  # type: ignore[arg-type]
