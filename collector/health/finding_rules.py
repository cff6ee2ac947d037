"""Rules that find faults of sensors from their daily tallies.

In:    the sensors of a site with their days, oldest first.
Out:   findings by sensor, each with its numbers.
Never: clocks, the journal, a guess: what has another plausible explanation is no finding.

The limits that differ by sensor kind, such as that of flapping, are in the rows of `edge/contract/sensor_kinds.py`.

These cases cause no false findings:
- after installation: every finding needs hours or days of evidence, and days on which a sensor was not alive are
  skipped;
- a weekend or holiday: silence counts only on days on which the sensor's peers, or a witness in its own space,
  detected people;
- a long meeting, or somebody who sits for ten hours: "stuck on" needs 20 hours without a break (power: 72), or
  4 hours in which nothing else moved in the space;
- one member's holiday: a desk without a witness counts as unused only if nearly all desks like it were used on many
  days, and a dedicated desk never does;
- many sensors: the thresholds grow with the size of the site, because rare coincidences are more frequent there.
"""

from collections.abc import Callable, Iterator, Sequence
from math import log, log2
from statistics import median
from typing import Final

from collector.contract.findings import Finding, FindingKind
from collector.health.left_inside import find_left_inside
from collector.health.placement.swap_rules import find_swaps
from collector.health.reading_rules import find_reading_faults
from collector.health.tallies.day_tallies import DETECTING_ROLES, LASTING_ROLES, MAX_STILL_MIN, DayTally
from collector.health.tallies.site_activity import SensorRecord, SiteActivity, summarise_site
from collector.site.site_sensor import SensorKey
from edge.contract.sensor_traits import HealthRole

STUCK_ON_MIN: Final = 20 * 60
STUCK_ON_POWER_MIN: Final = 72 * 60
"""A printer may run over a weekend."""
MIN_FLAPPING_HOURS: Final = 3
COVERAGE_DAYS: Final = 5
"""Coverage is evaluated over this many of the newest days with activity, so that it recovers soon after a repair."""
MIN_MISSED_SHARE: Final = 0.10
"""Good sensors too miss up to this share of the time."""
MIN_WITNESS_MIN: Final = 120
MIN_OCCUPIED_MIN: Final = 150
MIN_REDETECTED_SHARE: Final = 1 / 2
"""At least this share of lost people must be detected again soon; otherwise they only passed by."""
MIN_LOST_SHARE: Final = 0.06
MIN_LOST_VISITS: Final = 2
MIN_FLIPS: Final = 8
MIN_FLIP_SHARE: Final = 1 / 8
"""A learned hold time has one flip in thirty ends (learning/tuning.py); one in eight at its bound is no chance. In the
generated office, somebody very still before a good sensor causes 4 %, and a badly placed sensor 20 to 30 %."""
MIN_INTERRUPTED_SHARE: Final = 1 / 3
"""A mat, a radar or a counter that misses more of a stay is no help; somebody with many short errands is away for a
fifth of the day."""
MIN_INTERRUPTIONS_PER_HOUR: Final = 3
"""Nobody leaves a seat and returns within a quarter of an hour every twenty minutes, all day."""
MIN_INTERRUPTED_DAYS: Final = 2
MIN_DIRECT_EVIDENCE: Final = (3, 2, 120)
"""Stays, days and total minutes that a direct witness must have detected: a mat, a ranger, or movement behind a door.
"""
MIN_INDIRECT_EVIDENCE: Final = (8, 4, 480)
"""The same for a witness that may have detected the neighbours."""
MIN_DOOR_DAYS: Final = 4
"""People were on site on this many days without a crossing at the only door."""
MIN_MATCH_DAYS: Final = 3
MATCH_DAYS: Final = 7
MAX_DAY_EVIDENCE: Final = log(10)
"""A day on which all peers were used counts like one on which nine in ten were, because desks differ."""
MIN_QUIET_EVIDENCE: Final = 16
"""The improbability, as a power of e, of a live sensor being quiet on all these days: one in nine million."""
LOW_BATTERY_PCT: Final = 15
EMPTY_BATTERY_PCT: Final = 5
"""Most sensors stop working before 0 %."""
LOW_BATTERY_DAYS_LEFT: Final = 14
MIN_BATTERY_DAYS: Final = 5
MIN_BATTERY_FALL_PCT: Final = 5


