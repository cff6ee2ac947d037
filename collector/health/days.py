"""Sets what the sensors of one space did on one day side by side.

In:    the hours of each of its sensors, from 04:00 to 04:00 local time or to now.
Out:   one tally a day and sensor, without a moment in it: sums, counts, the longest run, and the witness's name.
Never: clocks, the journal, a finding: `judge` weighs these tallies over many days.

Who can witness against a movement sensor is another kind of sensor: two of them with different views complete each
other, so they are judged as one. Source of the spans: UCI 864, where somebody in the room moves at least every 7.5
minutes before two well placed sensors, and is missed for a median of 27 minutes, at most 60, by a badly placed one.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.health.hours import MINUTES, HourTally, Reading, joined
from collector.health.minutes import Span, longest, runs, span_bits, spells
from collector.plan import SensorKind

BLIND_MIN: Final = 15
"""Quiet for longer than this beside a witness, a movement sensor has missed somebody: twice the longest real gap."""
STILL_MIN: Final = 240
"""Nobody sits this still: beyond it the witness is doubted (a bag on the mat, a count left over), not the sensor."""
STILL_LONG_MIN: Final = 480
"""Nobody sits this still with a movement an hour or fewer: so many an empty room has by itself (0.35 in UCI 864)."""
STAY_MIN: Final = 20
"""A witness's word for shorter than this may be somebody who passes."""
APART_MIN: Final = 60
"""Two movements this far apart behind a door are two visits."""
HOLD_MIN: Final = 15
"""The longest hold that a movement sensor can learn: gaps up to here are bridged."""
BACK_MIN: Final = 75
"""Somebody who was lost is found again within this: the longest gap of the badly placed sensor, and one hold."""
THIN_MIN: Final = 3
"""A visit with no more minutes of movement than this: seen coming, and lost."""
DENSE_MIN: Final = 10
"""One with at least this many is seen well."""
_FAST: Final = {SensorKind.PIR: 700, SensorKind.CONTACT: 120, SensorKind.BEAM_PAIR: 3600}
_FAST_ELSE: Final = 60
"""Changes in an hour that no person makes. A movement sensor that lets go after 5 s and sees one all the time makes
650; whoever sits down and gets up once a minute, 60."""

SURE: Final = frozenset({SensorKind.PRESSURE, SensorKind.DISTANCE, SensorKind.PRESENCE})
"""What says as long as somebody is there that somebody is, and does not speak of the neighbours."""
WITNESSES: Final = SURE | {SensorKind.SOUND}
"""What is believed against a movement sensor. A count is not: it drifts (docs/decisions/0016-counting-people.md)."""
LASTING: Final = SURE | {SensorKind.PEOPLE}
"""What says so for as long as it believes it."""
PLACED: Final = WITNESSES | {SensorKind.PIR}
"""What moves with the people of one place."""
SEEING: Final = PLACED | {SensorKind.PEOPLE}
"""What can say that somebody is there."""

Name = tuple[str, str]
"""Device and sensor; both empty: none."""
NOBODY: Final[Name] = ("", "")


class DayTally(Struct, frozen=True, gc=False, array_like=True):
    """One sensor on one day."""

    day: int
    """The ordinal of the local date on which it began."""
    minutes: int = 0
    """So long the day has lasted."""
    alive_min: int = 0
    active_min: int = 0
    rises: int = 0
    most_rises: int = 0
    """In its busiest hour."""
    fast_hours: int = 0
    """With more changes than any person makes."""
    on_tail_min: int = 0
    """On without a break to its end; shorter than STILL_MIN is nobody's business, and 0."""
    against_min: int = 0
    """The longest that it was on without a break while every movement sensor of its space lived and was quiet."""
    against: Name = NOBODY
    blind_times: int = 0
    """How often a witness saw somebody for over 15 minutes in which it lived and was quiet."""
    blind_min: int = 0
    seen_min: int = 0
    """How long that witness saw somebody in all."""
    blind_by: Name = NOBODY
    missed_times: int = 0
    """Stays that a witness saw, on a day on which it was quiet all through."""
    missed_min: int = 0
    missed_by: Name = NOBODY
    missed_strong: bool = False
    """That witness does not speak of the neighbours."""
    thin_times: int = 0
    """How often it saw its space taken for a moment only."""
    lost_times: int = 0
    """How often of these somebody was found there soon after, and stayed."""
    lost_min: int = 0
    taken_min: int = 0
    battery_pct: float | None = None
    moves_with: str = ""
    """The other space that it moved with, if it moved with one by far more than with its own."""
    other_pct: int = 0
    own_pct: int = 0
    moved: bool = False
    """It moved enough, beside sensors of its own space that did too, to say so."""


class SensorHours(NamedTuple):
    """One sensor and its hours of a day."""

    how: Reading
    hours: Sequence[HourTally]


class _Day(NamedTuple):
    """The same, hour upon hour."""

    how: Reading
    alive: int
    active: int
    held: int

    @property
    def name(self) -> Name:
        return self.how.device, self.how.sensor


def day_tallies(day: int, sensors: Sequence[SensorHours]) -> list[DayTally]:
    """One tally for each sensor of a space (or a door, a zone), in the same order.

    Args:
        day: its ordinal.
        sensors: of one space, each with the same hours of this day.
    """
    whole = [
        _Day(one.how, *(joined(getattr(hour, name) for hour in one.hours) for name in ("alive", "active", "held")))
        for one in sensors
    ]
    moving = [one for one in whole if one.how.kind is SensorKind.PIR]
    tallies: list[DayTally] = []
    for one, told in zip(whole, sensors, strict=True):
        tally = _missed(_alone(day, one, told.hours), one, whole)
        if moving and one is moving[0]:
            tally = _lost(_blind(tally, moving, whole), moving, whole)
        elif moving and one.how.kind in LASTING:
            tally = _against(tally, one, moving)
        tallies.append(tally)
    return tallies


