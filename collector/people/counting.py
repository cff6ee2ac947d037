"""Live count of people: the estimate at the end of history, and what was stored since.

In:    that estimate with what the journal holds after it; crossings and changes of spaces as they come; moments.
Out:   the number of people on the site now.
Never: clocks, files, rules of its own: it counts like history, for a bucket that is not over yet.
"""

from bisect import insort
from collections.abc import Iterable, Mapping

from collector.evidence import Transition
from collector.outward import Occupancy, People
from collector.people import Bucket, Crossing, Crowd, House, passed, people
from collector.people.doors import Turns
from collector.people.presence import Presence, Seen
from collector.plan import SitePlan
from collector.use import Timeline

LOOK_MS = 1_000
"""The count is computed again this often without new events, in site time."""


class Counting:
    """The people of one site. Owned by the thread of its `SpaceStates`."""

    def __init__(self, plan: SitePlan) -> None:
        self._presence = Presence(plan)
        self._turns = Turns(plan)
        self._crowd = Crowd()
        self._crossings: list[Crossing] = []
        self._timelines: dict[str, list[tuple[int, Occupancy]]] = {}
        self._seen: list[Seen] | None = None
        self._latest: tuple[int, People] | None = None

    def begin(self, crowd: Crowd, crossings: Iterable[Crossing], timelines: Mapping[str, Timeline]) -> None:
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

    def crossed(self, crossing: Crossing) -> None:
        """Add a crossing. Crossings older than the estimate are counted by history, which restarts this count."""
        if crossing.at_ms >= self._crowd.at_ms:
            insort(self._crossings, crossing)
            self._latest = None

    def became(self, space: str, from_ms: int, transitions: Iterable[Transition]) -> None:
        """Replace the transitions of a space from a moment on."""
        if space in self._presence.spaces:
            kept = [change for change in self._timelines.get(space, ()) if change[0] < from_ms]
            self._timelines[space] = [*kept, *((new.at_ms, new.state) for new in transitions)]
            self._seen = self._latest = None

    def people(self, now_ms: int) -> People:
        """Return how many people are inside, as far as is known."""
        if self._latest is None or not 0 <= now_ms - self._latest[0] < LOOK_MS:
            self._latest = now_ms, self._count(now_ms)
        return self._latest[1]

    def _count(self, now_ms: int) -> People:
        from_ms = self._crowd.at_ms
        until_ms = max(now_ms, from_ms) + 1  # events of this millisecond count
        if self._seen is None:
            self._seen = self._presence.steps(self._timelines, from_ms, until_ms)
        seen = [step for step in self._seen if step.at_ms < until_ms]
        crossings = [crossing for crossing in self._crossings if crossing.at_ms < until_ms]
        context = House(self._turns.of(from_ms), self._presence.everywhere)
        crowd, _ = passed(self._crowd, Bucket(from_ms, crossings, seen, False), context, until_ms)
        return people(crowd, seen[-1].known, context)
