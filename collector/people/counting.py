"""Live count of people: the estimate at the end of history, and what was stored since.

In:    that estimate with what the journal holds after it; crossings and changes of spaces as they come; moments.
Out:   the number of people on the site now.
Never: clocks, files, rules of its own: it counts like history, for a bucket that is not over yet.
"""

from bisect import insort
from collections.abc import Iterable, Mapping

from collector.contract.states import Occupancy, PeopleCount
from collector.history.door_days import DayTurns
from collector.occupancy.evidence import Transition
from collector.occupancy.hourly_use import Timeline
from collector.people.estimate import (
    CountingContext,
    DoorCrossing,
    PeopleBucket,
    PeopleEstimate,
    advance_estimate,
    build_people_count,
)
from collector.people.seen_people import SeenPeople, SeenPeopleStep
from collector.site.site_plan import SitePlan

RECOUNT_MS = 1_000
"""The count is computed again this often without new events, in site time."""


class PeopleCounter:
    """The people of one site. Owned by the thread of its `SpaceStates`."""

    def __init__(self, plan: SitePlan) -> None:
        self._seen_people = SeenPeople(plan)
        self._turns = DayTurns(plan)
        self._crowd = PeopleEstimate()
        self._crossings: list[DoorCrossing] = []
        self._timelines: dict[str, list[tuple[int, Occupancy]]] = {}
        self._seen: list[SeenPeopleStep] | None = None
        self._latest: tuple[int, PeopleCount] | None = None

    def start(
        self, crowd: PeopleEstimate, crossings: Iterable[DoorCrossing], timelines: Mapping[str, Timeline]
    ) -> None:
        """Continue from here.

        Args:
            crowd: the estimate at the end of the last bucket of history.
            crossings: stored crossings that are not older.
            timelines: the changes of the spaces after that, and of each the last one before.
        """
        self._crowd = crowd
        self._crossings = sorted(crossings)
        self._timelines = {space: list(timeline) for space, timeline in timelines.items()}
        self._seen = self._latest = None

    def add_crossing(self, crossing: DoorCrossing) -> None:
        """Add a crossing. Crossings older than the estimate are counted by history, which restarts this count."""
        if crossing.at_ms >= self._crowd.at_ms:
            insort(self._crossings, crossing)
            self._latest = None

    def replace_transitions(self, space: str, from_ms: int, transitions: Iterable[Transition]) -> None:
        """Replace the transitions of a space from a moment on."""
        if space in self._seen_people.spaces:
            kept = [change for change in self._timelines.get(space, ()) if change[0] < from_ms]
            self._timelines[space] = [*kept, *((new.at_ms, new.state) for new in transitions)]
            self._seen = self._latest = None

    def count_people(self, now_ms: int) -> PeopleCount:
        """Return how many people are inside, as far as is known."""
        if self._latest is None or not 0 <= now_ms - self._latest[0] < RECOUNT_MS:
            self._latest = now_ms, self._count(now_ms)
        return self._latest[1]

    def _count(self, now_ms: int) -> PeopleCount:
        from_ms = self._crowd.at_ms
        until_ms = max(now_ms, from_ms) + 1  # events of this millisecond count
        if self._seen is None:
            self._seen = self._seen_people.compute_steps(self._timelines, from_ms, until_ms)
        seen = [step for step in self._seen if step.at_ms < until_ms]
        crossings = [crossing for crossing in self._crossings if crossing.at_ms < until_ms]
        context = CountingContext(self._turns.find_turn(from_ms), self._seen_people.covers_all_zones)
        crowd, _ = advance_estimate(self._crowd, PeopleBucket(from_ms, crossings, seen, False), context, until_ms)
        return build_people_count(crowd, seen[-1].seen_people)
