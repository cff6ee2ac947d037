"""Compares what the sensors of one space did on one day.

In:    the hours of each sensor, from 04:00 to 04:00 local time or until now.
Out:   one tally per day and sensor without any instant: sums, counts, the longest run, and the name of the witness.
Never: clocks, the journal, findings: `finding_rules.py` evaluates these tallies over many days.

A witness is a sensor of another kind whose readings can contradict a movement sensor. Movement sensors of one space
cover different views, so they are evaluated together. Source of the durations: UCI 864, where a person in the room
triggers two well placed sensors at least every 7.5 minutes, and where a badly placed sensor misses a person for a
median of 27 minutes, at most 60.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.health.tallies.hour_tallies import (
    MINUTES_PER_HOUR,
    ActivityRule,
    HourTally,
    ReadingRange,
    join_hours,
    join_ranges,
)
from collector.health.tallies.minutes import MinuteSpan, find_runs, join_runs, make_span_bits, measure_longest_run
from collector.site.site_sensor import SensorKey
from edge.contract.sensor_traits import HealthRole

MAX_QUIET_MIN: Final = 15
"""A movement sensor that is quiet for longer than this while a witness is active missed a person.

This is twice the longest gap of well placed sensors.
"""
MAX_STILL_MIN: Final = 240
"""The longest time that a person sits still. Beyond it the witness is doubted (a bag on the mat), not the sensor."""
MAX_NEARLY_STILL_MIN: Final = 480
"""The longest time that a person sits still with at most one movement an hour; an empty room has 0.35 (UCI 864)."""
SHORTEST_STAY_MIN: Final = 20
"""A shorter detection by a witness may be a person who only passes."""
VISIT_GAP_MIN: Final = 60
"""Movements behind a door that are further apart than this belong to two visits."""
LONGEST_HOLD_MIN: Final = 15
"""The longest hold time that a movement sensor can learn: gaps up to this length are bridged."""
REDETECTED_WITHIN_MIN: Final = 75
"""A person who was lost is detected again within this time: the longest gap of the badly placed sensor and one hold."""
SPARSE_VISIT_MIN: Final = 3
"""A visit with at most this many minutes of movement: the arrival was detected, then the person was lost."""
DENSE_VISIT_MIN: Final = 10
"""A visit with at least this many minutes of movement is detected well."""
WITNESS_ROLES: Final = frozenset({HealthRole.DIRECT, HealthRole.INDIRECT})
"""Sensors that may contradict a movement sensor. A count may not: it drifts (decision 0016)."""
LASTING_ROLES: Final = frozenset({HealthRole.DIRECT, HealthRole.COUNT})
"""Sensors whose reading stays on until it changes."""
PLACED_ROLES: Final = WITNESS_ROLES | {HealthRole.MOVEMENT}
"""Sensors whose activity follows the people of one space."""
DETECTING_ROLES: Final = PLACED_ROLES | {HealthRole.COUNT}
"""Sensors that can detect that a person is present."""

NO_SENSOR: Final[SensorKey] = ("", "")
"""Key of no sensor."""


class DayTally(Struct, frozen=True, gc=False, array_like=True):
    """One sensor on one day."""

    day: int
    """The ordinal of the local date on which the day began."""
    minutes: int = 0
    """How long the day has lasted so far."""
    alive_min: int = 0
    active_min: int = 0
    rises: int = 0
    max_hourly_rises: int = 0
    """The most activations in one hour."""
    flapping_hours: int = 0
    """Hours with more changes than a person causes."""
    on_until_end_min: int = 0
    """How long it was on without a break at the end of the day; 0 if shorter than MAX_STILL_MIN."""
    uncorroborated_min: int = 0
    """The longest time it was on without a break while every movement sensor of its space was alive and quiet."""
    uncorroborated_by: SensorKey = NO_SENSOR
    blind_gaps: int = 0
    """How often a witness detected somebody for over 15 minutes while this sensor was alive and quiet."""
    blind_min: int = 0
    witness_min: int = 0
    """How long that witness detected somebody in total."""
    blind_witness: SensorKey = NO_SENSOR
    missed_stays: int = 0
    """Stays that a witness detected on a day on which this sensor was quiet all day."""
    missed_min: int = 0
    missed_witness: SensorKey = NO_SENSOR
    is_witness_direct: bool = False
    """The witness does not react to neighbours."""
    sparse_visits: int = 0
    """Visits with only a few minutes of movement."""
    lost_visits: int = 0
    """How many of these were followed soon after by a well detected stay. Of a sensor whose reading lasts: how often it
    turned off within a stay."""
    lost_min: int = 0
    occupied_min: int = 0
    """How long somebody was detected, in the stays that both counts are about."""
    battery_pct: float | None = None
    matching_space: str = ""
    """The other space whose activity it matches far better than that of its own space; empty: none."""
    other_pct: int = 0
    own_pct: int = 0
    is_comparable: bool = False
    """Whether it and the other sensors of its space moved enough to be compared."""
    ranges: tuple[ReadingRange, ...] = ()
    """Of the checked quantities with readings."""
    swap_partner: SensorKey = NO_SENSOR
    """The sensor with which it seems exchanged on this day (swaps.py)."""
    swapped_pct: int = 0
    """Similarity of both with the people of each other's place, and of their own."""
    installed_pct: int = 0
    is_swap_compared: bool = False
    """Whether the day shows which of the two it is."""
    net_entries: int = 0
    """For a door counter: entries minus exits of the day, which ends at 04:00."""


