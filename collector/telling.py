"""What must be told outward, and when: states of spaces, summaries of zones and of the site.

In:    states as they are judged, crossings, readings of air, moments.
Out:   what changed since it was last told.
Never: clocks, sockets.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from collector.air import AirState, air, breathe
from collector.evidence import Heard, Transition
from collector.outward import (
    TAKEN,
    Health,
    Occupancy,
    Reason,
    SpaceState,
    Summary,
    Tuning,
    coarse_moment,
    coarsened_from_ms,
    with_few_hidden,
)
from collector.people import Crossing
from collector.people.counting import Counting
from collector.plan import WHOLE_SITE, SitePlan, Space, Tenure
from collector.privacy import FEW, aired, veiled
from collector.summary import count
from edge.message import Kind

REFRESH_MS: Final = 10_000
"""Newer evidence for the same state is told this often, in the house's time."""
_LOOK_MS: Final = 1_000
"""It is looked for this often, in the screens' time: people see no more of a house that goes faster."""

Gist = tuple[Occupancy, int, Reason, Health]


class Telling:
    """Remembers what was told. Part of a `House`, owned by its thread."""

    def __init__(self, plan: SitePlan) -> None:
        self.counting = Counting(plan)
        self.airs = {zone.id: AirState() for zone in plan.zones}
        self._plan = plan
        self._doors = {sensor.key for sensor in plan.sensors if sensor.door is not None}
        told = aired(plan)
        self._zone_of = {s.key: s.zone for s in plan.sensors if s.zone in self.airs and s.key in told}
        self._silent_ms = {
            sensor.key: int(plan.rules.silent_after_heartbeats * sensor.heartbeat_ms) for sensor in plan.sensors
        }
        self._veiled = veiled(plan)
        self._spaces_of = {zone.id: [space for space in plan.spaces if space.zone == zone.id] for zone in plan.zones}
        self._shown = {space.id: Occupancy.UNKNOWN for space in plan.spaces}
        self._out_of_use: frozenset[str] = frozenset()
        self._told: dict[str, tuple[Gist, int]] = {}
        self._exact: dict[str, int] = {}
        """By space when a moment of its published state is 72 hours old, and must be published coarse."""
        self._summaries: dict[str, Summary] = {}
        self._touched_zones: set[str] = set()
        self._public = frozenset(space.id for space in plan.spaces if space.tenure is Tenure.SHARED)
        self._refreshed: set[str] = set()
        self._tunings: dict[str, Tuning | None] = {}
        self._look_ms: int | None = None
        self.forget()

    def forget(self) -> None:
        """Nothing has been told."""
        self._told.clear()
        self._summaries.clear()
        self._tunings.clear()
        self._judged = set(self._public)
        self._wiser = set(self._public)

    def restore_air(self, zone: str, state: AirState) -> None:
        """Take up the air of a zone of the plan."""
        if zone in self.airs:
            self.airs[zone] = state

    def touched(self) -> set[str]:
        """Zones whose air changed since the last call."""
        zones, self._touched_zones = self._touched_zones, set()
        return zones

    def hear(self, event: Heard) -> None:
        """Take an event of a door or of a zone's air; any other is ignored."""
        key = event.device, event.sensor
        if key in self._doors:
            if event.kind is Kind.CROSSING and event.value:
                self.counting.crossed(Crossing(event.at_ms, 1 if event.value > 0 else -1))
        elif (zone := self._zone_of.get(key)) is not None:
            self.airs[zone] = breathe(self.airs[zone], event)
            self._touched_zones.add(zone)

    def became(self, space: str, from_ms: int, transitions: Sequence[Transition]) -> None:
        """These stand for the transitions that the space had from a moment on."""
        if self._plan.doors:
            self.counting.became(space, from_ms, transitions)

    def judged(self, space: str, state: Occupancy) -> None:
        """The space was judged anew."""
        self._shown[space] = state
        if space in self._public:
            self._judged.add(space)
            self._wiser.add(space)

    def look_again(self, space: str) -> None:
        """What is shown of the space may have changed, though its state did not."""
        if space in self._public:
            self._judged.add(space)

    def take_out_of_use(self, spaces: Collection[str]) -> None:
        """These spaces, and no others, are told and counted as disabled; what is judged of them goes on."""
        for space in self._out_of_use.symmetric_difference(spaces):
            self.look_again(space)
        self._out_of_use = frozenset(spaces)

    def is_out_of_use(self, space: str) -> bool:
        """Whether a space is told as disabled, whatever is judged of it."""
        return space in self._out_of_use

    def refreshed(self, space: str) -> None:
        """Newer evidence speaks for the state that the space has."""
        self._refreshed.add(space)

    def states(
        self, now_ms: int, screen_ms: int, view: Callable[[str, int], SpaceState]
    ) -> list[tuple[str, SpaceState]]:
        """The states to tell now, by space; `view` makes them."""
        fresh: list[tuple[str, SpaceState]] = []
        judged, self._judged = self._judged, set()
        for space in sorted(judged):
            state = view(space, now_ms)
            if (told := self._told.get(space)) is None or told[0] != _gist(state):
                fresh.append((space, state))
            else:
                self._refreshed.add(space)
        if self._look_ms is None or screen_ms - self._look_ms >= _LOOK_MS:
            self._look_ms = screen_ms
            self._refreshed.update(space for space, until_ms in self._exact.items() if now_ms >= until_ms)
            due = [space for space in sorted(self._refreshed & self._told.keys()) if self._is_old(space, now_ms)]
            fresh += [(space, view(space, now_ms)) for space in due if space not in judged]
        for space, state in fresh:
            self._told[space] = _gist(state), now_ms
            self._refreshed.discard(space)
            if (until_ms := coarsened_from_ms(state)) is None:
                self._exact.pop(space, None)
            else:
                self._exact[space] = until_ms
        return fresh

    def tunings(self, learnt: Callable[[str], Tuning | None]) -> list[tuple[str, Tuning | None]]:
        """What spaces have learnt since it was last told, None: nothing more; looked for where one was judged anew."""
        wiser, self._wiser = self._wiser, set()
        found = ((space, learnt(space)) for space in sorted(wiser))
        news = [(space, told) for space, told in found if told != self._tunings.get(space)]
        self._tunings.update(news)
        return news

    def summary(self, zone: str, now_ms: int) -> Summary:
        """What a zone shows."""
        kinds = count(self._counted(self._spaces_of[zone]))
        shown = None if self._is_veiled(zone) else air(self.airs[zone], self._silent_ms, now_ms)
        return Summary(at_ms=now_ms, kinds=kinds, air=shown)

    def _counted(self, spaces: Iterable[Space]) -> Iterator[tuple[Space, Occupancy]]:
        for space in spaces:
            yield space, Occupancy.DISABLED if space.id in self._out_of_use else self._shown[space.id]

    def _is_veiled(self, zone: str) -> bool:
        """Whether the air would tell which of a few members are there."""
        others = self._veiled.get(zone)
        return others is not None and sum(self._shown[space] in TAKEN for space in others) < FEW

    def site_summary(self, now_ms: int) -> Summary:
        """What the whole site shows; people only where a door is watched."""
        kinds = count(self._counted(self._plan.spaces))
        people = self.counting.people(now_ms) if self._plan.doors else None
        return Summary(at_ms=now_ms, kinds=kinds, people=people)

    def summaries(self, now_ms: int) -> list[tuple[str, Summary]]:
        """The summaries to publish now; people one to four are no number there, so that none moves the topic."""
        fresh = [(zone, self.summary(zone, now_ms)) for zone in self._spaces_of]
        fresh.append((WHOLE_SITE, with_few_hidden(self.site_summary(now_ms))))
        news = [
            (name, news) for name, summary in fresh if (news := _news(self._summaries.get(name), summary)) is not None
        ]
        self._summaries.update(news)
        return news

    def _is_old(self, space: str, now_ms: int) -> bool:
        return abs(now_ms - self._told[space][1]) >= REFRESH_MS  # a clock set back must not end the telling


def _gist(state: SpaceState) -> Gist:
    return state.state, state.since_ms, state.because.reason, state.health


def _news(published: Summary | None, summary: Summary) -> Summary | None:
    """What to publish in place of a published summary: one that differs, or the same with a coarse moment; or None."""
    if published is None or (published.kinds, published.air, published.people) != (
        summary.kinds,
        summary.air,
        summary.people,
    ):
        return summary
    at_ms = coarse_moment(published.at_ms, summary.at_ms)
    return None if at_ms == published.at_ms else replace(published, at_ms=at_ms)
