"""The longest time for which raw events may be kept, by agents and collectors.

In:    nothing.
Out:   one number of the site's privacy rules.
Never: settings. `[retention] raw_hours` of a site file can shorten it.

Source: firmware-config/contract.md, version 1.
"""

from typing import Final

from edge.timekeeping.durations import HOUR_MS

MAX_RAW_HOURS: Final = 72
"""Raw events and transitions are never kept longer (docs/decisions/0010)."""
MAX_RAW_MS: Final = MAX_RAW_HOURS * HOUR_MS
