"""Recent history on the pages: queries, hidden zones, figure and table."""

import json
from dataclasses import replace

import pytest

from collector.history.measures import (
    AIR_FIVE_MIN,
    PEOPLE_FIVE_MIN,
    SPACE_HOUR,
    STAYS,
    ZONE_FIVE_MIN,
    ZONE_HOUR,
    HistoryRow,
)
from collector.site.privacy_limits import find_hidden_desk_zones
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind, Tenure
from dashboard.charts.history_chart import (
    ChartChoice,
    build_chart,
    build_figure,
    build_query,
    build_table,
    is_hidden,
    read_choice,
)
from dashboard.history.queries import HistoryQuery, QueryRejected, build_history_json, parse_query
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import DAY_MS, MINUTE_MS
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

SV = PageTexts.load("sv")
FIVE_MS = 5 * MINUTE_MS


def build_row(minute: int, taken: float = 10.5, *, zone: str = "site", kind: str = "desk") -> HistoryRow:
    return HistoryRow((zone, kind), MONDAY_10_MS + minute * MINUTE_MS, (32.0, taken, taken, 20.0, 1.25))


def test_figure_has_capacity_and_taken_spaces_in_five_minute_steps() -> None:
    drawn = build_figure([build_row(0), build_row(5, 12)], PLAN, SV)
    assert [trace["name"] for trace in drawn["data"]] == ["platser", "upptagna platser"]
    mean = drawn["data"][1]
    assert mean["x"] == ["2025-11-24 10:00", "2025-11-24 10:05", "2025-11-24 10:10"]
    assert mean["y"] == [10.5, 12, 12]  # the last bucket is drawn with its full five minutes
    assert json.dumps(drawn)


def test_missing_bucket_leaves_a_gap() -> None:
    assert build_figure([build_row(0), build_row(15, 12)], PLAN, SV)["data"][1]["y"] == [10.5, None, 12, 12]


def test_table_summarises_the_figure_by_hour() -> None:
    hours = build_table([build_row(0), build_row(5, 12), build_row(60, 3)], PLAN, SV)
    assert [(hour.mean, hour.peak, hour.capacity, hour.unknown) for hour in hours] == [
        ("11,2", "12", "32", "1,2"),
        ("under 5", "under 5", "32", "1,2"),
    ]
    assert hours[0].hour.endswith("10:00")


def test_one_to_four_taken_are_not_drawn() -> None:
    drawn = build_figure([build_row(0, 2.5), build_row(5, 0), build_row(10, 5)], PLAN, SV)["data"][1]["y"]
    assert drawn == [None, 0.0, 5.0, 5.0]


def test_unknown_value_is_a_dash_not_a_zero() -> None:
    blank = HistoryRow(("site", "desk"), MONDAY_10_MS, (32.0, None, None, None, None))
    assert build_table([blank], PLAN, SV)[0].mean == "–"  # noqa: RUF001


def test_no_rows_give_an_empty_chart() -> None:
    assert build_chart([], PLAN, SV).table == ()


@pytest.mark.parametrize(
    ("args", "choice"),
    [
        ({}, ChartChoice()),
        ({"zone": "quiet", "kind": "room", "days": "7"}, ChartChoice("quiet", SpaceKind.ROOM, 7)),
        ({"zone": "cellar", "kind": "supply", "days": "8000"}, ChartChoice()),
    ],
)
def test_invalid_choice_falls_back_to_the_default(args: dict[str, str], choice: ChartChoice) -> None:
    assert read_choice(args, PLAN) == choice


def test_query_runs_from_local_midnight_until_now() -> None:
    query = build_query(ChartChoice(days=7), PLAN, MONDAY_10_MS)
    assert (query.from_ms, query.to_ms) == (MONDAY_10_MS - 10 * 3_600_000 - 6 * DAY_MS, MONDAY_10_MS)
    assert query.tags == (("zone", "site"), ("kind", "desk"))


