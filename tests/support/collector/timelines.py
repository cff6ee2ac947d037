"""Generated timelines of a space's states."""

from hypothesis import strategies as st

from collector.contract.states import Occupancy
from edge.timekeeping.durations import HOUR_MS

HOUR_BEGIN_MS = 1_763_856_000_000
"""The start of an hour, UTC."""

STATES = st.sampled_from([Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN, Occupancy.DISABLED])

TIMELINES = st.dictionaries(st.integers(HOUR_BEGIN_MS - HOUR_MS, HOUR_BEGIN_MS + 4 * HOUR_MS), STATES, max_size=30).map(
    lambda changes: sorted(changes.items())
)
