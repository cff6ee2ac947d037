"""The estimate for more members: properties of the model, and its texts."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.history.measures import HistoryRow
from dashboard.text.page_texts import PageTexts
from dashboard.use import growth_texts
from dashboard.use.growth import (
    ADDED_MEMBERS,
    BusiestQuarter,
    GrowthDay,
    GrowthQuery,
    GrowthQueryFault,
    GrowthQueryRejected,
    RangedEstimate,
    compute_busy_chance,
    count_shared_desks,
    estimate_growth,
    find_known_days,
    parse_growth_query,
)
from dashboard.use.use_query import DayRange
from dashboard.use.used_hours import drop_public_holidays, list_open_hours
from edge.timekeeping.durations import MINUTE_MS
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.weeks import MONDAY, build_five_minute_rows, build_weeks, to_unix_ms

DESKS = 28
FIRST = date(2025, 9, 1).toordinal()
EN, SV = PageTexts.load("en"), PageTexts.load("sv")

TAKEN = st.integers(0, DESKS)
WEEKS = st.lists(st.lists(TAKEN, min_size=15, max_size=15), min_size=4, max_size=5)
"""Weeks of five days with three hours each."""


def build_days(of: list[list[int]]) -> list[GrowthDay]:
    return [
        GrowthDay(
            FIRST + 7 * week + weekday,
            weekday,
            {9 + n: BusiestQuarter(taken[3 * weekday + n], DESKS) for n in range(3)},
        )
        for week, taken in enumerate(of)
        for weekday in range(5)
    ]


def build_even_days(taken: int, count: int = 6) -> list[GrowthDay]:
    return build_days([[taken] * 15] * count)


def check_ranges(chances: tuple[RangedEstimate, ...]) -> Iterator[RangedEstimate]:
    for one in chances:
        assert one.low <= one.middle <= one.high
        yield one


@settings(max_examples=15, deadline=None)
@given(of=WEEKS, members=st.integers(1, 200), floor=st.integers(1, DESKS))
def test_more_members_never_lower_a_chance(of: list[list[int]], members: int, floor: int) -> None:
    estimate = estimate_growth(build_days(of), members, DESKS, floor)
    assert estimate is not None
    for chances in (*estimate.chances_by_hour.values(), estimate.chance_of_busy_hour):
        for name in ("low", "middle", "high"):
            values = [getattr(one, name) for one in check_ranges(chances)]
            assert values == sorted(values)
            assert all(-1e-9 <= value <= 1 + 1e-9 for value in values)
    hours = [one.middle for one in estimate.busy_hours_per_week]
    assert hours == sorted(hours)
    assert hours[-1] <= estimate.open_hours_per_week + 1e-9


@given(taken=TAKEN, added=st.integers(0, 40), members=st.integers(1, 200), floor=st.integers(1, DESKS - 1))
def test_higher_floor_or_fuller_hour_never_lowers_the_chance(taken: int, added: int, members: int, floor: int) -> None:
    now = compute_busy_chance(BusiestQuarter(taken, DESKS), added, members, DESKS, floor)
    assert now <= compute_busy_chance(BusiestQuarter(taken, DESKS), added, members, DESKS, floor + 1) + 1e-9
    if taken < DESKS:
        assert now <= compute_busy_chance(BusiestQuarter(taken + 1, DESKS), added, members, DESKS, floor) + 1e-9


@given(of=WEEKS)
@settings(max_examples=10, deadline=None)
def test_zero_new_members_reproduce_the_past(of: list[list[int]]) -> None:
    estimate = estimate_growth(build_days(of), 60, DESKS, 1)
    assert estimate is not None
    full = sum(taken == DESKS for week in of for taken in week) / len(of)
    assert estimate.busy_hours_per_week[0].middle == pytest.approx(full)


def test_same_history_gives_the_same_estimate() -> None:
    past = build_days([[(7 * week + 3 * hour) % 29 for hour in range(15)] for week in range(8)])
    assert estimate_growth(past, 60, DESKS, 2) == estimate_growth(list(past), 60, DESKS, 2)


def test_chance_follows_the_binomial_distribution() -> None:
    assert compute_busy_chance(BusiestQuarter(26, 28), 2, 52, 28, 1) == pytest.approx(0.25)
    assert compute_busy_chance(BusiestQuarter(26, 28), 1, 52, 28, 1) == 0
    assert compute_busy_chance(BusiestQuarter(28, 28), 0, 52, 28, 1) == 1
    assert compute_busy_chance(BusiestQuarter(27, 28), 0, 52, 28, 2) == 1


def test_less_than_four_weeks_give_no_estimate() -> None:
    assert estimate_growth(build_even_days(20, 3), 60, DESKS, 1) is None
    assert estimate_growth([], 60, DESKS, 1) is None
    sparse = [day for day in build_even_days(20, 9) if (day.ordinal - FIRST) // 7 % 4 == 0]
    assert estimate_growth(sparse, 60, DESKS, 1) is None
    assert estimate_growth(build_even_days(20, 5), 60, DESKS, 1) is not None


def test_weekday_with_two_known_days_gives_no_estimate() -> None:
    saturdays = [GrowthDay(FIRST + 7 * week + 5, 5, {9: BusiestQuarter(27, DESKS)}) for week in range(3)]
    assert estimate_growth([*build_even_days(10), *saturdays[:2]], 40, DESKS, 1) is None
    assert estimate_growth([*build_even_days(10), *saturdays], 40, DESKS, 1) is not None


def test_range_is_the_middle_80_percent_of_redrawn_days() -> None:
    """Five of ten Mondays were full: redrawn, three to seven are, the middle 80 % of Binomial(10, 1/2)."""
    mondays = [GrowthDay(FIRST + 7 * week, 0, {9: BusiestQuarter(DESKS * (week % 2), DESKS)}) for week in range(10)]
    estimate = estimate_growth(mondays, 40, DESKS, 1)
    assert estimate is not None
    for one in (estimate.chance_of_busy_hour[0], estimate.busy_hours_per_week[0], estimate.chances_by_hour[9][0]):
        assert [round(value, 9) for value in (one.low, one.middle, one.high)] == [0.3, 0.5, 0.7]


def test_week_runs_from_monday_to_sunday() -> None:
    estimate = estimate_growth(
        [GrowthDay(FIRST + day, day % 7, {9: BusiestQuarter(3, DESKS)}) for day in range(28)], 40, DESKS, 1
    )
    assert estimate is not None
    assert (estimate.days, estimate.weeks) == (28, 4)


def test_full_site_warns_that_more_people_may_have_come() -> None:
    full, calm = (
        estimate_growth(build_even_days(DESKS), 60, DESKS, 1),
        estimate_growth(build_even_days(9), 60, DESKS, 1),
    )
    assert full
    assert calm
    assert full.full_share == 1
    assert growth_texts.format_full_warning(calm, EN) == ""
    assert growth_texts.format_full_warning(full, EN).startswith("In over 99% of the hours every desk was taken.")


def find_days(rows: list[HistoryRow], of: DayRange) -> list[GrowthDay]:
    hours = drop_public_holidays(list_open_hours(PLAN, of, to_unix_ms(of.last + timedelta(days=2))))
    return find_known_days(rows, hours, PLAN)


def test_dedicated_desks_are_left_out_of_the_counts() -> None:
    assert count_shared_desks(PLAN) == DESKS
    found = find_days(build_five_minute_rows(build_weeks(1), 19.0), build_weeks(1))
    assert len(found) == 5
    assert {tight for day in found for tight in day.hours.values()} == {BusiestQuarter(9, 28)}


def test_hour_counts_its_busiest_quarter() -> None:
    rows = build_five_minute_rows(DayRange(MONDAY, MONDAY), 19.0)
    ten = to_unix_ms(MONDAY, 10)
    tight = [replace_free(row, 3.0) if ten <= row.at_ms < ten + 10 * MINUTE_MS else row for row in rows]
    assert find_days(tight, DayRange(MONDAY, MONDAY))[0].hours[10].taken == 9
    tight = [replace_free(row, 3.0) if ten <= row.at_ms < ten + 15 * MINUTE_MS else row for row in rows]
    assert find_days(tight, DayRange(MONDAY, MONDAY))[0].hours[10].taken == 25


def replace_free(row: HistoryRow, free: float) -> HistoryRow:
    return HistoryRow(row.tags, row.at_ms, (*row.fields[:3], free, row.fields[4]))


def test_day_with_too_little_data_is_left_out() -> None:
    assert find_days(build_five_minute_rows(build_weeks(1), 19.0, unknown=1.0), build_weeks(1)) == []
    half = [row for row in build_five_minute_rows(DayRange(MONDAY, MONDAY), 19.0) if row.at_ms < to_unix_ms(MONDAY, 13)]
    assert find_days(half, DayRange(MONDAY, MONDAY)) == []


@pytest.mark.parametrize(
    ("args", "fault"),
    [
        ({"members": "many"}, GrowthQueryFault.NO_NUMBER),
        ({"members": "0"}, GrowthQueryFault.NO_NUMBER),
        ({"members": "-3"}, GrowthQueryFault.NO_NUMBER),
        ({"members": "1e3"}, GrowthQueryFault.NO_NUMBER),
        ({"members": "12345"}, GrowthQueryFault.TOO_MANY_MEMBERS),
        ({"members": "60", "floor": "29"}, GrowthQueryFault.TOO_HIGH),
        ({"floor": "x"}, GrowthQueryFault.NO_NUMBER),
    ],
)
def test_invalid_query_is_rejected_with_a_remedy(args: dict[str, str], fault: GrowthQueryFault) -> None:
    with pytest.raises(GrowthQueryRejected) as rejected:
        parse_growth_query(args, DESKS, 0)
    assert rejected.value.fault is fault
    for language_texts in (EN, SV):
        assert rejected.value.text in growth_texts.format_fault(rejected.value, DESKS, language_texts)


def test_floor_defaults_to_the_setting_of_the_site() -> None:
    assert parse_growth_query({}, DESKS, 0) == GrowthQuery(None, 1)
    assert parse_growth_query({"members": " 60 "}, DESKS, 3) == GrowthQuery(60, 3)
    assert parse_growth_query({"members": "60", "floor": "2"}, DESKS, 3) == GrowthQuery(60, 2)


def test_answer_and_percentages_never_claim_certainty() -> None:
    estimate = estimate_growth(build_even_days(24), 60, DESKS, 1)
    assert estimate
    answer = growth_texts.format_answer(estimate, GrowthQuery(60, 1), EN)
    assert answer == (
        "With 10 more members, no desk would be free in 9.3 of 15 open hours a week; at present in hardly any."
    )
    assert growth_texts.format_share(0.0, EN) == "under 1%"
    assert growth_texts.format_share(1.0, SV) == "över 99\u00a0%"
    assert growth_texts.format_hours(RangedEstimate(0.02, 0.0, 0.4), EN) == "hardly any (at most 0.4)"
    assert growth_texts.format_hours(RangedEstimate(3.0, 2.0, 4.0), SV) == "3,0 (2,0–4,0)"  # noqa: RUF001


def test_warning_if_more_desks_are_taken_than_there_are_members() -> None:
    estimate = estimate_growth(build_even_days(24), 20, DESKS, 1)
    assert estimate
    assert "24 desks were taken at once" in growth_texts.format_members_warning(estimate, GrowthQuery(20, 1), EN)
    assert growth_texts.format_members_warning(estimate, GrowthQuery(60, 1), EN) == ""


def test_table_sheet_and_figure_have_the_same_values() -> None:
    estimate = estimate_growth(build_even_days(24), 60, DESKS, 1)
    assert estimate
    sheet = growth_texts.build_sheet(estimate, EN)
    rows = list(sheet.rows)
    assert [len(row) for row in rows] == [len(sheet.columns)] * 3
    assert len(growth_texts.build_table_rows(estimate, EN)[0]) == 1 + len(ADDED_MEMBERS)
    drawn = growth_texts.build_figure(estimate, EN)["data"]
    assert [trace["y"][0] for trace in drawn] == [
        round(float(rows[0][1 + 3 * n]) * 100, 2) for n in range(len(ADDED_MEMBERS))
    ]  # type: ignore[arg-type]
