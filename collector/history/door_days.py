"""Days of the doors: when they begin, when the count is reset, and which errors of the doors the last two weeks show.

In:    the plan's time zone and opening hours; entries and exits of the last days.
Out:   spans of days; the moment at which a day's count ends, and whether the site is empty then; the doors' errors.
Never: clocks, sockets, files. Local time is used only to divide days.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import erfc, exp, log, sqrt
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from collector.history.measures import BUCKET_MS
from collector.site.calendar import is_open
from collector.site.site_plan import SitePlan
from edge.timekeeping.durations import HOUR_MS

REVERSED_SHARE: Final = 0.02
"""Share of a typical counter's crossings that are reported in the wrong direction."""
MISSED_SHARE: Final = 0.05
"""People that a typical counter misses per person that it reports, in either direction."""

DAY_START: Final = time(4)
"""Local time at which the doors' day begins, when the fewest people are about."""
LEARNING_DAYS: Final = 14
"""Days from which the errors of the doors are learned."""

MIN_DRIFT: Final = 0.03
"""A smaller difference between entries and exits may be chance and is ignored."""
MIN_RATIO: Final = 0.67
MAX_RATIO: Final = 1.5
_EVEN_CROSSINGS: Final = 200
"""Weight of the assumption that doors count as many in as out, in crossings."""
_USUAL_SPREAD: Final = MISSED_SHARE + 4 * REVERSED_SHARE
"""Variance that one crossing of a typical counter adds to the number of people."""
_USUAL_CROSSINGS: Final = 500
"""Weight of the assumption that doors have the typical error rate, in crossings."""
MIN_ERROR_SCALE: Final = 0.5
MAX_ERROR_SCALE: Final = 4.0
_PRECISE_SCALES: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Error rates of precise counters, relative to the typical one."""
_USUAL_SCALES: Final = (0.6, 1.0, 2.0, 4.0)
"""The same of all others."""
_PRECISE_CHANCE: Final = 0.01
"""Chance that a counter is precise, before anything is learned: so low that two even days are no proof."""
_STAYING: Final = tuple(0.5**people for people in range(1, 11))
"""Odds of each number of people who stay overnight, from none on."""
_OUTLIER: Final = 1e-9
"""Least likelihood of a day, so that one odd day does not rule out every error rate."""
_USUAL_LEAVING_PER_H: Final = 1.0
_USUAL_HOURS: Final = 30.0
"""Weight of the typical leaving rate, in person-hours."""
MIN_LEAVING_PER_H: Final = 0.1
MAX_LEAVING_PER_H: Final = 3.0


class DoorDay(Struct, frozen=True, gc=False, array_like=True):
    """Crossings of one day. `day` is the ordinal of the local date on which it began."""

    day: int
    entries: int = 0
    exits: int = 0
    person_ms: int = 0
    """Time spent inside, summed over all people."""


class LearnedDoors(Struct, frozen=True, gc=False, array_like=True):
    """Learned errors of the doors of a site."""

    in_out_ratio: float = 1.0
    """Entries per exit; 1 as long as they differ by less than 3 %."""
    error_scale: float = 1.0
    """Error rate relative to that of a typical pair of beams."""
    leaving_per_h: float = _USUAL_LEAVING_PER_H
    """How often one person inside leaves."""


class DaySpan(Struct, frozen=True, gc=False):
    """One day of the doors: its ordinal, and `from_ms` <= t < `to_ms` in Unix milliseconds."""

    day: int
    from_ms: int
    to_ms: int


def find_day_span(at_ms: int, zone: ZoneInfo) -> DaySpan:
    """Return the doors' day that contains a moment; it has 23 to 25 hours."""
    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    begun = local.date() if local.time() >= DAY_START else local.date() - timedelta(days=1)
    return DaySpan(begun.toordinal(), _begin_ms(begun, zone), _begin_ms(begun + timedelta(days=1), zone))


def learn_doors(days: Sequence[DoorDay]) -> LearnedDoors:
    """Learn the errors of the doors from their last days, each of which ended with nobody inside.

    The ratio of all entries to all exits is drawn towards 1 while there are few, and is 1 if the difference is small;
    so is the scatter of the days around it. One disturbance of one day weighs as much as its crossings. Doors are
    precise if they have no drift, and that is likelier than not.
    """
    entries, exits = sum(day.entries for day in days), sum(day.exits for day in days)
    person_h = sum(day.person_ms for day in days) / HOUR_MS
    ratio = (entries + _EVEN_CROSSINGS) / (exits + _EVEN_CROSSINGS)
    ratio = min(MAX_RATIO, max(MIN_RATIO, ratio)) if abs(ratio - 1) > MIN_DRIFT else 1.0
    leaving = (exits + _USUAL_LEAVING_PER_H * _USUAL_HOURS) / (person_h + _USUAL_HOURS)
    return LearnedDoors(
        in_out_ratio=ratio,
        error_scale=_learn_error_scale(days, ratio),
        leaving_per_h=min(MAX_LEAVING_PER_H, max(MIN_LEAVING_PER_H, leaving)),
    )


