"""Watches over the sensors of one house: a piece of work now and then, beside the live loop.

In:    the journal inside its transaction, what was just taken in, what managers answer, the house's clock.
Out:   findings by device that must be told; the spaces that cannot be trusted as they should.
Never: work for each event, a state of a space, more in one call than a slice.

Every hour that is over is counted once from the stored events, and again when late news of it comes. What is kept
stands in the journal's `settled` table under names of its own: 14 days of each sensor, what was found, what is ignored.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from collector.health.clocks import Arrivals, clock_off
from collector.health.days import PLACED, Name
from collector.health.findings import (
    MOST_NOTES,
    CollectorCommand,
    Finding,
    FindingKind,
    Findings,
    SensorNote,
    decode_command,
)
from collector.health.hours import HOUR_MS, Reading, reading
from collector.health.identities import Identities
from collector.health.ignoring import Ignored, answered, mark, still
from collector.health.judge import Hold, Known, battery, findings
from collector.health.learnt import above, hold
from collector.health.minutes import binned, runs
from collector.health.past import SensorPast, Span, active_minutes, counted, days_since
from collector.health.places import Moved, moved
from collector.health.refusals import rejected, rejections
from collector.health.store import (
    Group,
    Notes,
    Since,
    first_said_ms,
    groups,
    heard,
    load_notes,
    load_pasts,
    lost,
    said,
    save_notes,
    save_pasts,
)
from collector.house import House
from collector.intake import Intake
from collector.journal import Journal
from collector.outward import COARSE_MS, coarse_moment
from collector.people.doors import DaySpan, day_span
from collector.plan import Sensor, SensorKind, SitePlan, Tenure
from collector.rejection import Loss
from edge.message import MessageRejected

SLICE_EVENTS: Final = 6_000
"""About the most events that one call reads: some 20 ms."""
PAUSE_EVENTS: Final = 300
"""What comparing one sensor with the whole house costs, in events."""

NOTE_MS: Final = 60_000
"""How sensors are is told again this often, by the house's clock."""
REFUSED_MS: Final = 5_000
"""And what was refused this often: whoever installs a sensor is waiting for it."""
_NOTHING: Final = SensorNote()

log = logging.getLogger(__name__)


