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

from collector.alerts.active_mutes import apply_command, is_covered, list_active
from collector.alerts.alert_store import AlertNotes, load_notes, save_notes
from collector.alerts.conditions import (
    LOSS_GAP_MS,
    AlertFacts,
    AlertSubjects,
    EventLoss,
    Reachability,
    build_timings,
    find_signs,
)
from collector.alerts.episodes import AlertEpisodes, EndedEpisode, OpenEpisode, update_episodes
from collector.alerts.notifications import DeliveryAttempt, Notification, select_alerts, write_notifications
from collector.alerts.subjects import list_monitored_supplies
from collector.configuration.alert_settings import AlertSettings
from collector.contract.alerts import MAX_BYTES, Alert, AlertCommand, Alerts, encode
from collector.contract.findings import Finding
from collector.contract.loss_reasons import LossReason
from collector.contract.messages import OutgoingMessage
from collector.contract.states import COARSE_STEP_MS
from collector.intake.fair_share import keep_newest_of_each
from collector.intake.intake import IntakeResult
from collector.intake.rejection import RejectedInput, StreamGap
from collector.live.space_states import SpaceStates
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import SensorKey
from collector.store.journal import MISSING_FROM, RESTORED_AT, Journal
from edge.contract import topics
from edge.timekeeping.durations import DAY_MS, MINUTE_MS

EVALUATION_INTERVAL_MS: Final = 10_000
"""Conditions are evaluated this often, in site time."""
MAX_NOTIFICATION_AGE_MS: Final = DAY_MS
"""Older notifications are dropped, in site time."""
MAX_NOTIFICATIONS: Final = 200
REUSE_GRACE_MS: Final = MINUTE_MS
MAX_STREAMS: Final = 1000
MAX_ENDED_PUBLISHED: Final = 100

log = logging.getLogger(__name__)


class AlertSources(NamedTuple):
    """What alerts are computed from."""

    spaces: SpaceStates
    list_findings: Callable[[], Iterable[tuple[SensorKey, Finding]]]
    """Returns the findings of sensor health, with `ignored` set."""
    raw_ms: int
    """The retention of raw events: for this long, times are exact and a restored journal is an alert."""


class SystemFacts(NamedTuple):
    """What the collector's loop knows about its surroundings when conditions are evaluated."""

    reachability: Reachability = Reachability.NO_BROKER
    """Whether devices can reach the collector."""
    history_fault: bool = False
    """Whether InfluxDB rejects part of the history."""
    clock_off_ms: int = 0
    """By how much the server's clock is ahead of site time; 0: equal."""


NO_BROKER: Final = SystemFacts()


