"""Turns the ledger of people into words: what was corrected and why, and how the doors of the last two weeks err.

In:    rows of PEOPLE_CORRECTION and PEOPLE_FIVE_MIN, the plan, words.
Out:   one line for each correction, the newest first; sentences.
Never: a count of few people, I/O.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from babel.dates import format_datetime
from babel.numbers import format_decimal

from collector.days import local
from collector.history import Row
from collector.outward import People
from collector.people import Why
from collector.people.doors import DAYS, DoorDay, Turns, learn
from collector.plan import SitePlan, SpaceKind
from collector.privacy import FEW
from dashboard.words import Words

_PLACES: Final = frozenset({SpaceKind.DESK, SpaceKind.BOOTH, SpaceKind.ROOM})
NEWEST: Final = 12
"""So many corrections are shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One correction as it is read."""

    at: str
    why: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """How people are counted: what the doors have taught, when the house was last empty, the newest corrections."""

    doors: str
    zero: str
    crowded: str
    """That more people are told than there are places; nothing is cut down to these. Empty: they are not."""
    entries: tuple[Entry, ...]


def ledger(
    corrections: Sequence[Row], passed: Iterable[Row], people: People | None, plan: SitePlan, words: Words
) -> Ledger:
    """What a manager reads of the count."""
    return Ledger(
        doors=doors(passed, plan, words),
        zero=_zero(people, plan, words),
        crowded=_crowded(people, plan, words),
        entries=entries(corrections, plan, words),
    )


def entries(corrections: Sequence[Row], plan: SitePlan, words: Words) -> tuple[Entry, ...]:
    """The newest corrections; one between few and few people tells nothing, and is left out."""
    told = [row for row in corrections if not all(0 <= (value or 0) < FEW for value in row.fields)]
    told.sort(key=lambda row: row.at_ms, reverse=True)
    whys = _whys(words)
    return tuple(
        Entry(
            at=format_datetime(local(plan, row.at_ms), "EEE d MMM HH:mm", locale=words.language),
            why=_still(row, words) if row.tags[1] == Why.STILL else whys.get(row.tags[1], row.tags[1]),
            before=_number(row.fields[0], words),
            after=_number(row.fields[1], words),
        )
        for row in told[:NEWEST]
    )


def doors(passed: Iterable[Row], plan: SitePlan, words: Words) -> str:
    """How many of those who go out the doors tell of those who came in, by the days before today."""
    turns, days = Turns(plan), dict[int, DoorDay]()
    for row in passed:
        day = turns.of(row.at_ms).day
        known = days.get(day, DoorDay(day))
        days[day] = DoorDay(day, known.entries + int(row.fields[0] or 0), known.exits + int(row.fields[1] or 0))
    ended = [found for day in sorted(days)[:-1][-DAYS:] if (found := days[day]).entries or found.exits]
    _, ngettext = words.gettext, words.ngettext
    if not ended:
        return _("The doors have not counted a full day yet; typical counting errors are assumed.")
    ratio = learn(ended).ratio
    if ratio == 1:
        text = ngettext(
            "On the first day the doors counted about as many in as out, so no correction is applied.",
            "Over {days} days the doors counted about as many in as out, so no correction is applied.",
            len(ended),
        )
        return text.format(days=len(ended))
    text = ngettext(
        "On the first day the doors counted {n} in for every 100 out, so each person out is counted as {ratio}.",
        "Over {days} days the doors counted {n} in for every 100 out, so each person out is counted as {ratio}.",
        len(ended),
    )
    decimal = format_decimal(ratio, "0.00", locale=words.language)
    return text.format(days=len(ended), n=round(100 * ratio), ratio=decimal)


def _zero(people: People | None, plan: SitePlan, words: Words) -> str:
    if people is None:
        return ""
    if people.zero_ms is None:
        return words.gettext(
            "The site has not been certain to be empty yet, so anybody who was already inside is not counted."
        )
    at = format_datetime(local(plan, people.zero_ms), "EEE d MMM HH:mm", locale=words.language)
    return words.gettext("Last certain to be empty {at}.").format(at=at)


def _crowded(people: People | None, plan: SitePlan, words: Words) -> str:
    places = sum(space.kind in _PLACES for space in plan.spaces)
    if people is None or people.least <= max(places, FEW):
        return ""
    text = words.gettext(
        "More people are counted than there are desks, booths and rooms ({n}): either it is very "
        "full, or a door counter is wrong."
    )
    return text.format(n=places)


def _number(count: float | None, words: Words) -> str:
    people = int(count or 0)
    if 0 < people < FEW:
        return words.gettext("under {n}").format(n=FEW)
    return str(people).replace("-", "\u2212")  # a minus, not a hyphen


def _still(row: Row, words: Words) -> str:
    _ = words.gettext
    if (row.fields[1] or 0) < (row.fields[0] or 0):
        return _("fewer people left than the count would suggest")
    return _("more people left than the count would suggest")


def _whys(words: Words) -> dict[str, str]:
    _ = words.gettext
    return {
        Why.NEGATIVE: _("more people left than were counted inside"),
        Why.DOORS: _("usual counting errors of the doors"),
        Why.SEEN: _("sensors inside detected this many people"),
        Why.QUIET: _("no activity anywhere"),
        Why.CLOSED: _("outside opening hours"),
        Why.LEAST: _("quietest hour of a site that never closes"),
    }