def test_zone_with_fewer_than_five_desks_has_no_history_and_cannot_be_derived() -> None:
    small = tuple(replace(s, zone="workshop") if s.id in {"desk-1", "desk-2"} else s for s in PLAN.spaces)
    plan = replace(PLAN, spaces=small)
    assert find_hidden_desk_zones(PLAN) == frozenset()
    assert find_hidden_desk_zones(plan) == {
        "workshop",
        "loft",
    }  # the whole site minus the other zones would reveal the workshop
    shut = tuple(replace(s, disabled=True) if s.id == "desk-28" else s for s in PLAN.spaces)
    assert find_hidden_desk_zones(replace(PLAN, spaces=shut)) == {"loft", "quiet"}, "four people can sit in the loft"
    assert is_hidden(ChartChoice("workshop"), plan)
    assert is_hidden(ChartChoice("workshop", SpaceKind.EQUIPMENT), plan), "there are two machines"


@pytest.mark.parametrize(
    ("shared", "own", "expected"),
    [
        ({"hall": 4}, {}, {"hall", "site"}),
        ({"hall": 2, "loft": 2}, {}, {"hall", "loft", "site"}),
        ({"hall": 5}, {}, set()),
        ({"hall": 3, "loft": 3}, {}, {"hall", "loft"}),
        ({"hall": 4, "loft": 5}, {"hall": 1}, {"hall", "loft"}),
        ({"hall": 1, "loft": 6}, {"hall": 9}, {"hall", "loft"}),
        ({"hall": 9}, {"hall": 1}, set()),
        ({"hall": 9}, {"loft": 1}, {"loft"}),
        ({"hall": 9}, {"loft": 5}, set()),
        ({"hall": 4}, {"loft": 5}, {"hall", "site"}),
    ],
)
def test_history_never_covers_one_to_four_shared_or_dedicated_desks(
    shared: dict[str, int], own: dict[str, int], expected: set[str]
) -> None:
    desk = next(space for space in PLAN.spaces if space.id == "desk-1")
    desks = [
        replace(desk, id=f"{tenure}-{zone}-{n}", zone=zone, tenure=tenure)
        for tenure, seats in ((Tenure.SHARED, shared), (Tenure.DEDICATED, own))
        for zone, number in seats.items()
        for n in range(number)
    ]
    plan = replace(PLAN, spaces=tuple(desks))
    assert find_hidden_desk_zones(plan) == expected
    assert is_hidden(ChartChoice(WHOLE_SITE), plan) is ("site" in expected)


def test_dedicated_room_has_no_history_and_cannot_be_derived() -> None:
    own = tuple(replace(s, tenure=Tenure.DEDICATED) if s.id == "room-1" else s for s in PLAN.spaces)
    plan = replace(PLAN, spaces=own)
    assert is_hidden(ChartChoice("loft", SpaceKind.ROOM), plan)
    assert is_hidden(ChartChoice(WHOLE_SITE, SpaceKind.ROOM), plan)
    rows = [HistoryRow((zone, "room"), MONDAY_10_MS, (2.0, 1.0, 1.0, 0.0, 0.0)) for zone in ("loft", WHOLE_SITE)]
    assert build_history_json(build_query(ChartChoice(), plan, MONDAY_10_MS), rows, plan)["rows"] == []


def test_query_without_a_range_covers_the_last_day() -> None:
    assert parse_query({}, PLAN, MONDAY_10_MS) == HistoryQuery(
        measure=ZONE_FIVE_MIN, from_ms=MONDAY_10_MS - DAY_MS, to_ms=MONDAY_10_MS
    )


