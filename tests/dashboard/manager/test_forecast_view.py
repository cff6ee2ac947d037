"""The forecast on the host's page: the day, the week and the accuracy, as a figure and as tables."""

import pytest
from flask import Flask

from collector.contract.forecast_points import ChanceScore, ForecastScore, Lead
from collector.contract.forecasts import Forecast, ForecastScores, Outlook, encode
from collector.history.measures import HistoryRow
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.live.snapshot import BrokerMessage
from dashboard.manager.forecast_view import ForecastView, WeekCell, build_forecast_view
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.page_texts import PageTexts
from edge.contract import topics
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.seasons import build_people_row
from tests.support.dashboard.login import log_in
from tests.support.dashboard.outlooks import OUTLOOK, build_hour_outlook
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

SV, EN = PageTexts.load("sv"), PageTexts.load("en")
NONE = "\u2013"


ACTUAL_ROWS = [
    HistoryRow((WHOLE_SITE, "desk"), MONDAY_10_MS - minute * 60_000, (28.0, 10.0, 12.0, 8.0, 0.0))
    for minute in range(60, 0, -5)
]


def build_view(outlook: Outlook = OUTLOOK, rows: list[HistoryRow] = ACTUAL_ROWS, texts: PageTexts = SV) -> ForecastView:
    return build_forecast_view(outlook, rows, PLAN, texts, MONDAY_10_MS)


def test_live_usual_and_forecast_have_different_lines() -> None:
    traces = {trace["name"]: trace for trace in build_view().figure["data"]}
    assert list(traces) == ["", "80\xa0%-intervall", "normalt", "prognos", SV.gettext("free")]
    live = build_view().figure["data"][-1]
    assert (live["line"]["width"], live["line"]["dash"]) == (3, "solid")
    assert (traces["prognos"]["line"]["dash"], traces["normalt"]["line"]["width"]) == ("dash", 1)
    assert traces["80\xa0%-intervall"]["fill"] == "tonexty"
    assert live["x"][0] == "2025-11-24 09:00"
    assert (traces["prognos"]["x"], traces["prognos"]["y"]) == (
        ["2025-11-24 10:00", "2025-11-24 11:00", "2025-11-24 12:00"],
        [4.0, 6.5, 6.5],
    )
    assert traces["normalt"]["x"][0] == "2025-11-24 09:00"


def test_table_has_the_values_of_the_day() -> None:
    rows = build_view(texts=EN).course
    assert [row.hour for row in rows] == ["09:00", "10:00", "11:00"]
    assert (rows[0].actual, rows[0].usual, rows[0].middle, rows[0].band, rows[0].odds) == ("8.0", "9.0", *[NONE] * 3)
    assert (rows[1].actual, rows[1].middle, rows[1].band, rows[1].odds) == (NONE, "4.0", f"2.0{NONE}6.0", "90%")
    assert build_view().course[1].odds == "90\u00a0%"


def test_odds_are_never_rounded_up() -> None:
    def formatted_odds(odds: float) -> str:
        return (
            build_view(
                Outlook(at_ms=MONDAY_10_MS, capacity=28, usual=((0, 5.0),), hours=(build_hour_outlook(0, 4.0, odds),)),
                [],
                EN,
            )
            .course[0]
            .odds
        )

    assert [formatted_odds(odds) for odds in (0.29, 0.955, 0.999, 1.0)] == ["29%", "95%", "99%", "100%"]


def test_week_has_a_column_for_each_day_and_a_shade_for_each_count() -> None:
    week = build_view(texts=EN)
    assert week.days == ("Mon 24", "Tue 25")
    assert week.week == (("10", (WeekCell("4", 0), WeekCell("0", 0))), ("11", (WeekCell("6", 1), WeekCell("28", 4))))


def test_accuracy_is_given_in_sentences_and_as_tables() -> None:
    accuracy = build_view(texts=EN).accuracy
    assert accuracy is not None
    assert accuracy.sentences == (
        "An hour ahead, the average error was 0.4.",
        "A day ahead, the average error was 1.1.",
        "81% of the hours were within the 80% range.",
        "Where the chance of a free space was 90% or more, one was free 380 of 390 times.",
    )
    assert accuracy.hours == 300
    assert accuracy.leads == (("an hour ahead", "300", "0.4", "80%"), ("a day ahead", "100", "1.1", "84%"))
    assert accuracy.reliability == ((f"80{NONE}90%", "10", "90%"), (f"90{NONE}100%", "390", "97%"))
    assert "En timme i förväg var felet i genomsnitt 0,4." in (build_view().accuracy or accuracy).sentences