class Watch:
    """Everything known about the sensors of one house. Belongs to the collector's thread."""

    def __init__(self, plan: SitePlan, journal: Journal, house: House, raw_hours: int, now_ms: int) -> None:
        self._plan, self._journal, self._house, self._raw_hours = plan, journal, house, raw_hours
        self._groups = groups(plan)
        self._group_of = {sensor.key: name for name, group in self._groups.items() for sensor in group.sensors}
        self._marks = {sensor.key: mark(sensor) for sensor in plan.sensors}
        movers = [sensor for sensor in plan.sensors if sensor.kind is SensorKind.PIR and sensor.space is not None]
        self._named = {sensor.space: sensor.key for sensor in reversed(movers)}
        """Of each space the movement sensor that stands for all of them."""
        notes = load_notes(journal)
        self._pasts = load_pasts(journal, plan)
        self.counted_ms = max((past.until_ms for past in self._pasts.values()), default=0)
        """No hour of any sensor is counted from here on."""
        self._arrivals = Arrivals({device: hours for device, hours in notes.clocks.items() if device in plan.devices})
        self._since: list[Since] = list(notes.since)
        self._ignored: list[Ignored] = list(notes.ignored)
        self._late: dict[str, int] = dict(notes.late)
        self._found: list[tuple[Name, Finding]] = []
        self._rejected: list[tuple[Name, Finding]] = []
        self._identities = Identities()
        self._contested: list[tuple[Name, Finding]] = []
        self._is_refusing = False
        self._told: dict[str, Findings] = {}
        self._noted_ms: int | None = None
        self._round: Iterator[int] | None = None
        self._due_ms = 0
        self._later = False
        self._news = True
        self._judge(now_ms)  # what the last run had found

    # What comes in

    def arrived(self, into: Intake, now_ms: int) -> None:
        """Look at one event of a batch, not at each: over an hour every device has its turn."""
        if into.accepted:
            event = into.accepted[now_ms % len(into.accepted)]
            self._arrivals.heard(event.device, event.at_ms, now_ms)
        if into.undated:
            self._arrivals.undated(into.undated[now_ms % len(into.undated)].device, now_ms)
        self._is_refusing = self._is_refusing or bool(into.refused)
        for device, stream in into.spoke:
            self._identities.sent(device, stream, now_ms)
        for gap in into.gaps:
            if gap.reason is Loss.FUTURE:
                self._arrivals.refused(gap.device, gap.last - gap.first + 1, now_ms)
        if self._later:
            self._later = False
            self._save_notes()

    def late(self, sensor: Name, at_ms: int) -> None:
        """News of an hour that may have been counted: it will be counted again. Call this before `arrived`."""
        past = self._pasts.get(sensor)
        name = self._group_of.get(sensor, "")
        if past is not None and at_ms < self._late.get(name, past.until_ms or self.counted_ms):
            self._late[name] = at_ms
            self._later = True
            self._due_ms = 0

    def answer(self, payload: bytes, now_ms: int) -> None:
        """Take a manager's answer to a finding; one that breaks the contract is refused in the log."""
        try:
            asked: CollectorCommand = decode_command(payload)
        except MessageRejected as fault:
            log.warning("refused a command to the collector: %s", fault)
            return
        self._ignored = answered(self._ignored, asked, self._all, self._marks, self._today(now_ms))
        self._save_notes()
        self._doubt()

    # What goes out

    def tell_all(self) -> None:
        """Everything must be told again: the broker may have forgotten it."""
        self._told.clear()
        self._news = True

    def to_tell(self, now_ms: int) -> list[tuple[str, Findings]]:
        """Findings by device that changed since they were last told."""
        noted_ms = self._noted_ms
        wait_ms = REFUSED_MS if self._is_refusing else NOTE_MS
        if not self._news and noted_ms is not None and 0 <= now_ms - noted_ms < wait_ms:
            return []
        self._news, self._is_refusing, self._noted_ms = False, False, now_ms
        with self._journal.transaction():
            refused = rejections(self._journal.connection, self._plan)
        self._rejected = rejected(refused, {name[0]: finding.since_ms for name, finding in self._rejected}, now_ms)
        self._contested = [
            ((device, ""), Finding(FindingKind.TWO_CLIENTS, since_ms))
            for device, since_ms in self._identities.contested(now_ms).items()
        ]
        found: dict[str, list[Finding]] = {device: [] for device in self._plan.devices}
        for name, finding in self.found():
            if name[0] in found:
                found[name[0]].append(finding)
        with self._journal.transaction():
            notes, missing = self._sensor_notes(now_ms), lost(self._journal.connection)
        fresh = {
            device: Findings(0, _coarse(these, now_ms), notes[device], missing.get(device, 0), refused[device])
            for device, these in found.items()
        }
        news = {device: told for device, told in fresh.items() if self._told.get(device) != told}
        self._told.update(news)
        at_ms = now_ms - now_ms % COARSE_MS  # what is published because something became old tells when that was
        return [(device, replace(told, at_ms=at_ms)) for device, told in news.items()]

    def _sensor_notes(self, now_ms: int) -> dict[str, dict[str, SensorNote]]:
        """How each sensor is, by device."""
        newest = heard(self._journal.connection)
        notes: dict[str, dict[str, SensorNote]] = {device: {} for device in self._plan.devices}
        for sensor in self._plan.sensors:
            of = notes.get(sensor.device)
            if of is not None and len(of) < MOST_NOTES and (note := self._note(sensor, newest, now_ms)) != _NOTHING:
                of[sensor.id] = note
        return notes

    def _note(self, sensor: Sensor, newest: Mapping[Name, int], now_ms: int) -> SensorNote:
        at_ms = newest.get(sensor.key)
        space = self._plan.space.get(sensor.space or "")
        if at_ms is not None and space is not None and space.tenure is Tenure.DEDICATED:
            at_ms = at_ms if now_ms - at_ms >= self._reading(sensor).silent_ms else None  # no moment of its member
        told = battery(self._pasts[sensor.key].days)
        return SensorNote(
            heard_ms=None if at_ms is None else coarse_moment(min(at_ms, now_ms) // NOTE_MS * NOTE_MS, now_ms),
            battery_pct=None if told is None else round(told[0]),
            days_left=None if told is None else told[1],
        )

    def found(self) -> list[tuple[Name, Finding]]:
        """Everything found, with what is ignored marked so."""
        return [(name, replace(finding, ignored=self._is_ignored(name, finding))) for name, finding in self._all]

    @property
    def _all(self) -> list[tuple[Name, Finding]]:
        """What is judged once an hour, and what is refused."""
        return [*self._found, *self._rejected, *self._contested]

    # The work

    def due(self, now_ms: int) -> bool:
        """Whether there is something to do."""
        return self._round is not None or now_ms - now_ms % HOUR_MS > self._due_ms

    def step(self, now_ms: int) -> None:
        """Do a piece of what is due, inside the journal's transaction."""
        if self._round is None:
            due_ms = now_ms - now_ms % HOUR_MS
            oldest_ms = due_ms - max(1, self._raw_hours - 1) * HOUR_MS  # kept until the next round, an hour on
            self._round = self._rounds(Span(oldest_ms, due_ms, self._plan.time_zone), now_ms)
            self._due_ms = due_ms
            self.counted_ms = max(self.counted_ms, due_ms)
        spent = 0
        for cost in self._round:
            spent += cost
            if spent >= SLICE_EVENTS:
                return
        self._round = None

    def _rounds(self, span: Span, now_ms: int) -> Iterator[int]:
        """One round over the house; each value is what a piece has cost, in events read."""
        over: dict[int, DaySpan] = {}
        for group in self._groups.values():
            read, days = self._count(group, self._late.pop(group.name, None), span)
            over |= {day.day: day for day in days if day.to_ms <= span.due_ms}
            yield read
        for day in over.values():
            yield from self._compare(day)
        self._judge(now_ms)
        self._save_notes()
        yield 0

    def _count(self, group: Group, late_ms: int | None, span: Span) -> tuple[int, list[DaySpan]]:
        """Count the hours of a group that are due; returns the events that were read, and the days touched."""
        db = self._journal.connection
        begun = min(
            self._pasts[sensor.key].until_ms or first_said_ms(db, sensor.key, span.due_ms) for sensor in group.sensors
        )
        from_ms = begun if late_ms is None else min(begun, late_ms)
        if any(self._pasts[sensor.key].unread and self._reading(sensor).own for sensor in group.sensors):
            from_ms = 0  # where sound is people has just been learnt: so was it in the hours before
        from_ms = max(from_ms - from_ms % HOUR_MS, span.oldest_ms)
        if from_ms >= span.due_ms:
            return 1, []
        read = 1
        pairs: list[tuple[Reading, SensorPast]] = []
        for sensor in group.sensors:
            how = self._reading(sensor)
            events = said(db, sensor.key, from_ms, span.due_ms)
            read += len(events)
            pairs.append((how, counted(self._pasts[sensor.key], how, from_ms, events, span)))
        pasts, days = days_since(pairs, from_ms, span)
        self._pasts |= {sensor.key: past for sensor, past in zip(group.sensors, pasts, strict=True)}
        self._save(group)
        return read, days

    def _compare(self, day: DaySpan) -> Iterator[int]:
        """Say with which space each sensor moved on a day that is over."""
        bins: dict[str, dict[Name, int]] = {}
        for name, group in self._groups.items():
            if group.of_space:
                bins[name] = {
                    sensor.key: binned(active_minutes(self._pasts[sensor.key], day))
                    for sensor in group.sensors
                    if sensor.kind in PLACED
                }
        house = runs(_any(bits for of in bins.values() for bits in of.values()))
        if not house:
            return
        first, after = house[0][0], house[-1][1]
        spaces = {
            name: [bits >> first for bits in of.values() if bits] for name, of in bins.items() if any(of.values())
        }
        for name, of in bins.items():
            others = {other: all_bits for other, all_bits in spaces.items() if other != name}
            for key, bits in of.items():
                own = [more >> first for whose, more in of.items() if whose != key]
                self._place(key, day.day, moved(bits >> first, own, others, after - first))
            if any(of.values()):
                self._save(self._groups[name])
                yield PAUSE_EVENTS

    def _place(self, key: Name, day: int, found: Moved | None) -> None:
        past = self._pasts[key]
        space, other_pct, own_pct = found or Moved("", 0, 0)
        days = tuple(
            replace(
                known,
                moves_with=space.removeprefix("space:"),
                other_pct=other_pct,
                own_pct=own_pct,
                moved=found is not None,
            )
            if known.day == day
            else known
            for known in past.days
        )
        self._pasts[key] = replace(past, days=days)

    def _judge(self, now_ms: int) -> None:
        """Find, and remember since when."""
        found = findings([self._known(sensor) for sensor in self._plan.sensors])
        for device, hours in self._arrivals.hours.items():
            if (finding := clock_off(hours, now_ms)) is not None:
                found.append(((device, ""), finding))
        before = {(since.device, since.sensor, since.kind): since.at_ms for since in self._since}
        self._since = [Since(*name, finding.kind, before.get((*name, finding.kind), now_ms)) for name, finding in found]
        self._found = [
            (name, replace(finding, since_ms=since.at_ms))
            for (name, finding), since in zip(found, self._since, strict=True)
        ]
        self._ignored = still(self._ignored, self._all, self._marks, self._today(now_ms))
        self._doubt()

    def _doubt(self) -> None:
        """Tell the house which spaces have a sensor that is not as it should be."""
        self._news = True
        ill = {name for name, finding in self._found if not self._is_ignored(name, finding)}
        self._house.doubt(
            {
                sensor.space
                for sensor in self._plan.sensors
                if sensor.space is not None and (sensor.key in ill or (sensor.device, "") in ill)
            }
        )

    def _known(self, sensor: Sensor) -> Known:
        space = self._plan.space.get(sensor.space or "")
        named = self._named.get(sensor.space) == sensor.key
        past = self._pasts[sensor.key]
        return Known(
            how=self._reading(sensor),
            space=sensor.space or "",
            space_kind=space.kind if space else None,
            dedicated=space is not None and space.tenure is Tenure.DEDICATED,
            door=sensor.door or "",
            fired=past.fired,
            hold=hold(self._house, sensor.space) if sensor.space and named else Hold(),
            days=past.days,
        )

    def _reading(self, sensor: Sensor) -> Reading:
        return reading(self._plan, sensor, above(self._house, sensor))

    def _is_ignored(self, name: Name, finding: Finding) -> bool:
        return any(one.about(name, finding.kind) for one in self._ignored)

    def _today(self, now_ms: int) -> int:
        return day_span(now_ms, self._plan.time_zone).day

    def _save(self, group: Group) -> None:
        save_pasts(self._journal, group, self._pasts)

    def _save_notes(self) -> None:
        notes = Notes(tuple(self._since), tuple(self._ignored), self._arrivals.hours, self._late)
        save_notes(self._journal, notes)


def _coarse(found: Iterable[Finding], now_ms: int) -> list[Finding]:
    """Findings as they are published: no moment from before the last 72 hours is finer than five minutes."""
    return [replace(finding, since_ms=coarse_moment(finding.since_ms, now_ms)) for finding in found]


def _any(bits: Iterable[int]) -> int:
    together = 0
    for each in bits:
        together |= each
    return together
