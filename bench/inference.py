"""Cost of evaluation: one event through the pure core, and a year of a large site.

Run:   python -m bench.inference [--spaces N] [--days N] [--rounds N]
In:    a simulated site, seeded: of twenty spaces twelve desks with a PIR, three with an additional seat switch, two
       booths with a PIR and a door contact, two rooms with two PIRs, one machine with a power meter. Each is used twice
       on a working day, for one to three hours.
Out:   microseconds of `step` by kind of space, median and 99 %, with a bare json.loads of the same event; seconds for
       all events of 500 spaces in a year, folded space by space with learning, as a replay does; with the goals.

The year's sensors are bought ones on a battery: a heartbeat in two or three hours, and a pulse about every 20 minutes
of a visit, which makes some five million events. The single steps are those of wired sensors: a heartbeat every 30 s,
and a pulse about every minute.
"""

import argparse
import json
import time
from collections.abc import Iterator
from random import Random
from statistics import quantiles
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from collector.occupancy.evaluate import (
    EMPTY_EVIDENCE,
    SpaceRules,
    StoredEvent,
    apply_event,
    build_space_rules,
    fold_events,
)
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Floor, Space, SpaceKind, Zone
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import DAY_MS, MINUTE_MS

SECOND_MS: Final = 1000
START_MS: Final = 1_790_000_000_000 // DAY_MS * DAY_MS
WORKING_DAYS: Final = 5
PULSE_MS: Final = 2500
IDLE_W: Final = 12.0
BUSY_W: Final = 140.0


class EventRate(NamedTuple):
    """How often sensors send events."""

    heartbeat_ms: int
    pulse_interval_ms: int
    """Average while somebody is there."""


WIRED: Final = EventRate(30 * SECOND_MS, MINUTE_MS)
ON_BATTERY: Final = EventRate(165 * MINUTE_MS, 20 * MINUTE_MS)

PIR, SEAT, CONTACT, POWER = SensorKind.PIR, SensorKind.PRESSURE, SensorKind.CONTACT, SensorKind.POWER
SPACE_TYPES: Final = (
    *((SpaceKind.DESK, (PIR,)),) * 12,
    *((SpaceKind.DESK, (PIR, SEAT)),) * 3,
    *((SpaceKind.BOOTH, (PIR, CONTACT)),) * 2,
    *((SpaceKind.ROOM, (PIR, PIR)),) * 2,
    (SpaceKind.EQUIPMENT, (POWER,)),
)
"""Twenty spaces of the site, with their sensors."""


def build_rules_of_site(kind: SpaceKind, watch: tuple[SensorKind, ...], sensing: EventRate) -> SpaceRules:
    """Return the default rules of one space."""
    sensors = tuple(
        Sensor(device="pi", id=f"{one}-{number}", kind=one, space="space", heartbeat_ms=sensing.heartbeat_ms)
        for number, one in enumerate(watch)
    )
    plan = SitePlan(
        id="bench",
        name="Bench",
        time_zone=ZoneInfo("UTC"),
        floors=(Floor(id="floor", name="Floor", width_m=10, depth_m=10),),
        zones=(Zone(id="zone", name="Zone", floor="floor", x_m=0, y_m=0, width_m=10, depth_m=10),),
        spaces=(Space(id="space", name="Space", kind=kind, zone="zone", x_m=5, y_m=5),),
        sensors=sensors,
    )
    return build_space_rules(plan, "space")


