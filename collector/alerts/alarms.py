"""Alert service of one site: collects facts, evaluates them every ten seconds, stores alerts, queues notifications.

In:    the journal inside its transaction, space states, findings, batches just taken in, managers' commands, results
       of deliveries.
Out:   alerts to publish, notifications to deliver.
Never: work for each event, sockets, waiting. Used by the collector's thread only.
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
"""Conditions are evaluated this often, in site time."""
LETTER_MS: Final = 24 * 3_600_000
"""Older notifications are dropped, in site time."""
MOST_LETTERS: Final = 200
REUSED_MS: Final = 60_000
MOST_STREAMS: Final = 1000
ENDED_SHOWN: Final = 100

log = logging.getLogger(__name__)


class Watched(NamedTuple):
    """What alerts are computed from."""

    house: House
    found: Callable[[], Iterable[tuple[Name, Finding]]]
    """Returns the findings of sensor health, with `ignored` set."""


class Alarms:
    """All alerts of one site.

    Attributes:
        reachability: whether devices can reach the collector; the owner of the connection sets it before `step`.
        history_fault: whether InfluxDB rejects part of the history; set in the same way.
        clock_off_ms: by how much the server's clock is ahead of site time, set by the owner of the clock; 0: equal.
    """

    def __init__(
        self, plan: SitePlan, journal: Journal, sources: Watched, settings: AlertSettings, now_ms: int
    ) -> None:
        self.ear = Ear.AWAY
        self.history_fault = False
        self.clock_off_ms = 0
        self._plan, self._journal, self._sources = plan, journal, sources
        self._settings = settings
        self._timings = timings(settings)
        self._subjects = AlertSubjects(plan, settings)
        self._supplies = supplies_of(plan)
        self._air_zones = dict.fromkeys(sensor.zone for sensor in plan.sensors if sensor.zone is not None)
        self._last_message_ms: dict[str, int] = {}
        self._reused_since_ms: dict[tuple[str, str], int] = {}
        self._failing_since_ms: dict[str, int | None] = {one.name: None for one in settings.destinations}
        restored_ms = journal.meta(RESTORED)
        self._restored = None if restored_ms is None else (restored_ms, journal.meta(MISSING_FROM) or 0)
        self._notes = load(journal)
        self._saved = self._notes
        self._losses = dict(self._notes.lost)
        self._published: Alerts | None = None
        self._has_changes = True
        self._evaluated_ms: int | None = None
        self._read_gaps(now_ms)

    @property
    def letters(self) -> Sequence[Letter]:
        """Stored notifications to deliver, oldest first."""
        return self._saved.notifications

    # Input

    def arrived(self, into: Intake, now_ms: int) -> None:
        """Record which devices sent messages, and which events are lost; no work for each event."""
        for device, _ in into.spoke:
            self._last_message_ms[device] = now_ms
        for gap in into.gaps:
            self._add_loss(gap, now_ms)
        for refused in into.refused:
            if refused.reason is Loss.REUSED_SEQUENCE:
                self._record_reuse(refused, now_ms)

    def answer(self, payload: bytes, now_ms: int) -> None:
        """Apply a manager's command, inside the journal's transaction; an invalid command is only logged."""
        try:
            command = decode_command(payload)
        except MessageRejected as fault:
            log.warning("rejected a command about alerts: %s", fault)
            return
        self._notes = replace(self._notes, mutes=mutes.asked(self._notes.mutes, command, now_ms))
        self._has_changes = True
        self._save()

    def delivered(self, tries: Iterable[Delivered], now_ms: int) -> None:
        """Record results of deliveries; delivered notifications are not sent again."""
        done: set[int] = set()
        for notification, is_accepted in tries:
            if is_accepted:
                done.add(notification.no)
                self._failing_since_ms.pop(notification.destination, None)
            elif notification.destination in {one.name for one in self._settings.destinations}:
                self._failing_since_ms[notification.destination] = (
                    self._failing_since_ms.get(notification.destination) or now_ms
                )
            self._evaluated_ms = None
        if done:
            waiting = tuple(notification for notification in self._notes.notifications if notification.no not in done)
            self._notes = replace(self._notes, notifications=waiting)

    def outlived(self, outage: Alert, now_ms: int) -> None:
        """Record as ended an alert about the journal that was delivered while the journal could not be written."""
        episodes, over = self._notes.episodes, replace(outage, ended_ms=max(now_ms, outage.fired_ms))
        ended = (*episodes.ended, Past(over, now_ms, is_notified=True))
        self._notes = replace(self._notes, episodes=Book(episodes.open, ended, episodes.pending))

    # Output

    def tell_all(self) -> None:
        """Publish everything again at the next call: the broker may have lost its retained messages."""
        self._published, self._has_changes = None, True

    def to_tell(self, now_ms: int) -> Alerts | None:
        """Return all alerts if something changed since they were last published."""
        if not self._has_changes:
            return None
        self._has_changes = False
        alerts = self._build_message(now_ms - now_ms % COARSE_MS)  # a precise time would show when something became old
        if self._published is not None and replace(alerts, at_ms=self._published.at_ms) == self._published:
            return None
        self._published = alerts
        return alerts

    # Work

    def due(self, now_ms: int) -> bool:
        """Return whether an evaluation is due, or something is to be stored."""
        evaluated_ms = self._evaluated_ms
        waits = self._notes is not self._saved
        return waits or evaluated_ms is None or now_ms - evaluated_ms >= EVERY_MS or now_ms < evaluated_ms

    def step(self, now_ms: int) -> None:
        """Evaluate all conditions, inside the journal's transaction."""
        self._evaluated_ms = now_ms
        if self.ear is Ear.AWAY:
            self._last_message_ms.clear()
        known = self._collect_facts(now_ms)
        found = signs(self._plan, self._settings, self._subjects, known)
        episodes = turned(self._drop_unmonitored(now_ms), found, self._timings, now_ms)
        active_mutes = mutes.holding(self._notes.mutes, now_ms)
        alerts, episodes = news(episodes, active_mutes, self._settings, self._plan, now_ms)
        written = letters(alerts, self._settings, self._plan, now_ms, self._notes.notification_count + 1)
        lost = {device: loss for device, loss in self._losses.items() if now_ms - loss.at_ms < LOST_QUIET_MS}
        self._losses = lost
        self._notes = Notes(
            episodes=episodes,
            mutes=active_mutes,
            notifications=self._keep_deliverable([*self._notes.notifications, *written], now_ms),
            notification_count=self._notes.notification_count + len(written),
            lost=dict(lost),
            evaluated_ms=now_ms,
        )
        self._save()

    def _save(self) -> None:
        """Store changes; the time of evaluation and pending signs do not count as changes."""
        now, before = self._notes, self._saved
        bare = replace(now, evaluated_ms=0, episodes=replace(now.episodes, pending=()))
        if bare != replace(before, evaluated_ms=0, episodes=replace(before.episodes, pending=())):
            save(self._journal, replace(now, episodes=replace(now.episodes, pending=())))
            self._has_changes = True
        self._saved = now

    def _keep_deliverable(self, waiting: Sequence[Letter], now_ms: int) -> tuple[Letter, ...]:
        """Return the notifications that are still to be delivered."""
        named = {one.name for one in self._settings.destinations}
        kept = [one for one in waiting if one.destination in named and now_ms - one.created_ms < LETTER_MS]
        kept = newest_of_each(
            kept, lambda one: one.destination, MOST_LETTERS
        )  # a failing destination must not displace the others
        if len(kept) < len(waiting):
            log.warning("dropped undelivered notifications, too old or too many: %d", len(waiting) - len(kept))
        return tuple(kept)

    def _drop_unmonitored(self, now_ms: int) -> Book:
        """Return the episodes after ending those whose subject is no longer monitored."""
        episodes = self._notes.episodes
        open_: list[Episode] = []
        gone: list[Past] = []
        for one in episodes.open:
            if self._subjects.has(one.alert.kind, one.alert.subject):
                open_.append(one)
            else:
                gone.append(_end_unmonitored(one, now_ms))
        return Book(tuple(open_), (*episodes.ended, *gone), episodes.pending) if gone else episodes

    def _collect_facts(self, now_ms: int) -> Known:
        spaces = self._sources.house
        return Known(
            now_ms=now_ms,
            reachability=self.ear,
            last_event_ms=self._read_last_events(now_ms),
            last_message_ms=self._last_message_ms,
            findings=list(self._sources.found()),
            lost=self._losses,
            site=spaces.site_summary(now_ms),
            air_by_zone={zone: spaces.summary(zone, now_ms).air for zone in self._air_zones},
            supply_states={space: spaces.view(space, now_ms) for space in self._supplies},
            disk_free_pct=self._disk_free_pct(),
            history_fault=self.history_fault,
            restored=self._restored,
            clock_off_ms=self.clock_off_ms,
            failing_since_ms=self._failing_since_ms,
        )

    def _read_last_events(self, now_ms: int) -> dict[Name, int]:
        """Return the time of each sensor's newest event by a trusted clock, at most `now_ms`."""
        return {sensor: min(at_ms, now_ms) for sensor, at_ms in heard(self._journal.connection).items()}

    def _disk_free_pct(self) -> float | None:
        try:
            usage = shutil.disk_usage(self._journal.path.parent)
        except OSError:
            return None
        return 100 * usage.free / usage.total if usage.total else None

    def _add_loss(self, gap: Gap, at_ms: int) -> None:
        before = self._losses.get(gap.device)
        events = gap.last - gap.first + 1
        if before is not None and at_ms - before.at_ms < LOST_QUIET_MS:
            events += before.events
        self._losses[gap.device] = Lost(at_ms, events, gap.reason)

    def _record_reuse(self, refused: Refused, now_ms: int) -> None:
        """Count events with already used numbers as lost if this continues.

        An agent that detects that its outbox is an old copy starts a new stream at once and sends the events again.
        """
        if len(self._reused_since_ms) >= MOST_STREAMS:
            self._reused_since_ms.clear()
        first_ms = self._reused_since_ms.setdefault((refused.device, refused.stream), now_ms)
        if now_ms - first_ms >= REUSED_MS:
            self._add_loss(Gap(refused.device, refused.stream, refused.first, refused.last, refused.reason), now_ms)

    def _read_gaps(self, now_ms: int) -> None:
        """Read gaps that were stored after the last evaluation of the previous run."""
        rows = self._journal.connection.execute(
            "SELECT device, stream, first, last, reason, at_ms FROM gap WHERE at_ms > ? ORDER BY at_ms",
            (max(self._notes.evaluated_ms, now_ms - LOST_QUIET_MS),),
        )
        for *gap, at_ms in rows:
            self._add_loss(Gap(*gap), at_ms)

    def _build_message(self, now_ms: int) -> Alerts:
        """Return the alerts to publish, shortened to fit into one message."""
        notes = self._notes
        open_ = [replace(one.alert, muted=one.is_ignored or self._is_muted(one.alert)) for one in notes.episodes.open]
        ended = newest_of_each([past.alert for past in notes.episodes.ended], lambda one: one.subject, ENDED_SHOWN)[
            ::-1
        ]
        message = Alerts(now_ms, open_, ended, list(notes.mutes))
        while len(encode(message)) > MOST_BYTES and (message.ended or message.open):
            ended = message.ended[: len(message.ended) * 3 // 4]
            shown = message.open if message.ended else message.open[: len(message.open) * 3 // 4]
            message = replace(message, ended=ended, open=shown, left_out=len(open_) - len(shown))
        return message

    def _is_muted(self, alert: Alert) -> bool:
        return mutes.covered(self._notes.mutes, alert.kind, alert.subject)


def _end_unmonitored(episode: Episode, now_ms: int) -> Past:
    alert = replace(episode.alert, ended_ms=max(now_ms, episode.alert.fired_ms), left=True)
    return Past(alert, now_ms, episode.is_notified)
