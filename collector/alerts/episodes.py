"""Turns signs at single instants into alert episodes, each with one begin and one end.

In:    the pending, open and ended episodes; the current signs; how long each kind must last; the current time.
Out:   the next episodes.
Never: clocks, settings, the meaning of a sign.

A sign must be `PRESENT` for `raise_after_ms` of its kind before it becomes an alert, and gone for `clear_after_ms`
before the alert ends. Between two thresholds (`BETWEEN`) nothing changes. While nothing is known (`UNKNOWN`) an open
alert stays open and none begins. An alert that has ended begins again no sooner than `MIN_REPEAT_MS` after it last
began. Applying the same signs at the same time again changes nothing, and their order does not matter.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.contract.alerts import ENDED_KEPT_MS, Alert, AlertKind, Severity
from collector.contract.states import coarsen_moment
from collector.intake.fair_share import keep_newest_of_each
from edge.contract.raw_retention import MAX_RAW_MS
from edge.timekeeping.durations import MINUTE_MS

MAX_ENDED: Final = 500
"""At most this many ended alerts are kept, the newest of each subject first."""

MIN_REPEAT_MS: Final = 30 * MINUTE_MS
"""The minimum time between two begins of the same alert: at most twice an hour."""

AlertKey = tuple[AlertKind, str]
"""Kind and subject; there is at most one open alert for each."""


class SignState(StrEnum):
    """Whether the condition of a sign holds."""

    PRESENT = "present"
    BETWEEN = "between"
    """Between the thresholds for begin and end."""
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """Unknown at present."""


class AlertSign(Struct, frozen=True):
    """The condition of one thing that may be wrong, at one instant."""

    kind: AlertKind
    subject: str
    state: SignState
    since_ms: int | None = None
    """When it began; None: when the sign first appeared."""
    value: float | None = None
    limit: float | None = None
    reason: str = ""
    sensors: int | None = None
    is_ignored: bool = False
    """A manager ignores the underlying finding, so the alert is muted."""

    @property
    def key(self) -> AlertKey:
        """The key of its alert."""
        return self.kind, self.subject


class AlertTiming(NamedTuple):
    """When alerts of a kind begin and end."""

    severity: Severity
    raise_after_ms: int
    """The condition must hold for this long before an alert begins."""
    clear_after_ms: int
    """The condition must be gone for this long before the alert ends."""


class OpenEpisode(Struct, frozen=True, gc=False, array_like=True):
    """An open alert."""

    alert: Alert
    gone_since_ms: int | None = None
    """Since when the condition is gone; None: it still holds."""
    is_notified: bool = False
    """Whether its begin was passed on to the destinations."""
    is_ignored: bool = False
    """See `AlertSign.is_ignored`."""


class EndedEpisode(Struct, frozen=True, gc=False, array_like=True):
    """An alert that has ended."""

    alert: Alert
    end_confirmed_ms: int
    """When its end was confirmed."""
    is_notified: bool
    """Whether its begin was passed on to the destinations."""
    is_done: bool = False
    """Whether nothing about it remains to be sent."""


class AlertEpisodes(Struct, frozen=True, array_like=True):
    """All alert episodes of a site."""

    open: tuple[OpenEpisode, ...] = ()
    ended: tuple[EndedEpisode, ...] = ()
    """Oldest first."""
    pending: tuple[tuple[AlertKind, str, int], ...] = ()
    """Kind, subject and begin of conditions that do not hold for long enough yet; not stored."""


def update_episodes(
    episodes: AlertEpisodes,
    signs: Iterable[AlertSign],
    timings: Mapping[AlertKind, AlertTiming],
    now_ms: int,
    exact_for_ms: int = MAX_RAW_MS,
) -> AlertEpisodes:
    """Return the episodes after one evaluation. A subject without a sign counts as absent.

    Args:
        episodes: the episodes so far.
        signs: the current signs, in any order.
        timings: when alerts of each kind begin and end.
        now_ms: site time.
        exact_for_ms: older times are rounded.
    """
    sign_by_key = {sign.key: sign for sign in signs}
    waiting = {(kind, subject): since_ms for kind, subject, since_ms in episodes.pending}
    open_episodes, ended = [], list(episodes.ended)
    for known in episodes.open:
        key = known.alert.kind, known.alert.subject
        episode = _updated(known, sign_by_key.pop(key, None), now_ms)
        if episode.gone_since_ms is None or now_ms - episode.gone_since_ms < timings[key[0]].clear_after_ms:
            open_episodes.append(episode)
        else:
            alert = replace(episode.alert, ended_ms=max(episode.gone_since_ms, episode.alert.fired_ms))
            ended.append(
                EndedEpisode(alert, now_ms, episode.is_notified, is_done=episode.is_ignored and not episode.is_notified)
            )
    fired_ms = {(past.alert.kind, past.alert.subject): past.alert.fired_ms for past in ended}
    pending = []
    for key in sorted(sign_by_key):
        if (since_ms := _pending_since_ms(sign_by_key[key], waiting.get(key), now_ms)) is None:
            continue
        is_too_soon = key in fired_ms and 0 <= now_ms - fired_ms[key] < MIN_REPEAT_MS
        if (
            sign_by_key[key].state is SignState.PRESENT
            and now_ms - since_ms >= timings[key[0]].raise_after_ms
            and not is_too_soon
        ):
            open_episodes.append(
                OpenEpisode(
                    _begin_alert(sign_by_key[key], timings[key[0]], since_ms, now_ms),
                    is_ignored=sign_by_key[key].is_ignored,
                )
            )
        else:
            pending.append((*key, since_ms))
    kept = [
        _coarsen_ended(past, now_ms, exact_for_ms)
        for past in ended
        if now_ms - (past.alert.ended_ms or 0) < ENDED_KEPT_MS
    ]
    kept = keep_newest_of_each(kept, lambda past: past.alert.subject, MAX_ENDED)
    open_episodes = [
        replace(episode, alert=_coarsen_alert(episode.alert, now_ms, exact_for_ms)) for episode in open_episodes
    ]
    open_episodes.sort(key=lambda episode: (episode.alert.fired_ms, episode.alert.kind, episode.alert.subject))
    return AlertEpisodes(tuple(open_episodes), tuple(kept), tuple(pending))


def _coarsen_ended(past: EndedEpisode, now_ms: int, exact_for_ms: int) -> EndedEpisode:
    return replace(
        past,
        alert=_coarsen_alert(past.alert, now_ms, exact_for_ms),
        end_confirmed_ms=coarsen_moment(past.end_confirmed_ms, now_ms, exact_for_ms),
    )


def _coarsen_alert(alert: Alert, now_ms: int, exact_for_ms: int) -> Alert:
    """Round instants that are older than the retention of single changes to a bucket of history.

    An alert may be about a single movement.
    """
    return replace(
        alert,
        since_ms=coarsen_moment(alert.since_ms, now_ms, exact_for_ms),
        fired_ms=coarsen_moment(alert.fired_ms, now_ms, exact_for_ms),
        ended_ms=None if alert.ended_ms is None else coarsen_moment(alert.ended_ms, now_ms, exact_for_ms),
    )


def _updated(episode: OpenEpisode, sign: AlertSign | None, now_ms: int) -> OpenEpisode:
    """Return an open alert after applying the current sign of its subject."""
    state = SignState.ABSENT if sign is None else sign.state
    is_ignored = episode.is_ignored if sign is None else sign.is_ignored
    if state is SignState.ABSENT:
        gone_since_ms = (
            now_ms if episode.gone_since_ms is None else min(episode.gone_since_ms, now_ms)
        )  # a clock may be set back
        return replace(episode, gone_since_ms=gone_since_ms, is_ignored=is_ignored)
    if state is SignState.BETWEEN:
        return replace(episode, is_ignored=is_ignored)
    alert = episode.alert
    if sign is not None and state is SignState.PRESENT and alert.kind is AlertKind.LOST_EVENTS:
        alert = replace(alert, value=float(sign.value or 0))  # events lost so far
    return replace(episode, alert=alert, gone_since_ms=None, is_ignored=is_ignored)


def _pending_since_ms(sign: AlertSign, since_ms: int | None, now_ms: int) -> int | None:
    """Return since when a condition without an alert holds; None: it does not."""
    if sign.state is SignState.PRESENT:
        return now_ms if since_ms is None else min(since_ms, now_ms)
    return since_ms if sign.state is SignState.BETWEEN else None


def _begin_alert(sign: AlertSign, timing: AlertTiming, since_ms: int, now_ms: int) -> Alert:
    return Alert(
        kind=sign.kind,
        subject=sign.subject,
        severity=timing.severity,
        since_ms=min(since_ms if sign.since_ms is None else sign.since_ms, now_ms),
        fired_ms=now_ms,
        value=None if sign.value is None else float(sign.value),
        limit=None if sign.limit is None else float(sign.limit),
        reason=sign.reason,
        sensors=sign.sensors,
    )
