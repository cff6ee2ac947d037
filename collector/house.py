"""All spaces, doors and air of one house together: events in, changes out.

In:    stored events in any order, moments.
Out:   rewritten transitions of spaces, states and summaries that must be told.
Never: clocks, sockets, files, logging. One thread owns a `House`.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct

from collector.air import AirState
from collector.doors import DoorState
from collector.inference import Evidence, Heard, Transition
from collector.outward import SpaceState, Summary
from collector.plan import SitePlan

Past = Callable[[str, Evidence], Sequence[Heard]]
"""All stored events of a space above the key of this evidence, in any order, the newest included."""


class Change(Struct, frozen=True):
    """The story of one space from `from_ms` on: its transitions at or after `from_ms` are replaced by these.

    `transitions` are those of events and the lapses up to now, oldest first.
    """

    space: str
    from_ms: int
    transitions: list[Transition]
    refolded: bool
    """A late event rewrote the past; else only lapses may have been taken back."""


class House:
    """Holds the frozen state of every space, door and zone."""

    def __init__(self, plan: SitePlan) -> None:
        """Begin with nothing heard; `restore` what is stored before the first `take`."""
        raise NotImplementedError

    def restore(self, space: str, evidence: Evidence) -> None:
        """Take up stored evidence; an unknown space is ignored."""
        raise NotImplementedError

    def evidence(self, space: str) -> Evidence:
        """The settled evidence of a space, to be stored."""
        raise NotImplementedError

    def set_checkpoint(self, space: str, evidence: Evidence) -> None:
        """From now on late events of the space are folded from here; an unknown space is ignored."""
        raise NotImplementedError

    def checkpoint(self, space: str) -> Evidence:
        """Where late events are folded from; START at first."""
        raise NotImplementedError

    def restore_door(self, door: str, state: DoorState) -> None:
        """Take up the stored crossings of a door."""
        raise NotImplementedError

    def door(self, door: str) -> DoorState:
        """The crossings of a door, to be stored."""
        raise NotImplementedError

    def restore_air(self, zone: str, state: AirState) -> None:
        """Take up the stored air of a zone."""
        raise NotImplementedError

    def air(self, zone: str) -> AirState:
        """The air of a zone, to be stored."""
        raise NotImplementedError

    def touched(self) -> tuple[set[str], set[str], set[str]]:
        """Spaces, doors and zones whose evidence changed since the last call, to be stored."""
        raise NotImplementedError

    def take(self, events: Sequence[Heard], now_ms: int, past: Past) -> list[Change]:
        """Take stored events of any sensors, in any order; return what changed in the spaces' stories."""
        raise NotImplementedError

    def tick(self, now_ms: int) -> list[Change]:
        """The lapses due by `now_ms` that were not told yet."""
        raise NotImplementedError

    def view(self, space: str, now_ms: int) -> SpaceState:
        """What a space shows now."""
        raise NotImplementedError

    def summary(self, zone: str, now_ms: int) -> Summary:
        """What a zone shows now."""
        raise NotImplementedError

    def site_summary(self, now_ms: int) -> Summary:
        """What the whole site shows now."""
        raise NotImplementedError

    def states_to_tell(self, now_ms: int) -> list[tuple[str, SpaceState]]:
        """States of offered spaces (and supplies) that changed since they were last told.

        A change of state, reason or health is told at once; newer evidence for the same, once in ten seconds.
        """
        raise NotImplementedError

    def summaries_to_tell(self, now_ms: int) -> list[tuple[str, Summary]]:
        """Summaries by zone id, or WHOLE_SITE, that changed since they were last told."""
        raise NotImplementedError

    def tell_all(self) -> None:
        """Everything must be told again: the broker may have forgotten."""
        raise NotImplementedError
