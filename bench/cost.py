"""What judging and forecasting cost: one event through the pure core, a year of a big house, a week ahead.

Run:   python -m bench.cost [--spaces N] [--days N] [--rounds N]
In:    made-up houses: desks with a PIR each, two visits of one to three hours on a working day, seeded.
Out:   microseconds of `step`, median and 99 %, beside a bare json.loads of the same event; seconds for a whole year's
       events of 500 spaces, folded space by space as a replay does it; seconds for the forecasts of 50 zones, each of
       the coming week from eight weeks of open hours; each beside what is asked.

The year's sensors are bought ones on a battery: a heartbeat in two hours, a pulse about every 20 minutes of a visit,
which makes about 27 events a day and space, five million a year. The single steps are those of a wired PIR: a
heartbeat each 30 s, and a pulse about every minute.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from statistics import quantiles
from typing import Final, NamedTuple

import msgspec

from collector.days import hours
from collector.inference import START, Heard, SpaceRules, fold, space_rules, step
from collector.known_hours import Known
from collector.look_ahead import Series, look_ahead
from collector.plan import OpeningHours
from edge.message import Kind
from tests.collector.houses import NOON_MS, house_of

SECOND_MS: Final = 1000
MINUTE_MS: Final = 60 * SECOND_MS
DAY_MS: Final = 1440 * MINUTE_MS
WORKING_DAYS: Final = 5
ZONES: Final = 50


class Sensing(NamedTuple):
    """How a sensor speaks."""

    heartbeat_ms: int
    between_pulses_ms: int
    """On average, while somebody is there."""


WIRED: Final = Sensing(30 * SECOND_MS, MINUTE_MS)
ON_BATTERY: Final = Sensing(120 * MINUTE_MS, 20 * MINUTE_MS)


def rules(sensing: Sensing) -> SpaceRules:
    """One desk's default rules."""
    plan = house_of(1)
    sensors = tuple(replace(sensor, heartbeat_ms=sensing.heartbeat_ms) for sensor in plan.sensors)
    return space_rules(replace(plan, sensors=sensors), "desk-0")


def year(seed: int, days: int, sensing: Sensing) -> list[Heard]:
    """What one desk's sensor says in so many days, in canonical order."""
    dice = Random(seed)  # noqa: S311 - repeatable, no secret
    moments = [(NOON_MS + at_ms, Kind.HEARTBEAT, 0) for at_ms in range(0, days * DAY_MS, sensing.heartbeat_ms)]
    for day in (day for day in range(days) if day % 7 < WORKING_DAYS):
        for opens_min in (540, 780):
            begins_ms = NOON_MS + day * DAY_MS + (opens_min + dice.randrange(60)) * MINUTE_MS
            for at_ms in _pulses(dice, begins_ms, dice.randrange(60, 180) * MINUTE_MS, sensing):
                moments += [(at_ms, Kind.MOTION, 1), (at_ms + 2500, Kind.MOTION, 0)]
    return [
        Heard(at_ms, "pi-1", "s", seq, "desk-0-pir", *what) for seq, (at_ms, *what) in enumerate(sorted(moments), 1)
    ]


def _pulses(dice: Random, begins_ms: int, lasts_ms: int, sensing: Sensing) -> Iterator[int]:
    at_ms = begins_ms
    while at_ms < begins_ms + lasts_ms:
        yield at_ms
        at_ms += 5 * SECOND_MS + int(dice.expovariate(1 / sensing.between_pulses_ms))


def steps_us(rounds: int) -> tuple[list[float], list[float]]:
    """Microseconds of each step of a fortnight, and of json.loads of the same events."""
    judged, read = [], []
    desk, said = rules(WIRED), year(1, 14, WIRED)
    for _ in range(rounds):
        evidence = START
        for event in said:
            begun = time.perf_counter_ns()
            evidence, _ = step(evidence, event, desk)
            judged.append((time.perf_counter_ns() - begun) / 1000)
    for line in map(msgspec.json.encode, said):
        begun = time.perf_counter_ns()
        json.loads(line)
        read.append((time.perf_counter_ns() - begun) / 1000)
    return judged, read


def house_s(spaces: int, days: int) -> tuple[int, float]:
    """Events of a house, and the seconds that folding them takes."""
    desk, events, spent_s = rules(ON_BATTERY), 0, 0.0
    for seed in range(spaces):
        said = year(seed, days, ON_BATTERY)
        begun = time.process_time()
        fold(START, said, desk)
        spent_s += time.process_time() - begun
        events += len(said)
    return events, spent_s


def forecasts_s(zones: int) -> tuple[int, float]:
    """Hours of one zone's forecast, and the seconds that those of all zones take."""
    opening = OpeningHours(opens_min=8 * 60, closes_min=20 * 60)
    plan = replace(house_of(10), opening_hours=dict.fromkeys(range(7), opening))
    calendar, dice = hours(plan, NOON_MS - 56 * DAY_MS, NOON_MS + 16 * DAY_MS), Random(1)  # noqa: S311 - repeatable
    told, spent_s = 0, 0.0
    for zone in range(zones):
        known = {hour.at_ms: Known(dice.uniform(0, 10), 0.5, 10) for hour in calendar if hour.at_ms < NOON_MS}
        begun = time.process_time()
        outlook, _ = look_ahead(Series(f"zone-{zone}", "desk", 10), calendar, NOON_MS, known, [])
        spent_s += time.process_time() - begun
        told = len(outlook.hours)
    return told, spent_s


def main() -> None:
    """Measure, and print each figure beside what is asked of it."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--spaces", type=int, default=500)
    asked.add_argument("--days", type=int, default=365)
    asked.add_argument("--rounds", type=int, default=3, help="of the fortnight that single steps are taken from")
    options = asked.parse_args()
    judged, read = steps_us(options.rounds)
    median, at_99 = (quantiles(judged, n=100)[place] for place in (49, 98))
    print(
        f"one step of the pure core: median {median:.1f} us (asked: at most 10), 99 % within {at_99:.1f} us;"
        f" json.loads of the same event: median {quantiles(read, n=100)[49]:.1f} us"
    )
    events, spent_s = house_s(options.spaces, options.days)
    print(
        f"{options.days} days of {options.spaces} spaces: {events} events in {spent_s:.1f} s (asked: at most 180),"
        f" {spent_s / events * 1e6:.1f} us each"
    )
    told, spent_s = forecasts_s(ZONES)
    print(f"{ZONES} zones, {told} open hours ahead each: {spent_s:.2f} s (asked: at most 1)")


if __name__ == "__main__":
    main()
