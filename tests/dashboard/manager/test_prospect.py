"""What managers see of a forecast: the day's course, the week, how right it was; each as a figure and as a table."""

import pytest
from flask import Flask

from collector.forecast import HOUR_MS
from collector.forecast.outlook import Forecast, Hindsight, HourOutlook, Outlook, encode
from collector.forecast.score import Kept, Lead, Score
from collector.history import Row
from collector.plan import WHOLE_SITE, SpaceKind
from dashboard.live.following import Live
from dashboard.live.picture import Message
from dashboard.manager.prospect import Cell, Prospect, prospect
from dashboard.words import Words
from edge import topics
from tests.collector.seasons import people
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.test_routes import log_in

SV, EN = Words.of("sv"), Words.of("en")
NONE = "\u2013"
LOOKED = Hindsight(
    {Lead.HOUR: Score(300, 0.42, 0.4, 0.8, 3.2), Lead.DAY: Score(100, 1.1, 0.4, 0.84, 3.2)},
    (*(None,) * 8, Kept(10, 0.85, 0.9), Kept(390, 0.95, 0.974)),
)


def hour(ahead: int, middle: float, odds: float | None = 0.9) -> HourOutlook:
    spread = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)
    return HourOutlook(ahead, middle + 1, tuple(max(0.0, middle + beyond) for beyond in spread), odds)


TOLD = Outlook(
    at_ms=MONDAY_10_MS,
    capacity=28,
    days=30,
    usual=((-1, 9.0), (0, 5.0), (1, 7.0)),
    hours=(hour(0, 4.0), hour(1, 6.5), hour(24, 0.4, 0.2), hour(25, 27.9)),
    hindsight=LOOKED,
)
CAME = [
    Row((WHOLE_SITE, "desk"), MONDAY_10_MS - minute * 60_000, (28.0, 10.0, 12.0, 8.0, 0.0))
    for minute in range(60, 0, -5)
]


def seen(told: Outlook = TOLD, rows: list[Row] = CAME, words: Words = SV) -> Prospect:
    return prospect(told, rows, PLAN, words, MONDAY_10_MS)


def test_live_usual_and_forecast_are_told_apart_by_their_lines() -> None:
    traces = {trace["name"]: trace for trace in seen().figure["data"]}
    assert list(traces) == ["", "80 %-intervall", "normalt", "prognos", SV.gettext("free")]
    live = seen().figure["data"][-1]
    assert (live["line"]["width"], live["line"]["dash"]) == (3, "solid")
    assert (traces["prognos"]["line"]["dash"], traces["normalt"]["line"]["width"]) == ("dash", 1)
    assert traces["80 %-intervall"]["fill"] == "tonexty"
    assert live["x"][0] == "2025-11-24 09:00"
    assert (traces["prognos"]["x"], traces["prognos"]["y"]) == (
        ["2025-11-24 10:00", "2025-11-24 11:00", "2025-11-24 12:00"],
        [4.0, 6.5, 6.5],
    )
    assert traces["normalt"]["x"][0] == "2025-11-24 09:00"


def test_the_course_as_a_table_says_the_same() -> None:
    rows = seen(words=EN).course
    assert [row.hour for row in rows] == ["09:00", "10:00", "11:00"]
    assert (rows[0].came, rows[0].usual, rows[0].middle, rows[0].band, rows[0].odds) == ("8.0", "9.0", *[NONE] * 3)
    assert (rows[1].came, rows[1].middle, rows[1].band, rows[1].odds) == (NONE, "4.0", f"2.0{NONE}6.0", "90%")
    assert seen().course[1].odds == "90\u00a0%"


def test_odds_are_told_no_surer_than_they_are() -> None:
    def told(odds: float) -> str:
        return (
            seen(Outlook(at_ms=MONDAY_10_MS, capacity=28, usual=((0, 5.0),), hours=(hour(0, 4.0, odds),)), [], EN)
            .course[0]
            .odds
        )

    assert [told(odds) for odds in (0.29, 0.955, 0.999, 1.0)] == ["29%", "95%", "99%", "100%"]


def test_the_week_has_a_column_for_each_day_and_a_shade_for_each_count() -> None:
    week = seen(words=EN)
    assert week.days == ("Mon 24", "Tue 25")
    assert week.week == (("10", (Cell("4", 0), Cell("0", 0))), ("11", (Cell("6", 1), Cell("28", 4))))


