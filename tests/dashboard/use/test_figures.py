"""The figures of use: shares of the known time, peaks, every hour once, and no zero where nothing is known."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.history.measures import HistoryRow
from collector.site.series_hours import HourOpening
from collector.site.site_plan import WHOLE_SITE
from dashboard.use.figures import find_peaks, sum_by_day, sum_by_hour, sum_by_zone, sum_week_hours
from dashboard.use.use_query import DayRange
from dashboard.use.used_hours import (
    BUCKETS_PER_HOUR,
    MIN_COVERAGE,
    UsedHour,
    group_by_scope,
    is_hour_full,
    list_open_hours,
    sum_hours,
)
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.weeks import ALWAYS_OPEN_PLAN, MONDAY, build_weeks, generate_hour_rows, to_unix_ms

END = 2**50


def group_desk_hours(rows, scope=(WHOLE_SITE, "desk")):
    return group_by_scope(rows)[scope]


def test_use_is_the_share_of_the_known_time() -> None:
    days = build_weeks(1)
    total = sum_hours(
        list_open_hours(PLAN, days, END), group_desk_hours(generate_hour_rows(days, lambda _at: 4.0, unknown=2.0))
    )
    assert total.utilisation == pytest.approx(4 / 8)
    assert total.coverage == pytest.approx(0.8)


def test_low_coverage_gives_no_figure_but_its_coverage() -> None:
    days = build_weeks(1)
    total = sum_hours(
        list_open_hours(PLAN, days, END), group_desk_hours(generate_hour_rows(days, lambda _at: 0.0, unknown=2.1))
    )
    assert (total.utilisation, total.known_peak, total.surplus) == (None, None, None)
    assert total.coverage == pytest.approx(0.79)


def test_hour_missing_in_history_is_unknown() -> None:
    days = build_weeks(1)
    hours = list_open_hours(PLAN, days, END)
    half = [row for number, row in enumerate(generate_hour_rows(days, lambda _at: 4.0)) if number % 2]
    total = sum_hours(hours, group_desk_hours(half))
    assert total.coverage == pytest.approx(0.5, abs=0.05)
    assert total.utilisation is None
    assert sum_hours(hours, {}).utilisation is None
    assert sum_hours([], {}).coverage == 0


def test_partly_stored_hour_is_weighted_by_its_stored_part() -> None:
    """Two of ten spaces are taken in a whole hour, and six of nine known spaces in three quarters of an hour."""
    nine, ten = [hour for hour in list_open_hours(PLAN, build_weeks(1), END) if hour.day == MONDAY.toordinal()][2:4]
    rows = {
        nine.at_ms: UsedHour(12.0, 10.0, 2.0, 2.0, 8.0, 0.0, 0.0),
        ten.at_ms: UsedHour(9.0, 10.0, 6.0, 6.0, 3.0, 1.0, 0.0),
    }
    total = sum_hours([nine, ten], rows)
    assert total.coverage == pytest.approx(21 / 24 * (10 + 9 * 0.75) / (10 + 10 * 0.75))
    assert total.utilisation == pytest.approx((2 + 6 * 0.75) / (10 + 9 * 0.75))


@pytest.mark.parametrize(
    ("stored", "none_free", "least", "unknown", "expected"),
    [
        (12.0, 3.0, 0.0, 0.9, True),
        (12.0, 3.0, 0.0, 1.5, True),  # an unknown space counts as possibly free, so this is certain
        (12.0, 2.0, 0.0, 0.0, False),
        (12.0, 0.0, 1.0, 1.0, None),  # the unknown space may have been taken
        (12.0, 0.0, 3.0, 1.0, False),
        (12.0, 0.0, None, 4.0, None),
        (9.0, 9.0, 0.0, 0.0, None),
    ],
)
def test_hour_is_full_after_a_quarter_with_nothing_free(
    stored: float, none_free: float, least: float | None, unknown: float, expected: bool | None
) -> None:
    hour = list_open_hours(PLAN, build_weeks(1), END)[0]
    rows = {hour.at_ms: UsedHour(stored, 10.0, 9.0, 10.0, least, unknown, none_free)}
    assert is_hour_full(hour, rows) is expected
    (day,) = sum_by_day([hour], rows)
    assert day.full_hours == (expected is True)


def test_only_finished_open_hours_count() -> None:
    hours = list_open_hours(PLAN, build_weeks(1), to_unix_ms(MONDAY, 12) + HOUR_MS - 1)
    assert [hour.hour for hour in hours] == [7, 8, 9, 10, 11]
    assert {hour.weekday for hour in list_open_hours(PLAN, build_weeks(1), END)} == set(range(5))


def test_week_uses_local_hours_across_a_clock_change() -> None:
    days = build_weeks(8)
    rows = group_desk_hours(generate_hour_rows(days, lambda at: 8.0 if (at.weekday(), at.hour) == (1, 10) else 2.0))
    cells = sum_week_hours(list_open_hours(PLAN, days, END), rows)
    assert {place for place, cell in cells.items() if (cell.total.utilisation or 0) > 0.5} == {(1, 10)}
    assert cells[1, 10].known_days == 8
    assert cells[1, 10].total.hour_count == 8


def test_repeated_hour_of_a_25_hour_day_counts_as_one_day() -> None:
    sunday = DayRange(date(2025, 10, 26), date(2025, 10, 26))
    hours = list_open_hours(ALWAYS_OPEN_PLAN, sunday, END)
    rows = group_desk_hours(generate_hour_rows(sunday, lambda _at: 10.0, plan=ALWAYS_OPEN_PLAN))
    assert len(hours) == 25
    cell = sum_week_hours(hours, rows)[6, 2]
    assert (cell.total.hour_count, cell.known_days, cell.full_days) == (2, 1, 1)
    first = next(hour for hour in hours if hour.hour == 2)
    rows = group_desk_hours(
        generate_hour_rows(
            sunday, lambda at: 10.0 if at.timestamp() * 1000 == first.at_ms else 1.0, plan=ALWAYS_OPEN_PLAN
        )
    )
    cell = sum_week_hours(hours, rows)[6, 2]
    assert (cell.known_days, cell.full_days) == (1, 1), "full in the first of its two hours is full that day"
    spring = DayRange(date(2026, 3, 29), date(2026, 3, 29))
    assert len(list_open_hours(ALWAYS_OPEN_PLAN, spring, END)) == 23


def test_public_holidays_are_in_the_days_but_not_in_the_week() -> None:
    plan = replace(PLAN, opening_hours={**PLAN.opening_hours, 6: PLAN.opening_hours[0]})
    days = DayRange(date(2026, 1, 5), date(2026, 1, 11))  # Epiphany is a Tuesday
    hours = list_open_hours(plan, days, END)
    rows = group_desk_hours(generate_hour_rows(days, lambda _at: 5.0))
    assert any(hour.opening is HourOpening.RED for hour in hours)
    assert not [place for place in sum_week_hours(hours, rows) if place[0] == 1]
    assert date(2026, 1, 6) in {day.day for day in sum_by_day(hours, rows)}


def test_peak_is_of_the_whole_site_and_average_is_over_days() -> None:
    days = build_weeks(1)
    rows = group_desk_hours(generate_hour_rows(days, lambda at: 3.0 + at.weekday() if at.hour == 10 else 1.0))
    found = find_peaks(sum_by_day(list_open_hours(PLAN, days, END), rows))
    assert (found.highest, found.highest_on, found.average_daily) == (7.0, date(2025, 10, 3), 5.0)
    assert (found.least_surplus, found.least_on, found.known_days, found.day_count) == (3.0, date(2025, 10, 3), 5, 5)


def test_day_with_little_data_is_left_out_of_the_average() -> None:
    days = build_weeks(1)
    rows = group_desk_hours(
        row
        if row.at_ms >= to_unix_ms(date(2025, 9, 30))
        else HistoryRow(row.tags, row.at_ms, (*row.fields[:5], 9.0, 0.0))
        for row in generate_hour_rows(days, lambda _at: 6.0)
    )
    found = find_peaks(sum_by_day(list_open_hours(PLAN, days, END), rows))
    assert (found.average_daily, found.known_days, found.day_count) == (6.0, 4, 5)


def test_unknown_week_has_no_peak() -> None:
    found = find_peaks(sum_by_day(list_open_hours(PLAN, build_weeks(1), END), {}))
    assert (found.highest, found.average_daily, found.least_surplus, found.known_days, found.day_count) == (
        None,
        None,
        None,
        0,
        5,
    )


def test_hour_is_not_full_if_an_unknown_space_may_have_been_free() -> None:
    days = build_weeks(4)
    sure = sum_week_hours(
        list_open_hours(PLAN, days, END), group_desk_hours(generate_hour_rows(days, lambda _at: 10.0))
    )
    unsure = sum_week_hours(
        list_open_hours(PLAN, days, END), group_desk_hours(generate_hour_rows(days, lambda _at: 9.0, unknown=1.0))
    )
    assert (sure[0, 9].known_days, sure[0, 9].full_days) == (4, 4)
    assert (unsure[0, 9].known_days, unsure[0, 9].full_days) == (0, 0)


def test_free_space_makes_an_hour_not_full_despite_unknown_spaces() -> None:
    days = build_weeks(4)
    rows = group_desk_hours(generate_hour_rows(days, lambda _at: 5.0, unknown=2.0))
    assert {
        (cell.known_days, cell.full_days) for cell in sum_week_hours(list_open_hours(PLAN, days, END), rows).values()
    } == {(4, 0)}


@st.composite
def histories(draw):
    """Two weeks of two zones with gaps; counts are multiples of one half, so that sums are exact."""
    days = build_weeks(2)
    halves = st.integers(0, 12).map(lambda n: n / 2)
    zones = {}
    for zone in ("hall", "quiet"):
        rows = []
        for hour in list_open_hours(PLAN, days, END):
            taken, unknown = draw(halves), draw(st.sampled_from([0.0, 0.0, 0.5, 3.0]))
            stored = draw(st.sampled_from([12.0, 12.0, 12.0, 6.0, 0.0]))
            if stored:
                free = max(0.0, 6.0 - taken - unknown)
                taken = min(taken, 6.0 - unknown)
                rows.append(HistoryRow((zone, "desk"), hour.at_ms, (stored, 6.0, taken, taken, free, unknown, 0.0)))
        zones[zone] = {row.at_ms: UsedHour(*row.fields) for row in rows}
    return days, zones


@given(histories())
def test_parts_add_up_to_the_whole_and_shares_stay_within_bounds(history) -> None:
    days, zones = history
    hours = list_open_hours(PLAN, days, END)
    for rows in zones.values():
        whole = sum_hours(hours, rows)
        assert 0 <= whole.coverage <= 1
        for parts in (
            [cell.total for cell in sum_week_hours(hours, rows).values()],
            list(sum_by_hour(hours, rows).values()),
            [day.total for day in sum_by_day(hours, rows)],
        ):
            assert sum(part.hour_count for part in parts) == whole.hour_count == len(hours)
            assert sum(part.buckets for part in parts) == whole.buckets <= BUCKETS_PER_HOUR * whole.hour_count
            assert sum(part.taken_h for part in parts) == pytest.approx(whole.taken_h)
            assert sum(part.known_h for part in parts) == pytest.approx(whole.known_h)
            assert max(part.peak for part in parts) == whole.peak
            for part in parts:
                assert part.utilisation is None or 0 <= part.utilisation <= 1
                assert (part.utilisation is None) == (part.coverage < MIN_COVERAGE)
    sums = sum_by_zone(hours, {(zone, "desk"): rows for zone, rows in zones.items()})
    assert set(sums) == {("hall", "desk"), ("quiet", "desk")}
