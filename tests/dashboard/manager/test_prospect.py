"""The forecast on the host's page: the day, the week and the accuracy, as a figure and as tables."""

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


def seen(outlook: Outlook = TOLD, rows: list[Row] = CAME, texts: Words = SV) -> Prospect:
    return prospect(outlook, rows, PLAN, texts, MONDAY_10_MS)


def test_live_usual_and_forecast_have_different_lines() -> None:
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


def test_table_has_the_values_of_the_day() -> None:
    rows = seen(texts=EN).course
    assert [row.hour for row in rows] == ["09:00", "10:00", "11:00"]
    assert (rows[0].came, rows[0].usual, rows[0].middle, rows[0].band, rows[0].odds) == ("8.0", "9.0", *[NONE] * 3)
    assert (rows[1].came, rows[1].middle, rows[1].band, rows[1].odds) == (NONE, "4.0", f"2.0{NONE}6.0", "90%")
    assert seen().course[1].odds == "90\u00a0%"


def test_odds_are_never_rounded_up() -> None:
    def formatted_odds(odds: float) -> str:
        return (
            seen(Outlook(at_ms=MONDAY_10_MS, capacity=28, usual=((0, 5.0),), hours=(hour(0, 4.0, odds),)), [], EN)
            .course[0]
            .odds
        )

    assert [formatted_odds(odds) for odds in (0.29, 0.955, 0.999, 1.0)] == ["29%", "95%", "99%", "100%"]


def test_week_has_a_column_for_each_day_and_a_shade_for_each_count() -> None:
    week = seen(texts=EN)
    assert week.days == ("Mon 24", "Tue 25")
    assert week.week == (("10", (Cell("4", 0), Cell("0", 0))), ("11", (Cell("6", 1), Cell("28", 4))))


def test_accuracy_is_given_in_sentences_and_as_tables() -> None:
    accuracy = seen(texts=EN).looked
    assert accuracy is not None
    assert accuracy.sentences == (
        "An hour ahead, the average error was 0.4.",
        "A day ahead, the average error was 1.1.",
        "81% of the hours were within the 80% range.",
        "Where the chance of a free space was 90% or more, one was free 380 of 390 times.",
    )
    assert accuracy.hours == 300
    assert accuracy.leads == (("an hour ahead", "300", "0.4", "80%"), ("a day ahead", "100", "1.1", "84%"))
    assert accuracy.kept == ((f"80{NONE}90%", "10", "90%"), (f"90{NONE}100%", "390", "97%"))
    assert "En timme i förväg var felet i genomsnitt 0,4." in (seen().looked or accuracy).sentences


def test_share_that_came_true_needs_enough_forecasts() -> None:
    one = Hindsight({Lead.HOUR: Score(1, 0.4, 0.4, 1.0, 3.2)}, (*(None,) * 9, Kept(1, 0.95, 1.0)))
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=14, usual=TOLD.usual, hours=TOLD.hours, hindsight=one)
    accuracy = seen(outlook, [], EN).looked
    assert accuracy is not None
    assert not [sentence for sentence in accuracy.sentences if "the chance of a free space" in sentence]


def test_no_accuracy_without_past_forecasts() -> None:
    young = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=14, usual=TOLD.usual, hours=TOLD.hours)
    assert seen(young, []).looked is None


def test_few_people_are_withheld_in_figure_and_tables() -> None:
    few = Outlook(
        at_ms=MONDAY_10_MS,
        usual=((-1, 12.0), (0, 3.0), (1, 9.0)),
        hours=(hour(0, 3.0, None), hour(1, 6.0, None)),
        hindsight=Hindsight({Lead.HOUR: Score(300, 0.42, 0.4, 0.8, 3.2)}, ()),
    )
    rows = [people(MONDAY_10_MS - HOUR_MS, 12.0), people(MONDAY_10_MS - HOUR_MS // 2, 2.0)]
    view = seen(few, rows, EN)
    drawn = {value for trace in view.figure["data"] for value in trace["y"] if value is not None}
    assert drawn & {1.0, 2.0, 3.0, 4.0} == set()
    assert [row.middle for row in view.course] == [NONE, "under 5", "6.0"]
    assert [cells[0].text for _, cells in view.week] == ["<5", "6"]
    assert view.looked is not None
    assert view.looked.kept == ()


def test_evening_shows_the_next_open_day_without_todays_values() -> None:
    evening = MONDAY_10_MS + 11 * HOUR_MS
    outlook = Outlook(at_ms=evening, capacity=28, days=30, usual=((10, 9.0),), hours=(hour(10, 4.0),))
    shown = prospect(outlook, CAME, PLAN, EN, evening)
    assert shown.day == "Tuesday 25 November"
    assert [trace["name"] for trace in shown.figure["data"]] == ["", "80% range", "usual", "forecast"]


def test_missing_bucket_leaves_a_gap_in_the_line() -> None:
    live = seen(rows=[CAME[0], CAME[3]]).figure["data"][-1]
    assert None in live["y"]


@pytest.mark.parametrize(
    ("outlook", "sv"),
    [
        (None, "Ingen prognos för det här valet"),
        (Outlook(at_ms=MONDAY_10_MS, missing_days=1), "Ingen prognos än. Det behövs en dag till med historik."),
        (Outlook(at_ms=MONDAY_10_MS, missing_days=9), "Ingen prognos än. Det behövs 9 dagar till med historik."),
        (Outlook(at_ms=MONDAY_10_MS, capacity=28), "Stängt de närmaste sju dagarna."),
        (TOLD, "måndag 24 november"),
    ],
)
def test_page_shows_the_forecast_or_why_there_is_none(app: Flask, live: Live, outlook: Outlook | None, sv: str) -> None:
    if outlook is not None:
        topic = topics.forecast(PLAN.id, WHOLE_SITE)
        live.inbox.append(Message(topic, encode(Forecast(kinds={SpaceKind.DESK: outlook})), retained=True))
        live.tick(1.0)
    manager = app.test_client()
    log_in(manager)
    assert sv in manager.get("/manage/forecast?lang=sv", base_url="https://localhost").text