def test_how_right_it_was_is_told_in_sentences_and_as_a_table() -> None:
    looked = seen(words=EN).looked
    assert looked is not None
    assert looked.sentences == (
        "An hour ahead, the average error was 0.4.",
        "A day ahead, the average error was 1.1.",
        "81% of the hours were within the 80% range.",
        "Where the chance of a free space was 90% or more, one was free 380 of 390 times.",
    )
    assert looked.hours == 300
    assert looked.leads == (("an hour ahead", "300", "0.4", "80%"), ("a day ahead", "100", "1.1", "84%"))
    assert looked.kept == ((f"80{NONE}90%", "10", "90%"), (f"90{NONE}100%", "390", "97%"))
    assert "En timme i förväg var felet i genomsnitt 0,4." in (seen().looked or looked).sentences


def test_no_share_is_told_of_a_handful_of_promises() -> None:
    one = Hindsight({Lead.HOUR: Score(1, 0.4, 0.4, 1.0, 3.2)}, (*(None,) * 9, Kept(1, 0.95, 1.0)))
    told = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=14, usual=TOLD.usual, hours=TOLD.hours, hindsight=one)
    looked = seen(told, [], EN).looked
    assert looked is not None
    assert not [sentence for sentence in looked.sentences if "promised" in sentence]


def test_before_anything_came_true_nothing_is_said_of_it() -> None:
    young = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=14, usual=TOLD.usual, hours=TOLD.hours)
    assert seen(young, []).looked is None


def test_few_people_are_neither_drawn_nor_counted() -> None:
    few = Outlook(
        at_ms=MONDAY_10_MS,
        usual=((-1, 12.0), (0, 3.0), (1, 9.0)),
        hours=(hour(0, 3.0, None), hour(1, 6.0, None)),
        hindsight=Hindsight({Lead.HOUR: Score(300, 0.42, 0.4, 0.8, 3.2)}, ()),
    )
    rows = [people(MONDAY_10_MS - HOUR_MS, 12.0), people(MONDAY_10_MS - HOUR_MS // 2, 2.0)]
    told = seen(few, rows, EN)
    drawn = {value for trace in told.figure["data"] for value in trace["y"] if value is not None}
    assert drawn & {1.0, 2.0, 3.0, 4.0} == set()
    assert [row.middle for row in told.course] == [NONE, "under 5", "6.0"]
    assert [cells[0].text for _, cells in told.week] == ["<5", "6"]
    assert told.looked is not None
    assert told.looked.kept == ()


def test_in_the_evening_the_next_open_day_is_shown_without_what_came_today() -> None:
    evening = MONDAY_10_MS + 11 * HOUR_MS
    told = Outlook(at_ms=evening, capacity=28, days=30, usual=((10, 9.0),), hours=(hour(10, 4.0),))
    shown = prospect(told, CAME, PLAN, EN, evening)
    assert shown.day == "Tuesday 25 November"
    assert [trace["name"] for trace in shown.figure["data"]] == ["", "80% range", "usual", "forecast"]


def test_five_minutes_that_are_missing_leave_a_gap() -> None:
    live = seen(rows=[CAME[0], CAME[3]]).figure["data"][-1]
    assert None in live["y"]


@pytest.mark.parametrize(
    ("told", "sv"),
    [
        (None, "Ingen prognos för det här valet"),
        (Outlook(at_ms=MONDAY_10_MS, missing_days=1), "Ingen prognos än. Det behövs en dag till med historik."),
        (Outlook(at_ms=MONDAY_10_MS, missing_days=9), "Ingen prognos än. Det behövs 9 dagar till med historik."),
        (Outlook(at_ms=MONDAY_10_MS, capacity=28), "Stängt de närmaste sju dagarna."),
        (TOLD, "måndag 24 november"),
    ],
)
def test_the_manager_s_page_says_what_is_coming_or_why_it_does_not(
    app: Flask, live: Live, told: Outlook | None, sv: str
) -> None:
    if told is not None:
        topic = topics.forecast(PLAN.id, WHOLE_SITE)
        live.inbox.append(Message(topic, encode(Forecast(kinds={SpaceKind.DESK: told})), retained=True))
        live.tick(1.0)
    manager = app.test_client()
    log_in(manager)
    assert sv in manager.get("/manage/forecast?lang=sv", base_url="https://localhost").text
