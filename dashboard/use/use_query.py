"""Parses the query of the use page from a URL: days, zone and kind, and the days to compare with.

In:    the parameters of a request, the plan, the site's time.
Out:   a valid `UseQuery`, or `UseQueryRejected` with the reason for the page to show.
Never: history rows; a guess at what an invalid parameter meant.

Days are local days of the site. Both ends of a range are included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from collector.site.calendar import to_local_time
from collector.site.privacy_limits import MAX_HISTORY_DAYS
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind

MAX_RANGE_DAYS: Final = MAX_HISTORY_DAYS
PRESET_DAYS: Final = (7, 28, 91)
"""Days in each preset: whole weeks that ended yesterday."""
DEFAULT_DAYS: Final = 28
WEEK: Final = timedelta(days=7)
YEAR: Final = 52 * WEEK
"""52 weeks, so that a day a year ago falls on the same weekday."""
QUERY_PARAMETERS: Final = ("last", "from", "to", "with", "since", "zone", "kind")


class ComparedPeriod(StrEnum):
    """Which days a range is compared with."""

    NOTHING = ""
    BEFORE = "before"
    """The weeks just before."""
    YEAR = "year"
    """The same weeks of a year ago."""
    SINCE = "since"
    """The same number of days from a chosen day on."""


class UseQueryFault(StrEnum):
    """Why a query is rejected."""

    NO_DATE = "no_date"
    ENDS_FIRST = "ends_first"
    TOO_LONG = "too_long"
    NOT_YET = "not_yet"
    NO_ZONE = "no_zone"
    NO_KIND = "no_kind"
    NO_CHOICE = "no_choice"


class UseQueryRejected(ValueError):
    """A parameter of the query is invalid.

    Attributes:
        fault: the reason.
        name: the parameter.
        text: its value, truncated to 40 characters.
    """

    def __init__(self, fault: UseQueryFault, name: str, text: str = "") -> None:
        super().__init__(f"{name}: {fault} {text[:40]!r}")
        self.fault, self.name, self.text = fault, name, text[:40]


@dataclass(frozen=True, slots=True)
class DayRange:
    """A range of local days, both ends included."""

    first: date
    last: date

    @property
    def day_count(self) -> int:
        return (self.last - self.first).days + 1

    def shift_back(self, by: timedelta) -> Self:
        """Return a range of the same length, `by` earlier."""
        return replace(self, first=self.first - by, last=self.last - by)

    def to_span_ms(self, plan: SitePlan) -> tuple[int, int]:
        """Return the midnights at which the range begins and ends, Unix ms."""
        begin, end = (
            datetime(day.year, day.month, day.day, tzinfo=plan.time_zone)
            for day in (self.first, self.last + timedelta(days=1))
        )
        return round(begin.timestamp() * 1000), round(end.timestamp() * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class UseQuery:
    """One query. `other_days` is as long as `days` and begins on the same weekday."""

    days: DayRange
    zone: str = WHOLE_SITE
    kind: SpaceKind = SpaceKind.DESK
    compared_period: ComparedPeriod = ComparedPeriod.NOTHING
    other_days: DayRange | None = None
    preset_days: int | None = None
    """The chosen preset; None if the days were chosen one by one."""

    def to_url_args(self) -> dict[str, str]:
        """Return the query as URL parameters."""
        parameters = {"from": self.days.first.isoformat(), "to": self.days.last.isoformat()}
        if self.preset_days is not None:
            parameters = {"last": str(self.preset_days)}
        if self.compared_period is not ComparedPeriod.NOTHING:
            parameters["with"] = self.compared_period.value
        if self.compared_period is ComparedPeriod.SINCE and self.other_days is not None:
            parameters["since"] = self.other_days.first.isoformat()
        return parameters | {"zone": self.zone, "kind": self.kind.value}


def list_offered_kinds(plan: SitePlan) -> tuple[SpaceKind, ...]:
    """Return every kind that the plan offers, desks first."""
    return tuple(kind for kind in SpaceKind if any(s.kind is kind and s.is_offered for s in plan.spaces))


def has_spaces(asked: UseQuery, plan: SitePlan) -> bool:
    """Whether the zone has any space of that kind."""
    return any(s.kind is asked.kind and asked.zone in {s.zone, WHOLE_SITE} for s in plan.spaces)


def build_default_query(plan: SitePlan, now_ms: int) -> UseQuery:
    """Return the query for a URL without parameters: the last four weeks of the whole site."""
    offered = list_offered_kinds(plan)
    return UseQuery(
        days=_preset_range(plan, now_ms, DEFAULT_DAYS),
        kind=offered[0] if offered else SpaceKind.DESK,
        preset_days=DEFAULT_DAYS,
    )


def parse_use_query(args: Mapping[str, str], plan: SitePlan, now_ms: int) -> UseQuery:
    """Parse the query in a URL. An empty parameter counts as absent.

    Args:
        args: the parameters of the URL.
        plan: the site's plan, with its zones, kinds and time zone.
        now_ms: the site's time, Unix ms.

    Raises:
        UseQueryRejected: for the first invalid parameter.
    """
    given = {name: text.strip() for name in QUERY_PARAMETERS if (text := args.get(name, "")).strip()}
    default = build_default_query(plan, now_ms)
    last = _read_preset(given)
    days = default.days if last is None and "from" not in given and "to" not in given else None
    if last is not None:
        days = _preset_range(plan, now_ms, last)
    elif days is None:
        days = _read_chosen_days(given, to_local_time(plan, now_ms).date())
    else:
        last = default.preset_days
    zone, kind = given.get("zone", WHOLE_SITE), given.get("kind", default.kind)
    if zone != WHOLE_SITE and zone not in plan.zone_by_id:
        raise UseQueryRejected(UseQueryFault.NO_ZONE, "zone", zone)
    if kind not in {*list_offered_kinds(plan), default.kind}:  # a site that offers no spaces may still count people
        raise UseQueryRejected(UseQueryFault.NO_KIND, "kind", kind)
    against, other = _read_comparison(given, days)
    return UseQuery(
        days=days, zone=zone, kind=SpaceKind(kind), compared_period=against, other_days=other, preset_days=last
    )


def _preset_range(plan: SitePlan, now_ms: int, count: int) -> DayRange:
    today = to_local_time(plan, now_ms).date()
    return DayRange(today - timedelta(days=count), today - timedelta(days=1))


def _read_preset(given: Mapping[str, str]) -> int | None:
    """Return the preset's number of days. Chosen days take precedence, so that one form can hold both."""
    if "last" not in given or "from" in given or "to" in given:
        return None
    if given["last"] not in {str(count) for count in PRESET_DAYS}:
        raise UseQueryRejected(UseQueryFault.NO_CHOICE, "last", given["last"])
    return int(given["last"])


