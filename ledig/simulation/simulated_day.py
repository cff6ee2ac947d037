"""Simulate a day of a coworking site: arrivals, desks, meetings, calls, lunch and departures.

In:    the plan of the site, a date and a seed.
Out:   every stay in a space and every passage through a door of that day; the same for the same seed.
Never: clocks; sensors (see signals.py); a person in two places at once.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date as calendar_date
from datetime import datetime, time, timedelta

from collector.site.calendar import opening_hours_on
from collector.site.opening_spans import OpeningSpan
from collector.site.site_plan import SitePlan
from collector.site.spaces import Space, SpaceKind, Tenure
from edge.timekeeping.durations import MINUTE_MS, MINUTES_PER_DAY

WALK_MS = MINUTE_MS // 2
"""Walking time from one space to the next."""
CHANGEOVER_MS = 5 * MINUTE_MS
"""Minimum time between two users of a space."""
PASSAGE_GAP_MS = 4000
"""Minimum time between two passages through a door."""
_USUAL_HOURS = OpeningSpan(opens_min=7 * 60, closes_min=22 * 60)


@dataclass(frozen=True, slots=True, order=True)
class SimulatedStay:
    """One person's stay in one space."""

    from_ms: int
    to_ms: int
    space: str
    person: int


@dataclass(frozen=True, slots=True, order=True)
class DoorPassage:
    """One person's passage through the entrance; `way` is +1 in, -1 out."""

    at_ms: int
    direction: int
    person: int


@dataclass(frozen=True, slots=True, order=True)
class MachineRun:
    """One run of a machine; its user need not be present."""

    from_ms: int
    to_ms: int
    space: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDay:
    """Everything between two local midnights, each tuple in order of time."""

    starts_ms: int
    ends_ms: int
    stays: tuple[SimulatedStay, ...]
    passages: tuple[DoorPassage, ...]
    machine_runs: tuple[MachineRun, ...]
    coffee_at_ms: tuple[int, ...]
    """Times at which somebody takes coffee, Unix milliseconds."""


@dataclass(frozen=True, slots=True)
class _Errand:
    """Time away from the desk: in `space`; if that is None, at the coffee machine if `inside`, else outdoors."""

    from_ms: int
    to_ms: int
    space: str | None = None
    inside: bool = True


@dataclass(slots=True, kw_only=True)
class _MemberVisit:
    """One member's visit, while the day is being generated."""

    person: int
    desk: str
    comes_ms: int
    goes_ms: int
    errands: list[_Errand] = field(default_factory=list)

    def is_at_desk(self, from_ms: int, to_ms: int) -> bool:
        """Whether this person is at the desk all that time, and for a while before and after."""
        if from_ms < self.comes_ms + CHANGEOVER_MS or to_ms > self.goes_ms - CHANGEOVER_MS:
            return False
        return all(
            to_ms + CHANGEOVER_MS <= errand.from_ms or errand.to_ms + CHANGEOVER_MS <= from_ms
            for errand in self.errands
        )

    def stays(self) -> list[SimulatedStay]:
        """Return the stays at the desk and on errands, with a walk in between."""
        found: list[SimulatedStay] = []
        seated_ms = self.comes_ms + WALK_MS
        for errand in sorted(self.errands, key=lambda errand: errand.from_ms):
            found.append(SimulatedStay(seated_ms, errand.from_ms - WALK_MS, self.desk, self.person))
            if errand.space is not None:
                found.append(SimulatedStay(errand.from_ms, errand.to_ms, errand.space, self.person))
            seated_ms = errand.to_ms + WALK_MS
        found.append(SimulatedStay(seated_ms, self.goes_ms - WALK_MS, self.desk, self.person))
        return found

    def passages(self) -> list[DoorPassage]:
        """Return the passages: in, out and in again for lunch, out."""
        out = [errand for errand in self.errands if not errand.inside]
        ways = [(self.comes_ms, 1), (self.goes_ms, -1)]
        ways += [(errand.from_ms, -1) for errand in out] + [(errand.to_ms, 1) for errand in out]
        return [DoorPassage(at_ms, way, self.person) for at_ms, way in ways]


class _SpaceBookings:
    """The times at which spaces are taken."""

    def __init__(self) -> None:
        self._taken: dict[str, list[tuple[int, int]]] = {}

    def is_free(self, space: str, from_ms: int, to_ms: int) -> bool:
        spans = self._taken.get(space, [])
        return all(to_ms + CHANGEOVER_MS <= start or end + CHANGEOVER_MS <= from_ms for start, end in spans)

    def reserve(self, space: str, from_ms: int, to_ms: int) -> None:
        self._taken.setdefault(space, []).append((from_ms, to_ms))


