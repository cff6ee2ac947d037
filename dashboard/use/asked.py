"""Reads from a URL what use is asked for: which days, of which zone and kind, compared with which other days.

In:    the parameters of a request, the plan, the house's time.
Out:   an `Asked` that can be answered; or what is wrong with it, for a page to put into words.
Never: rows; a guess at what somebody meant.

Days are local days of the house, from one to another and both of them included.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from collector.days import local
from collector.plan import WHOLE_SITE, SitePlan, SpaceKind

LONGEST_DAYS: Final = 396
"""History is kept for 13 months."""
PRESETS: Final = (7, 28, 91)
"""Whole weeks that ended with yesterday."""
USUAL_DAYS: Final = 28
WEEK: Final = timedelta(days=7)
YEAR: Final = 52 * WEEK
"""A year ago on the same weekday."""
PARAMETERS: Final = ("last", "from", "to", "with", "since", "zone", "kind")


class Against(StrEnum):
    """What a span is compared with."""

    NOTHING = ""
    BEFORE = "before"
    """The weeks just before."""
    YEAR = "year"
    """The same weeks of a year ago."""
    SINCE = "since"
    """As many days from a chosen day on."""


class Fault(StrEnum):
    """What is wrong with a question."""

    NO_DATE = "no_date"
    ENDS_FIRST = "ends_first"
    TOO_LONG = "too_long"
    NOT_YET = "not_yet"
    NO_ZONE = "no_zone"
    NO_KIND = "no_kind"
    NO_CHOICE = "no_choice"


class AskedRejected(ValueError):
    """The question cannot be answered as it stands.

    Attributes:
        fault: what is wrong.
        name: the parameter.
        text: what it held, cut short.
    """

    def __init__(self, fault: Fault, name: str, text: str = "") -> None:
        super().__init__(f"{name}: {fault} {text[:40]!r}")
        self.fault, self.name, self.text = fault, name, text[:40]


@dataclass(frozen=True, slots=True)
class Days:
    """Local days, both ends included."""

    first: date
    last: date

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    def back(self, by: timedelta) -> "Days":
        """As many days, so much earlier."""
        return Days(self.first - by, self.last - by)

    def span(self, plan: SitePlan) -> tuple[int, int]:
        """From the first midnight to the last, Unix ms."""
        begin, end = (
            datetime(day.year, day.month, day.day, tzinfo=plan.time_zone)
            for day in (self.first, self.last + timedelta(days=1))
        )
        return round(begin.timestamp() * 1000), round(end.timestamp() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question. `other` is as long as `days`, and begins on the same weekday."""

    days: Days
    zone: str = WHOLE_SITE
    kind: SpaceKind = SpaceKind.DESK
    against: Against = Against.NOTHING
    other: Days | None = None
    last: int | None = None
    """The preset that was chosen; None: the days were."""

    def args(self) -> dict[str, str]:
        """As a URL has it."""
        told = {"from": self.days.first.isoformat(), "to": self.days.last.isoformat()}
        if self.last is not None:
            told = {"last": str(self.last)}
        if self.against is not Against.NOTHING:
            told["with"] = self.against.value
        if self.against is Against.SINCE and self.other is not None:
            told["since"] = self.other.first.isoformat()
        return told | {"zone": self.zone, "kind": self.kind.value}


def kinds(plan: SitePlan) -> tuple[SpaceKind, ...]:
    """What can be asked for: every kind that is offered, desks first."""
    return tuple(kind for kind in SpaceKind if any(s.kind is kind and s.offered for s in plan.spaces))


def there(asked: Asked, plan: SitePlan) -> bool:
    """Whether the zone has anything of that kind."""
    return any(s.kind is asked.kind and asked.zone in {s.zone, WHOLE_SITE} for s in plan.spaces)


def usual(plan: SitePlan, now_ms: int) -> Asked:
    """What is shown to who asks for nothing: the last four weeks of the whole house."""
    offered = kinds(plan)
    return Asked(
        days=_preset(plan, now_ms, USUAL_DAYS), kind=offered[0] if offered else SpaceKind.DESK, last=USUAL_DAYS
    )


def read_asked(args: Mapping[str, str], plan: SitePlan, now_ms: int) -> Asked:
    """The question in a URL; an empty parameter is one that is not there.

    Raises:
        AskedRejected: of the first parameter that is wrong.
    """
    given = {name: text.strip() for name in PARAMETERS if (text := args.get(name, "")).strip()}
    default = usual(plan, now_ms)
    last = _last(given)
    days = default.days if last is None and "from" not in given and "to" not in given else None
    if last is not None:
        days = _preset(plan, now_ms, last)
    elif days is None:
        days = _chosen(given, local(plan, now_ms).date())
    else:
        last = default.last
    zone, kind = given.get("zone", WHOLE_SITE), given.get("kind", default.kind)
    if zone != WHOLE_SITE and zone not in plan.zone:
        raise AskedRejected(Fault.NO_ZONE, "zone", zone)
    if kind not in {*kinds(plan), default.kind}:  # where nothing is offered, people may still be counted
        raise AskedRejected(Fault.NO_KIND, "kind", kind)
    against, other = _other(given, days)
    return Asked(days=days, zone=zone, kind=SpaceKind(kind), against=against, other=other, last=last)


def _preset(plan: SitePlan, now_ms: int, count: int) -> Days:
    today = local(plan, now_ms).date()
    return Days(today - timedelta(days=count), today - timedelta(days=1))


def _last(given: Mapping[str, str]) -> int | None:
    """A preset; days that are chosen go before it, so that one form can hold both."""
    if "last" not in given or "from" in given or "to" in given:
        return None
    if given["last"] not in {str(count) for count in PRESETS}:
        raise AskedRejected(Fault.NO_CHOICE, "last", given["last"])
    return int(given["last"])


def _chosen(given: Mapping[str, str], today: date) -> Days:
    last = _day("to", given["to"]) if "to" in given else today
    first = _day("from", given["from"]) if "from" in given else last - timedelta(days=USUAL_DAYS - 1)
    if last < first:
        raise AskedRejected(Fault.ENDS_FIRST, "to", given.get("to", ""))
    if first > today:
        raise AskedRejected(Fault.NOT_YET, "from", given.get("from", ""))
    last = min(last, today)
    if (last - first).days >= LONGEST_DAYS:
        raise AskedRejected(Fault.TOO_LONG, "from", given.get("from", ""))
    return Days(first, last)


def _other(given: Mapping[str, str], days: Days) -> tuple[Against, Days | None]:
    """What to compare with, moved back to the same weekday."""
    if given.get("with", "") not in set(Against):
        raise AskedRejected(Fault.NO_CHOICE, "with", given["with"])
    against = Against(given.get("with", ""))
    if against is Against.NOTHING:
        return against, None
    if against is Against.BEFORE:
        return against, days.back(WEEK * -(-days.count // 7))
    if against is Against.YEAR:
        return against, days.back(YEAR)
    wish = _day("since", given.get("since", ""))
    if wish >= days.first:
        raise AskedRejected(Fault.ENDS_FIRST, "since", given.get("since", ""))
    return against, days.back(WEEK * -(-(days.first - wish).days // 7))


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 1970 < day.year < 2100:
        raise AskedRejected(Fault.NO_DATE, name, text)
    return day
