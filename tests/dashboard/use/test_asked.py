"""Parsing of the use query: local days, the days to compare with, and rejected parameters."""

import contextlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.plan import WHOLE_SITE, SpaceKind
from dashboard.use.asked import LONGEST_DAYS, Against, AskedRejected, Days, Fault, read_asked, usual
from tests.dashboard.house import MONDAY_10_MS, PLAN

TODAY = date(2025, 11, 24)


def read(**args: str):
    return read_asked({name.strip("_"): text for name, text in args.items()}, PLAN, MONDAY_10_MS)


def test_default_query_is_four_weeks_of_desks_in_the_whole_site() -> None:
    query = read()
    assert query == usual(PLAN, MONDAY_10_MS)
    assert (query.days, query.zone, query.kind) == (
        Days(date(2025, 10, 27), date(2025, 11, 23)),
        WHOLE_SITE,
        SpaceKind.DESK,
    )
    assert query.other is None


def test_site_without_spaces_can_query_people() -> None:
    doors = replace(PLAN, spaces=())
    query = read_asked({}, doors, MONDAY_10_MS)
    assert read_asked(query.args(), doors, MONDAY_10_MS) == query
    with pytest.raises(AskedRejected):
        read_asked({"kind": "room"}, doors, MONDAY_10_MS)


def test_chosen_days_end_today_at_the_latest() -> None:
    assert read(from_="2025-11-03", to="2025-11-09").days == Days(date(2025, 11, 3), date(2025, 11, 9))
    assert read(from_="2025-11-03", to="2025-12-24").days.last == TODAY
    assert read(from_="2025-11-24").days == Days(TODAY, TODAY)
    assert read(last="7", from_="2025-11-24").last is None


@pytest.mark.parametrize(
    ("args", "name", "fault"),
    [
        ({"from_": "yesterday"}, "from", Fault.NO_DATE),
        ({"to": "2025-02-30"}, "to", Fault.NO_DATE),
        ({"to": "0001-01-01"}, "to", Fault.NO_DATE),
        ({"from_": "9999-12-31"}, "from", Fault.NO_DATE),
        ({"from_": "2025-11-10", "to": "2025-11-09"}, "to", Fault.ENDS_FIRST),
        ({"from_": "2025-11-25", "to": "2025-11-26"}, "from", Fault.NOT_YET),
        ({"from_": "2023-01-01", "to": "2025-11-09"}, "from", Fault.TOO_LONG),
        ({"zone": "cellar"}, "zone", Fault.NO_ZONE),
        ({"kind": "supply"}, "kind", Fault.NO_KIND),
        ({"last": "8"}, "last", Fault.NO_CHOICE),
        ({"with_": "luck"}, "with", Fault.NO_CHOICE),
        ({"with_": "since"}, "since", Fault.NO_DATE),
        ({"with_": "since", "since": "2025-11-20"}, "since", Fault.ENDS_FIRST),
    ],
)
def test_invalid_parameter_is_rejected_with_name_and_fault(args: dict[str, str], name: str, fault: Fault) -> None:
    with pytest.raises(AskedRejected) as rejected:
        read(**args)
    assert (rejected.value.name, rejected.value.fault) == (name, fault)


def test_longest_range_is_the_retention_of_history() -> None:
    first = TODAY - timedelta(days=LONGEST_DAYS - 1)
    assert read(from_=first.isoformat(), to=TODAY.isoformat()).days.count == LONGEST_DAYS
    with pytest.raises(AskedRejected):
        read(from_=(first - timedelta(days=1)).isoformat(), to=TODAY.isoformat())


@given(
    first=st.dates(date(2025, 1, 1), TODAY),
    count=st.integers(1, 60),
    against=st.sampled_from(["before", "year", "since"]),
    earlier=st.integers(1, 90),
)
def test_other_days_have_same_length_and_weekday_and_are_earlier(first, count, against, earlier) -> None:
    since = {"since": (first - timedelta(days=earlier)).isoformat()} if against == "since" else {}
    query = read(from_=first.isoformat(), to=(first + timedelta(days=count - 1)).isoformat(), with_=against, **since)
    assert query.other is not None
    assert query.other.count == query.days.count
    assert query.other.first.weekday() == query.days.first.weekday()
    assert query.other.first < query.days.first
    if against == "before":
        assert query.other.last < query.days.first
    assert read_asked(query.args(), PLAN, MONDAY_10_MS) == query


def test_period_before_ends_less_than_a_week_before_the_chosen_days() -> None:
    assert read(last="28", with_="before").other == Days(date(2025, 9, 29), date(2025, 10, 26))
    assert read(from_="2025-11-10", to="2025-11-17", with_="before").other == Days(
        date(2025, 10, 27), date(2025, 11, 3)
    )
    since = read(from_="2025-11-10", to="2025-11-16", with_="since", since="2025-11-08").other
    assert since == Days(date(2025, 11, 3), date(2025, 11, 9))
    with pytest.raises(AskedRejected):
        read(from_="2025-11-10", to="2025-11-16", with_="since", since="2025-11-10")


def test_last_day_alone_selects_four_weeks() -> None:
    assert read(to="2025-11-09").days == Days(date(2025, 10, 13), date(2025, 11, 9))


def test_query_round_trips_through_its_url() -> None:
    query = read(last="91", zone="loft", kind="booth", with_="year")
    assert query.against is Against.YEAR
    assert read_asked(query.args(), PLAN, MONDAY_10_MS) == query


@given(st.dictionaries(st.sampled_from(["last", "from", "to", "with", "since", "zone", "kind"]), st.text()))
def test_any_text_is_parsed_or_rejected(args: dict[str, str]) -> None:
    with contextlib.suppress(AskedRejected):
        assert read_asked(args, PLAN, MONDAY_10_MS).days.count <= LONGEST_DAYS