def test_range_is_given_in_milliseconds_or_as_date_and_time() -> None:
    query = parse_query({"from": "2025-11-24T08:00+01:00", "to": str(MONDAY_10_MS)}, PLAN, 0)
    assert query.to_ms - query.from_ms == 2 * 3_600_000


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"measure": "desk_minute"}, "measure: no 'desk_minute'; give one of zone_five_min"),
        ({"zone": "cellar"}, "zone: no 'cellar'; give one of hall"),
        ({"kind": "sofa"}, "kind: no 'sofa'"),
        ({"kind": "people"}, "kind: no 'people'"),
        ({"measure": "forecast", "lead": "2h"}, "lead: no '2h'; give one of 1h, 3h, day, week"),
        ({"measure": "air_five_min", "kind": "desk"}, "kind: air_five_min has no kind"),
        ({"measure": "space_hour"}, "measure: no 'space_hour'; give one of"),
        ({"space": "booth-1"}, "space: unknown parameter"),
        ({"from": "yesterday"}, "from: 'yesterday' is not a time"),
        ({"from": "2025-11-24T08:00"}, "is not a time"),
        ({"to": "0001-01-01T00:00:00+00:00"}, "is not a time between 1970 and 2100"),
        ({"to": "9999-12-31T23:59:59-14:00"}, "is not a time between 1970 and 2100"),
        ({"from": "2025-01-01T00:00Z", "to": "2025-11-24T08:00Z"}, "by at most 31 days"),
        ({"from": str(MONDAY_10_MS + 1)}, "from must be before to"),
        ({"desk": "14"}, "desk: unknown parameter"),
    ],
)
def test_invalid_query_is_rejected_with_the_reason(args: dict[str, str], text: str) -> None:
    with pytest.raises(QueryRejected) as rejected:
        parse_query(args, PLAN, MONDAY_10_MS)
    assert text in str(rejected.value)


def test_answer_is_an_object_with_named_fields() -> None:
    query = build_query(ChartChoice(), PLAN, MONDAY_10_MS)
    response = build_history_json(query, [build_row(0)], PLAN)
    assert response["measure"] == "zone_five_min"
    assert response["rows"][0] == {
        "zone": "site",
        "kind": "desk",
        "at": MONDAY_10_MS,
        "capacity": 32.0,
        "taken_mean": 10.5,
        "taken_peak": 10.5,
        "free_least": 20.0,
        "unknown_mean": 1.25,
    }


def test_stays_are_rounded_to_fives_and_hidden_for_zones_with_few_desks() -> None:
    query = parse_query({"measure": "stays"}, PLAN, MONDAY_10_MS)
    few = HistoryRow(("hall", "desk"), MONDAY_10_MS, (0.0, 1.0, 4.0, 5.0, 7.0, 8.0, 12.0, 13.0))
    (row,) = build_history_json(query, [few, HistoryRow(("workshop", "desk"), MONDAY_10_MS, few.fields)], PLAN)["rows"]
    assert [row[name] for name in STAYS.fields] == [0.0, None, None, 5.0, 5.0, 10.0, 10.0, 15.0]


@pytest.mark.parametrize(("kind", "expected"), [("desk", [5.0, 6.0]), ("room", [])])
def test_history_from_before_a_zone_had_five_desks_is_hidden(kind: str, expected: list[float]) -> None:
    grown = [
        HistoryRow(("loft", kind), MONDAY_10_MS + n * FIVE_MS, (capacity, 1.0, 1.0, 1.0, 0.0))
        for n, capacity in enumerate((2.0, 4.0, 5.0, 6.0))
    ]
    query = HistoryQuery(measure=ZONE_FIVE_MIN, from_ms=MONDAY_10_MS, to_ms=MONDAY_10_MS + FIVE_MS)
    assert [row["capacity"] for row in build_history_json(query, grown, PLAN)["rows"]] == expected