def simulate_day(plan: SitePlan, date: calendar_date, seed: int) -> SimulatedDay:
    """Simulate one day; nobody comes when the site is closed."""
    midnight = datetime.combine(date, time(), plan.time_zone)
    starts_ms = int(midnight.timestamp() * 1000)
    ends_ms = int(datetime.combine(date + timedelta(days=1), time(), plan.time_zone).timestamp() * 1000)
    spans = opening_hours_on(plan, date) if plan.opening_hours else (_USUAL_HOURS,)
    if not spans:
        return SimulatedDay(
            starts_ms=starts_ms, ends_ms=ends_ms, stays=(), passages=(), machine_runs=(), coffee_at_ms=()
        )
    closes_min = min(spans[-1].closes_min, MINUTES_PER_DAY)  # no simulated person stays over midnight
    hours = OpeningSpan(opens_min=spans[0].opens_min, closes_min=closes_min)
    builder = _DayBuilder(plan, random.Random(f"{seed} {date}"), starts_ms, hours, weekend=date.weekday() >= 5)  # noqa: S311 - simulation
    builder.fill()
    return SimulatedDay(
        starts_ms=starts_ms,
        ends_ms=ends_ms,
        stays=tuple(sorted(stay for member in builder.members for stay in member.stays())),
        passages=_separate(passage for member in builder.members for passage in member.passages()),
        machine_runs=tuple(sorted(builder.runs)),
        coffee_at_ms=tuple(sorted(builder.cups)),
    )


def _separate(passages: Iterable[DoorPassage]) -> tuple[DoorPassage, ...]:
    """Move passages apart: a beam pair cannot separate two people who pass at once."""
    found: list[DoorPassage] = []
    for passage in sorted(passages):
        earliest = found[-1].at_ms + PASSAGE_GAP_MS if found else 0
        found.append(DoorPassage(max(passage.at_ms, earliest), passage.direction, passage.person))
    return tuple(found)


