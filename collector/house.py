"""All spaces, doors and air of one house together: events in, changes out.

In:    stored events in any order, moments.
Out:   rewritten transitions of spaces; the states and summaries that must be told.
Never: clocks, sockets, files, logging. One thread owns a `House`.

It holds frozen values only; whatever it holds is a function of the stored events and the newest moment it was given.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from heapq import heappop, heappush
from itertools import takewhile
from operator import attrgetter
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from collector.air import AirState
from collector.evidence import START, Evidence, Heard, SpaceRules, Transition, space_rules
from collector.inference import advance, fitted, fold, story, view, wake_ms
from collector.inference.judgement import FOREVER
from collector.inference.learnt import learnt
from collector.outward import Because, Health, Occupancy, Reason, SpaceState, Summary, Tuning, with_coarse_moments
from collector.people import Crossing, Crowd
from collector.plan import SitePlan, Space
from collector.telling import Telling

Past = Callable[[str, Evidence], Sequence[Heard]]
"""All stored events of a space above the key of this evidence, in any order, the newest included."""

MARK_MS: Final = 15 * 60_000
MARKS: Final = 12
"""Of each space, so much of the past stays at hand: a late event is folded from there, not over three days."""


class Change(Struct, frozen=True):
    """The story of one space from `from_ms` on: its transitions at or after `from_ms` are replaced by these.

    `transitions` are those of events and the lapses up to now, oldest first.
    """

    space: str
    from_ms: int
    transitions: list[Transition]
    refolded: bool
    """A late event rewrote the past; else at most lapses are taken back."""


class _Seat:
    """One space: its evidence, and what was said of it."""

    __slots__ = ("checkpoint", "due_ms", "evidence", "marks", "pending", "rules", "space", "told")

    def __init__(self, space: Space, rules: SpaceRules) -> None:
        self.space = space
        self.rules = rules
        self.checkpoint = self.evidence = fitted(START, rules)
        self.marks: deque[Evidence] = deque((self.evidence,), MARKS)
        """Evidence as it was, each a fold over all events up to its own; never empty."""
        self.told: list[Transition] | None = []
        """Transitions told at or after the newest event; None: not known, since it was restored."""
        self.due_ms = FOREVER
        """Time alone changes nothing that is shown before this moment."""
        self.pending: list[Heard] = []


class House:
    """Every space, door and zone of one plan. Restore what is stored before the first `take`."""

    def __init__(self, plan: SitePlan) -> None:
        self._seats = {space.id: _Seat(space, space_rules(plan, space.id)) for space in plan.spaces}
        self._watched = {sensor.key: self._seats[sensor.space] for sensor in plan.sensors if sensor.space is not None}
        self._aired = frozenset(sensor.space for sensor in plan.sensors if sensor.zone is not None)
        """Spaces with an air sensor of their own, which tells of their zone too."""
        self._due: list[tuple[int, str]] = []
        self._touched: set[str] = set()
        self._doubted: frozenset[str] = frozenset()
        self._telling = Telling(plan)
        for seat in self._seats.values():
            self._telling.judged(seat.space.id, seat.evidence.state)

    def restore(self, space: str, evidence: Evidence) -> None:
        """Take up stored evidence, judged under today's rules; of a space that left the plan it is ignored."""
        if (seat := self._seats.get(space)) is not None:
            seat.evidence = fitted(evidence, seat.rules)
            seat.marks.append(seat.evidence)
            seat.told = None
            self._telling.judged(space, seat.evidence.state)
            self._wake(seat, 0)

    def evidence(self, space: str) -> Evidence:
        """The settled evidence of a space, to be stored."""
        return self._seats[space].evidence

    def set_checkpoint(self, space: str, evidence: Evidence) -> None:
        """From now on late events of the space are folded from here; of a space that left the plan it is ignored."""
        if (seat := self._seats.get(space)) is not None:
            seat.checkpoint = fitted(evidence, seat.rules)

    def checkpoint(self, space: str) -> Evidence:
        """Where late events of a space are folded from at the latest; START fitted to its rules at first."""
        return self._seats[space].checkpoint

    def rules(self, space: str) -> SpaceRules:
        """The rules that a space is judged by."""
        return self._seats[space].rules

    def count_from(
        self, crowd: Crowd, crossings: Sequence[Crossing], timelines: Mapping[str, Sequence[tuple[int, Occupancy]]]
    ) -> None:
        """Count people from the end of history on: who was inside, and what is stored since (see `Counting.begin`)."""
        self._telling.counting.begin(crowd, crossings, timelines)

    def restore_air(self, zone: str, state: AirState) -> None:
        """Take up the stored air of a zone; of one that left the plan it is ignored."""
        self._telling.restore_air(zone, state)

    def air(self, zone: str) -> AirState:
        """The air of a zone, to be stored."""
        return self._telling.airs[zone]

    def touched(self) -> tuple[set[str], set[str]]:
        """Spaces and zones whose evidence changed since the last call, to be stored."""
        spaces, self._touched = self._touched, set()
        return spaces, self._telling.touched()

    def take(self, events: Sequence[Heard], now_ms: int, past: Past) -> list[Change]:
        """Take events that are stored, of any sensors and in any order; return what changed in the spaces' stories.

        Args:
            events: synchronised events, none of them taken before; one of an unknown sensor is ignored.
            now_ms: the present; lapses are told up to here.
            past: asked only when an event is older than the newest one of its space.
        """
        seats: list[_Seat] = []
        watched = self._watched
        for event in events:
            seat = watched.get((event.device, event.sensor))
            if seat is None:
                self._telling.hear(event)
                continue
            if not seat.pending:
                seats.append(seat)
            seat.pending.append(event)
        changes = [self._follow(seat, now_ms, past) for seat in seats]
        return self._followed([change for change in changes if change is not None])

    def tick(self, now_ms: int) -> list[Change]:
        """The lapses that are due and were not told yet."""
        changes: list[Change] = []
        while self._due and self._due[0][0] <= now_ms:
            due_ms, space = heappop(self._due)
            seat = self._seats[space]
            if seat.due_ms == due_ms:  # else a newer entry stands in the heap
                seat.due_ms = FOREVER
                if (change := self._retell(seat, seat.evidence, [], now_ms)) is not None:
                    changes.append(change)
        return self._followed(changes)

    def doubt(self, spaces: Collection[str]) -> None:
        """From now on these spaces, and no others, have a sensor of which something was found: `degraded` at best."""
        for space in self._doubted.symmetric_difference(spaces):
            self._telling.look_again(space)
        self._doubted = frozenset(spaces)

    def take_out_of_use(self, spaces: Collection[str]) -> None:
        """From now on these spaces, and no others, show `disabled`; their stories and history are not changed."""
        self._telling.take_out_of_use(spaces)

    def view(self, space: str, now_ms: int) -> SpaceState:
        """What a space shows now."""
        seat = self._seats[space]
        state = with_coarse_moments(view(seat.evidence, seat.rules, now_ms), now_ms)
        if self._telling.is_out_of_use(space):
            return SpaceState(
                state=Occupancy.DISABLED,
                since_ms=0,
                because=Because(Reason.DISABLED),
                health=state.health,
                at_ms=0,
            )
        if space in self._doubted and state.health is Health.HEALTHY:
            return replace(state, health=Health.DEGRADED)
        return state

    def summary(self, zone: str, now_ms: int) -> Summary:
        """What a zone shows now, as far as `take` and `tick` were told the time."""
        return self._telling.summary(zone, now_ms)

    def site_summary(self, now_ms: int) -> Summary:
        """What the whole site shows now, as far as `take` and `tick` were told the time."""
        return self._telling.site_summary(now_ms)

    def states_to_tell(self, now_ms: int, screen_ms: int) -> list[tuple[str, SpaceState]]:
        """States by space that changed since they were last told; dedicated spaces are never told.

        A change of state, reason or health is told at once, newer evidence for the same once in ten seconds, and at
        most once in a second of the screens' time: `screen_ms` of a monotonic clock that nobody sets or hastens.
        """
        return self._telling.states(now_ms, screen_ms, self.view)

    def summaries_to_tell(self, now_ms: int) -> list[tuple[str, Summary]]:
        """Summaries by zone, or WHOLE_SITE, that changed since they were last told."""
        return self._telling.summaries(now_ms)

    def tunings_to_tell(self) -> list[tuple[str, Tuning | None]]:
        """What spaces have learnt since it was last told, None: nothing more; of dedicated spaces it is never told."""
        return self._telling.tunings(self.learnt)

    def learnt(self, space: str) -> Tuning | None:
        """What a space has learnt; None if it learns nothing."""
        seat = self._seats[space]
        return learnt(seat.evidence, seat.rules)

    def tell_all(self) -> None:
        """Everything must be told again: the broker may have forgotten it."""
        self._telling.forget()

    def _followed(self, changes: list[Change]) -> list[Change]:
        for change in changes:
            self._telling.became(change.space, change.from_ms, change.transitions)
        return changes

    def _follow(self, seat: _Seat, now_ms: int, past: Past) -> Change | None:
        events, seat.pending = seat.pending, []
        if seat.space.id in self._aired:
            for event in events:
                self._telling.hear(event)
        if len(events) > 1:
            events.sort()
        self._touched.add(seat.space.id)
        old = seat.evidence
        first = events[0]
        if first.at_ms <= old.key[0] and first.key <= old.key:
            return self._refold(seat, first, now_ms, past)
        seat.evidence, transitions = fold(old, events, seat.rules)
        if seat.evidence.at_ms - seat.marks[-1].at_ms >= MARK_MS:
            seat.marks.append(seat.evidence)
        check_ms = seat.evidence.check_ms
        if transitions or seat.told != [] or now_ms >= check_ms:
            return self._retell(seat, old, transitions, now_ms)
        self._telling.refreshed(seat.space.id)
        if check_ms < seat.due_ms:
            self._wake(seat, check_ms)
        return None

    def _refold(self, seat: _Seat, first: Heard, now_ms: int, past: Past) -> Change:
        """Fold again from before `first`. What is older stays as it was told: no event moves its past."""
        while seat.marks and seat.marks[-1].key >= first.key:
            seat.marks.pop()
        start = max((seat.checkpoint, *seat.marks), key=attrgetter("key"))  # what is below the checkpoint may be erased
        seat.marks.append(start)
        stored = sorted(event for event in past(seat.space.id, start) if event.key > start.key)
        seat.evidence, transitions = fold(start, stored, seat.rules)
        lines = self._lines(seat, start, transitions, now_ms)
        from_ms = max(first.at_ms, start.at_ms)
        self._settle(seat, lines, now_ms)
        return Change(seat.space.id, from_ms, [line for line in lines if line.at_ms >= from_ms], refolded=True)

    def _retell(self, seat: _Seat, old: Evidence, transitions: list[Transition], now_ms: int) -> Change | None:
        """Compare the story since `old` with what was told of it; the change begins where they part."""
        lines = self._lines(seat, old, transitions, now_ms)
        told = seat.told
        self._settle(seat, lines, now_ms)
        if told is None:
            return Change(seat.space.id, old.at_ms, lines, refolded=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(lines, told, strict=False)))
        parted = [*lines[same : same + 1], *told[same : same + 1]]
        if not parted:
            return None
        from_ms = min(line.at_ms for line in parted)
        return Change(seat.space.id, from_ms, lines[same:], refolded=False)

    def _lines(self, seat: _Seat, old: Evidence, transitions: list[Transition], now_ms: int) -> list[Transition]:
        """The story at or after the newest event of `old`, up to now."""
        lapses = advance(seat.evidence, seat.rules, now_ms)
        if old.since_ms != old.at_ms or old.at_ms == 0:
            return story(old.state, transitions + lapses)
        began = Transition(old.since_ms, old.state, old.because)
        return story(old.before, [began, *transitions, *lapses])

    def _settle(self, seat: _Seat, lines: list[Transition], now_ms: int) -> None:
        evidence = seat.evidence
        seat.told = [line for line in lines if line.at_ms >= evidence.at_ms]
        self._telling.judged(seat.space.id, lines[-1].state if lines else evidence.state)
        due_ms = wake_ms(evidence, seat.rules, max(now_ms, evidence.at_ms))
        if due_ms < seat.due_ms:
            self._wake(seat, due_ms)

    def _wake(self, seat: _Seat, due_ms: int) -> None:
        seat.due_ms = due_ms
        heappush(self._due, (due_ms, seat.space.id))
