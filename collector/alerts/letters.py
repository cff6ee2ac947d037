"""Writes messages: what is new in the book, gathered, so that a burst is one message.

In:    the book, what is muted, quiet hours, the plan, the moment.
Out:   letters to destinations, and the book in which their news is marked as told.
Never: clocks, sockets, an address.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from collector.alerts.book import Book
from collector.alerts.hours import within
from collector.alerts.mutes import covered
from collector.alerts.settings import AlertSettings, Destination
from collector.alerts.wire import Alert, AlertKind, Mute, Severity
from collector.alerts.words import AlertWords
from collector.plan import SitePlan

GATHER_MS: Final = 60_000
"""News waits so long for company: what fails together is told together."""
UNSTORED: Final = -1000
"""Letters that nobody could store have numbers from here on; those of the journal begin at 1."""
FEW: Final = 3
"""More sensors of one device than this are told in one line."""
_RANK: Final = {severity: place for place, severity in enumerate(Severity)}
_OF_SENSORS: Final = frozenset({AlertKind.SENSOR_SILENT, AlertKind.BATTERY_LOW, AlertKind.STUCK})


class Letter(Struct, frozen=True, gc=False, array_like=True):
    """One message to one destination, until it is delivered or too old."""

    no: int
    to: str
    """The destination's name."""
    title: str
    body: str
    made_ms: int


class Delivered(NamedTuple):
    """How one try to deliver a letter went."""

    letter: Letter
    taken: bool


def news(
    book: Book, mutes: Sequence[Mute], settings: AlertSettings, plan: SitePlan, now_ms: int
) -> tuple[list[Alert], Book]:
    """What is to be told now, oldest first, and the book in which it is told.

    What is muted waits while it is open, and is dropped once it has ended. In quiet hours only what is urgent goes
    out. What began and ended before it could be told is told as over.
    """
    quiet = within(plan, settings.quiet_hours, now_ms)

    def held(alert: Alert) -> bool:
        return quiet and alert.severity is not Severity.URGENT

    def muted(alert: Alert) -> bool:
        return covered(mutes, alert.kind, alert.subject)

    begun = [e for e in book.open if not (e.told or e.seen or muted(e.alert) or held(e.alert))]
    ended = [p for p in book.ended if not (p.closed or muted(p.alert) or held(p.alert))]
    came_ms = [e.alert.fired_ms for e in begun] + [p.noticed_ms for p in ended]
    if not came_ms or (settings.destinations and 0 <= now_ms - min(came_ms) < GATHER_MS):
        begun, ended = [], []
    told = {id(e) for e in begun}
    closed = {id(p) for p in ended} | {id(p) for p in book.ended if not p.closed and muted(p.alert)}
    after = Book(
        tuple(replace(e, told=True) if id(e) in told else e for e in book.open),
        tuple(replace(p, closed=True) if id(p) in closed else p for p in book.ended),
        book.pending,
    )
    return [e.alert for e in begun] + [p.alert for p in ended if p.told or not p.alert.left], after


def letters(alerts: Sequence[Alert], settings: AlertSettings, plan: SitePlan, now_ms: int, no: int) -> list[Letter]:
    """One letter to each destination that wants some of this; numbers from `no` on."""
    words = AlertWords(plan, settings.language, now_ms)
    found: list[Letter] = []
    for destination in settings.destinations:
        wanted = [alert for alert in alerts if _is_wanted(alert, destination)]
        if wanted:
            text = title(wanted, plan, words), body(wanted, words)
            found.append(Letter(no + len(found), destination.name, *text, now_ms))
    return found


def _is_wanted(alert: Alert, destination: Destination) -> bool:
    """That messages do not get there is told elsewhere."""
    own = alert.kind is AlertKind.NOT_DELIVERED and alert.subject == destination.name
    return not own and _RANK[alert.severity] >= _RANK[destination.least]


def trial(destination: Destination, settings: AlertSettings, plan: SitePlan, now_ms: int) -> Letter:
    """A letter that says that letters arrive."""
    words = AlertWords(plan, settings.language, now_ms)
    return Letter(
        0, destination.name, words.fill("trial", house=plan.name), words.fill("trial.body", house=plan.name), now_ms
    )


def title(alerts: Sequence[Alert], plan: SitePlan, words: AlertWords) -> str:
    """What it is about, in a line."""
    over = ".over" if all(alert.ended_ms is not None for alert in alerts) else ""
    if len(alerts) > 1:
        return words.fill(f"title.many{over}", house=plan.name, n=len(alerts))
    (alert,) = alerts
    about = words.kind(alert.kind)
    named = words.name(alert.subject)
    return words.fill(f"title{over}", house=plan.name, about=about if named == plan.name else f"{about}, {named}")


def body(alerts: Iterable[Alert], words: AlertWords) -> str:
    """A line for each alert, and what to do; many sensors of one device are one line."""
    groups: dict[tuple[object, ...], list[Alert]] = {}
    for alert in alerts:
        of_sensor = alert.kind in _OF_SENSORS and not alert.left
        name = alert.subject.partition("/")[0] if of_sensor else alert.subject
        groups.setdefault((alert.kind, name, alert.ended_ms is None, of_sensor), []).append(alert)
    return "\n".join(line for group in groups.values() for line in _lines(group, words))


def _lines(group: Sequence[Alert], words: AlertWords) -> list[str]:
    first = group[0]
    if len(group) > FEW and first.kind in _OF_SENSORS:
        key = f"many.{first.kind}" if first.ended_ms is None else "many.over"
        device, names = first.subject.partition("/")[0], ", ".join(words.name(alert.subject) for alert in group)
        line = words.fill(key, n=len(group), device=device, names=names)
        return [line if first.ended_ms is not None else f"{line} {words.remedy(first)}"]
    if first.ended_ms is None:
        return [f"{words.what(alert)} {words.remedy(alert)}" for alert in group]
    return [words.over(alert) for alert in group]