def _alone(day: int, one: _Day, hours: Sequence[HourTally]) -> DayTally:
    minutes = len(hours) * MINUTES
    on = runs(one.held)
    tail = minutes - on[-1][0] if on and on[-1][1] == minutes else 0
    limit = _FAST.get(one.how.kind, _FAST_ELSE)
    return DayTally(
        day=day,
        minutes=minutes,
        alive_min=one.alive.bit_count(),
        active_min=one.active.bit_count(),
        rises=sum(hour.rises for hour in hours),
        most_rises=max((hour.rises for hour in hours), default=0),
        fast_hours=sum(hour.rises > limit for hour in hours),
        on_tail_min=tail if tail >= STILL_MIN else 0,
        battery_pct=next((hour.battery_pct for hour in reversed(hours) if hour.battery_pct is not None), None),
    )


def _quiet(moving: Sequence[_Day]) -> tuple[int, int]:
    """The minutes in which every movement sensor lived, and those of them in which none moved."""
    lived, moved = moving[0].alive, 0
    for one in moving:
        lived &= one.alive
        moved |= one.active
    return lived, lived & ~moved


def _blind(tally: DayTally, moving: Sequence[_Day], whole: Sequence[_Day]) -> DayTally:
    """What the movement sensors of the space missed together, by the witness of another kind that tells the most."""
    lived, quiet = _quiet(moving)
    gaps = [gap for gap in runs(quiet) if gap[1] - gap[0] > BLIND_MIN]
    for witness in whole:
        if witness.how.kind not in WITNESSES:
            continue
        seen = sum(after - first for first, after in spells(witness.active & lived, BLIND_MIN))
        missed = [
            after - first
            for gap in gaps
            for first, after in spells(witness.active & span_bits(gap), BLIND_MIN)
            if BLIND_MIN < after - first <= STILL_MIN
        ]
        if seen and (not tally.seen_min or sum(missed) > tally.blind_min):
            tally = replace(tally, blind_times=len(missed), blind_min=sum(missed), seen_min=seen, blind_by=witness.name)
    return tally


def _lost(tally: DayTally, moving: Sequence[_Day], whole: Sequence[_Day]) -> DayTally:
    """How often somebody came, was lost even by the longest hold, and was there soon after."""
    if any(one.how.kind is SensorKind.CONTACT or one.how.kind in LASTING for one in whole):
        return tally  # behind a closed door nobody is lost, nor on a mat
    lived, quiet = _quiet(moving)
    seen = lived & ~quiet
    stays = spells(seen, HOLD_MIN)
    weights = [(seen & span_bits(stay)).bit_count() for stay in stays]
    thin = lost = lost_min = 0
    chain: list[Span] = []
    for place, (stay, weight) in enumerate(zip(stays, weights, strict=True)):
        if place and not _follows(stays[place - 1], stay, lived):
            chain = []
        if weight <= THIN_MIN:
            thin += 1
            chain.append(stay)
            continue
        if weight >= DENSE_MIN:
            lost += len(chain)
            ends = [*chain[1:], stay] if chain else []
            lost_min += sum(end[0] - begin[1] - HOLD_MIN for begin, end in zip(chain, ends, strict=True))
        chain = []
    taken = sum(after - first for first, after in stays)
    return replace(tally, thin_times=thin, lost_times=lost, lost_min=lost_min, taken_min=taken)


def _follows(before: Span, stay: Span, lived: int) -> bool:
    """Whether a stay began soon after another, with the sensors alive all the while."""
    gap = (before[1], stay[0])
    return gap[1] - gap[0] <= BACK_MIN and not span_bits(gap) & ~lived


def _missed(tally: DayTally, one: _Day, whole: Sequence[_Day]) -> DayTally:
    """Stays that others saw while this one lived and was quiet all day; none if it moved at all."""
    contact = one.how.kind is SensorKind.CONTACT
    if one.active or not (contact or one.how.kind in SEEING):
        return tally
    for witness in whole:
        if witness is one or witness.how.kind not in SEEING:
            continue
        stays = [
            after - first
            for first, after in spells(witness.active, APART_MIN if contact else BLIND_MIN)
            if STAY_MIN <= after - first <= STILL_LONG_MIN and not span_bits((first, after)) & ~one.alive
        ]
        if sum(stays) > tally.missed_min:
            strong = contact or witness.how.kind in SURE
            tally = replace(
                tally,
                missed_times=len(stays),
                missed_min=sum(stays),
                missed_by=witness.name,
                missed_strong=strong,
            )
    return tally


def _against(tally: DayTally, one: _Day, moving: Sequence[_Day]) -> DayTally:
    """The longest that it was on while nothing, or hardly anything, moved beside it."""
    lived, quiet = _quiet(moving)
    moved = lived & ~quiet
    visits = sum(
        span_bits(stay) for stay in spells(moved, HOLD_MIN) if (moved & span_bits(stay)).bit_count() > THIN_MIN
    )
    lengths = [
        after - first
        for first, after in runs(one.held & lived & ~visits)
        if after - first >= max(STILL_LONG_MIN, MINUTES * (moved & span_bits((first, after))).bit_count())
    ]
    return replace(tally, against_min=max([longest(one.held & quiet), *lengths]), against=moving[0].name)
