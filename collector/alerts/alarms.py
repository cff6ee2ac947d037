"""Looks after the alerts of one house: gathers what is known, judges it now and then, keeps it, says what to deliver.

In:    the journal inside its transaction, the house, findings, what came in, what managers ask, how delivery goes.
Out:   alerts to be told, letters to be delivered.
Never: work for each event, sockets, a wait. Belongs to the collector's thread.
"""

import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from collector.alerts import mutes
from collector.alerts.book import Book, Episode, Past, turned
from collector.alerts.conditions import (
    LOST_QUIET_MS,
    AlertSubjects,
    Ear,
    Known,
    Lost,
    Name,
    signs,
    supplies_of,
    timings,
)
from collector.alerts.letters import Delivered, Letter, letters, news
from collector.alerts.settings import AlertSettings
from collector.alerts.store import Notes, load, save
from collector.alerts.wire import MOST_BYTES, Alert, Alerts, decode_command, encode
from collector.fair_share import newest_of_each
from collector.health.findings import Finding
from collector.health.store import heard
from collector.house import House
from collector.intake import Intake
from collector.journal import MISSING_FROM, RESTORED, Journal
from collector.outward import COARSE_MS
from collector.plan import SitePlan
from collector.rejection import Gap, Loss, Refused
from edge.message import MessageRejected

EVERY_MS: Final = 10_000
"""The house is looked at this often, by its own clock."""
LETTER_MS: Final = 24 * 3_600_000
"""By the house's clock: older news is no news."""
MOST_LETTERS: Final = 200
REUSED_MS: Final = 60_000
MOST_STREAMS: Final = 1000
ENDED_SHOWN: Final = 100

log = logging.getLogger(__name__)


class Watched(NamedTuple):
    """Where alerts come from."""

    house: House
    found: Callable[[], Iterable[tuple[Name, Finding]]]
    """What sensor health has found, with what is ignored marked so."""


