"""Writes notifications about new and ended alerts, several alerts in one message.

In:    the episodes, mutes, quiet hours, the plan, the current time.
Out:   notifications to destinations, and the episodes marked as notified.
Never: clocks, sockets, addresses.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.alerts.active_mutes import is_covered
from collector.alerts.alert_hours import is_within
from collector.alerts.alert_kinds import ALERT_KINDS
from collector.alerts.alert_texts import AlertTexts
from collector.alerts.episodes import AlertEpisodes
from collector.configuration.alert_settings import AlertSettings, Destination
from collector.contract.alerts import Alert, AlertKind, Mute, Severity
from collector.site.site_plan import SitePlan
from edge.timekeeping.durations import MINUTE_MS

GATHERING_MS: Final = MINUTE_MS
"""How long a new alert waits for others, so that one failure causes one message."""
FIRST_UNSTORED_NO: Final = -1000
"""Notifications that could not be stored are numbered from here; those in the journal from 1."""
MAX_SENSOR_LINES: Final = 3
"""More sensors of one device than this share one line."""
_RANK: Final = {severity: place for place, severity in enumerate(Severity)}


class Notification(Struct, frozen=True, gc=False, array_like=True):
    """One message to one destination, until it is delivered or too old."""

    no: int
    destination: str
    """The name of the destination."""
    title: str
    body: str
    created_ms: int


class DeliveryAttempt(NamedTuple):
    """The result of one attempt to deliver a notification."""

    notification: Notification
    is_accepted: bool


def select_alerts(
    book: AlertEpisodes, mutes: Sequence[Mute], settings: AlertSettings, plan: SitePlan, now_ms: int
) -> tuple[list[Alert], AlertEpisodes]:
    """Select the alerts to notify now, oldest first, and return them with the updated episodes.

    Muted alerts wait while they are open, and are dropped once they have ended. In quiet hours only urgent alerts are
    selected. An alert that began and ended before it could be sent is sent as ended.

    Args:
        book: the current episodes.
        mutes: the active mutes.
        settings: quiet hours and destinations.
        plan: the site.
        now_ms: site time.
    """
    quiet = is_within(plan, settings.quiet_hours, now_ms)

    def is_held(alert: Alert) -> bool:
        return quiet and alert.severity is not Severity.URGENT

    def is_muted(alert: Alert) -> bool:
        return is_covered(mutes, alert.kind, alert.subject)

    begun = [e for e in book.open if not (e.is_notified or e.is_ignored or is_muted(e.alert) or is_held(e.alert))]
    ended = [p for p in book.ended if not (p.is_done or is_muted(p.alert) or is_held(p.alert))]
    new_since_ms = [e.alert.fired_ms for e in begun] + [p.end_confirmed_ms for p in ended]
    if not new_since_ms or (settings.destinations and 0 <= now_ms - min(new_since_ms) < GATHERING_MS):
        begun, ended = [], []
    notified_ids = {id(e) for e in begun}
    closed_ids = {id(p) for p in ended} | {id(p) for p in book.ended if not p.is_done and is_muted(p.alert)}
    after = AlertEpisodes(
        tuple(replace(e, is_notified=True) if id(e) in notified_ids else e for e in book.open),
        tuple(replace(p, is_done=True) if id(p) in closed_ids else p for p in book.ended),
        book.pending,
    )
    return [e.alert for e in begun] + [p.alert for p in ended if p.is_notified or not p.alert.left], after


def write_notifications(
    alerts: Sequence[Alert], settings: AlertSettings, plan: SitePlan, now_ms: int, no: int
) -> list[Notification]:
    """Return one notification for each destination that receives at least one of the alerts.

    Args:
        alerts: the alerts to notify.
        settings: destinations and language.
        plan: the site.
        now_ms: site time.
        no: the number of the first notification.
    """
    texts = AlertTexts(plan, settings.language, now_ms)
    found: list[Notification] = []
    for destination in settings.destinations:
        wanted = [alert for alert in alerts if _is_wanted(alert, destination)]
        if wanted:
            text = texts.describe_title(wanted), write_body(wanted, texts)
            found.append(Notification(no + len(found), destination.name, *text, now_ms))
    return found


def _is_wanted(alert: Alert, destination: Destination) -> bool:
    """Return whether a destination receives an alert; failed delivery to a destination is reported to the others."""
    own = alert.kind is AlertKind.NOT_DELIVERED and alert.subject == destination.name
    return not own and _RANK[alert.severity] >= _RANK[destination.least]


def write_test_notification(
    destination: Destination, settings: AlertSettings, plan: SitePlan, now_ms: int
) -> Notification:
    """Return a test message for a destination."""
    title, body = AlertTexts(plan, settings.language, now_ms).describe_test()
    return Notification(0, destination.name, title, body, now_ms)


def write_body(alerts: Iterable[Alert], texts: AlertTexts) -> str:
    """Return one line per alert with its remedy; many sensors of one device share one line."""
    groups: dict[tuple[object, ...], list[Alert]] = {}
    for alert in alerts:
        of_sensor = ALERT_KINDS[alert.kind].many is not None and not alert.left
        name = alert.subject.partition("/")[0] if of_sensor else alert.subject
        groups.setdefault((alert.kind, name, alert.ended_ms is None, of_sensor), []).append(alert)
    return "\n".join(line for group in groups.values() for line in _write_lines(group, texts))


def _write_lines(group: list[Alert], texts: AlertTexts) -> list[str]:
    first = group[0]
    if len(group) > MAX_SENSOR_LINES and ALERT_KINDS[first.kind].many is not None:
        return [texts.describe_many(group)]
    if first.ended_ms is None:
        return [f"{texts.describe(alert)} {texts.describe_remedy(alert)}" for alert in group]
    return [texts.describe_end(alert) for alert in group]