def evaluate_sensors(sensors: Sequence[SensorRecord]) -> list[tuple[SensorKey, Finding]]:
    """Apply all rules; `since_ms` is 0, and numbers that would expose a dedicated desk's member are omitted."""
    site, swaps, left_inside = summarise_site(sensors), find_swaps(sensors), find_left_inside(sensors)
    return [
        (one.rule.key, _without_numbers(finding) if one.dedicated else finding)
        for one in sensors
        if one.days
        for finding in (
            *(find(one, site) for find in RULES),
            *find_reading_faults(one, site),
            swaps.findings.get(one.rule.key),
            left_inside.get(one.rule.key),
        )
        if finding is not None and not swaps.explains(one, finding)
    ]


def _without_numbers(finding: Finding) -> Finding:
    """Return the finding without numbers that expose one member's hours."""
    if finding.kind is FindingKind.BATTERY_LOW:
        return finding
    return Finding(
        finding.kind,
        0,
        sensor=finding.sensor,
        witness_device=finding.witness_device,
        witness=finding.witness,
        space=finding.space,
        quantity=finding.quantity,
    )


def _find_stuck_on(one: SensorRecord, site: SiteActivity) -> Finding | None:
    limit = (
        STUCK_ON_POWER_MIN
        if one.rule.health_role is HealthRole.MACHINE
        else STUCK_ON_MIN
        if one.rule.health_role in DETECTING_ROLES
        else None
    )
    last = one.days[-1]
    if limit is not None and (on_min := _measure_on_min(one.days)) >= limit:
        return _make_finding(one, FindingKind.STUCK_ON, span_min=on_min)
    doubted = max(one.days[-2:], key=lambda day: day.uncorroborated_min)
    witness = site.records.get(doubted.uncorroborated_by)
    if doubted.uncorroborated_min < MAX_STILL_MIN or doubted.day < last.day - 1 or witness is None:
        return None
    if not any(day.active_min and day.day > last.day - 3 for day in witness.days):
        return None  # the witness itself may have failed
    return _make_finding(one, FindingKind.STUCK_ON, doubted.uncorroborated_by, span_min=doubted.uncorroborated_min)


def _measure_on_min(days: Sequence[DayTally]) -> int:
    """Return for how many minutes it has been on until now, across days."""
    total, after = 0, None
    for day in reversed(days):
        if after is not None and day.day != after - 1:
            break
        total += day.on_until_end_min
        if day.on_until_end_min < day.minutes:
            break
        after = day.day
    return total


def _find_never_active(one: SensorRecord, site: SiteActivity) -> Finding | None:
    """Quiet although its space is used, according to a witness, its peers, or (for the only door) the whole site."""
    quiet = list(_iterate_quiet_days(one))
    kind = FindingKind.STUCK_OFF if one.fired else FindingKind.NEVER_TRIGGERED
    if (finding := _evaluate_missed_stays(one, kind, [day for day in quiet if day.missed_stays])) is not None:
        return finding
    if one.rule.health_role is HealthRole.CROSSINGS and site.door_count == 1:
        days = [day for day in quiet if day.day in site.days_in_use]
        return _make_finding(one, kind, days=len(days)) if len(days) >= MIN_DOOR_DAYS else None
    if one.rule.health_role not in DETECTING_ROLES or one.dedicated:
        return None
    peers = site.active_share.get((one.rule.kind, one.space_kind), {})
    shares = [share for day in quiet if (share := peers.get(day.day, 0.0)) > 0]
    odds = sum(min(MAX_DAY_EVIDENCE, -log(1 - share) if share < 1 else MAX_DAY_EVIDENCE) for share in shares)
    if odds >= MIN_QUIET_EVIDENCE + log(max(1, site.space_count)):
        return _make_finding(one, kind, days=len(shares))
    return None


