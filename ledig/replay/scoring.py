"""How truthful was it? Compares what was true of a space with what was shown of it.

In:    samples of the truth, and the transitions that were shown.
Out:   a `Score`: minutes and shares shown wrong, or not known, how often it changed, and how late.
Never: files, clocks, printing.

`false vacant` is shown free while taken (the worst), `false occupied` is shown taken while free. Away counts as taken;
what was not known is neither, and has its own share.

Where the truth has a hole longer than `break_ms` the recording began anew, and with it what was shown: neither the
step over the hole is a change, nor is the first word after it, once something is known again.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from math import ceil
from statistics import median
from typing import Final

from msgspec import Struct

from collector.outward import TAKEN, Occupancy

MINUTE_MS: Final = 60_000
DAY_MS: Final = 1440 * MINUTE_MS
BREAK_MS: Final = 10 * MINUTE_MS
_HOUR_MS: Final = 60 * MINUTE_MS


class Truth(Struct, frozen=True, gc=False):
    """One sample: whether somebody had the space at `at_ms` (Unix ms). It stands until the next sample."""

    at_ms: int
    taken: bool


class Latency(Struct, frozen=True, gc=False):
    """How long after a true change it was shown, in seconds. One that never was counts until the next true change."""

    median_s: float
    at_95_s: float
    """95 % of the changes were shown within this."""
    changes: int


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
    false_vacant_episodes_per_hour: float | None
    """How often it was wrongly shown free, per occupied hour."""
    false_occupied_min: float
    false_occupied_share: float | None
    """Of the vacant minutes."""
    unknown_share: float | None
    """Of all minutes."""
    transitions_per_day: float | None
    """Changes between free, taken and not known, as a member would see them, per 24 hours of truth."""
    true_transitions_per_day: float | None
    arrival: Latency | None
    """From somebody's coming to `taken`; None if nobody came."""
    release: Latency | None
    """From the last one's leaving to `free`; None if nobody left."""


class _Shown(StrEnum):
    FREE = "free"
    TAKEN = "taken"
    UNKNOWN = "unknown"


class _Span(Struct, frozen=True, gc=False):
    from_ms: int
    to_ms: int
    taken: bool
    shown: _Shown


def score(
    truth: Sequence[Truth], shown: Sequence[tuple[int, str]], reach_ms: int = MINUTE_MS, break_ms: int = BREAK_MS
) -> Score:
    """Weigh what was shown of one space against what was true of it.

    Args:
        truth: samples, oldest first.
        shown: moment (Unix ms) and state (a word of `Occupancy`) of each transition, oldest first; before the first,
            nothing was known.
        reach_ms: a sample stands at most this long, so that a hole in the truth is not judged.
        break_ms: a longer hole parts the recording.
    """
    spans = list(_spans(truth, shown, reach_ms))
    parts = list(_cut(spans, break_ms))
    false_vacant = [_length_ms(stretch) for stretch in _false_vacant(spans)]
    occupied_ms = _total_ms(span for span in spans if span.taken)
    vacant_ms = _total_ms(span for span in spans if not span.taken)
    false_occupied_ms = _total_ms(span for span in spans if not span.taken and span.shown is _Shown.TAKEN)
    unknown_ms = _total_ms(span for span in spans if span.shown is _Shown.UNKNOWN)
    judged_ms = occupied_ms + vacant_ms
    return Score(
        occupied_min=occupied_ms / MINUTE_MS,
        vacant_min=vacant_ms / MINUTE_MS,
        false_vacant_min=sum(false_vacant) / MINUTE_MS,
        false_vacant_share=_share(sum(false_vacant), occupied_ms),
        longest_false_vacant_min=max(false_vacant, default=0) / MINUTE_MS,
        false_vacant_episodes_per_hour=_share(len(false_vacant) * _HOUR_MS, occupied_ms),
        false_occupied_min=false_occupied_ms / MINUTE_MS,
        false_occupied_share=_share(false_occupied_ms, vacant_ms),
        unknown_share=_share(unknown_ms, judged_ms),
        transitions_per_day=_share(sum(map(_changes, parts)) * DAY_MS, judged_ms),
        true_transitions_per_day=_share(sum(len(stays) - 1 for stays in map(_stays, parts)) * DAY_MS, judged_ms),
        arrival=_latency(parts, taken=True),
        release=_latency(parts, taken=False),
    )


def wrongly_free(
    truth: Sequence[Truth], shown: Sequence[tuple[int, str]], reach_ms: int = MINUTE_MS
) -> list[tuple[int, int]]:
    """From when to when (Unix ms) it was shown free while taken; the arguments are `score`'s."""
    return [(stretch[0].from_ms, stretch[-1].to_ms) for stretch in _false_vacant(_spans(truth, shown, reach_ms))]


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


def _total_ms(spans: Iterable[_Span]) -> int:
    return sum(span.to_ms - span.from_ms for span in spans)


def _length_ms(stretch: Sequence[_Span]) -> int:
    return stretch[-1].to_ms - stretch[0].from_ms


def _cut(spans: Iterable[_Span], hole_ms: int) -> Iterator[list[_Span]]:
    """The spans in runs, cut wherever a hole is longer than this."""
    run: list[_Span] = []
    for span in spans:
        if run and span.from_ms - run[-1].to_ms > hole_ms:
            yield run
            run = []
        run.append(span)
    if run:
        yield run


def _false_vacant(spans: Iterable[_Span]) -> Iterator[list[_Span]]:
    """Each stretch shown free while taken; a hole in the truth ends it."""
    return _cut((span for span in spans if span.taken and span.shown is _Shown.FREE), 0)


def _changes(part: Sequence[_Span]) -> int:
    """The changes that were shown after the first thing that was known."""
    words = [word for word, _ in groupby(span.shown for span in part)]
    return max(0, len(words) - 1 - (words[0] is _Shown.UNKNOWN))


def _stays(part: Sequence[_Span]) -> list[list[_Span]]:
    """A part cut wherever the truth changes."""
    return [list(stay) for _, stay in groupby(part, key=lambda span: span.taken)]


def _latency(parts: Sequence[Sequence[_Span]], *, taken: bool) -> Latency | None:
    """How late the stays were shown that began with a true change to `taken`."""
    word = _Shown.TAKEN if taken else _Shown.FREE
    stays = [stay for part in parts for stay in _stays(part)[1:] if stay[0].taken is taken]
    late_s = sorted(_until_shown_ms(stay, word) / 1000 for stay in stays)
    if not late_s:
        return None
    return Latency(median(late_s), late_s[ceil(0.95 * len(late_s)) - 1], len(late_s))


def _until_shown_ms(stay: Sequence[_Span], word: _Shown) -> int:
    shown_ms = next((span.from_ms for span in stay if span.shown is word), stay[-1].to_ms)
    return shown_ms - stay[0].from_ms


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
