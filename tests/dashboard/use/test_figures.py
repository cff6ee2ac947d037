"""The figures of use: shares of the known time, peaks, every hour once, and no zero where nothing is known."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.forecast import Opening
from collector.history import HOUR_MS, Row
from collector.plan import WHOLE_SITE
from dashboard.use.asked import Days
from dashboard.use.figures import by_day, by_hour, by_zone, heatmap, peaks
from dashboard.use.hours import BUCKETS, KNOWN_LEAST, UsedHour, by_scope, full, open_hours, summed
from tests.dashboard.house import PLAN
from tests.dashboard.use.weeks import ALWAYS, MONDAY, at_ms, hour_rows, weeks

END = 2**50


def used(rows, scope=(WHOLE_SITE, "desk")):
    return by_scope(rows)[scope]


def test_use_is_the_share_of_the_known_time() -> None:
    days = weeks(1)
    total = summed(open_hours(PLAN, days, END), used(hour_rows(days, lambda _at: 4.0, unknown=2.0)))
    assert total.use == pytest.approx(4 / 8)
    assert total.coverage == pytest.approx(0.8)


def test_low_coverage_gives_no_figure_but_its_coverage() -> None:
    days = weeks(1)
    total = summed(open_hours(PLAN, days, END), used(hour_rows(days, lambda _at: 0.0, unknown=2.1)))
    assert (total.use, total.most, total.surplus) == (None, None, None)
    assert total.coverage == pytest.approx(0.79)


def test_hour_missing_in_history_is_unknown() -> None:
    days = weeks(1)
    hours = open_hours(PLAN, days, END)
    half = [row for number, row in enumerate(hour_rows(days, lambda _at: 4.0)) if number % 2]
    total = summed(hours, used(half))
    assert total.coverage == pytest.approx(0.5, abs=0.05)
    assert total.use is None
    assert summed(hours, {}).use is None
    assert summed([], {}).coverage == 0


def test_partly_stored_hour_is_weighted_by_its_stored_part() -> None:
    """Two of ten spaces are taken in a whole hour, and six of nine known spaces in three quarters of an hour."""
    nine, ten = [hour for hour in open_hours(PLAN, weeks(1), END) if hour.day == MONDAY.toordinal()][2:4]
    rows = {
        nine.at_ms: UsedHour(12.0, 10.0, 2.0, 2.0, 8.0, 0.0, 0.0),
        ten.at_ms: UsedHour(9.0, 10.0, 6.0, 6.0, 3.0, 1.0, 0.0),
    }
    total = summed([nine, ten], rows)
    assert total.coverage == pytest.approx(21 / 24 * (10 + 9 * 0.75) / (10 + 10 * 0.75))
    assert total.use == pytest.approx((2 + 6 * 0.75) / (10 + 9 * 0.75))


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
    hour = open_hours(PLAN, weeks(1), END)[0]
    rows = {hour.at_ms: UsedHour(stored, 10.0, 9.0, 10.0, least, unknown, none_free)}
    assert full(hour, rows) is expected
    (day,) = by_day([hour], rows)
    assert day.full_hours == (expected is True)


def test_only_finished_open_hours_count() -> None:
    hours = open_hours(PLAN, weeks(1), at_ms(MONDAY, 12) + HOUR_MS - 1)
    assert [hour.hour for hour in hours] == [7, 8, 9, 10, 11]
    assert {hour.weekday for hour in open_hours(PLAN, weeks(1), END)} == set(range(5))


def test_week_uses_local_hours_across_a_clock_change() -> None:
    days = weeks(8)
    rows = used(hour_rows(days, lambda at: 8.0 if (at.weekday(), at.hour) == (1, 10) else 2.0))
    cells = heatmap(open_hours(PLAN, days, END), rows)
    assert {place for place, cell in cells.items() if (cell.sum.use or 0) > 0.5} == {(1, 10)}
    assert cells[1, 10].days == 8
    assert cells[1, 10].sum.hours == 8


def test_repeated_hour_of_a_25_hour_day_counts_as_one_day() -> None:
    sunday = Days(date(2025, 10, 26), date(2025, 10, 26))
    hours = open_hours(ALWAYS, sunday, END)
    rows = used(hour_rows(sunday, lambda _at: 10.0, plan=ALWAYS))
    assert len(hours) == 25
    cell = heatmap(hours, rows)[6, 2]
    assert (cell.sum.hours, cell.days, cell.full_days) == (2, 1, 1)
    first = next(hour for hour in hours if hour.hour == 2)
    rows = used(hour_rows(sunday, lambda at: 10.0 if at.timestamp() * 1000 == first.at_ms else 1.0, plan=ALWAYS))
    cell = heatmap(hours, rows)[6, 2]
    assert (cell.days, cell.full_days) == (1, 1), "full in the first of its two hours is full that day"
    spring = Days(date(2026, 3, 29), date(2026, 3, 29))
    assert len(open_hours(ALWAYS, spring, END)) == 23


def test_public_holidays_are_in_the_days_but_not_in_the_week() -> None:
    plan = replace(PLAN, opening_hours={**PLAN.opening_hours, 6: PLAN.opening_hours[0]})
    days = Days(date(2026, 1, 5), date(2026, 1, 11))  # Epiphany is a Tuesday
    hours = open_hours(plan, days, END)
    rows = used(hour_rows(days, lambda _at: 5.0))
    assert any(hour.opening is Opening.RED for hour in hours)
    assert not [place for place in heatmap(hours, rows) if place[0] == 1]
    assert date(2026, 1, 6) in {day.day for day in by_day(hours, rows)}


def test_peak_is_of_the_whole_site_and_average_is_over_days() -> None:
    days = weeks(1)
    rows = used(hour_rows(days, lambda at: 3.0 + at.weekday() if at.hour == 10 else 1.0))
    found = peaks(by_day(open_hours(PLAN, days, END), rows))
    assert (found.highest, found.on, found.average_daily) == (7.0, date(2025, 10, 3), 5.0)
    assert (found.least_surplus, found.least_on, found.days, found.of) == (3.0, date(2025, 10, 3), 5, 5)


def test_day_with_little_data_is_left_out_of_the_average() -> None:
    days = weeks(1)
    rows = used(
        row if row.at_ms >= at_ms(date(2025, 9, 30)) else Row(row.tags, row.at_ms, (*row.fields[:5], 9.0, 0.0))
        for row in hour_rows(days, lambda _at: 6.0)
    )
    found = peaks(by_day(open_hours(PLAN, days, END), rows))
    assert (found.average_daily, found.days, found.of) == (6.0, 4, 5)


def test_unknown_week_has_no_peak() -> None:
    found = peaks(by_day(open_hours(PLAN, weeks(1), END), {}))
    assert (found.highest, found.average_daily, found.least_surplus, found.days, found.of) == (None, None, None, 0, 5)


def test_hour_is_not_full_if_an_unknown_space_may_have_been_free() -> None:
    days = weeks(4)
    sure = heatmap(open_hours(PLAN, days, END), used(hour_rows(days, lambda _at: 10.0)))
    unsure = heatmap(open_hours(PLAN, days, END), used(hour_rows(days, lambda _at: 9.0, unknown=1.0)))
    assert (sure[0, 9].days, sure[0, 9].full_days) == (4, 4)
    assert (unsure[0, 9].days, unsure[0, 9].full_days) == (0, 0)


def test_free_space_makes_an_hour_not_full_despite_unknown_spaces() -> None:
    days = weeks(4)
    rows = used(hour_rows(days, lambda _at: 5.0, unknown=2.0))
    assert {(cell.days, cell.full_days) for cell in heatmap(open_hours(PLAN, days, END), rows).values()} == {(4, 0)}


@st.composite
def histories(draw):
    """Two weeks of two zones with gaps; counts are multiples of one half, so that sums are exact."""
    days = weeks(2)
    halves = st.integers(0, 12).map(lambda n: n / 2)
    zones = {}
    for zone in ("hall", "quiet"):
        rows = []
        for hour in open_hours(PLAN, days, END):
            taken, unknown = draw(halves), draw(st.sampled_from([0.0, 0.0, 0.5, 3.0]))
            stored = draw(st.sampled_from([12.0, 12.0, 12.0, 6.0, 0.0]))
            if stored:
                free = max(0.0, 6.0 - taken - unknown)
                taken = min(taken, 6.0 - unknown)
                rows.append(Row((zone, "desk"), hour.at_ms, (stored, 6.0, taken, taken, free, unknown, 0.0)))
        zones[zone] = {row.at_ms: UsedHour(*row.fields) for row in rows}
    return days, zones


@given(histories())
def test_parts_add_up_to_the_whole_and_shares_stay_within_bounds(history) -> None:
    days, zones = history
    hours = open_hours(PLAN, days, END)
    for rows in zones.values():
        whole = summed(hours, rows)
        assert 0 <= whole.coverage <= 1
        for parts in (
            [cell.sum for cell in heatmap(hours, rows).values()],
            list(by_hour(hours, rows).values()),
            [day.sum for day in by_day(hours, rows)],
        ):
            assert sum(part.hours for part in parts) == whole.hours == len(hours)
            assert sum(part.buckets for part in parts) == whole.buckets <= BUCKETS * whole.hours
            assert sum(part.taken_h for part in parts) == pytest.approx(whole.taken_h)
            assert sum(part.known_h for part in parts) == pytest.approx(whole.known_h)
            assert max(part.peak for part in parts) == whole.peak
            for part in parts:
                assert part.use is None or 0 <= part.use <= 1
                assert (part.use is None) == (part.coverage < KNOWN_LEAST)
    sums = by_zone(hours, {(zone, "desk"): rows for zone, rows in zones.items()})
    assert set(sums) == {("hall", "desk"), ("quiet", "desk")}