class _DayBuilder:
    """One day while it is being generated; every choice comes from one random generator."""

    def __init__(
        self, plan: SitePlan, generator: random.Random, starts_ms: int, hours: OpeningSpan, *, weekend: bool
    ) -> None:
        self.members: list[_MemberVisit] = []
        self.runs: list[MachineRun] = []
        self.cups: list[int] = []
        self._plan, self._random = plan, generator
        self._starts_ms, self._hours, self._weekend = starts_ms, hours, weekend
        self._bookings = _SpaceBookings()

    def fill(self) -> None:
        """Generate the visits, then the activities of the visitors."""
        self._add_visits()
        for member in self.members:
            self._add_lunch(member)
            self._add_coffee(member)
        for _ in range(1 if self._weekend else self._random.randint(5, 8)):
            self._add_meeting()
        for member in self.members:
            if self._random.random() < 0.6:
                self._use_space(member, SpaceKind.BOOTH, self._random.randint(8, 25))
        for _ in range(self._random.randint(0, 6) if self._weekend else self._random.randint(12, 24)):
            self._run_machine()

    def _at_ms(self, minutes: float) -> int:
        """Convert minutes after midnight to Unix milliseconds, with random seconds."""
        return self._starts_ms + int(minutes * MINUTE_MS) + self._random.randrange(MINUTE_MS)

    def _spaces(self, kind: SpaceKind) -> list[Space]:
        return [space for space in self._plan.spaces if space.kind is kind and not space.disabled]

    def _add_visits(self) -> None:
        desks = self._spaces(SpaceKind.DESK)
        shared = [desk for desk in desks if desk.tenure is Tenure.SHARED]
        share = self._random.uniform(0.1, 0.2) if self._weekend else self._random.uniform(0.7, 0.95)
        visits = [(self._visit(number), "") for number in range(round(share * len(shared)))]
        visits += [
            (self._visit(100), desk.id)
            for desk in desks
            if desk.tenure is Tenure.DEDICATED and self._random.random() < (0.2 if self._weekend else 0.85)
        ]
        for (comes_ms, goes_ms), own in sorted(visits):
            free = [desk.id for desk in shared if self._bookings.is_free(desk.id, comes_ms, goes_ms)]
            if goes_ms - comes_ms < 30 * MINUTE_MS or not (own or free):
                continue
            desk = own or self._random.choice(free)
            self._bookings.reserve(desk, comes_ms, goes_ms)
            self.members.append(_MemberVisit(person=len(self.members), desk=desk, comes_ms=comes_ms, goes_ms=goes_ms))
            self.cups.append(comes_ms + 2 * MINUTE_MS)

    def _visit(self, number: int) -> tuple[int, int]:
        """Return arrival and departure of one member; the first few come early, some for half a day or an evening."""
        chance, opens = self._random, self._hours.opens_min
        last = self._hours.closes_min - 10
        if number % 9 == 8:
            comes, goes = chance.uniform(16 * 60, 17.5 * 60), chance.uniform(19 * 60, 21.5 * 60)
        elif number < 5:
            comes, goes = opens + 3 + 5 * number, chance.triangular(15 * 60, 17 * 60)
        else:
            comes, goes = chance.triangular(opens + 20, opens + 180, opens + 90), chance.triangular(900, 1110, 1005)
        if number % 5 == 4:
            goes = comes + chance.uniform(120, 200)
        comes = max(comes, opens + 2)
        return self._at_ms(comes), self._at_ms(min(goes, last))

    def _add_lunch(self, member: _MemberVisit) -> None:
        from_ms = self._at_ms(self._random.triangular(11.3 * 60, 12.8 * 60))
        to_ms = from_ms + self._random.randint(30, 60) * MINUTE_MS
        if self._random.random() < 0.7 and member.is_at_desk(from_ms, to_ms):
            member.errands.append(_Errand(from_ms, to_ms, inside=False))

    def _add_coffee(self, member: _MemberVisit) -> None:
        for hour in (10, 15):
            from_ms = self._at_ms(hour * 60 + self._random.uniform(-15, 20))
            to_ms = from_ms + self._random.randint(6, 15) * MINUTE_MS
            if self._random.random() < 0.6 and member.is_at_desk(from_ms, to_ms):
                member.errands.append(_Errand(from_ms, to_ms))
                self.cups.append(from_ms)

    def _add_meeting(self) -> None:
        """Add a meeting of a few members, if a room and enough members are free."""
        from_ms = self._starts_ms + self._random.randrange(8 * 60 + 30, 16 * 60, 30) * MINUTE_MS
        to_ms = from_ms + self._random.choice((30, 45, 60, 90)) * MINUTE_MS
        rooms = [room.id for room in self._spaces(SpaceKind.ROOM) if self._bookings.is_free(room.id, from_ms, to_ms)]
        available = [member for member in self.members if member.is_at_desk(from_ms, to_ms)]
        if not rooms or len(available) < 2:
            return
        room = self._random.choice(rooms)
        self._bookings.reserve(room, from_ms, to_ms)
        for member in self._random.sample(available, min(len(available), self._random.randint(2, 5))):
            late_ms = self._random.randrange(2 * MINUTE_MS)
            member.errands.append(_Errand(from_ms + late_ms, to_ms - self._random.randrange(MINUTE_MS), room))

    def _use_space(self, member: _MemberVisit, kind: SpaceKind, minutes: int) -> _Errand | None:
        """Add time in a booth or at a machine, if one is free when the member is."""
        span_ms = member.goes_ms - member.comes_ms
        from_ms = member.comes_ms + self._random.randrange(span_ms)
        to_ms = from_ms + minutes * MINUTE_MS
        free = [space.id for space in self._spaces(kind) if self._bookings.is_free(space.id, from_ms, to_ms)]
        if not free or not member.is_at_desk(from_ms, to_ms):
            return None
        errand = _Errand(from_ms, to_ms, self._random.choice(free))
        self._bookings.reserve(str(errand.space), from_ms, to_ms)
        member.errands.append(errand)
        return errand

    def _run_machine(self) -> None:
        """Add a run of a machine; some continue long after the member has returned to the desk."""
        if not self.members:
            return
        errand = self._use_space(self._random.choice(self.members), SpaceKind.EQUIPMENT, self._random.randint(8, 40))
        if errand is None or errand.space is None:
            return
        ends_ms = errand.to_ms + self._random.choice((0, 0, 40, 90)) * MINUTE_MS
        if not self._bookings.is_free(errand.space, errand.to_ms + CHANGEOVER_MS, ends_ms):
            ends_ms = errand.to_ms
        self._bookings.reserve(errand.space, errand.from_ms, ends_ms)
        self.runs.append(MachineRun(errand.from_ms + MINUTE_MS, ends_ms, errand.space))
