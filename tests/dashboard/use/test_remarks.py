"""Remarks on weeks of use: which are found, and in which order."""

from collector.site.site_plan import WHOLE_SITE
from dashboard.text.page_texts import PageTexts
from dashboard.use.figures import sum_by_zone
from dashboard.use.remarks import BusiestHour, FullHours, HardlyUsedZone, QuietestWeekday, UnknownShare, find_remarks
from dashboard.use.sentences import format_remark
from dashboard.use.used_hours import group_by_scope, list_open_hours
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.weeks import build_weeks, generate_hour_rows, to_unix_ms

END = 2**50
EIGHT_WEEKS = build_weeks(8)


def find_remarks_in(rows, chosen=(WHOLE_SITE, "desk"), days=EIGHT_WEEKS):
    hours = list_open_hours(PLAN, days, END)
    scopes = group_by_scope(rows)
    return find_remarks(hours, scopes, sum_by_zone(hours, scopes), chosen)


def generate_busy_tuesdays(weeks_full):
    """The quiet zone is full on Tuesdays from 10 to 12 in some of the eight weeks; the whole site never is."""
    first_ms = to_unix_ms(EIGHT_WEEKS.first)

    def taken(at):
        week = int((at.timestamp() * 1000 - first_ms) // (7 * 86_400_000))
        return 12.0 if at.weekday() == 1 and at.hour in {10, 11} and week < weeks_full else 7.0

    return [
        *generate_hour_rows(EIGHT_WEEKS, lambda _at: 20.0, capacity=32.0),
        *generate_hour_rows(EIGHT_WEEKS, taken, zone="quiet", capacity=12.0),
        *generate_hour_rows(EIGHT_WEEKS, lambda _at: 7.0, zone="hall", capacity=15.0),
    ]


def test_consecutive_full_hours_are_one_remark_and_come_first() -> None:
    found = find_remarks_in(generate_busy_tuesdays(6))
    assert found == [FullHours("quiet", "desk", 1, 10, 12, 6, 8, 12)]
    sentence = "Tuesdays 10–12: no free desk in Tysta rummet in 6 of 8 weeks."  # noqa: RUF001 - a range has an en dash
    assert format_remark(found[0], PLAN, PageTexts.load("en")) == sentence


def test_full_hours_in_fewer_than_half_of_the_weeks_are_no_remark() -> None:
    assert isinstance(find_remarks_in(generate_busy_tuesdays(3))[0], BusiestHour)


def test_hours_full_in_different_weeks_are_separate_remarks() -> None:
    first_ms = to_unix_ms(EIGHT_WEEKS.first)

    def taken(at):
        week = int((at.timestamp() * 1000 - first_ms) // (7 * 86_400_000))
        full_at = {10, 11} if week < 4 else {12}
        return 12.0 if at.weekday() == 1 and at.hour in full_at else 7.0

    found = find_remarks_in(list(generate_hour_rows(EIGHT_WEEKS, taken, capacity=12.0)))
    assert [
        (one.begin_hour, one.end_hour, one.weeks, one.known_weeks) for one in found if isinstance(one, FullHours)
    ] == [
        (10, 12, 4, 8),
        (12, 13, 4, 8),
    ]


def test_two_weeks_are_too_few_for_full_hours() -> None:
    week = build_weeks(2)
    rows = list(generate_hour_rows(week, lambda _at: 10.0))
    assert not [found for found in find_remarks_in(rows, days=week) if isinstance(found, FullHours)]


def test_two_days_per_weekday_are_too_few_for_remarks() -> None:
    def rows(days):
        return list(generate_hour_rows(days, lambda at: 2.0 if at.weekday() == 4 else 5.0 + (at.hour == 10)))

    assert find_remarks_in(rows(build_weeks(2)), days=build_weeks(2)) == []
    assert [type(found) for found in find_remarks_in(rows(build_weeks(3)), days=build_weeks(3))] == [
        BusiestHour,
        QuietestWeekday,
    ]


def test_hours_full_in_the_whole_site_are_not_repeated_for_zones() -> None:
    def full(at):
        return 10.0 if (at.weekday(), at.hour) == (0, 9) else 6.0

    rows = [
        *generate_hour_rows(EIGHT_WEEKS, full),
        *generate_hour_rows(EIGHT_WEEKS, full, zone="quiet"),
        *generate_hour_rows(EIGHT_WEEKS, full, zone="hall"),
    ]
    assert [found.zone for found in find_remarks_in(rows) if isinstance(found, FullHours)] == [WHOLE_SITE]
    assert [found.zone for found in find_remarks_in(rows[len(rows) // 3 :]) if isinstance(found, FullHours)] == [
        "hall",
        "quiet",
    ]


def test_full_hours_stay_the_same_across_a_clock_change() -> None:
    (found,) = (one for one in find_remarks_in(generate_busy_tuesdays(8)) if isinstance(one, FullHours))
    assert (found.begin_hour, found.end_hour, found.weeks, found.known_weeks) == (10, 12, 8, 8)


def test_quiet_days_hardly_used_zones_and_gaps_are_found() -> None:
    rows = [
        *generate_hour_rows(EIGHT_WEEKS, lambda at: 2.0 if at.weekday() == 4 else 8.0, capacity=20.0, unknown=2.0),
        *generate_hour_rows(EIGHT_WEEKS, lambda _at: 0.5, zone="hall"),
        *generate_hour_rows(EIGHT_WEEKS, lambda _at: 5.0, zone="quiet"),
    ]
    found = find_remarks_in(rows)
    assert [type(one) for one in found] == [BusiestHour, QuietestWeekday, HardlyUsedZone, UnknownShare]
    assert [format_remark(one, PLAN, PageTexts.load("en")) for one in found[1:]] == [
        "Quietest on Fridays: 11% occupied, compared with 44% on Mondays.",
        "Hardly used: Spinnsalen, desks, 5% of opening hours.",
        "No data for 10% of opening hours; they are left out of all figures.",
    ]


def test_weekday_above_half_of_the_busiest_is_not_quiet() -> None:
    def rows(calm):
        return list(generate_hour_rows(EIGHT_WEEKS, lambda at: calm if at.weekday() == 4 else 8.0))

    assert [
        [one.weekday for one in find_remarks_in(rows(use)) if isinstance(one, QuietestWeekday)] for use in (4.0, 4.5)
    ] == [[4], []]


def test_no_data_gives_no_remarks() -> None:
    assert find_remarks_in([]) == []
    assert find_remarks([], {}, {}, (WHOLE_SITE, "desk")) == []
