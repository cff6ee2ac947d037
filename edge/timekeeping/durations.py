"""Lengths of time, in milliseconds and seconds."""

from typing import Final

MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

MINUTES_PER_DAY: Final = 24 * 60
DAYS_PER_WEEK: Final = 7
