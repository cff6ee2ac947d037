"""Parsing of the use query: local days, the days to compare with, and rejected parameters."""

import contextlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.use.use_query import (
    MAX_RANGE_DAYS,
    ComparedPeriod,
    DayRange,
    UseQueryFault,
    UseQueryRejected,
    build_default_query,
    parse_use_query,
)
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

TODAY = date(2025, 11, 24)


def parse_args(**args: str):
    return parse_use_query({name.strip("_"): text for name, text in args.items()}, PLAN, MONDAY_10_MS)


def test_default_query_is_four_weeks_of_desks_in_the_whole_site() -> None:
    query = parse_args()
    assert query == build_default_query(PLAN, MONDAY_10_MS)
    assert (query.days, query.zone, query.kind) == (
        DayRange(date(2025, 10, 27), date(2025, 11, 23)),
        WHOLE_SITE,
        SpaceKind.DESK,
    )
    assert query.other_days is None


def test_site_without_spaces_can_query_people() -> None:
    doors = replace(PLAN, spaces=())
    query = parse_use_query({}, doors, MONDAY_10_MS)
    assert parse_use_query(query.to_url_args(), doors, MONDAY_10_MS) == query
    with pytest.raises(UseQueryRejected):
        parse_use_query({"kind": "room"}, doors, MONDAY_10_MS)


def test_chosen_days_end_today_at_the_latest() -> None:
    assert parse_args(from_="2025-11-03", to="2025-11-09").days == DayRange(date(2025, 11, 3), date(2025, 11, 9))
    assert parse_args(from_="2025-11-03", to="2025-12-24").days.last == TODAY
    assert parse_args(from_="2025-11-24").days == DayRange(TODAY, TODAY)
    assert parse_args(last="7", from_="2025-11-24").preset_days is None


@pytest.mark.parametrize(
    ("args", "name", "fault"),
    [
        ({"from_": "yesterday"}, "from", UseQueryFault.NO_DATE),
        ({"to": "2025-02-30"}, "to", UseQueryFault.NO_DATE),
        ({"to": "0001-01-01"}, "to", UseQueryFault.NO_DATE),
        ({"from_": "9999-12-31"}, "from", UseQueryFault.NO_DATE),
        ({"from_": "2025-11-10", "to": "2025-11-09"}, "to", UseQueryFault.ENDS_FIRST),
        ({"from_": "2025-11-25", "to": "2025-11-26"}, "from", UseQueryFault.NOT_YET),
        ({"from_": "2023-01-01", "to": "2025-11-09"}, "from", UseQueryFault.TOO_LONG),
        ({"zone": "cellar"}, "zone", UseQueryFault.NO_ZONE),
        ({"kind": "supply"}, "kind", UseQueryFault.NO_KIND),
        ({"last": "8"}, "last", UseQueryFault.NO_CHOICE),
        ({"with_": "luck"}, "with", UseQueryFault.NO_CHOICE),
        ({"with_": "since"}, "since", UseQueryFault.NO_DATE),
        ({"with_": "since", "since": "2025-11-20"}, "since", UseQueryFault.ENDS_FIRST),
    ],
)
def test_invalid_parameter_is_rejected_with_name_and_fault(
    args: dict[str, str], name: str, fault: UseQueryFault
) -> None:
    with pytest.raises(UseQueryRejected) as rejected:
        parse_args(**args)
    assert (rejected.value.name, rejected.value.fault) == (name, fault)


def test_longest_range_is_the_retention_of_history() -> None:
    first = TODAY - timedelta(days=MAX_RANGE_DAYS - 1)
    assert parse_args(from_=first.isoformat(), to=TODAY.isoformat()).days.day_count == MAX_RANGE_DAYS
    with pytest.raises(UseQueryRejected):
        parse_args(from_=(first - timedelta(days=1)).isoformat(), to=TODAY.isoformat())


@given(
    first=st.dates(date(2025, 1, 1), TODAY),
    count=st.integers(1, 60),
    against=st.sampled_from(["before", "year", "since"]),
    earlier=st.integers(1, 90),
)
def test_other_days_have_same_length_and_weekday_and_are_earlier(first, count, against, earlier) -> None:
    since = {"since": (first - timedelta(days=earlier)).isoformat()} if against == "since" else {}
    query = parse_args(
        from_=first.isoformat(), to=(first + timedelta(days=count - 1)).isoformat(), with_=against, **since
    )
    assert query.other_days is not None
    assert query.other_days.day_count == query.days.day_count
    assert query.other_days.first.weekday() == query.days.first.weekday()
    assert query.other_days.first < query.days.first
    if against == "before":
        assert query.other_days.last < query.days.first
    assert parse_use_query(query.to_url_args(), PLAN, MONDAY_10_MS) == query


def test_period_before_ends_less_than_a_week_before_the_chosen_days() -> None:
    assert parse_args(last="28", with_="before").other_days == DayRange(date(2025, 9, 29), date(2025, 10, 26))
    assert parse_args(from_="2025-11-10", to="2025-11-17", with_="before").other_days == DayRange(
        date(2025, 10, 27), date(2025, 11, 3)
    )
    since = parse_args(from_="2025-11-10", to="2025-11-16", with_="since", since="2025-11-08").other_days
    assert since == DayRange(date(2025, 11, 3), date(2025, 11, 9))
    with pytest.raises(UseQueryRejected):
        parse_args(from_="2025-11-10", to="2025-11-16", with_="since", since="2025-11-10")


def test_last_day_alone_selects_four_weeks() -> None:
    assert parse_args(to="2025-11-09").days == DayRange(date(2025, 10, 13), date(2025, 11, 9))


def test_query_round_trips_through_its_url() -> None:
    query = parse_args(last="91", zone="loft", kind="booth", with_="year")
    assert query.compared_period is ComparedPeriod.YEAR
    assert parse_use_query(query.to_url_args(), PLAN, MONDAY_10_MS) == query


@given(st.dictionaries(st.sampled_from(["last", "from", "to", "with", "since", "zone", "kind"]), st.text()))
def test_any_text_is_parsed_or_rejected(args: dict[str, str]) -> None:
    with contextlib.suppress(UseQueryRejected):
        assert parse_use_query(args, PLAN, MONDAY_10_MS).days.day_count <= MAX_RANGE_DAYS
