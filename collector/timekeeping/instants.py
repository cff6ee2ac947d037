"""An instant later than every event."""

from typing import Final

FOREVER_MS: Final = 2**53
"""Later than every time of an event, and exact in JSON and in SQLite."""