def _evaluate_missed_stays(one: SensorRecord, kind: FindingKind, days: Sequence[DayTally]) -> Finding | None:
    """Evaluate what a witness detected on the days on which the sensor was quiet; newest day first."""
    strong = all(day.is_witness_direct for day in days)
    times, span_min = sum(day.missed_stays for day in days), sum(day.missed_min for day in days)
    least_times, least_days, least_min = MIN_DIRECT_EVIDENCE if strong else MIN_INDIRECT_EVIDENCE
    if times < least_times or len(days) < least_days or span_min < least_min:
        return None
    return _make_finding(one, kind, days[0].missed_witness, times=times, days=len(days), span_min=span_min)


def _iterate_quiet_days(one: SensorRecord) -> Iterator[DayTally]:
    """Yield the newest days without activity, back to the last activity; days on which it was not alive are skipped.

    For the current day only the completed hours count.
    """
    for day in reversed(one.days):
        if day.active_min or day.rises:
            return
        if day.alive_min >= 0.8 * day.minutes:
            yield day


def _find_flapping(one: SensorRecord, _around: SiteActivity) -> Finding | None:
    recent = [day for day in one.days[-2:] if day.flapping_hours]
    if sum(day.flapping_hours for day in recent) < MIN_FLAPPING_HOURS:
        return None
    return _make_finding(one, FindingKind.FLAPPING, times=max(day.max_hourly_rises for day in recent), days=len(recent))


def _find_poor_coverage(one: SensorRecord, site: SiteActivity) -> Finding | None:
    need = MIN_LOST_VISITS + 2 * int(log2(max(1, site.space_count)))
    seen = [day for day in one.days if day.witness_min and not _is_doubted(site.records.get(day.blind_witness))][
        -COVERAGE_DAYS:
    ]
    by = {day.blind_witness for day in seen if day.blind_gaps}
    times, missed = sum(day.blind_gaps for day in seen), sum(day.blind_min for day in seen)
    all_min = sum(day.witness_min for day in seen)
    if times >= need and all_min >= MIN_WITNESS_MIN and missed >= MIN_MISSED_SHARE * all_min:
        witness = max(by, key=lambda name: sum(day.blind_min for day in seen if day.blind_witness == name))
        share = round(100 * missed / all_min)
        return _make_finding(
            one, FindingKind.POOR_COVERAGE, witness, times=times, days=len(seen), span_min=missed, share_pct=share
        )
    return _evaluate_interruptions(one) if one.rule.health_role in LASTING_ROLES else _evaluate_lost_visits(one, need)


def _evaluate_interruptions(one: SensorRecord) -> Finding | None:
    """Evaluate a sensor whose reading should last: it loses somebody again and again, all day, on two days."""
    taken = [day for day in one.days if day.occupied_min][-COVERAGE_DAYS:]
    lost, lost_min = sum(day.lost_visits for day in taken), sum(day.lost_min for day in taken)
    all_min = lost_min + sum(day.occupied_min for day in taken)
    if (
        len(taken) < MIN_INTERRUPTED_DAYS
        or all_min < MIN_OCCUPIED_MIN
        or lost_min < MIN_INTERRUPTED_SHARE * all_min
        or lost * 60 < MIN_INTERRUPTIONS_PER_HOUR * all_min
    ):
        return None
    share = round(100 * lost_min / all_min)
    return _make_finding(
        one, FindingKind.POOR_COVERAGE, times=lost, days=len(taken), span_min=lost_min, share_pct=share
    )


def _is_doubted(witness: SensorRecord | None) -> bool:
    """Return whether it was recently on for hours while nothing moved: a bag on the mat, a wrong count."""
    return witness is not None and any(day.uncorroborated_min >= MAX_STILL_MIN for day in witness.days)