class Alarms:
    """All alerts of one house.

    Attributes:
        ear: whether devices can be heard; whoever has the connection says so before `step`.
        history_fault: whether InfluxDB does not take all of the history; set in the same way.
        clock_off_ms: by how much the server's clock is ahead of site time, set by whoever has the clock; 0: it is not.
    """

    def __init__(
        self, plan: SitePlan, journal: Journal, watched: Watched, settings: AlertSettings, now_ms: int
    ) -> None:
        self.ear = Ear.AWAY
        self.history_fault = False
        self.clock_off_ms = 0
        self._plan, self._journal, self._watched = plan, journal, watched
        self._settings = settings
        self._timings = timings(settings)
        self._subjects = AlertSubjects(plan, settings)
        self._supplies = supplies_of(plan)
        self._aired = dict.fromkeys(sensor.zone for sensor in plan.sensors if sensor.zone is not None)
        self._spoke: dict[str, int] = {}
        self._reused: dict[tuple[str, str], int] = {}
        self._failing: dict[str, int | None] = {one.name: None for one in settings.destinations}
        restored_ms = journal.meta(RESTORED)
        self._restored = None if restored_ms is None else (restored_ms, journal.meta(MISSING_FROM) or 0)
        self._notes = load(journal)
        self._saved = self._notes
        self._lost = dict(self._notes.lost)
        self._told: Alerts | None = None
        self._news = True
        self._looked_ms: int | None = None
        self._read_gaps(now_ms)

    @property
    def letters(self) -> Sequence[Letter]:
        """What is to be delivered, oldest first; stored already."""
        return self._saved.letters

    # What comes in

    def arrived(self, into: Intake, now_ms: int) -> None:
        """Note which devices spoke, and what is lost; no work for each event."""
        for device, _ in into.spoke:
            self._spoke[device] = now_ms
        for gap in into.gaps:
            self._lose(gap, now_ms)
        for refused in into.refused:
            if refused.reason is Loss.REUSED_SEQUENCE:
                self._reuse(refused, now_ms)

    def answer(self, payload: bytes, now_ms: int) -> None:
        """Take a manager's request, inside the journal's transaction; a broken one is refused in the log."""
        try:
            said = decode_command(payload)
        except MessageRejected as fault:
            log.warning("refused a command about alerts: %s", fault)
            return
        self._notes = replace(self._notes, mutes=mutes.asked(self._notes.mutes, said, now_ms))
        self._news = True
        self._save()

    def delivered(self, tries: Iterable[Delivered], now_ms: int) -> None:
        """Note how deliveries went: what was taken is not sent again."""
        done: set[int] = set()
        for letter, taken in tries:
            if taken:
                done.add(letter.no)
                self._failing.pop(letter.to, None)
            elif letter.to in {one.name for one in self._settings.destinations}:
                self._failing[letter.to] = self._failing.get(letter.to) or now_ms
            self._looked_ms = None
        if done:
            left = tuple(letter for letter in self._notes.letters if letter.no not in done)
            self._notes = replace(self._notes, letters=left)

    def outlived(self, outage: Alert, now_ms: int) -> None:
        """The journal can be written again: an alert of that, which was delivered without it, is over."""
        book, over = self._notes.book, replace(outage, ended_ms=max(now_ms, outage.fired_ms))
        ended = (*book.ended, Past(over, now_ms, told=True))
        self._notes = replace(self._notes, book=Book(book.open, ended, book.pending))

    # What goes out

    def tell_all(self) -> None:
        """Everything must be told again: the broker may have forgotten it."""
        self._told, self._news = None, True

    def to_tell(self, now_ms: int) -> Alerts | None:
        """All alerts, if something changed since they were last told."""
        if not self._news:
            return None
        self._news = False
        told = self._alerts(now_ms - now_ms % COARSE_MS)  # published as something became old, it tells when that was
        if self._told is not None and replace(told, at_ms=self._told.at_ms) == self._told:
            return None
        self._told = told
        return told

    # The work

    def due(self, now_ms: int) -> bool:
        """Whether it is time to look again, or something is to be stored."""
        looked_ms = self._looked_ms
        waits = self._notes is not self._saved
        return waits or looked_ms is None or now_ms - looked_ms >= EVERY_MS or now_ms < looked_ms

    def step(self, now_ms: int) -> None:
        """Look at the house, inside the journal's transaction."""
        self._looked_ms = now_ms
        if self.ear is Ear.AWAY:
            self._spoke.clear()
        known = self._known(now_ms)
        found = signs(self._plan, self._settings, self._subjects, known)
        book = turned(self._still_watched(now_ms), found, self._timings, now_ms)
        holding = mutes.holding(self._notes.mutes, now_ms)
        to_tell, book = news(book, holding, self._settings, self._plan, now_ms)
        written = letters(to_tell, self._settings, self._plan, now_ms, self._notes.written + 1)
        lost = {device: one for device, one in self._lost.items() if now_ms - one.at_ms < LOST_QUIET_MS}
        self._lost = lost
        self._notes = Notes(
            book=book,
            mutes=holding,
            letters=self._posted([*self._notes.letters, *written], now_ms),
            written=self._notes.written + len(written),
            lost=dict(lost),
            looked_ms=now_ms,
        )
        self._save()

    def _save(self) -> None:
        """Store what changed; that the house was looked at, and what is only pending, is no change."""
        now, before = self._notes, self._saved
        bare = replace(now, looked_ms=0, book=replace(now.book, pending=()))
        if bare != replace(before, looked_ms=0, book=replace(before.book, pending=())):
            save(self._journal, replace(now, book=replace(now.book, pending=())))
            self._news = True
        self._saved = now

    def _posted(self, waiting: Sequence[Letter], now_ms: int) -> tuple[Letter, ...]:
        """What is still worth delivering."""
        named = {one.name for one in self._settings.destinations}
        kept = [one for one in waiting if one.to in named and now_ms - one.made_ms < LETTER_MS]
        kept = newest_of_each(kept, lambda one: one.to, MOST_LETTERS)  # one dead destination costs the others nothing
        if len(kept) < len(waiting):
            log.warning("messages about alerts never delivered, too old or too many: %d", len(waiting) - len(kept))
        return tuple(kept)

    def _still_watched(self, now_ms: int) -> Book:
        """The book without alerts of what nobody looks at any more: those end here."""
        book = self._notes.book
        open_: list[Episode] = []
        gone: list[Past] = []
        for one in book.open:
            if self._subjects.has(one.alert.kind, one.alert.subject):
                open_.append(one)
            else:
                gone.append(_left(one, now_ms))
        return Book(tuple(open_), (*book.ended, *gone), book.pending) if gone else book

    def _known(self, now_ms: int) -> Known:
        house = self._watched.house
        return Known(
            now_ms=now_ms,
            ear=self.ear,
            heard=self._heard(now_ms),
            spoke=self._spoke,
            findings=list(self._watched.found()),
            lost=self._lost,
            site=house.site_summary(now_ms),
            airs={zone: house.summary(zone, now_ms).air for zone in self._aired},
            supplies={space: house.view(space, now_ms) for space in self._supplies},
            disk_free_pct=self._disk_free_pct(),
            history_fault=self.history_fault,
            restored=self._restored,
            clock_off_ms=self.clock_off_ms,
            failing=self._failing,
        )

    def _heard(self, now_ms: int) -> dict[Name, int]:
        """The newest event of each sensor by a trusted clock; none is later than now."""
        return {sensor: min(at_ms, now_ms) for sensor, at_ms in heard(self._journal.connection).items()}

    def _disk_free_pct(self) -> float | None:
        try:
            usage = shutil.disk_usage(self._journal.path.parent)
        except OSError:
            return None
        return 100 * usage.free / usage.total if usage.total else None

    def _lose(self, gap: Gap, at_ms: int) -> None:
        before = self._lost.get(gap.device)
        events = gap.last - gap.first + 1
        if before is not None and at_ms - before.at_ms < LOST_QUIET_MS:
            events += before.events
        self._lost[gap.device] = Lost(at_ms, events, gap.reason)

    def _reuse(self, refused: Refused, now_ms: int) -> None:
        """Events under numbers that are used are lost, if it goes on.

        An agent that finds its outbox to be an old copy begins a new stream at once, and sends them again.
        """
        if len(self._reused) >= MOST_STREAMS:
            self._reused.clear()
        first_ms = self._reused.setdefault((refused.device, refused.stream), now_ms)
        if now_ms - first_ms >= REUSED_MS:
            self._lose(Gap(refused.device, refused.stream, refused.first, refused.last, refused.reason), now_ms)

    def _read_gaps(self, now_ms: int) -> None:
        """What was lost after the last look of the run before."""
        rows = self._journal.connection.execute(
            "SELECT device, stream, first, last, reason, at_ms FROM gap WHERE at_ms > ? ORDER BY at_ms",
            (max(self._notes.looked_ms, now_ms - LOST_QUIET_MS),),
        )
        for *gap, at_ms in rows:
            self._lose(Gap(*gap), at_ms)

    def _alerts(self, now_ms: int) -> Alerts:
        """What is told; it fits into one message."""
        notes = self._notes
        open_ = [replace(one.alert, muted=one.seen or self._is_muted(one.alert)) for one in notes.book.open]
        ended = newest_of_each([past.alert for past in notes.book.ended], lambda one: one.subject, ENDED_SHOWN)[::-1]
        told = Alerts(now_ms, open_, ended, list(notes.mutes))
        while len(encode(told)) > MOST_BYTES and (told.ended or told.open):
            ended = told.ended[: len(told.ended) * 3 // 4]
            shown = told.open if told.ended else told.open[: len(told.open) * 3 // 4]
            told = replace(told, ended=ended, open=shown, left_out=len(open_) - len(shown))
        return told

    def _is_muted(self, alert: Alert) -> bool:
        return mutes.covered(self._notes.mutes, alert.kind, alert.subject)


def _left(episode: Episode, now_ms: int) -> Past:
    alert = replace(episode.alert, ended_ms=max(now_ms, episode.alert.fired_ms), left=True)
    return Past(alert, now_ms, episode.told)
