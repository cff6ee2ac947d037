"""How likely somebody inside goes undetected, learned from the site's own quiet times.

In:    how long nobody was detected, what ended it, and how likely somebody was inside, by the doors and all before.
Out:   the likelihood that somebody inside goes undetected for that long.
Never: clocks, files.

Quiet is evidence, not certainty: a badly placed motion sensor misses a person who sits still. Somebody inside is
detected at a rate, which is uncertain at first. Every end of a quiet time teaches: if motion ends it without an
entry, or an exit, somebody was inside undetected; if an entry ends it, the site was probably empty.

Source: the two motion sensors of the UCI 864 recording. Times between motions that are longer than two minutes are
exponential there: they exceed two minutes by 80 s on average, for both sensors together (31 times).
"""

from math import exp, log, log1p
from typing import Final

from msgspec import Struct

from collector.history.door_days import LEARNING_DAYS, MISSED_SHARE, REVERSED_SHARE
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

HELD_MS: Final = 2 * MINUTE_MS
"""A space is occupied for this long after the last motion, so a quiet time begins this long after it. Shorter times
without motion teach nothing: a person who walks in is detected more easily than one who sits."""
_PRIOR_GAP_MS: Final = 80_000
"""Mean time between motions, beyond two minutes, in the UCI 864 recording."""
WATCHED_SITE_EMPTY_AFTER_MS: Final = 10 * MINUTE_MS
"""A site with watched zones only must be quiet for at least this long to be empty whatever its doors counted."""
PARTLY_WATCHED_SITE_EMPTY_AFTER_MS: Final = HOUR_MS
"""The same for a site with unwatched zones: people may be at lunch there. Their usual gaps are longer in proportion."""
_NEGLIGIBLE_HIDING: Final = 0.001
"""The same, as the likelihood that somebody inside is still undetected. With the usual gaps of a site, both times above
are long enough."""
_PRIOR_GAPS: Final = 2.0
"""Weight of the prior, in gaps. It is the shape of a gamma distribution of the rates of sensors: the two sensors of UCI
864 alone have mean gaps of 72 s and 305 s, or 177 s without one gap of an hour, which gives a shape of 1.3 or 2.8."""
_MAX_GAPS: Final = 31.0
"""Weight of what was learned, at most: so many gaps of UCI 864 show the form of the distribution, and no form is known
better than by its source."""
_KEPT_PER_DAY: Final = 1 - 1 / LEARNING_DAYS
"""Part of what was learned that is kept from one day to the next, so that a moved sensor is learned anew."""
_UNCOUNTED_PER_MS: Final = (MISSED_SHARE + REVERSED_SHARE) / HOUR_MS
"""How often somebody comes into an empty site without a counted entry, if somebody comes once an hour."""
COUNTED_WITHIN_MS: Final = MINUTE_MS
"""Somebody who comes in is counted at most this long after the first motion that they cause."""


class QuietLearning(Struct, frozen=True, gc=False, array_like=True):
    """What the quiet times of the last weeks taught, each weighted by how likely somebody was inside."""

    found: float = 0.0
    """Quiet times that ended because somebody was detected who had been inside."""
    hidden_ms: float = 0.0
    """Time that people inside spent undetected, beyond `HELD_MS` each time."""


class DetectionRate(Struct, frozen=True, gc=False):
    """How fast somebody inside is detected: a gamma distribution of the rate, with this shape and rate."""

    gaps: float
    gaps_ms: float

    def hiding_odds(self, from_ms: float, to_ms: float) -> float:
        """Return the likelihood to stay undetected until `to_ms`, for somebody who was undetected for `from_ms`."""
        return exp(-self.gaps * log1p((to_ms - from_ms) / (self.gaps_ms + from_ms)))

    def chance_of_hiding(self, unseen_ms: float, inside: float) -> float:
        """Return how likely somebody who is detected had been inside, and did not come in uncounted.

        Args:
            unseen_ms: how long nobody had been detected.
            inside: how likely somebody was inside just before.
        """
        detected = inside * self.gaps / (self.gaps_ms + unseen_ms)
        return detected / (detected + (1 - inside) * _UNCOUNTED_PER_MS)


def estimate_detection(learning: QuietLearning, *, is_fully_watched: bool) -> DetectionRate:
    """Estimate how fast somebody inside is detected, from what was learned and the prior."""
    required_ms = _find_least_quiet_ms(is_fully_watched=is_fully_watched)
    usual_ms = _PRIOR_GAP_MS * required_ms / WATCHED_SITE_EMPTY_AFTER_MS
    gaps = _PRIOR_GAPS + learning.found
    gaps_ms = _PRIOR_GAPS * usual_ms + learning.hidden_ms
    weight = min(1.0, _MAX_GAPS / gaps)
    return DetectionRate(gaps * weight, gaps_ms * weight)


def find_required_quiet_ms(rate: DetectionRate, *, is_fully_watched: bool) -> float:
    """Return how long a site must be quiet to be empty whatever its doors counted."""
    mean_gap_ms = rate.gaps_ms / rate.gaps
    return max(_find_least_quiet_ms(is_fully_watched=is_fully_watched), -log(_NEGLIGIBLE_HIDING) * mean_gap_ms)


def _find_least_quiet_ms(*, is_fully_watched: bool) -> int:
    return WATCHED_SITE_EMPTY_AFTER_MS if is_fully_watched else PARTLY_WATCHED_SITE_EMPTY_AFTER_MS


def learn_detection(learning: QuietLearning, unseen_ms: int, was_inside: float) -> QuietLearning:
    """Learn from the detection that ended a quiet time without a crossing.

    Args:
        learning: what was learned before.
        unseen_ms: how long nobody had been detected.
        was_inside: how likely the detected person had been inside (`DetectionRate.chance_of_hiding`).
    """
    if unseen_ms < HELD_MS:
        return learning
    return QuietLearning(learning.found + was_inside, learning.hidden_ms + was_inside * (unseen_ms - HELD_MS))


def learn_hiding(learning: QuietLearning, unseen_ms: int, inside: float, *, is_exit: bool) -> QuietLearning:
    """Learn from a crossing in a quiet time: somebody inside stayed undetected until then.

    Args:
        learning: what was learned before.
        unseen_ms: how long nobody had been detected.
        inside: how likely somebody was inside just before.
        is_exit: the crossing is an exit, so somebody was inside, unless it is an entry counted in reverse.
    """
    if unseen_ms < HELD_MS:
        return learning
    weight = inside / (inside + (1 - inside) * REVERSED_SHARE) if is_exit else inside
    return QuietLearning(learning.found, learning.hidden_ms + weight * (unseen_ms - HELD_MS))


def fade_learning(learning: QuietLearning) -> QuietLearning:
    """Return what is left of it a day later."""
    return QuietLearning(learning.found * _KEPT_PER_DAY, learning.hidden_ms * _KEPT_PER_DAY)
