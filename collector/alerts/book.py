"""Makes episodes of what holds at single moments: each begins once, ends once, and nothing flutters.

In:    a book of what is pending, open and ended; signs of one moment; how long each kind must hold; the moment.
Out:   the next book.
Never: clocks, settings, what a sign is about.

A sign must be `PRESENT` for its kind's `after` before it is an alert, and gone for its `calm` before that has ended.
Between two thresholds (`BETWEEN`) what is so stays so. Where nothing can be known (`BLIND`) an alert stays open and
none begins. An alert that has ended begins again no sooner than `AGAIN_MS` after it last began. The same signs at the
same moment again change nothing, and their order does not matter.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.alerts.wire import Alert, AlertKind, Severity
from collector.fair_share import newest_of_each
from collector.outward import coarse_moment

KEPT_MS: Final = 14 * 86_400_000
"""Ended alerts are kept for a fortnight."""
KEPT: Final = 500
"""And no more than so many, the newest of each subject."""

AGAIN_MS: Final = 30 * 60_000
"""The same alert begins no sooner than this after it last began, whatever happens: twice an hour at most."""

Key = tuple[AlertKind, str]
"""Kind and subject: of each there is at most one open alert."""


class Level(StrEnum):
    """Whether what a sign is about holds."""

    PRESENT = "present"
    BETWEEN = "between"
    """Neither so bad that it begins, nor so good that it ends."""
    ABSENT = "absent"
    BLIND = "blind"
    """Nobody can know now."""


class Sign(Struct, frozen=True):
    """What the collector sees of one thing that may be wrong, at one moment."""

    kind: AlertKind
    subject: str
    level: Level
    since_ms: int | None = None
    """When it began; None: when it was first seen."""
    value: float | None = None
    limit: float | None = None
    reason: str = ""
    sensors: int | None = None
    seen: bool = False
    """A manager has already said elsewhere that they know: it is muted."""

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.kind, self.subject


class Timing(NamedTuple):
    """How a kind begins and ends."""

    severity: Severity
    after_ms: int
    """It must hold for so long."""
    calm_ms: int
    """It must be gone for so long."""


class Episode(Struct, frozen=True, gc=False, array_like=True):
    """An open alert."""

    alert: Alert
    calm_ms: int | None = None
    """Since when it is gone; None: it is not."""
    told: bool = False
    """It was handed to the destinations."""
    seen: bool = False
    """See `Sign.seen`."""


class Past(Struct, frozen=True, gc=False, array_like=True):
    """An alert that has ended."""

    alert: Alert
    noticed_ms: int
    """When its end was certain."""
    told: bool
    """That it began was handed to the destinations."""
    closed: bool = False
    """Nothing of it remains to be told."""


class Book(Struct, frozen=True, array_like=True):
    """All alerts of a house."""

    open: tuple[Episode, ...] = ()
    ended: tuple[Past, ...] = ()
    """Oldest first."""
    pending: tuple[tuple[AlertKind, str, int], ...] = ()
    """What holds, and since when, but not for long enough; a restart forgets it."""


def turned(book: Book, signs: Iterable[Sign], timings: Mapping[AlertKind, Timing], now_ms: int) -> Book:
    """The book after one judgement. A subject without a sign is as one that is well."""
    seen = {sign.key: sign for sign in signs}
    waiting = {(kind, subject): since_ms for kind, subject, since_ms in book.pending}
    episodes, ended = [], list(book.ended)
    for known in book.open:
        key = known.alert.kind, known.alert.subject
        episode = _lived(known, seen.pop(key, None), now_ms)
        if episode.calm_ms is None or now_ms - episode.calm_ms < timings[key[0]].calm_ms:
            episodes.append(episode)
        else:
            alert = replace(episode.alert, ended_ms=max(episode.calm_ms, episode.alert.fired_ms))
            ended.append(Past(alert, now_ms, episode.told, closed=episode.seen and not episode.told))
    fired_ms = {(past.alert.kind, past.alert.subject): past.alert.fired_ms for past in ended}
    pending = []
    for key in sorted(seen):
        if (since_ms := _begun(seen[key], waiting.get(key), now_ms)) is None:
            continue
        rests = key in fired_ms and 0 <= now_ms - fired_ms[key] < AGAIN_MS
        if seen[key].level is Level.PRESENT and now_ms - since_ms >= timings[key[0]].after_ms and not rests:
            episodes.append(Episode(_fired(seen[key], timings[key[0]], since_ms, now_ms), seen=seen[key].seen))
        else:
            pending.append((*key, since_ms))
    kept = [_aged_past(past, now_ms) for past in ended if now_ms - (past.alert.ended_ms or 0) < KEPT_MS]
    kept = newest_of_each(kept, lambda past: past.alert.subject, KEPT)
    episodes = [replace(episode, alert=_aged(episode.alert, now_ms)) for episode in episodes]
    episodes.sort(key=lambda episode: (episode.alert.fired_ms, episode.alert.kind, episode.alert.subject))
    return Book(tuple(episodes), tuple(kept), tuple(pending))


def _aged_past(past: Past, now_ms: int) -> Past:
    return replace(past, alert=_aged(past.alert, now_ms), noticed_ms=coarse_moment(past.noticed_ms, now_ms))


def _aged(alert: Alert, now_ms: int) -> Alert:
    """The alert; its moments from when single changes are no longer stored are no finer than a bucket of history.

    An alert may be about one movement.
    """
    return replace(
        alert,
        since_ms=coarse_moment(alert.since_ms, now_ms),
        fired_ms=coarse_moment(alert.fired_ms, now_ms),
        ended_ms=None if alert.ended_ms is None else coarse_moment(alert.ended_ms, now_ms),
    )


def _lived(episode: Episode, sign: Sign | None, now_ms: int) -> Episode:
    """An open alert after one more look at its subject."""
    level = Level.ABSENT if sign is None else sign.level
    seen = episode.seen if sign is None else sign.seen
    if level is Level.ABSENT:
        calm_ms = now_ms if episode.calm_ms is None else min(episode.calm_ms, now_ms)  # a clock may be set back
        return replace(episode, calm_ms=calm_ms, seen=seen)
    if level is Level.BETWEEN:
        return replace(episode, seen=seen)
    alert = episode.alert
    if sign is not None and level is Level.PRESENT and alert.kind is AlertKind.LOST_EVENTS:
        alert = replace(alert, value=float(sign.value or 0))  # what was lost since
    return replace(episode, alert=alert, calm_ms=None, seen=seen)


def _begun(sign: Sign, since_ms: int | None, now_ms: int) -> int | None:
    """Since when a sign that is no alert yet holds; None: it does not."""
    if sign.level is Level.PRESENT:
        return now_ms if since_ms is None else min(since_ms, now_ms)
    return since_ms if sign.level is Level.BETWEEN else None


def _fired(sign: Sign, timing: Timing, since_ms: int, now_ms: int) -> Alert:
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
