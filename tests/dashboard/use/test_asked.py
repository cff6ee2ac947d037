"""What is asked for: local days, the same weekdays beside them, and what is wrong with a question."""

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


def test_who_asks_for_nothing_gets_the_last_four_weeks_of_desks_in_the_whole_house() -> None:
    asked = read()
    assert asked == usual(PLAN, MONDAY_10_MS)
    assert (asked.days, asked.zone, asked.kind) == (
        Days(date(2025, 10, 27), date(2025, 11, 23)),
        WHOLE_SITE,
        SpaceKind.DESK,
    )
    assert asked.other is None


def test_a_house_that_only_counts_people_can_ask_for_them() -> None:
    doors = replace(PLAN, spaces=())
    asked = read_asked({}, doors, MONDAY_10_MS)
    assert read_asked(asked.args(), doors, MONDAY_10_MS) == asked
    with pytest.raises(AskedRejected):
        read_asked({"kind": "room"}, doors, MONDAY_10_MS)


def test_days_can_be_chosen_and_today_is_the_last() -> None:
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
def test_a_question_that_cannot_be_answered_says_what_is_wrong(args: dict[str, str], name: str, fault: Fault) -> None:
    with pytest.raises(AskedRejected) as refused:
        read(**args)
    assert (refused.value.name, refused.value.fault) == (name, fault)


def test_the_longest_span_is_what_is_kept() -> None:
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
def test_the_other_days_are_as_many_begin_on_the_same_weekday_and_come_before(first, count, against, earlier) -> None:
    since = {"since": (first - timedelta(days=earlier)).isoformat()} if against == "since" else {}
    asked = read(from_=first.isoformat(), to=(first + timedelta(days=count - 1)).isoformat(), with_=against, **since)
    assert asked.other is not None
    assert asked.other.count == asked.days.count
    assert asked.other.first.weekday() == asked.days.first.weekday()
    assert asked.other.first < asked.days.first
    if against == "before":
        assert asked.other.last < asked.days.first
    assert read_asked(asked.args(), PLAN, MONDAY_10_MS) == asked


def test_the_weeks_just_before_end_where_the_chosen_ones_begin_or_less_than_a_week_earlier() -> None:
    assert read(last="28", with_="before").other == Days(date(2025, 9, 29), date(2025, 10, 26))
    assert read(from_="2025-11-10", to="2025-11-17", with_="before").other == Days(
        date(2025, 10, 27), date(2025, 11, 3)
    )
    since = read(from_="2025-11-10", to="2025-11-16", with_="since", since="2025-11-08").other
    assert since == Days(date(2025, 11, 3), date(2025, 11, 9))
    with pytest.raises(AskedRejected):
        read(from_="2025-11-10", to="2025-11-16", with_="since", since="2025-11-10")


def test_an_end_alone_has_four_weeks_before_it() -> None:
    assert read(to="2025-11-09").days == Days(date(2025, 10, 13), date(2025, 11, 9))


def test_a_question_comes_back_from_its_url() -> None:
    asked = read(last="91", zone="loft", kind="booth", with_="year")
    assert asked.against is Against.YEAR
    assert read_asked(asked.args(), PLAN, MONDAY_10_MS) == asked


@given(st.dictionaries(st.sampled_from(["last", "from", "to", "with", "since", "zone", "kind"]), st.text()))
def test_no_text_breaks_it(args: dict[str, str]) -> None:
    with contextlib.suppress(AskedRejected):
        assert read_asked(args, PLAN, MONDAY_10_MS).days.count <= LONGEST_DAYS
