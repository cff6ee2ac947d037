"""Data types of occupancy: stored events, sensor states, transitions, and the evidence of a space.

In:    nothing.
Out:   frozen values that msgpack can encode.
Never: the rules of a space (see space_rules.py), the evaluation of a state (see judge.py), clocks.

Instants are Unix milliseconds, UTC; spans are milliseconds.
"""

from typing import Final

from msgspec import Struct

from collector.contract.states import Because, Occupancy, Reason
from collector.occupancy.learning.heartbeat_losses import HeartbeatLosses
from collector.occupancy.learning.output_length import PulseLengths
from collector.occupancy.learning.power_levels import PowerHistogram
from collector.occupancy.learning.threshold import ReadingHistogram
from collector.occupancy.learning.tuning import NO_HOLD_STATISTICS, HoldStatistics
from edge.contract.message import EventKind

EventKey = tuple[int, str, str, int]
"""`at_ms`, device, stream, seq: the canonical order of a space's events."""

NEVER_MS: Final = -(2**53)
"""A time so long ago that no hold lasts until now."""


class StoredEvent(Struct, frozen=True, gc=False, order=True):
    """One stored event with a synchronised time, of a sensor in the plan. Events sort in canonical order."""

    at_ms: int
    device: str
    stream: str
    seq: int
    sensor: str
    kind: EventKind
    value: float

    @property
    def key(self) -> EventKey:
        """Position in the canonical order."""
        return self.at_ms, self.device, self.stream, self.seq


class Transition(Struct, frozen=True, gc=False, array_like=True):
    """The space changes to `state` at `at_ms`; its previous state differs."""

    at_ms: int
    state: Occupancy
    because: Because


class SpaceChange(Struct, frozen=True):
    """Change of one space: its transitions at or after `from_ms` are replaced by `transitions`.

    `transitions` includes lapses up to now; oldest first.
    """

    space: str
    from_ms: int
    transitions: list[Transition]
    refolded: bool
    """A late event changed the past. Otherwise at most lapses were cancelled."""


class SensorState(Struct, frozen=True, gc=False, array_like=True):
    """Newest state of one sensor of a space.

    `high` is its positive level: motion, pressure, presence, power in use, an open door, enough supply.
    """

    device: str
    sensor: str
    last_event_ms: int
    """Time of its newest event."""
    alive_since_ms: int
    """Since when it has sent events without becoming silent."""
    is_high: bool
    rose_ms: int
    """When it last became high, or NEVER_MS."""
    fell_ms: int
    """When its level last ended: the last moment at which it was known to be high; of a contact, when it closed; of a
    motion sensor the last movement, because its output stays high for longer.

    Used only while it is low. NEVER_MS: it has not been high."""
    has_full_hold: bool
    """Its newest motion earned the full hold."""
    value: float
    """Its newest reading, in the unit of its own kind."""
    run_start_ms: int = NEVER_MS
    """Start of the current run of motions, in which no gap is long; or NEVER_MS."""
    threshold: ReadingHistogram | None = None
    """What a sound, light or air sensor has learned, mostly from direct sensors. None: nothing yet."""
    power_levels: PowerHistogram | None = None
    """Learned power levels of a machine. None: nothing yet."""
    recent_co2: tuple[tuple[int, float], ...] = ()
    """Of an air sensor: time and CO2 of the readings that its trend uses."""
    own_kind: EventKind | None = None
    """The event kind of its level; with another kind it counts as another sensor. None: not recorded yet."""
    is_rise_exact: bool = False
    """It became high by an event of its own, not by a heartbeat that repeats a lost one."""
    pulses: PulseLengths | None = None
    """What a motion sensor has learned of its output length. None: nothing yet."""
    losses: HeartbeatLosses | None = None
    """How many of its messages were lost lately. None: none."""


class Evidence(Struct, frozen=True, gc=False, array_like=True):
    """Evidence of one space: the fold over its stored events up to the newest. Independent of the plan."""

    key: EventKey
    """Key of the newest event."""
    state: Occupancy
    """State at the newest event."""
    since_ms: int
    because: Because
    """Reason for which the state began."""
    previous_state: Occupancy
    """Previous state. A second change in the same millisecond replaces the first."""
    previous_since_ms: int
    previous_because: Because
    check_ms: int
    """Without an event the state cannot change before this moment. It saves evaluations; it is not evidence."""
    is_somebody_inside: bool
    """Motion was seen twice behind the closed door, which has not opened since."""
    door_released_ms: int
    """When `inside` last ended by the door; a hold runs from there. Or NEVER_MS."""
    sensor_states: tuple[SensorState | None, ...]
    """In the order of the rules' sensors. None: no event yet. Empty: no sensor had an event."""
    hold_statistics: HoldStatistics = NO_HOLD_STATISTICS
    """Learned hold after motion, and its statistics."""
    level_hold_statistics: HoldStatistics = NO_HOLD_STATISTICS
    """The same for sensors that report a level while somebody is there."""

    @property
    def at_ms(self) -> int:
        """Time of the newest event; 0 before the first."""
        return self.key[0]


_NO_EVENT: Final = Because(Reason.NEVER_REPORTED)
EMPTY_EVIDENCE: Final = Evidence(
    key=(0, "", "", 0),
    state=Occupancy.UNKNOWN,
    since_ms=0,
    because=_NO_EVENT,
    previous_state=Occupancy.UNKNOWN,
    previous_since_ms=0,
    previous_because=_NO_EVENT,
    check_ms=0,
    is_somebody_inside=False,
    door_released_ms=NEVER_MS,
    sensor_states=(),
)
"""Evidence of a space without any event."""
