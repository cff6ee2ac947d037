"""Learned values for managers: hold times with bounds and error rates, thresholds with agreement."""

import time

from flask import Flask

from collector.contract.states import HoldTuning, SensorTuning, Tuning, encode
from dashboard.live.snapshot import BrokerMessage
from dashboard.manager.learned_values_view import HoldRow, ThresholdRow, build_learned_values
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.page_texts import PageTexts
from edge.contract import topics
from edge.timekeeping.durations import MINUTE_MS
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN

SV, EN = PageTexts.load("sv"), PageTexts.load("en")
NONE = "\u2013"
LEARNT = Tuning(HoldTuning(12 * MINUTE_MS, 10 * MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 0.02, 0.08))
PINNED = Tuning(HoldTuning(*[7 * MINUTE_MS] * 4))
SOUND_LEVELS = Tuning(sensors=[SensorTuning("pi-1", "desk-1-pir", 41.5, 39.0, 0.87)])


def test_hold_row_has_bounds_and_error_rates_with_and_without_learning() -> None:
    assert build_learned_values({"desk-1": LEARNT}, PLAN, EN).holds == (
        HoldRow("Skrivbord 1", "movement", "12 min", f"5{NONE}15 min", "2%", "8%"),
    )
    (row,) = build_learned_values({"desk-1": LEARNT}, PLAN, SV).holds
    assert row.without_learning == "8\u00a0%"


def test_fixed_hold_is_shown_as_fixed_without_error_rates() -> None:
    assert build_learned_values({"desk-1": PINNED}, PLAN, SV).holds == (
        HoldRow("Skrivbord 1", "rörelse", "7 min", "fast värde", NONE, NONE),
    )


def test_a_space_with_both_kinds_of_sensors_has_both_holds() -> None:
    both = Tuning(LEARNT.hold, level_hold=HoldTuning(4 * MINUTE_MS, 3 * MINUTE_MS, 3 * MINUTE_MS, 15 * MINUTE_MS))
    rows = build_learned_values({"desk-1": both}, PLAN, EN).holds
    assert [(row.after, row.hold) for row in rows] == [("movement", "12 min"), ("presence", "4 min")]


def test_threshold_row_has_its_sensor_and_agreement() -> None:
    assert build_learned_values({"desk-1": SOUND_LEVELS}, PLAN, SV).thresholds == (
        ThresholdRow("desk-1-pir (Skrivbord 1)", "41,5", "39", "87\u00a0%"),
    )


def test_spaces_are_in_the_order_of_the_site_file() -> None:
    holds = build_learned_values(
        {"room-1": LEARNT, "desk-2": LEARNT, "desk-1": PINNED, "desk-99": LEARNT}, PLAN, EN
    ).holds
    assert [row.space for row in holds] == ["Skrivbord 1", "Skrivbord 2", "Rum Väven"]


def test_page_shows_learned_values_once_there_are_any(app: Flask, live: LiveView) -> None:
    manager = app.test_client()
    log_in(manager)
    assert "Ingenting än." in manager.get("/manage/learned-values?lang=sv", base_url="https://localhost").text
    live.inbox.append(BrokerMessage(topics.TUNING.topic(PLAN.id, "desk-1"), encode(LEARNT), retained=True))
    live.tick(time.monotonic())
    page = manager.get("/manage/learned-values?lang=sv", base_url="https://localhost").text
    assert "Ingenting än." not in page
    assert "12 min" in page
