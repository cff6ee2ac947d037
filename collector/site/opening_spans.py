"""Opening spans of one day, and how people write them: "07:00-22:00", "18:00-02:00", "24/7", or several spans.

In:    texts.
Out:   spans in order, in minutes since midnight.
Never: a calendar (see calendar.py), files.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from edge.timekeeping.durations import MINUTES_PER_DAY

ALWAYS_OPEN: Final = "24/7"
HOURS_EXAMPLES: Final = '"07:00-22:00", "18:00-02:00", "24/7" or ["07:00-12:00", "13:00-17:00"]'
_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningSpan:
    """One span in which the site is open, in minutes since the local midnight of the day on which it begins."""

    opens_min: int
    closes_min: int
    """Above 24 hours if the span ends after the next midnight."""


class RedDays(StrEnum):
    """How the site opens on public holidays, and on eves that the law treats as such."""

    SUNDAY = "sunday"
    """Sunday hours; a site that is closed on Sundays is closed."""
    CLOSED = "closed"
    OPEN = "open"
    """Normal hours of the weekday."""


class HoursRejected(ValueError):
    """The texts are not the opening hours of one day; the message quotes them and gives the remedy."""


def read_hours(texts: Iterable[object]) -> tuple[OpeningSpan, ...]:
    """Parse the spans of one day, in order; a span that closes before it opens ends on the next day.

    Raises:
        HoursRejected: a text is not a span, spans overlap, or together they exceed 24 hours.
    """
    texts = list(texts)
    found = [_read_span(text) for text in texts]
    quoted = ", ".join(f'"{text}"' if isinstance(text, str) else str(text) for text in texts) or "nothing"
    if not found or None in found:
        raise HoursRejected(f"found {quoted}; write it as {HOURS_EXAMPLES}")
    spans = tuple(sorted((span for span in found if span is not None), key=lambda span: span.opens_min))
    if any(later.opens_min < earlier.closes_min for earlier, later in pairwise(spans)):
        raise HoursRejected(f"{quoted} overlap; write them as one span")
    if spans[-1].closes_min - spans[0].opens_min > MINUTES_PER_DAY:
        raise HoursRejected(f"{quoted} overlap their own start on the next day; a day has at most 24 hours")
    return spans


def format_hours(span: OpeningSpan) -> str:
    """Format a span so that `read_hours` can read it."""
    opens, closes = divmod(span.opens_min, 60), divmod(span.closes_min, 60)
    if span.closes_min > MINUTES_PER_DAY:
        closes = divmod(span.closes_min - MINUTES_PER_DAY, 60)
    return f"{opens[0]:02}:{opens[1]:02}-{closes[0]:02}:{closes[1]:02}"


def _read_span(text: object) -> OpeningSpan | None:
    if text == ALWAYS_OPEN:
        return OpeningSpan(opens_min=0, closes_min=MINUTES_PER_DAY)
    found = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    opens_h, opens_m, closes_h, closes_m = (int(part) for part in found.groups())
    opens, closes = opens_h * 60 + opens_m, closes_h * 60 + closes_m
    if closes > MINUTES_PER_DAY or opens == closes:
        return None
    return OpeningSpan(opens_min=opens, closes_min=closes if closes > opens else closes + MINUTES_PER_DAY)