class SensorHours(NamedTuple):
    """One sensor and its hours of one day."""

    rule: ActivityRule
    hours: Sequence[HourTally]


class _DayBits(NamedTuple):
    """The minutes of one sensor's day as bits."""

    how: ActivityRule
    alive: int
    active: int
    held: int

    @property
    def name(self) -> SensorKey:
        return self.how.device, self.how.sensor


def compute_day_tallies(day: int, sensors: Sequence[SensorHours]) -> list[DayTally]:
    """Return one tally for each sensor of a space (or a door, a zone), in the same order.

    Args:
        day: ordinal of the local date.
        sensors: the sensors of one space, each with the same hours of this day.
    """
    whole = [
        _DayBits(
            one.rule, *(join_hours(getattr(hour, name) for hour in one.hours) for name in ("alive", "active", "held"))
        )
        for one in sensors
    ]
    moving = [one for one in whole if one.how.health_role is HealthRole.MOVEMENT]
    tallies: list[DayTally] = []
    for one, sensor in zip(whole, sensors, strict=True):
        tally = _add_missed_stays(_count_day(day, one, sensor.hours), one, whole)
        if moving and one is moving[0]:
            tally = _add_lost_visits(_add_blind_gaps(tally, moving, whole), moving, whole)
        elif one.how.health_role in LASTING_ROLES:
            tally = _add_interruptions(tally, one)
            if moving:
                tally = _add_uncorroborated(tally, one, moving)
        tallies.append(tally)
    return tallies


def _count_day(day: int, one: _DayBits, hours: Sequence[HourTally]) -> DayTally:
    minutes = len(hours) * MINUTES_PER_HOUR
    on = find_runs(one.held)
    tail = minutes - on[-1][0] if on and on[-1][1] == minutes else 0
    limit = one.how.kind.traits.health.flaps_above_rises_per_hour
    return DayTally(
        day=day,
        minutes=minutes,
        alive_min=one.alive.bit_count(),
        active_min=one.active.bit_count(),
        rises=sum(hour.rises for hour in hours),
        max_hourly_rises=max((hour.rises for hour in hours), default=0),
        flapping_hours=sum(hour.rises > limit for hour in hours),
        on_until_end_min=tail if tail >= MAX_STILL_MIN else 0,
        battery_pct=next((hour.battery_pct for hour in reversed(hours) if hour.battery_pct is not None), None),
        ranges=join_ranges(one for hour in hours for one in hour.ranges),
        net_entries=sum(hour.net_entries for hour in hours),
    )


def _quiet_minutes(moving: Sequence[_DayBits]) -> tuple[int, int]:
    """Return the minutes in which every movement sensor was alive, and those of them in which none moved."""
    lived, moved = moving[0].alive, 0
    for one in moving:
        lived &= one.alive
        moved |= one.active
    return lived, lived & ~moved


def _add_blind_gaps(tally: DayTally, moving: Sequence[_DayBits], whole: Sequence[_DayBits]) -> DayTally:
    """Add what the movement sensors of the space missed together, using the witness that detected the most of it."""
    lived, quiet = _quiet_minutes(moving)
    gaps = [gap for gap in find_runs(quiet) if gap[1] - gap[0] > MAX_QUIET_MIN]
    for witness in whole:
        if witness.how.health_role not in WITNESS_ROLES:
            continue
        seen = sum(after - first for first, after in join_runs(witness.active & lived, MAX_QUIET_MIN))
        missed = [
            after - first
            for gap in gaps
            for first, after in join_runs(witness.active & make_span_bits(gap), MAX_QUIET_MIN)
            if MAX_QUIET_MIN < after - first <= MAX_STILL_MIN
        ]
        if seen and (not tally.witness_min or sum(missed) > tally.blind_min):
            tally = replace(
                tally, blind_gaps=len(missed), blind_min=sum(missed), witness_min=seen, blind_witness=witness.name
            )
    return tally


