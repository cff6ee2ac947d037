"""Remarks on weeks of use: which are found, and in which order."""

from collector.plan import WHOLE_SITE
from dashboard.use.figures import by_zone
from dashboard.use.hours import by_scope, open_hours
from dashboard.use.remarks import Calm, Full, Fullest, Hardly, Unknown, remarks
from dashboard.use.sentences import remark
from dashboard.words import Words
from tests.dashboard.house import PLAN
from tests.dashboard.use.weeks import at_ms, hour_rows, weeks

END = 2**50
EIGHT = weeks(8)


def told(rows, chosen=(WHOLE_SITE, "desk"), days=EIGHT):
    hours = open_hours(PLAN, days, END)
    scopes = by_scope(rows)
    return remarks(hours, scopes, by_zone(hours, scopes), chosen)


def busy_tuesdays(weeks_full):
    """The quiet zone is full on Tuesdays from 10 to 12 in some of the eight weeks; the whole site never is."""
    first_ms = at_ms(EIGHT.first)

    def taken(at):
        week = int((at.timestamp() * 1000 - first_ms) // (7 * 86_400_000))
        return 12.0 if at.weekday() == 1 and at.hour in {10, 11} and week < weeks_full else 7.0

    return [
        *hour_rows(EIGHT, lambda _at: 20.0, capacity=32.0),
        *hour_rows(EIGHT, taken, zone="quiet", capacity=12.0),
        *hour_rows(EIGHT, lambda _at: 7.0, zone="hall", capacity=15.0),
    ]


def test_consecutive_full_hours_are_one_remark_and_come_first() -> None:
    found = told(busy_tuesdays(6))
    assert found == [Full("quiet", "desk", 1, 10, 12, 6, 8, 12)]
    sentence = "Tuesdays 10–12: no free desk in Tysta rummet in 6 of 8 weeks."  # noqa: RUF001 - a range has an en dash
    assert remark(found[0], PLAN, Words.of("en")) == sentence


def test_full_hours_in_fewer_than_half_of_the_weeks_are_no_remark() -> None:
    assert isinstance(told(busy_tuesdays(3))[0], Fullest)


def test_hours_full_in_different_weeks_are_separate_remarks() -> None:
    first_ms = at_ms(EIGHT.first)

    def taken(at):
        week = int((at.timestamp() * 1000 - first_ms) // (7 * 86_400_000))
        full_at = {10, 11} if week < 4 else {12}
        return 12.0 if at.weekday() == 1 and at.hour in full_at else 7.0

    found = told(list(hour_rows(EIGHT, taken, capacity=12.0)))
    assert [(one.begin, one.end, one.weeks, one.of) for one in found if isinstance(one, Full)] == [
        (10, 12, 4, 8),
        (12, 13, 4, 8),
    ]


def test_two_weeks_are_too_few_for_full_hours() -> None:
    week = weeks(2)
    rows = list(hour_rows(week, lambda _at: 10.0))
    assert not [found for found in told(rows, days=week) if isinstance(found, Full)]


def test_two_days_per_weekday_are_too_few_for_remarks() -> None:
    def rows(days):
        return list(hour_rows(days, lambda at: 2.0 if at.weekday() == 4 else 5.0 + (at.hour == 10)))

    assert told(rows(weeks(2)), days=weeks(2)) == []
    assert [type(found) for found in told(rows(weeks(3)), days=weeks(3))] == [Fullest, Calm]


def test_hours_full_in_the_whole_site_are_not_repeated_for_zones() -> None:
    def full(at):
        return 10.0 if (at.weekday(), at.hour) == (0, 9) else 6.0

    rows = [*hour_rows(EIGHT, full), *hour_rows(EIGHT, full, zone="quiet"), *hour_rows(EIGHT, full, zone="hall")]
    assert [found.zone for found in told(rows) if isinstance(found, Full)] == [WHOLE_SITE]
    assert [found.zone for found in told(rows[len(rows) // 3 :]) if isinstance(found, Full)] == ["hall", "quiet"]


def test_full_hours_stay_the_same_across_a_clock_change() -> None:
    (found,) = (one for one in told(busy_tuesdays(8)) if isinstance(one, Full))
    assert (found.begin, found.end, found.weeks, found.of) == (10, 12, 8, 8)


def test_quiet_days_hardly_used_zones_and_gaps_are_found() -> None:
    rows = [
        *hour_rows(EIGHT, lambda at: 2.0 if at.weekday() == 4 else 8.0, capacity=20.0, unknown=2.0),
        *hour_rows(EIGHT, lambda _at: 0.5, zone="hall"),
        *hour_rows(EIGHT, lambda _at: 5.0, zone="quiet"),
    ]
    found = told(rows)
    assert [type(one) for one in found] == [Fullest, Calm, Hardly, Unknown]
    assert [remark(one, PLAN, Words.of("en")) for one in found[1:]] == [
        "Quietest on Fridays: 11% occupied, compared with 44% on Mondays.",
        "Hardly used: Spinnsalen, desks, 5% of opening hours.",
        "No data for 10% of opening hours; they are left out of all figures.",
    ]


def test_weekday_above_half_of_the_busiest_is_not_quiet() -> None:
    def rows(calm):
        return list(hour_rows(EIGHT, lambda at: calm if at.weekday() == 4 else 8.0))

    assert [[one.weekday for one in told(rows(use)) if isinstance(one, Calm)] for use in (4.0, 4.5)] == [[4], []]


def test_no_data_gives_no_remarks() -> None:
    assert told([]) == []
    assert remarks([], {}, {}, (WHOLE_SITE, "desk")) == []