def test_share_that_came_true_needs_enough_forecasts() -> None:
    one = ForecastScores({Lead.HOUR: ForecastScore(1, 0.4, 0.4, 1.0, 3.2)}, (*(None,) * 9, ChanceScore(1, 0.95, 1.0)))
    outlook = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=14, usual=OUTLOOK.usual, hours=OUTLOOK.hours, scores=one)
    accuracy = build_view(outlook, [], EN).accuracy
    assert accuracy is not None
    assert not [sentence for sentence in accuracy.sentences if "the chance of a free space" in sentence]


def test_no_accuracy_without_past_forecasts() -> None:
    young = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=14, usual=OUTLOOK.usual, hours=OUTLOOK.hours)
    assert build_view(young, []).accuracy is None


def test_few_people_are_withheld_in_figure_and_tables() -> None:
    few = Outlook(
        at_ms=MONDAY_10_MS,
        usual=((-1, 12.0), (0, 3.0), (1, 9.0)),
        hours=(build_hour_outlook(0, 3.0, None), build_hour_outlook(1, 6.0, None)),
        scores=ForecastScores({Lead.HOUR: ForecastScore(300, 0.42, 0.4, 0.8, 3.2)}, ()),
    )
    rows = [build_people_row(MONDAY_10_MS - HOUR_MS, 12.0), build_people_row(MONDAY_10_MS - HOUR_MS // 2, 2.0)]
    view = build_view(few, rows, EN)
    drawn = {value for trace in view.figure["data"] for value in trace["y"] if value is not None}
    assert drawn & {1.0, 2.0, 3.0, 4.0} == set()
    assert [row.middle for row in view.course] == [NONE, "under 5", "6.0"]
    assert [cells[0].text for _, cells in view.week] == ["<5", "6"]
    assert view.accuracy is not None
    assert view.accuracy.reliability == ()


def test_evening_shows_the_next_open_day_without_todays_values() -> None:
    evening = MONDAY_10_MS + 11 * HOUR_MS
    outlook = Outlook(at_ms=evening, capacity=28, days=30, usual=((10, 9.0),), hours=(build_hour_outlook(10, 4.0),))
    shown = build_forecast_view(outlook, ACTUAL_ROWS, PLAN, EN, evening)
    assert shown.day == "Tuesday 25 November"
    assert [trace["name"] for trace in shown.figure["data"]] == ["", "80% range", "usual", "forecast"]


def test_missing_bucket_leaves_a_gap_in_the_line() -> None:
    live = build_view(rows=[ACTUAL_ROWS[0], ACTUAL_ROWS[3]]).figure["data"][-1]
    assert None in live["y"]


@pytest.mark.parametrize(
    ("outlook", "sv"),
    [
        (None, "Ingen prognos för det här valet"),
        (Outlook(at_ms=MONDAY_10_MS, missing_days=1), "Ingen prognos än. Det behövs en dag till med historik."),
        (Outlook(at_ms=MONDAY_10_MS, missing_days=9), "Ingen prognos än. Det behövs 9 dagar till med historik."),
        (Outlook(at_ms=MONDAY_10_MS, capacity=28), "Stängt de närmaste 7 dagarna."),
        (OUTLOOK, "måndag 24 november"),
    ],
)
def test_page_shows_the_forecast_or_why_there_is_none(
    app: Flask, live: LiveView, outlook: Outlook | None, sv: str
) -> None:
    if outlook is not None:
        topic = topics.FORECAST.topic(PLAN.id, WHOLE_SITE)
        live.inbox.append(BrokerMessage(topic, encode(Forecast(kinds={SpaceKind.DESK: outlook})), retained=True))
        live.tick(1.0)
    manager = app.test_client()
    log_in(manager)
    assert sv in manager.get("/manage/forecast?lang=sv", base_url="https://localhost").text