def _evaluate_lost_visits(one: SensorRecord, need: int) -> Finding | None:
    """Evaluate coverage without a witness: people are lost and detected again, even with the longest hold time."""
    hold = one.hold
    often = hold.flips >= MIN_FLIP_SHARE * hold.ends
    if hold.is_known and not often:
        return None  # the lengths of its quiet spans are those of breaks
    if hold.is_at_bound and often and hold.flips >= max(need, MIN_FLIPS):
        share = round(100 * hold.flips / hold.ends)
        return _make_finding(one, FindingKind.POOR_COVERAGE, times=round(hold.flips), share_pct=share)
    taken = [day for day in one.days if day.occupied_min][-COVERAGE_DAYS:]
    lost, thin = sum(day.lost_visits for day in taken), sum(day.sparse_visits for day in taken)
    lost_min, occupied_min = sum(day.lost_min for day in taken), sum(day.occupied_min for day in taken)
    supporting = min(round(hold.flips), 2 * lost) if often else 0  # supports the finding, but is no reason by itself
    if (
        lost + supporting < need
        or lost < MIN_REDETECTED_SHARE * thin
        or occupied_min < MIN_OCCUPIED_MIN
        or lost_min < MIN_LOST_SHARE * (occupied_min + lost_min)
    ):
        return None
    share = round(100 * lost_min / (occupied_min + lost_min))
    return _make_finding(
        one, FindingKind.POOR_COVERAGE, times=lost, days=len(taken), span_min=lost_min, share_pct=share
    )


def estimate_battery(days: Sequence[DayTally]) -> tuple[float, int | None] | None:
    """Return the battery level in per cent and the days left; None: the sensor does not report its battery.

    The fall per day is the median of the slopes between all pairs of days since the battery was replaced, so that one
    wrong reading has no effect (Sen 1968, JASA 63:1379). The days left are None until the battery is five days old and
    has fallen by five per cent.
    """
    levels = [(day.day, day.battery_pct) for day in days if day.battery_pct is not None]
    if not levels:
        return None
    now_pct = levels[-1][1]
    replaced = max(
        (index for index in range(1, len(levels)) if levels[index][1] > levels[index - 1][1] + 20), default=0
    )
    levels = levels[replaced:]
    slopes = [(b - a) / (later - day) for n, (day, a) in enumerate(levels) for later, b in levels[n + 1 :]]
    slope = (
        median(slopes) if len(levels) >= MIN_BATTERY_DAYS and levels[0][1] - now_pct >= MIN_BATTERY_FALL_PCT else 0.0
    )
    return now_pct, max(0, int((now_pct - EMPTY_BATTERY_PCT) / -slope)) if slope < 0 else None


def _find_low_battery(one: SensorRecord, _around: SiteActivity) -> Finding | None:
    if (estimate := estimate_battery(one.days)) is None:
        return None
    now_pct, left = estimate
    if now_pct > LOW_BATTERY_PCT and (left is None or left > LOW_BATTERY_DAYS_LEFT):
        return None
    return _make_finding(one, FindingKind.BATTERY_LOW, battery_pct=round(now_pct), days_left=left)


def _find_wrong_place(one: SensorRecord, _around: SiteActivity) -> Finding | None:
    compared = [day for day in one.days if day.is_comparable][-MATCH_DAYS:]
    with_others = [day.matching_space for day in compared if day.matching_space]
    if not with_others:
        return None
    space = max(set(with_others), key=lambda name: (with_others.count(name), name))
    days = [day for day in compared if day.matching_space == space]
    if len(days) < MIN_MATCH_DAYS or 3 * len(days) < 2 * len(compared):
        return None
    return _make_finding(
        one,
        FindingKind.WRONG_PLACE,
        space=space,
        days=len(days),
        share_pct=round(median(day.other_pct for day in days)),
        own_pct=round(median(day.own_pct for day in days)),
    )


def _make_finding(
    one: SensorRecord, kind: FindingKind, witness: SensorKey = ("", ""), **numbers: int | str | None
) -> Finding:
    return Finding(
        kind,
        0,
        sensor=one.rule.sensor,
        witness_device=witness[0],
        witness=witness[1],
        **numbers,  # type: ignore[arg-type]  # each rule passes fields of its own kind
    )


RULES: Final[tuple[Callable[[SensorRecord, SiteActivity], Finding | None], ...]] = (
    _find_stuck_on,
    _find_never_active,
    _find_flapping,
    _find_poor_coverage,
    _find_low_battery,
    _find_wrong_place,
)