def _learn_error_scale(days: Sequence[DoorDay], ratio: float) -> float:
    """Learn the error rate of the doors, relative to the typical one."""
    crossings = sum(day.entries + day.exits for day in days)
    spread = sum((day.entries - ratio * day.exits) ** 2 for day in days) + _USUAL_CROSSINGS * _USUAL_SPREAD
    usual = min(MAX_ERROR_SCALE, max(MIN_ERROR_SCALE, spread / (crossings + _USUAL_CROSSINGS) / _USUAL_SPREAD))
    if ratio != 1:  # doors with a drift miss people, however steady it is
        return usual
    likelihoods = {scale: _days_log_likelihood(days, scale) for scale in (*_PRECISE_SCALES, *_USUAL_SCALES)}
    greatest = max(likelihoods.values())
    odds = {scale: exp(each - greatest) for scale, each in likelihoods.items()}
    precise = sum(odds[scale] for scale in _PRECISE_SCALES) * _PRECISE_CHANCE / len(_PRECISE_SCALES)
    if precise < sum(odds[scale] for scale in _USUAL_SCALES) * (1 - _PRECISE_CHANCE) / len(_USUAL_SCALES):
        return usual
    return sum(scale * odds[scale] for scale in _PRECISE_SCALES) / sum(odds[scale] for scale in _PRECISE_SCALES)


def _days_log_likelihood(days: Sequence[DoorDay], scale: float) -> float:
    """Return the logarithm of the likelihood of the differences between entries and exits, by the error rate.

    At the end of each day a few people may stay overnight, each of them half as likely as one less; they leave, or stay
    again, on a later day. What they do not explain are errors.
    """
    total, staying = 0.0, _STAYING
    for day in days:
        if not day.entries + day.exits:
            continue
        left_over = day.entries - day.exits
        width = sqrt(2 * (day.entries + day.exits) * _USUAL_SPREAD * scale)
        errors = [
            (erfc((abs(left_over + more) - 0.5) / width) - erfc((abs(left_over + more) + 0.5) / width)) / 2 + _OUTLIER
            for more in range(1 - len(_STAYING), len(_STAYING))
        ]
        after = [
            chance * sum(before * errors[place + stayed] for stayed, before in enumerate(staying))
            for place, chance in zip(range(len(_STAYING) - 1, -1, -1), _STAYING, strict=True)
        ]
        likelihood = sum(after)
        total += log(likelihood)
        staying = tuple(each / likelihood for each in after)
    return total


class DayTurn(Struct, frozen=True, gc=False):
    """Moment at which the count of one day ends and the next begins, on a bucket's edge."""

    day: int
    """Ordinal of the local date that begins."""
    at_ms: int
    is_closed: bool
    """The site is closed then, so nobody is inside. False: it may be open, and nothing is known."""


class DayTurns:
    """Turns of the days of a site, by its opening hours."""

    def __init__(self, plan: SitePlan) -> None:
        self._plan = plan
        self._span: DaySpan | None = None
        self._turn = DayTurn(0, 0, is_closed=False)

    def find_turn(self, at_ms: int) -> DayTurn:
        """Return the turn of the doors' day that contains a moment.

        That is 04:00 if the site is closed then; otherwise the middle of its longest closed time on that day, if that
        is an hour or more. A site that is open all that day turns at 04:00, and is not known to be empty.
        """
        if self._span is None or not self._span.from_ms <= at_ms < self._span.to_ms:
            self._span = find_day_span(at_ms, self._plan.time_zone)
            self._turn = self._find_turn_of_day(self._span)
        return self._turn

    def _find_turn_of_day(self, day: DaySpan) -> DayTurn:
        begins_ms = day.from_ms - day.from_ms % BUCKET_MS
        if not is_open(self._plan, begins_ms):
            return DayTurn(day.day, begins_ms, is_closed=True)
        longest_ms = closed_ms = middle_ms = 0
        for at_ms in range(begins_ms, day.to_ms, BUCKET_MS):
            closed_ms = 0 if is_open(self._plan, at_ms) else closed_ms + BUCKET_MS
            if closed_ms > longest_ms:
                longest_ms = closed_ms
                middle_ms = at_ms + BUCKET_MS - closed_ms // 2 // BUCKET_MS * BUCKET_MS
        if longest_ms >= HOUR_MS:
            return DayTurn(day.day, middle_ms, is_closed=True)
        return DayTurn(day.day, begins_ms, is_closed=False)


def _begin_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, DAY_START, zone).timestamp() * 1000)
