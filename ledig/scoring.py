"""How truthful was it? Compares what was true of a space with what was shown of it.

In:    samples of the truth, and the transitions that were shown.
Out:   a `Score`: minutes and shares shown wrong, or not known.
Never: files, clocks, printing.

`false vacant` is shown free while taken (the worst), `false occupied` is shown taken while free. Away counts as taken;
what was not known is neither, and has its own share.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Final

from msgspec import Struct

from collector.outward import TAKEN, Occupancy

MINUTE_MS: Final = 60_000
DAY_MS: Final = 1440 * MINUTE_MS


class Truth(Struct, frozen=True, gc=False):
    """One sample: whether somebody had the space at `at_ms` (Unix ms). It stands until the next sample."""

    at_ms: int
    taken: bool


class Score(Struct, frozen=True, gc=False, kw_only=True):
    """Minutes of truth, and how they were shown. A share is of 0 to 1; None if there was nothing to have a share of."""

    occupied_min: float
    """Somebody had the space."""
    vacant_min: float
    """Nobody had it."""
    false_vacant_min: float
    false_vacant_share: float | None
    """Of the occupied minutes."""
    longest_false_vacant_min: float
    false_occupied_min: float
    false_occupied_share: float | None
    """Of the vacant minutes."""
    unknown_share: float | None
    """Of all minutes."""
    transitions_per_day: float | None
    """Changes between free, taken and not known, per 24 hours of truth."""


class _Shown(StrEnum):
    FREE = "free"
    TAKEN = "taken"
    UNKNOWN = "unknown"


class _Span(Struct, frozen=True, gc=False):
    from_ms: int
    to_ms: int
    taken: bool
    shown: _Shown


def score(truth: Sequence[Truth], shown: Sequence[tuple[int, str]], reach_ms: int = MINUTE_MS) -> Score:
    """Weigh what was shown of one space against what was true of it.

    Args:
        truth: samples, oldest first.
        shown: moment (Unix ms) and state (a word of `Occupancy`) of each transition, oldest first; before the first,
            nothing was known.
        reach_ms: a sample stands at most this long, so that a hole in the truth is not judged.
    """
    spans = list(_spans(truth, shown, reach_ms))
    occupied_ms = _total_ms(span for span in spans if span.taken)
    vacant_ms = _total_ms(span for span in spans if not span.taken)
    false_vacant_ms = _total_ms(span for span in spans if _falsely_vacant(span))
    false_occupied_ms = _total_ms(span for span in spans if not span.taken and span.shown is _Shown.TAKEN)
    unknown_ms = _total_ms(span for span in spans if span.shown is _Shown.UNKNOWN)
    changes = sum(later.shown is not span.shown for span, later in pairwise(spans))
    return Score(
        occupied_min=occupied_ms / MINUTE_MS,
        vacant_min=vacant_ms / MINUTE_MS,
        false_vacant_min=false_vacant_ms / MINUTE_MS,
        false_vacant_share=_share(false_vacant_ms, occupied_ms),
        longest_false_vacant_min=_longest_ms(spans) / MINUTE_MS,
        false_occupied_min=false_occupied_ms / MINUTE_MS,
        false_occupied_share=_share(false_occupied_ms, vacant_ms),
        unknown_share=_share(unknown_ms, occupied_ms + vacant_ms),
        transitions_per_day=_share(changes * DAY_MS, occupied_ms + vacant_ms),
    )


def _spans(truth: Sequence[Truth], shown: Sequence[tuple[int, str]], reach_ms: int) -> Iterator[_Span]:
    """The time of the truth, cut wherever a sample ends or another state is shown."""
    place = 0
    state = _Shown.UNKNOWN
    for index, sample in enumerate(truth):
        from_ms, to_ms = sample.at_ms, sample.at_ms + reach_ms
        if index + 1 < len(truth):
            to_ms = min(to_ms, truth[index + 1].at_ms)
        while place < len(shown) and shown[place][0] < to_ms:
            at_ms, word = shown[place]
            if at_ms > from_ms:
                yield _Span(from_ms, at_ms, sample.taken, state)
                from_ms = at_ms
            state = _class(word)
            place += 1
        yield _Span(from_ms, to_ms, sample.taken, state)


def _class(word: str) -> _Shown:
    if word in TAKEN:
        return _Shown.TAKEN
    return _Shown.FREE if word == Occupancy.VACANT else _Shown.UNKNOWN


def _falsely_vacant(span: _Span) -> bool:
    return span.taken and span.shown is _Shown.FREE


def _total_ms(spans: Iterator[_Span]) -> int:
    return sum(span.to_ms - span.from_ms for span in spans)


def _longest_ms(spans: list[_Span]) -> int:
    """The longest stretch shown free while taken; a hole in the truth ends it."""
    longest_ms = begun_ms = ended_ms = 0
    for span in spans:
        if _falsely_vacant(span):
            if span.from_ms != ended_ms:
                begun_ms = span.from_ms
            ended_ms = span.to_ms
            longest_ms = max(longest_ms, ended_ms - begun_ms)
    return longest_ms


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
