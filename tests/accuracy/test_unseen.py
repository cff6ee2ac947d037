"""Learned values are tested on unseen time."""

from bench.accuracy.player import SensorColumn, build_rules, derive_events, play_events
from bench.accuracy.unseen import play_unseen, split_parts
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, MINUTE_MS
from ledig.replay.recorded_rows import RecordedRow

MIDNIGHT_MS = 1_700_006_400_000
PIR = SensorColumn("pir", SensorKind.PIR, EventKind.MOTION, "moved", pulse_ms=2500)


def build_rows(day: int, from_min: int, people: int, *, long_min: int = 60) -> list[RecordedRow]:
    """Build one row per minute, with motion in each if there are people."""
    return [
        RecordedRow(MIDNIGHT_MS + day * DAY_MS + at * MINUTE_MS, {"moved": float(people > 0), "people": people})
        for at in range(from_min, from_min + long_min)
    ]


def test_day_is_one_part_even_over_midnight() -> None:
    rows = [*build_rows(0, 600, 1), *build_rows(0, 700, 1), *build_rows(1, 1400, 2)]
    assert [len(part) for part in split_parts(rows, "people")] == [120, 60]


def test_spans_are_parts_if_only_one_day_has_people() -> None:
    rows = [*build_rows(0, 600, 1), *build_rows(0, 700, 1), *build_rows(1, 600, 0)]
    assert [len(part) for part in split_parts(rows, "people")] == [60, 60, 60]


def test_each_part_keeps_its_time_and_begins_unknown() -> None:
    rows = [*build_rows(0, 600, 1), *build_rows(1, 600, 0), *build_rows(2, 600, 1)]
    shown = play_unseen(rows, "people", [PIR])
    starts = [part[0].at_ms for part in split_parts(rows, "people")]
    assert [at_ms for at_ms, state in shown if state == "unknown" and at_ms in starts] == starts
    for start_ms, people in zip(starts, (1, 0, 1), strict=True):
        states = {state for at_ms, state in shown if start_ms <= at_ms < start_ms + 59 * MINUTE_MS}
        assert ("occupied" in states) is bool(people)
        assert ("vacant" in states) is not people


def test_sensor_that_learns_nothing_shows_the_same() -> None:
    """A sensor that learns nothing shows an unseen day as if played alone."""
    rows = [*build_rows(0, 600, 1), *build_rows(1, 600, 1), *build_rows(1, 660, 0)]
    alone = [row for row in rows if row.at_ms >= MIDNIGHT_MS + DAY_MS]
    _, shown = play_events(derive_events(alone, [PIR]), build_rules([PIR]), alone[-1].at_ms)
    unseen = [change for change in play_unseen(rows, "people", [PIR]) if change[0] > alone[0].at_ms]
    assert unseen == [change for change in shown if change[0] > alone[0].at_ms]