def simulate_events(seed: int, days: int, sensing: EventRate, rules: SpaceRules) -> list[StoredEvent]:
    """Simulate the events of one space's sensors over `days` days, in canonical order."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    visits = list(_simulate_visits(generator, days))
    rows: list[tuple[int, str, EventKind, float]] = []
    for sensor in rules.sensors:
        changes = list(_simulate_changes(generator, sensor.own_kind, visits, sensing))
        rows += [(at_ms, sensor.sensor, sensor.own_kind, value) for at_ms, value in changes]
        rows += [
            (at_ms, sensor.sensor, EventKind.HEARTBEAT, value)
            for at_ms, value in _simulate_heartbeats(changes, days, sensing)
        ]
    return [
        StoredEvent(at_ms, "pi", "s", seq, sensor, kind, value)
        for seq, (at_ms, sensor, kind, value) in enumerate(sorted(rows), 1)
    ]


def _simulate_visits(generator: Random, days: int) -> Iterator[tuple[int, int]]:
    for day in (day for day in range(days) if day % 7 < WORKING_DAYS):
        for opens_min in (540, 780):
            begins_ms = START_MS + day * DAY_MS + (opens_min + generator.randrange(60)) * MINUTE_MS
            yield begins_ms, begins_ms + generator.randrange(60, 180) * MINUTE_MS


def _simulate_changes(
    generator: Random, kind: EventKind, visits: list[tuple[int, int]], sensing: EventRate
) -> Iterator[tuple[int, float]]:
    """Yield the times at which the level changes, with the new level."""
    for from_ms, to_ms in visits:
        if kind is EventKind.MOTION:
            at_ms = from_ms
            while at_ms < to_ms:
                yield at_ms, 1
                yield at_ms + PULSE_MS, 0
                at_ms += 5 * SECOND_MS + int(generator.expovariate(1 / sensing.pulse_interval_ms))
        elif kind is EventKind.CONTACT_OPEN:
            for moment_ms in (from_ms, to_ms):
                yield moment_ms, 1
                yield moment_ms + 20 * SECOND_MS, 0
        else:
            yield from_ms, BUSY_W * generator.uniform(0.9, 1.1) if kind is EventKind.POWER_W else 1
            yield to_ms, IDLE_W * generator.uniform(0.9, 1.1) if kind is EventKind.POWER_W else 0


def _simulate_heartbeats(
    changes: list[tuple[int, float]], days: int, sensing: EventRate
) -> Iterator[tuple[int, float]]:
    """Yield heartbeats with the current level."""
    place, level = 0, 0.0
    for at_ms in range(START_MS, START_MS + days * DAY_MS, sensing.heartbeat_ms):
        while place < len(changes) and changes[place][0] <= at_ms:
            level = changes[place][1]
            place += 1
        yield at_ms, level


def measure_steps_us(rules: SpaceRules, rounds: int) -> tuple[list[float], list[float]]:
    """Return the microseconds of each step of three days, and of json.loads of the same events."""
    steps, decodings = [], []
    events = simulate_events(1, 3, WIRED, rules)
    for _ in range(rounds):
        evidence = EMPTY_EVIDENCE
        for event in events:
            start = time.perf_counter_ns()
            evidence, _ = apply_event(evidence, event, rules)
            steps.append((time.perf_counter_ns() - start) / 1000)
    for line in map(msgspec.json.encode, events):
        start = time.perf_counter_ns()
        json.loads(line)
        decodings.append((time.perf_counter_ns() - start) / 1000)
    return steps, decodings


def measure_site_s(spaces: int, days: int) -> tuple[int, float]:
    """Return the number of a site's events, and the seconds to fold them."""
    made_of = [build_rules_of_site(kind, watch, ON_BATTERY) for kind, watch in SPACE_TYPES]
    events, spent_s = 0, 0.0
    for seed in range(spaces):
        rules = made_of[seed % len(made_of)]
        simulated = simulate_events(seed, days, ON_BATTERY, rules)
        start = time.process_time()  # of one core: other processes may use the machine
        fold_events(EMPTY_EVIDENCE, simulated, rules)
        spent_s += time.process_time() - start
        events += len(simulated)
    return events, spent_s


def main() -> None:
    """Measure, and print each figure with its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spaces", type=int, default=500)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds over the three days of single steps")
    options = parser.parse_args()
    print("one step of the pure core (goal: a median of at most 10 us)")
    for kind, watch in dict.fromkeys(SPACE_TYPES):
        steps, decodings = measure_steps_us(build_rules_of_site(kind, watch, WIRED), options.rounds)
        cuts = quantiles(steps, n=100)
        print(
            f"  {kind} with {' and '.join(watch)}: median {cuts[49]:.1f} us, 99 % within {cuts[98]:.1f} us;"
            f" json.loads of the same: {quantiles(decodings, n=100)[49]:.1f} us"
        )
    events, spent_s = measure_site_s(options.spaces, options.days)
    print(
        f"{options.days} days of {options.spaces} spaces: {events} events in {spent_s:.1f} s (goal: at most 180),"
        f" {spent_s / events * 1e6:.1f} us each"
    )


if __name__ == "__main__":
    main()
