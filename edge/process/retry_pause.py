"""The longest pause between two attempts to reach something of the environment."""

from typing import Final

MAX_PAUSE_S: Final = 15.0
"""Short enough that every process works again within 30 s after a fault of the environment ends."""
