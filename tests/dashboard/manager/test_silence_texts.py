"""The silence of a sensor in words: what it loses, and for how long its death may go unnoticed."""

import dataclasses

import pytest

from collector.contract.states import SilenceTuning, Tuning
from collector.site.site_sensor import Sensor
from dashboard.manager_rows.silence_texts import describe_silence
from dashboard.text.page_texts import PageTexts
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from tests.support.dashboard.site import PLAN

EN, SV = PageTexts.load("en"), PageTexts.load("sv")


def pir(heartbeat_ms: int = 30_000, name: str = "pir") -> Sensor:
    return Sensor(device="gateway", id=name, kind=SensorKind.PIR, space="desk-1", heartbeat_ms=heartbeat_ms)


def describe(sensor: Sensor, *others: Sensor, tuning: Tuning | None = None, texts: PageTexts = EN) -> str:
    return describe_silence(sensor, tuning, dataclasses.replace(PLAN, sensors=(sensor, *others)), texts)


def test_a_wired_sensor_states_nothing() -> None:
    assert not describe(pir())


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (EN, "If it dies, its space can be shown free by mistake for up to 2 hours."),
        (SV, "Om den slutar fungera kan platsen felaktigt visas som ledig i upp till 2 timmar."),
    ],
)
def test_a_sensor_with_rare_heartbeats_states_for_how_long_its_space_can_be_wrong(
    texts: PageTexts, sentence: str
) -> None:
    assert describe(pir(HOUR_MS), texts=texts) == sentence


def test_another_sensor_that_detects_people_is_named() -> None:
    radar = Sensor(device="pi", id="radar", kind=SensorKind.PRESENCE, space="desk-1")
    power = Sensor(device="pi", id="plug", kind=SensorKind.POWER, space="desk-1")
    assert describe(pir(HOUR_MS), radar, power).endswith("for up to 2 hours, unless radar detects somebody.")


def test_a_sensor_that_loses_messages_states_how_many_and_its_limit() -> None:
    tuning = Tuning(silences=[SilenceTuning("gateway", "pir", 0.2, 4 * MINUTE_MS)])
    lossy = "About 20% of its messages are lost, so it counts as silent only after 4 minutes."
    assert describe(pir(), tuning=tuning) == lossy
    assert not describe(pir(name="other"), tuning=tuning)


def test_the_learned_limit_counts_for_how_long_the_space_can_be_wrong() -> None:
    tuning = Tuning(silences=[SilenceTuning("gateway", "pir", 0.2, 4 * HOUR_MS)])
    assert describe(pir(HOUR_MS), tuning=tuning).endswith("by mistake for up to 4 hours.")


def test_a_door_sensor_makes_no_space_free() -> None:
    door = Sensor(device="gateway", id="door", kind=SensorKind.BEAM_PAIR, door="front", heartbeat_ms=HOUR_MS)
    assert not describe(door)