def _read_chosen_days(given: Mapping[str, str], today: date) -> DayRange:
    last = _read_date("to", given["to"]) if "to" in given else today
    first = _read_date("from", given["from"]) if "from" in given else last - timedelta(days=DEFAULT_DAYS - 1)
    if last < first:
        raise UseQueryRejected(UseQueryFault.ENDS_FIRST, "to", given.get("to", ""))
    if first > today:
        raise UseQueryRejected(UseQueryFault.NOT_YET, "from", given.get("from", ""))
    last = min(last, today)
    if (last - first).days >= MAX_RANGE_DAYS:
        raise UseQueryRejected(UseQueryFault.TOO_LONG, "from", given.get("from", ""))
    return DayRange(first, last)


def _read_comparison(given: Mapping[str, str], days: DayRange) -> tuple[ComparedPeriod, DayRange | None]:
    """Return the days to compare with, moved back to the same weekday."""
    if given.get("with", "") not in set(ComparedPeriod):
        raise UseQueryRejected(UseQueryFault.NO_CHOICE, "with", given["with"])
    against = ComparedPeriod(given.get("with", ""))
    if against is ComparedPeriod.NOTHING:
        return against, None
    if against is ComparedPeriod.BEFORE:
        return against, days.shift_back(WEEK * -(-days.day_count // 7))
    if against is ComparedPeriod.YEAR:
        return against, days.shift_back(YEAR)
    wish = _read_date("since", given.get("since", ""))
    if wish >= days.first:
        raise UseQueryRejected(UseQueryFault.ENDS_FIRST, "since", given.get("since", ""))
    return against, days.shift_back(WEEK * -(-(days.first - wish).days // 7))


def _read_date(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or not 1970 < day.year < 2100:
        raise UseQueryRejected(UseQueryFault.NO_DATE, name, text)
    return day