def test_air_of_a_dedicated_office_is_hidden_also_in_stored_rows() -> None:
    office = [space for space in PLAN.spaces if space.zone != "loft" or space.id == "room-1"]
    own = [replace(space, tenure=Tenure.DEDICATED) if space.id == "room-1" else space for space in office]
    rows = [HistoryRow((zone,), MONDAY_10_MS, (900.0, 21.0, 40.0)) for zone in ("hall", "loft")]
    query = HistoryQuery(measure=AIR_FIVE_MIN, from_ms=0, to_ms=MONDAY_10_MS + 1)
    assert [row["zone"] for row in build_history_json(query, rows, PLAN)["rows"]] == ["hall", "loft"]
    assert [row["zone"] for row in build_history_json(query, rows, replace(PLAN, spaces=tuple(own)))["rows"]] == [
        "hall"
    ]


def test_forecasts_are_answered_except_few_people_and_small_zones() -> None:
    query = parse_query({"measure": "forecast", "kind": "people", "lead": "day"}, PLAN, MONDAY_10_MS)
    people = HistoryRow(("site", "people", "day"), MONDAY_10_MS, (2.0, 6.0, 9.0, None, 4.5, None))
    (row,) = build_history_json(query, [people], PLAN)["rows"]
    assert (row["low"], row["middle"], row["came"]) == (None, 6.0, None)
    desks = [
        HistoryRow((zone, "desk", "day"), MONDAY_10_MS, (2.0, 6.0, 9.0, 0.9, 4.5, 1.0)) for zone in ("hall", "loft")
    ]
    own = tuple(replace(s, tenure=Tenure.DEDICATED) if s.id == "desk-28" else s for s in PLAN.spaces)
    query = parse_query({"measure": "forecast"}, PLAN, MONDAY_10_MS)
    rows = build_history_json(query, desks, replace(PLAN, spaces=own))["rows"]
    assert [row["zone"] for row in rows] == ["hall"], "of the loft's five desks four are offered"
    assert rows[0]["low"] == 2.0


def test_answer_never_contains_a_single_space_or_few_people() -> None:
    hours = HistoryQuery(measure=SPACE_HOUR, from_ms=0, to_ms=MONDAY_10_MS)
    states = [HistoryRow((space,), MONDAY_10_MS, (3600.0, 0.0, 0.0)) for space in ("desk-1", "booth-1")]
    assert build_history_json(hours, states, PLAN)["rows"] == []
    people = HistoryQuery(measure=PEOPLE_FIVE_MIN, from_ms=0, to_ms=MONDAY_10_MS)
    (row,) = build_history_json(people, [HistoryRow(("site",), MONDAY_10_MS, (4.0, 0.0, 17.0, 3.0, 21.0, None))], PLAN)[
        "rows"
    ]
    assert (row["entries"], row["exits"], row["people"]) == (None, 0.0, 17.0)


@pytest.mark.parametrize(("zone", "kind", "is_hidden"), [("hall", "desk", False), ("hall", "booth", True)])
def test_answer_without_rows_states_that_they_are_hidden(zone: str, kind: str, *, is_hidden: bool) -> None:
    query = parse_query({"zone": zone, "kind": kind}, PLAN, MONDAY_10_MS)
    answer = build_history_json(query, [], PLAN)
    assert answer["rows"] == []
    assert answer.get("note") == ("Rows of groups under 5 are not shown, to protect privacy." if is_hidden else None)


def test_one_to_four_taken_spaces_and_derived_fields_are_withheld() -> None:
    query = HistoryQuery(measure=ZONE_HOUR, from_ms=0, to_ms=MONDAY_10_MS + 1)
    fields = (12.0, 32.0, 2.5, 2.5, 29.5, 0.0, 0.0), (12.0, 32.0, 4.5, 6.0, 26.0, 0.0, 0.0)
    rows = [HistoryRow((WHOLE_SITE, "desk"), MONDAY_10_MS - n, found) for n, found in enumerate(fields)]
    few, more = build_history_json(query, rows, PLAN)["rows"]
    assert [few[name] for name in ZONE_HOUR.fields] == [12.0, 32.0, None, None, None, 0.0, None]
    assert [more[name] for name in ZONE_HOUR.fields] == [12.0, 32.0, None, 6.0, 26.0, 0.0, 0.0]