class AlertService:
    """All alerts of one site."""

    def __init__(
        self, plan: SitePlan, journal: Journal, sources: AlertSources, settings: AlertSettings, now_ms: int
    ) -> None:
        self._plan, self._journal, self._sources = plan, journal, sources
        self._settings = settings
        self._timings = build_timings(settings)
        self._subjects = AlertSubjects(plan, settings)
        self._supplies = list_monitored_supplies(plan)
        self._air_zones = dict.fromkeys(sensor.zone for sensor in plan.sensors if sensor.zone is not None)
        self._last_message_ms: dict[str, int] = {}
        self._reused_since_ms: dict[tuple[str, str], int] = {}
        self._failing_since_ms: dict[str, int | None] = {one.name: None for one in settings.destinations}
        restored_ms = journal.tables.read_number(RESTORED_AT)
        self._restored = None if restored_ms is None else (restored_ms, journal.tables.read_number(MISSING_FROM) or 0)
        self._notes = load_notes(journal)
        self._saved = self._notes
        self._losses = dict(self._notes.lost)
        self._published: Alerts | None = None
        self._has_changes = True
        self._evaluated_ms: int | None = None
        self._read_gaps(now_ms)

    @property
    def notifications(self) -> Sequence[Notification]:
        """Stored notifications to deliver, oldest first."""
        return self._saved.notifications

    # Input

    def record_intake(self, into: IntakeResult, now_ms: int) -> None:
        """Record which devices sent messages, and which events are lost; no work for each event."""
        for device, _ in into.receipts_due:
            self._last_message_ms[device] = now_ms
        for gap in into.gaps:
            self._add_loss(gap, now_ms)
        for refused in into.rejected:
            if refused.reason is LossReason.REUSED_SEQUENCE:
                self._record_reuse(refused, now_ms)

    def apply_command(self, command: AlertCommand, now_ms: int) -> None:
        """Apply a manager's command, inside the journal's transaction."""
        self._notes = replace(self._notes, mutes=apply_command(self._notes.mutes, command, now_ms))
        self._has_changes = True
        self._save()

    def record_deliveries(self, tries: Iterable[DeliveryAttempt], now_ms: int) -> None:
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

    def record_outage_end(self, outage: Alert, now_ms: int) -> None:
        """Record as ended an alert about the journal that was delivered while the journal could not be written."""
        episodes, over = self._notes.episodes, replace(outage, ended_ms=max(now_ms, outage.fired_ms))
        ended = (*episodes.ended, EndedEpisode(over, now_ms, is_notified=True))
        self._notes = replace(self._notes, episodes=AlertEpisodes(episodes.open, ended, episodes.pending))

    # Output

    def republish_all(self) -> None:
        """Publish everything again at the next call: the broker may have lost its retained messages."""
        self._published, self._has_changes = None, True

    def pop_messages(self, now_ms: int, _screen_ms: int) -> list[OutgoingMessage]:
        """Return the alerts as a message if they changed."""
        alerts = self.pop_changed_alerts(now_ms)
        return [] if alerts is None else [OutgoingMessage(topics.ALERTS, "", alerts)]

    def pop_changed_alerts(self, now_ms: int) -> Alerts | None:
        """Return all alerts if something changed since they were last published."""
        if not self._has_changes:
            return None
        self._has_changes = False
        alerts = self._build_message(
            now_ms - now_ms % COARSE_STEP_MS
        )  # a precise time would show when something became old
        if self._published is not None and replace(alerts, at_ms=self._published.at_ms) == self._published:
            return None
        self._published = alerts
        return alerts

    # Work

    def is_due(self, now_ms: int) -> bool:
        """Return whether an evaluation is due, or something is to be stored."""
        evaluated_ms = self._evaluated_ms
        waits = self._notes is not self._saved
        return waits or evaluated_ms is None or now_ms - evaluated_ms >= EVALUATION_INTERVAL_MS or now_ms < evaluated_ms

    def evaluate(self, now_ms: int, system: SystemFacts) -> None:
        """Evaluate all conditions, inside the journal's transaction."""
        self._evaluated_ms = now_ms
        if system.reachability is Reachability.NO_BROKER:
            self._last_message_ms.clear()
        known = self._collect_facts(now_ms, system)
        found = find_signs(self._plan, self._settings, self._subjects, known)
        episodes = update_episodes(self._drop_unmonitored(now_ms), found, self._timings, now_ms, self._sources.raw_ms)
        active_mutes = list_active(self._notes.mutes, now_ms)
        alerts, episodes = select_alerts(episodes, active_mutes, self._settings, self._plan, now_ms)
        written = write_notifications(alerts, self._settings, self._plan, now_ms, self._notes.notification_count + 1)
        lost = {device: loss for device, loss in self._losses.items() if now_ms - loss.at_ms < LOSS_GAP_MS}
        self._losses = lost
        self._notes = AlertNotes(
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
            save_notes(self._journal, replace(now, episodes=replace(now.episodes, pending=())))
            self._has_changes = True
        self._saved = now

    def _keep_deliverable(self, waiting: Sequence[Notification], now_ms: int) -> tuple[Notification, ...]:
        """Return the notifications that are still to be delivered."""
        named = {one.name for one in self._settings.destinations}
        kept = [
            one for one in waiting if one.destination in named and now_ms - one.created_ms < MAX_NOTIFICATION_AGE_MS
        ]
        kept = keep_newest_of_each(
            kept, lambda one: one.destination, MAX_NOTIFICATIONS
        )  # a failing destination must not displace the others
        if len(kept) < len(waiting):
            log.warning("dropped undelivered notifications, too old or too many: %d", len(waiting) - len(kept))
        return tuple(kept)

    def _drop_unmonitored(self, now_ms: int) -> AlertEpisodes:
        """Return the episodes after ending those whose subject is no longer monitored."""
        episodes = self._notes.episodes
        open_: list[OpenEpisode] = []
        gone: list[EndedEpisode] = []
        for one in episodes.open:
            if self._subjects.is_monitored(one.alert.kind, one.alert.subject):
                open_.append(one)
            else:
                gone.append(_end_unmonitored(one, now_ms))
        return AlertEpisodes(tuple(open_), (*episodes.ended, *gone), episodes.pending) if gone else episodes

    def _collect_facts(self, now_ms: int, system: SystemFacts) -> AlertFacts:
        spaces = self._sources.spaces
        return AlertFacts(
            now_ms=now_ms,
            reachability=system.reachability,
            last_event_ms=self._read_last_events(now_ms),
            last_message_ms=self._last_message_ms,
            findings=list(self._sources.list_findings()),
            lost=self._losses,
            site=spaces.get_sensed_site_summary(now_ms),  # visitors must not cause alerts
            air_by_zone={zone: spaces.get_zone_summary(zone, now_ms).air for zone in self._air_zones},
            supply_states={space: spaces.get_state(space, now_ms) for space in self._supplies},
            disk_free_pct=self._disk_free_pct(),
            history_fault=system.history_fault,
            restored=self._restored if self._is_restored_shown(now_ms) else None,
            clock_off_ms=system.clock_off_ms,
            failing_since_ms=self._failing_since_ms,
        )

    def _is_restored_shown(self, now_ms: int) -> bool:
        return self._restored is not None and now_ms - self._restored[0] < self._sources.raw_ms

    def _read_last_events(self, now_ms: int) -> dict[SensorKey, int]:
        """Return the time of each sensor's newest event by a trusted clock, at most `now_ms`."""
        return {sensor: min(at_ms, now_ms) for sensor, at_ms in self._journal.tables.read_last_events().items()}

    def _disk_free_pct(self) -> float | None:
        try:
            usage = shutil.disk_usage(self._journal.path.parent)
        except OSError:
            return None
        return 100 * usage.free / usage.total if usage.total else None

    def _add_loss(self, gap: StreamGap, at_ms: int) -> None:
        before = self._losses.get(gap.device)
        events = gap.last - gap.first + 1
        if before is not None and at_ms - before.at_ms < LOSS_GAP_MS:
            events += before.events
        self._losses[gap.device] = EventLoss(at_ms, events, gap.reason)

    def _record_reuse(self, refused: RejectedInput, now_ms: int) -> None:
        """Count events with already used numbers as lost if this continues.

        An agent that detects that its outbox is an old copy starts a new stream at once and sends the events again.
        """
        if len(self._reused_since_ms) >= MAX_STREAMS:
            self._reused_since_ms.clear()
        first_ms = self._reused_since_ms.setdefault((refused.device, refused.stream), now_ms)
        if now_ms - first_ms >= REUSE_GRACE_MS:
            self._add_loss(
                StreamGap(refused.device, refused.stream, refused.first, refused.last, refused.reason), now_ms
            )

    def _read_gaps(self, now_ms: int) -> None:
        """Read gaps that were stored after the last evaluation of the previous run."""
        after_ms = max(self._notes.evaluated_ms, now_ms - LOSS_GAP_MS)
        for gap, at_ms in self._journal.tables.read_gaps_after(after_ms):
            self._add_loss(gap, at_ms)

    def _build_message(self, now_ms: int) -> Alerts:
        """Return the alerts to publish, shortened to fit into one message."""
        notes = self._notes
        open_ = [replace(one.alert, muted=one.is_ignored or self._is_muted(one.alert)) for one in notes.episodes.open]
        ended = keep_newest_of_each(
            [past.alert for past in notes.episodes.ended], lambda one: one.subject, MAX_ENDED_PUBLISHED
        )[::-1]
        message = Alerts(now_ms, open_, ended, list(notes.mutes))
        while len(encode(message)) > MAX_BYTES and (message.ended or message.open):
            ended = message.ended[: len(message.ended) * 3 // 4]
            shown = message.open if message.ended else message.open[: len(message.open) * 3 // 4]
            message = replace(message, ended=ended, open=shown, left_out=len(open_) - len(shown))
        return message

    def _is_muted(self, alert: Alert) -> bool:
        return is_covered(self._notes.mutes, alert.kind, alert.subject)


def _end_unmonitored(episode: OpenEpisode, now_ms: int) -> EndedEpisode:
    alert = replace(episode.alert, ended_ms=max(now_ms, episode.alert.fired_ms), left=True)
    return EndedEpisode(alert, now_ms, episode.is_notified)
