"""Score the shown states of a space against its true occupancy.

In:    samples of the truth, and the transitions that were shown.
Out:   a `SpaceScore`: minutes and shares shown wrong or unknown, number of changes, and delays.
Never: files, clocks, printing.

`false vacant` means shown free while taken (the worst fault), `false occupied` shown taken while free. Away counts as
taken. Unknown counts as neither and has its own share.

Where the truth has a hole longer than `break_ms`, the recording started again, and so did the shown states. Neither
the step over the hole nor the first known state after it counts as a change.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from math import ceil
from statistics import median
from typing import Final

from msgspec import Struct

from collector.contract.states import TAKEN_STATES, Occupancy
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS

BREAK_MS: Final = 10 * MINUTE_MS


class TruthSample(Struct, frozen=True, gc=False):
    """One sample: whether the space was taken at `at_ms` (Unix ms). It is valid until the next sample."""

    at_ms: int
    taken: bool


class ShownLatency(Struct, frozen=True, gc=False):
    """Delay from a true change until it was shown, in seconds.

    A change that was never shown counts as delayed until the next true change.
    """

    median_s: float
    at_95_s: float
    """95 % of the changes were shown within this."""
    changes: int


class SpaceScore(Struct, frozen=True, gc=False, kw_only=True):
    """Minutes of truth, and how they were shown. A share is from 0 to 1, or None if its whole is zero."""

    occupied_min: float
    """The space was taken."""
    vacant_min: float
    """The space was free."""
    false_vacant_min: float
    false_vacant_share: float | None
    """Of the occupied minutes."""
    longest_false_vacant_min: float
    false_vacant_episodes_per_hour: float | None
    """Number of times the space was wrongly shown free, per occupied hour."""
    false_occupied_min: float
    false_occupied_share: float | None
    """Of the vacant minutes."""
    unknown_share: float | None
    """Of all minutes."""
    transitions_per_day: float | None
    """Changes between free, taken and unknown, as a member sees them, per 24 hours of truth."""
    true_transitions_per_day: float | None
    arrival: ShownLatency | None
    """Delay from an arrival to `taken`; None without arrivals."""
    release: ShownLatency | None
    """Delay from the last departure to `free`; None without departures."""


class _ShownClass(StrEnum):
    FREE = "free"
    TAKEN = "taken"
    UNKNOWN = "unknown"


class _ScoredSpan(Struct, frozen=True, gc=False):
    from_ms: int
    to_ms: int
    taken: bool
    shown: _ShownClass


def score_space(
    truth: Sequence[TruthSample], shown: Sequence[tuple[int, str]], reach_ms: int = MINUTE_MS, break_ms: int = BREAK_MS
) -> SpaceScore:
    """Score the shown states of one space against its truth.

    Args:
        truth: samples, oldest first.
        shown: time (Unix ms) and state (a value of `Occupancy`) of each transition, oldest first; before the first,
            the state is unknown.
        reach_ms: how long a sample is valid at most, so that holes in the truth are not scored.
        break_ms: a longer hole splits the recording.
    """
    spans = list(_split_spans(truth, shown, reach_ms))
    parts = list(_split_at_holes(spans, break_ms))
    false_vacant = [_length_ms(stretch) for stretch in _false_vacant(spans)]
    occupied_ms = _total_ms(span for span in spans if span.taken)
    vacant_ms = _total_ms(span for span in spans if not span.taken)
    false_occupied_ms = _total_ms(span for span in spans if not span.taken and span.shown is _ShownClass.TAKEN)
    unknown_ms = _total_ms(span for span in spans if span.shown is _ShownClass.UNKNOWN)
    scored_ms = occupied_ms + vacant_ms
    return SpaceScore(
        occupied_min=occupied_ms / MINUTE_MS,
        vacant_min=vacant_ms / MINUTE_MS,
        false_vacant_min=sum(false_vacant) / MINUTE_MS,
        false_vacant_share=_share(sum(false_vacant), occupied_ms),
        longest_false_vacant_min=max(false_vacant, default=0) / MINUTE_MS,
        false_vacant_episodes_per_hour=_share(len(false_vacant) * HOUR_MS, occupied_ms),
        false_occupied_min=false_occupied_ms / MINUTE_MS,
        false_occupied_share=_share(false_occupied_ms, vacant_ms),
        unknown_share=_share(unknown_ms, scored_ms),
        transitions_per_day=_share(sum(map(_count_changes, parts)) * DAY_MS, scored_ms),
        true_transitions_per_day=_share(sum(len(stays) - 1 for stays in map(_split_stays, parts)) * DAY_MS, scored_ms),
        arrival=_latency(parts, taken=True),
        release=_latency(parts, taken=False),
    )


def find_false_vacant(
    truth: Sequence[TruthSample], shown: Sequence[tuple[int, str]], reach_ms: int = MINUTE_MS
) -> list[tuple[int, int]]:
    """Return the spans (Unix ms) in which the space was shown free while taken; for the arguments see `score_space`."""
    return [(stretch[0].from_ms, stretch[-1].to_ms) for stretch in _false_vacant(_split_spans(truth, shown, reach_ms))]


def _split_spans(
    truth: Sequence[TruthSample], shown: Sequence[tuple[int, str]], reach_ms: int
) -> Iterator[_ScoredSpan]:
    """Split the time of the truth wherever a sample ends or the shown state changes."""
    place = 0
    shown_as = _ShownClass.UNKNOWN
    for index, sample in enumerate(truth):
        from_ms, to_ms = sample.at_ms, sample.at_ms + reach_ms
        if index + 1 < len(truth):
            to_ms = min(to_ms, truth[index + 1].at_ms)
        while place < len(shown) and shown[place][0] < to_ms:
            at_ms, state = shown[place]
            if at_ms > from_ms:
                yield _ScoredSpan(from_ms, at_ms, sample.taken, shown_as)
                from_ms = at_ms
            shown_as = _shown_class(state)
            place += 1
        yield _ScoredSpan(from_ms, to_ms, sample.taken, shown_as)


def _shown_class(state: str) -> _ShownClass:
    if state in TAKEN_STATES:
        return _ShownClass.TAKEN
    return _ShownClass.FREE if state == Occupancy.VACANT else _ShownClass.UNKNOWN


def _total_ms(spans: Iterable[_ScoredSpan]) -> int:
    return sum(span.to_ms - span.from_ms for span in spans)


def _length_ms(stretch: Sequence[_ScoredSpan]) -> int:
    return stretch[-1].to_ms - stretch[0].from_ms


def _split_at_holes(spans: Iterable[_ScoredSpan], hole_ms: int) -> Iterator[list[_ScoredSpan]]:
    """Group the spans, split wherever a hole is longer than `hole_ms`."""
    run: list[_ScoredSpan] = []
    for span in spans:
        if run and span.from_ms - run[-1].to_ms > hole_ms:
            yield run
            run = []
        run.append(span)
    if run:
        yield run


def _false_vacant(spans: Iterable[_ScoredSpan]) -> Iterator[list[_ScoredSpan]]:
    """Yield each stretch shown free while taken; a hole in the truth ends a stretch."""
    return _split_at_holes((span for span in spans if span.taken and span.shown is _ShownClass.FREE), 0)


def _count_changes(part: Sequence[_ScoredSpan]) -> int:
    """Count the changes shown after the first known state."""
    classes = [state for state, _ in groupby(span.shown for span in part)]
    return max(0, len(classes) - 1 - (classes[0] is _ShownClass.UNKNOWN))


def _split_stays(part: Sequence[_ScoredSpan]) -> list[list[_ScoredSpan]]:
    """Split a part wherever the truth changes."""
    return [list(stay) for _, stay in groupby(part, key=lambda span: span.taken)]


def _latency(parts: Sequence[Sequence[_ScoredSpan]], *, taken: bool) -> ShownLatency | None:
    """Return the delays of the stays that began with a true change to `taken`."""
    state = _ShownClass.TAKEN if taken else _ShownClass.FREE
    stays = [stay for part in parts for stay in _split_stays(part)[1:] if stay[0].taken is taken]
    late_s = sorted(_until_shown_ms(stay, state) / 1000 for stay in stays)
    if not late_s:
        return None
    return ShownLatency(median(late_s), late_s[ceil(0.95 * len(late_s)) - 1], len(late_s))


def _until_shown_ms(stay: Sequence[_ScoredSpan], state: _ShownClass) -> int:
    shown_ms = next((span.from_ms for span in stay if span.shown is state), stay[-1].to_ms)
    return shown_ms - stay[0].from_ms


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
