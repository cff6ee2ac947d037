"""Finds what is wrong with sensors, from what each of them did on each of the last days.

In:    the sensors of a house with their days, oldest first.
Out:   findings by sensor, each with its numbers.
Never: clocks, the journal, a guess: whatever has another good explanation raises nothing.

Quiet, by these rules:
- a fresh start: every finding needs hours or days of evidence, and a day on which a sensor did not live says nothing;
- a weekend, a holiday: an empty house moves nobody, and silence counts only on days on which the sensor's peers, or a
  witness in its own space, saw people;
- a long meeting, somebody who sits for ten hours: "stuck on" begins after 20 hours without a break (power: 72), or
  after 4 hours in which nothing at all moved beside it;
- somebody's own holiday: a desk without a witness is missed only if nearly all others like it were used on many days,
  and a dedicated one never;
- many sensors: what may happen by chance once among a hundred must happen more often in a big house than in a small.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log, log2
from statistics import median
from typing import Final

from msgspec import Struct

from collector.health.days import SEEING, STILL_MIN, DayTally, Name
from collector.health.findings import Finding, FindingKind
from collector.health.hours import Reading
from collector.plan import SensorKind, SpaceKind

ON_MIN: Final = 20 * 60
ON_POWER_MIN: Final = 72 * 60
"""A printer may work over a weekend."""
FAST_HOURS: Final = 3
RECENT: Final = 5
"""Coverage is judged by the newest days on which there was something to see: soon after a repair it is good again."""
SHARE: Final = 0.10
"""Less than this of the time is missed by good sensors too."""
SEEN_MIN: Final = 120
TAKEN_MIN: Final = 150
LOST_AGAIN: Final = 1 / 2
"""So many of those who came and were lost must have been found again soon: else they were passers-by."""
LOST_SHARE: Final = 0.06
LEAST_LOST: Final = 2
LEAST_FLIPS: Final = 8
FLIP_SHARE: Final = 1 / 3
"""A hold settles where one in twenty of its ends is a flip (learning/tuning.py): a third at its bound is no chance."""
STRONG_WORD: Final = (3, 2, 120)
"""Stays, days and minutes in all that a witness must have seen: a mat, a ranger, or movement behind a door."""
WEAK_WORD: Final = (8, 4, 480)
"""The same of one that may have seen the neighbours."""
DOOR_DAYS: Final = 4
"""People were in the house on so many days, and nobody passed its only door."""
PLACE_DAYS: Final = 3
PLACE_RECENT: Final = 7
PEERS: Final = 3
PEERS_DAY: Final = log(10)
"""A day on which all peers were used counts like one on which nine in ten were: nobody's desk is like another's."""
UNLIKELY: Final = 16
"""The odds, as a power of e, of a living sensor being quiet on all these days: one in nine million."""
BATTERY_PCT: Final = 15
EMPTY_PCT: Final = 5
"""Most sensors stop before 0."""
DAYS_LEFT: Final = 14
BATTERY_DAYS: Final = 5
BATTERY_FALL: Final = 5


class Hold(Struct, frozen=True):
    """How the hold of a space fares (collector/learning/tuning.py)."""

    flips: float = 0
    """How often somebody was seen again soon after it ran out."""
    ends: float = 0
    """How often it ran out."""
    at_most: bool = False
    """It stands at its upper bound."""


class Known(Struct, frozen=True):
    """One sensor and its days."""

    how: Reading
    space: str = ""
    space_kind: SpaceKind | None = None
    dedicated: bool = False
    door: str = ""
    fired: bool = False
    """It has come on at least once since it is known."""
    hold: Hold = Hold()
    """Of its space, if this is the sensor that is named for it."""
    days: Sequence[DayTally] = ()


class House(Struct, frozen=True):
    """What is asked of the other sensors."""

    known: Mapping[Name, Known]
    used: Mapping[tuple[SensorKind, SpaceKind | None], Mapping[int, float]]
    """Of each kind of sensor at each kind of space: the share of the living that came on, by day."""
    in_use: frozenset[int]
    """Days on which people were in the house."""
    spaces: int
    doors: int


def house(sensors: Sequence[Known]) -> House:
    """Count what the sensors of a house tell of each other's days."""
    lived: dict[tuple[SensorKind, SpaceKind | None], dict[int, list[bool]]] = {}
    moved: dict[int, int] = {}
    for one in sensors:
        for day in one.days:
            if 2 * day.alive_min >= day.minutes:
                peers = lived.setdefault((one.how.kind, one.space_kind), {})
                peers.setdefault(day.day, []).append(day.active_min > 0)
            if one.how.kind in SEEING and day.active_min:
                moved[day.day] = moved.get(day.day, 0) + 1
    spaces = len({one.space for one in sensors if one.space})
    return House(
        known={one.how.key: one for one in sensors},
        used={
            kind: {day: sum(came) / len(came) for day, came in days.items() if len(came) > PEERS}
            for kind, days in lived.items()
        },
        in_use=frozenset(day for day, times in moved.items() if times >= min(3, max(1, spaces // 2))),
        spaces=spaces,
        doors=len({one.door for one in sensors if one.door}),
    )


def findings(sensors: Sequence[Known]) -> list[tuple[Name, Finding]]:
    """Everything found; `since_ms` is 0, and what a dedicated desk's numbers would tell is left out."""
    around = house(sensors)
    return [
        (one.how.key, _discreet(finding) if one.dedicated else finding)
        for one in sensors
        if one.days
        for find in JUDGES
        if (finding := find(one, around)) is not None
    ]


def _discreet(finding: Finding) -> Finding:
    """Without what tells of one member's hours."""
    if finding.kind is FindingKind.BATTERY_LOW:
        return finding
    return Finding(
        finding.kind,
        0,
        sensor=finding.sensor,
        witness_device=finding.witness_device,
        witness=finding.witness,
        space=finding.space,
    )


def _stuck_on(one: Known, around: House) -> Finding | None:
    limit = ON_POWER_MIN if one.how.kind is SensorKind.POWER else ON_MIN if one.how.kind in SEEING else None
    last = one.days[-1]
    if limit is not None and (on_min := _on_min(one.days)) >= limit:
        return _finding(one, FindingKind.STUCK_ON, span_min=on_min)
    doubted = max(one.days[-2:], key=lambda day: day.against_min)
    witness = around.known.get(doubted.against)
    if doubted.against_min < STILL_MIN or doubted.day < last.day - 1 or witness is None:
        return None
    if not any(day.active_min and day.day > last.day - 3 for day in witness.days):
        return None  # the witness itself may be dead
    return _finding(one, FindingKind.STUCK_ON, doubted.against, span_min=doubted.against_min)


def _on_min(days: Sequence[DayTally]) -> int:
    """How long it has been on until now, over the edges of days."""
    total, after = 0, None
    for day in reversed(days):
        if after is not None and day.day != after - 1:
            break
        total += day.on_tail_min
        if day.on_tail_min < day.minutes:
            break
        after = day.day
    return total


def _never(one: Known, around: House) -> Finding | None:
    """Quiet though its space, or the house, is used; by a witness, by its peers, or (the only door) by the house."""
    quiet = list(_quiet_days(one))
    kind = FindingKind.STUCK_OFF if one.fired else FindingKind.NEVER_TRIGGERED
    if (finding := _missed(one, kind, [day for day in quiet if day.missed_times])) is not None:
        return finding
    if one.how.kind is SensorKind.BEAM_PAIR and around.doors == 1:
        days = [day for day in quiet if day.day in around.in_use]
        return _finding(one, kind, days=len(days)) if len(days) >= DOOR_DAYS else None
    if one.how.kind not in SEEING or one.dedicated:
        return None
    peers = around.used.get((one.how.kind, one.space_kind), {})
    shares = [share for day in quiet if (share := peers.get(day.day, 0.0)) > 0]
    odds = sum(min(PEERS_DAY, -log(1 - share) if share < 1 else PEERS_DAY) for share in shares)
    if odds >= UNLIKELY + log(max(1, around.spaces)):
        return _finding(one, kind, days=len(shares))
    return None


def _missed(one: Known, kind: FindingKind, days: Sequence[DayTally]) -> Finding | None:
    """What a witness saw on the days on which it was quiet; the newest day first."""
    strong = all(day.missed_strong for day in days)
    times, span_min = sum(day.missed_times for day in days), sum(day.missed_min for day in days)
    least_times, least_days, least_min = STRONG_WORD if strong else WEAK_WORD
    if times < least_times or len(days) < least_days or span_min < least_min:
        return None
    return _finding(one, kind, days[0].missed_by, times=times, days=len(days), span_min=span_min)


def _quiet_days(one: Known) -> Iterator[DayTally]:
    """The newest days without a sound of it, back to the last on which it came on; those that it did not live are out.

    Of the running day only what is over counts.
    """
    for day in reversed(one.days):
        if day.active_min or day.rises:
            return
        if day.alive_min >= 0.8 * day.minutes:
            yield day


def _flapping(one: Known, _around: House) -> Finding | None:
    recent = [day for day in one.days[-2:] if day.fast_hours]
    if sum(day.fast_hours for day in recent) < FAST_HOURS:
        return None
    return _finding(one, FindingKind.FLAPPING, times=max(day.most_rises for day in recent), days=len(recent))


def _poor_coverage(one: Known, around: House) -> Finding | None:
    need = LEAST_LOST + 2 * int(log2(max(1, around.spaces)))
    seen = [day for day in one.days if day.seen_min and not _doubted(around.known.get(day.blind_by))][-RECENT:]
    by = {day.blind_by for day in seen if day.blind_times}
    times, missed = sum(day.blind_times for day in seen), sum(day.blind_min for day in seen)
    all_min = sum(day.seen_min for day in seen)
    if times >= need and all_min >= SEEN_MIN and missed >= SHARE * all_min:
        witness = max(by, key=lambda name: sum(day.blind_min for day in seen if day.blind_by == name))
        share = round(100 * missed / all_min)
        return _finding(
            one, FindingKind.POOR_COVERAGE, witness, times=times, days=len(seen), span_min=missed, share_pct=share
        )
    return _lost(one, need)


def _doubted(witness: Known | None) -> bool:
    """Whether it said of late that somebody is there where nothing moved for hours: a bag on it, a count left over."""
    return witness is not None and any(day.against_min >= STILL_MIN for day in witness.days)


def _lost(one: Known, need: int) -> Finding | None:
    """Without a witness: its space loses people and finds them again, even with the longest hold."""
    hold = one.hold
    often = hold.flips >= FLIP_SHARE * hold.ends
    if hold.at_most and often and hold.flips >= max(need, LEAST_FLIPS):
        share = round(100 * hold.flips / hold.ends)
        return _finding(one, FindingKind.POOR_COVERAGE, times=round(hold.flips), share_pct=share)
    taken = [day for day in one.days if day.taken_min][-RECENT:]
    lost, thin = sum(day.lost_times for day in taken), sum(day.thin_times for day in taken)
    lost_min, taken_min = sum(day.lost_min for day in taken), sum(day.taken_min for day in taken)
    for_a_moment = min(round(hold.flips), 2 * lost) if often else 0  # it bears witness, and is no reason by itself
    if (
        lost + for_a_moment < need
        or lost < LOST_AGAIN * thin
        or taken_min < TAKEN_MIN
        or lost_min < LOST_SHARE * (taken_min + lost_min)
    ):
        return None
    share = round(100 * lost_min / (taken_min + lost_min))
    return _finding(one, FindingKind.POOR_COVERAGE, times=lost, days=len(taken), span_min=lost_min, share_pct=share)


def battery(days: Sequence[DayTally]) -> tuple[float, int | None] | None:
    """What is left in per cent, and for how many days; None: it says nothing of its battery.

    The fall a day is the median of the slopes between all pairs of days since the battery was changed, so that one odd
    reading moves nothing (Sen 1968, JASA 63:1379). Before it is five days old and has fallen by five per cent, nobody
    knows how long it lasts.
    """
    told = [(day.day, day.battery_pct) for day in days if day.battery_pct is not None]
    if not told:
        return None
    now_pct = told[-1][1]
    new = max((place for place in range(1, len(told)) if told[place][1] > told[place - 1][1] + 20), default=0)
    told = told[new:]  # since the battery was changed
    slopes = [(b - a) / (later - day) for n, (day, a) in enumerate(told) for later, b in told[n + 1 :]]
    slope = median(slopes) if len(told) >= BATTERY_DAYS and told[0][1] - now_pct >= BATTERY_FALL else 0.0
    return now_pct, max(0, int((now_pct - EMPTY_PCT) / -slope)) if slope < 0 else None


def _battery(one: Known, _around: House) -> Finding | None:
    if (told := battery(one.days)) is None:
        return None
    now_pct, left = told
    if now_pct > BATTERY_PCT and (left is None or left > DAYS_LEFT):
        return None
    return _finding(one, FindingKind.BATTERY_LOW, battery_pct=round(now_pct), days_left=left)


def _wrong_place(one: Known, _around: House) -> Finding | None:
    told = [day for day in one.days if day.moved][-PLACE_RECENT:]
    with_others = [day.moves_with for day in told if day.moves_with]
    if not with_others:
        return None
    space = max(set(with_others), key=lambda name: (with_others.count(name), name))
    days = [day for day in told if day.moves_with == space]
    if len(days) < PLACE_DAYS or 3 * len(days) < 2 * len(told):
        return None
    return _finding(
        one,
        FindingKind.WRONG_PLACE,
        space=space,
        days=len(days),
        share_pct=round(median(day.other_pct for day in days)),
        own_pct=round(median(day.own_pct for day in days)),
    )


def _finding(one: Known, kind: FindingKind, witness: Name = ("", ""), **numbers: int | str | None) -> Finding:
    return Finding(
        kind,
        0,
        sensor=one.how.sensor,
        witness_device=witness[0],
        witness=witness[1],
        **numbers,  # type: ignore[arg-type]  # each judge names fields of its own kind
    )


JUDGES: Final[tuple[Callable[[Known, House], Finding | None], ...]] = (
    _stuck_on,
    _never,
    _flapping,
    _poor_coverage,
    _battery,
    _wrong_place,
)