def _add_lost_visits(tally: DayTally, moving: Sequence[_DayBits], whole: Sequence[_DayBits]) -> DayTally:
    """Add how often a person arrived, was lost even with the longest hold time, and was detected again soon after."""
    if any(one.how.health_role is HealthRole.DOOR or one.how.health_role in LASTING_ROLES for one in whole):
        return tally  # a closed door or a mat keeps a person detected
    lived, quiet = _quiet_minutes(moving)
    seen = lived & ~quiet
    stays = join_runs(seen, LONGEST_HOLD_MIN)
    weights = [(seen & make_span_bits(stay)).bit_count() for stay in stays]
    thin = lost = lost_min = 0
    chain: list[MinuteSpan] = []
    for place, (stay, weight) in enumerate(zip(stays, weights, strict=True)):
        if place and not _is_soon_after(stays[place - 1], stay, lived):
            chain = []
        if weight <= SPARSE_VISIT_MIN:
            thin += 1
            chain.append(stay)
            continue
        if weight >= DENSE_VISIT_MIN:
            lost += len(chain)
            ends = [*chain[1:], stay] if chain else []
            lost_min += sum(end[0] - begin[1] - LONGEST_HOLD_MIN for begin, end in zip(chain, ends, strict=True))
        chain = []
    taken = sum(after - first for first, after in stays)
    return replace(tally, sparse_visits=thin, lost_visits=lost, lost_min=lost_min, occupied_min=taken)


def _add_interruptions(tally: DayTally, one: _DayBits) -> DayTally:
    """Add how often a sensor whose reading lasts lost somebody within a stay, and detected somebody again soon."""
    stays = join_runs(one.active, LONGEST_HOLD_MIN)
    taken = sum(after - first for first, after in stays)
    lost_min = taken - one.active.bit_count()
    lost = len(find_runs(one.active)) - len(stays)
    return replace(tally, lost_visits=lost, lost_min=lost_min, occupied_min=taken - lost_min)


def _is_soon_after(before: MinuteSpan, stay: MinuteSpan, lived: int) -> bool:
    """Return whether a stay began soon after another one, with the sensors alive in between."""
    gap = (before[1], stay[0])
    return gap[1] - gap[0] <= REDETECTED_WITHIN_MIN and not make_span_bits(gap) & ~lived


def _add_missed_stays(tally: DayTally, one: _DayBits, whole: Sequence[_DayBits]) -> DayTally:
    """Add the stays that others detected while this sensor was alive and quiet all day; none if it moved at all."""
    contact = one.how.health_role is HealthRole.DOOR
    if one.active or not (contact or one.how.health_role in DETECTING_ROLES):
        return tally
    for witness in whole:
        if witness is one or witness.how.health_role not in DETECTING_ROLES:
            continue
        stays = [
            after - first
            for first, after in join_runs(witness.active, VISIT_GAP_MIN if contact else MAX_QUIET_MIN)
            if SHORTEST_STAY_MIN <= after - first <= MAX_NEARLY_STILL_MIN
            and not make_span_bits((first, after)) & ~one.alive
        ]
        if sum(stays) > tally.missed_min:
            strong = contact or witness.how.health_role is HealthRole.DIRECT
            tally = replace(
                tally,
                missed_stays=len(stays),
                missed_min=sum(stays),
                missed_witness=witness.name,
                is_witness_direct=strong,
            )
    return tally


def _add_uncorroborated(tally: DayTally, one: _DayBits, moving: Sequence[_DayBits]) -> DayTally:
    """Add the longest time it was on while nothing, or hardly anything, moved in its space."""
    lived, quiet = _quiet_minutes(moving)
    moved = lived & ~quiet
    visits = sum(
        make_span_bits(stay)
        for stay in join_runs(moved, LONGEST_HOLD_MIN)
        if (moved & make_span_bits(stay)).bit_count() > SPARSE_VISIT_MIN
    )
    lengths = [
        after - first
        for first, after in find_runs(one.held & lived & ~visits)
        if after - first
        >= max(MAX_NEARLY_STILL_MIN, MINUTES_PER_HOUR * (moved & make_span_bits((first, after))).bit_count())
    ]
    return replace(
        tally,
        uncorroborated_min=max([measure_longest_run(one.held & quiet), *lengths]),
        uncorroborated_by=moving[0].name,
    )
