"""Minutes stored as the bits of one number, the first minute lowest: runs, joined runs, and correlation.

In:    such numbers.
Out:   runs of minutes, a correlation coefficient.
Never: clocks, sensors.
"""

from math import sqrt
from typing import Final

BIN_MIN: Final = 5
"""Two sensors that detect the same person rarely trigger in the same minute; within five minutes they mostly do."""

MinuteSpan = tuple[int, int]
"""The first minute, and the first after the last."""


def find_runs(bits: int) -> list[MinuteSpan]:
    """Return every unbroken run of set minutes, in order."""
    found: list[MinuteSpan] = []
    at = 0
    while bits:
        skip = (bits & -bits).bit_length() - 1
        bits >>= skip
        length = (~bits & (bits + 1)).bit_length() - 1
        bits >>= length
        found.append((at + skip, at + skip + length))
        at += skip + length
    return found


def join_runs(bits: int, join: int) -> list[MinuteSpan]:
    """Return runs, joining those that are at most `join` minutes apart."""
    found: list[MinuteSpan] = []
    for first, after in find_runs(bits):
        if found and first - found[-1][1] <= join:
            found[-1] = (found[-1][0], after)
        else:
            found.append((first, after))
    return found


def make_span_bits(span: MinuteSpan) -> int:
    """Return the bits of a span."""
    return ((1 << (span[1] - span[0])) - 1) << span[0]


def measure_longest_run(bits: int) -> int:
    """Return the length of the longest run in minutes."""
    return max((after - first for first, after in find_runs(bits)), default=0)


def bin_minutes(bits: int) -> int:
    """Return one bit for every five minutes in which any bit is set."""
    found = 0
    for first, after in find_runs(bits):
        found |= make_span_bits((first // BIN_MIN, -(-after // BIN_MIN)))
    return found


def correlate(one: int, other: int, total: int) -> float:
    """Return the phi coefficient of two bit sets of length `total`: 1 equal, 0 unrelated, below 0 opposite.

    Source: Yule, "On the Methods of Measuring Association Between Two Attributes", JRSS 75 (1912).
    """
    here, there, both = one.bit_count(), other.bit_count(), (one & other).bit_count()
    spread = here * there * (total - here) * (total - there)
    return (total * both - here * there) / sqrt(spread) if spread > 0 else 0.0
