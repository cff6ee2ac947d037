"""Puts all figures of one question together.

In:    the question, the plan, rows of history that may be told.
Out:   a `View`: what the page shows and an export holds.
Never: words, I/O, rows of a zone that is not to be told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from collector.days import local
from collector.forecast import Hour
from collector.history import Row
from collector.plan import WHOLE_SITE, SitePlan
from dashboard.use.asked import Asked, Days
from dashboard.use.compare import Change, change
from dashboard.use.figures import Cell, Day, Peaks, by_day, by_hour, by_zone, heatmap, peaks
from dashboard.use.hours import Sum, Used, by_scope, open_hours, ordinary
from dashboard.use.people import Counted, In, people_in
from dashboard.use.remarks import Remark, remarks
from dashboard.use.stays import Stays, stays


@dataclass(frozen=True, slots=True)
class Material:
    """Rows of one span: of ZONE_HOUR, of STAYS of the chosen zone and kind, of PEOPLE_FIVE_MIN."""

    hours: Sequence[Row] = ()
    stays: Sequence[Row] = ()
    people: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The chosen zone and kind beside the other span, by the mean of the days: share, counts, people."""

    use: Change
    peak: Change
    surplus: Change
    people: Change | None


@dataclass(frozen=True, slots=True)
class View:
    """All figures of one question. `days` is what was asked, from the first day that history knows on."""

    asked: Asked
    days: Days | None
    """None: history knows none of them."""
    week: Mapping[tuple[int, int], Cell]
    hours: Mapping[int, Sum]
    by_day: Sequence[Day]
    peaks: Peaks
    zones: Mapping[tuple[str, ...], Sum]
    whole: Sum
    stays: Stays
    people: Sequence[In]
    changes: Changes | None
    remarks: Sequence[Remark]

    @property
    def later(self) -> bool:
        """Whether history begins after the first day that was asked for."""
        return self.days is not None and self.days.first > self.asked.days.first


def view(asked: Asked, told: Material, other: Material | None, plan: SitePlan, now_ms: int) -> View:
    """The figures of what was asked.

    Args:
        asked: the question.
        told: of its days.
        other: of the days that they are compared with; None of none.
        plan: whose hours and red days count.
        now_ms: the house's time: what is not over is not counted.
    """
    scopes = by_scope(told.hours)
    chosen = asked.zone, asked.kind.value
    used = scopes.get(chosen, {})
    days = _known_days(asked.days, told, used, plan)
    these = open_hours(plan, days, now_ms) if days else []
    sums = by_zone(these, scopes)
    counted = Counted(told.people)
    return View(
        asked=asked,
        days=days,
        week=heatmap(these, used),
        hours=by_hour(these, used),
        by_day=(each := by_day(these, used)),
        peaks=peaks(each),
        zones=sums,
        whole=sums.get(chosen, Sum()),
        stays=stays(told.stays),
        people=people_in(these, counted) if told.people else (),
        changes=None if other is None else _changes(asked, (these, used, counted), other, plan, now_ms),
        remarks=remarks(these, _offered(scopes, plan), sums, chosen),
    )


def _offered(scopes: Mapping[tuple[str, ...], Used], plan: SitePlan) -> dict[tuple[str, ...], Used]:
    """Those in which a member can take something: of dedicated desks none is ever free, and that is no finding."""
    offered = {(zone, space.kind) for space in plan.spaces if space.offered for zone in (space.zone, WHOLE_SITE)}
    return {scope: used for scope, used in scopes.items() if scope in offered}


def _known_days(days: Days, told: Material, used: Used, plan: SitePlan) -> Days | None:
    """From the first day on of which history has anything: what it never knew is no gap in what it knows."""
    if not used and not told.people:
        return None
    begins_ms = min(used) if used else told.people[0].at_ms  # doors may have counted before there was such a space
    return Days(max(days.first, local(plan, begins_ms).date()), days.last)


def _changes(
    asked: Asked, now: tuple[list[Hour], Used, Counted], other: Material, plan: SitePlan, now_ms: int
) -> Changes | None:
    if asked.other is None:
        return None
    these, used, counted = now
    today = local(plan, now_ms).date().toordinal()
    these = [hour for hour in these if hour.day < today]  # half a day is like no whole one
    chosen = asked.zone, asked.kind.value
    those, had = open_hours(plan, asked.other, now_ms), by_scope(other.hours).get(chosen, {})
    apart = asked.days.first - asked.other.first
    new, old = by_day(ordinary(these), used), by_day(ordinary(those), had)
    people = None
    if asked.zone == WHOLE_SITE and (told := _people(these, counted)):
        people = change(told, _people(those, Counted(other.people)), apart)
    return Changes(
        use=change(_uses(new), _uses(old), apart),
        peak=change(_peaks(new), _peaks(old), apart),
        surplus=change(_surpluses(new), _surpluses(old), apart),
        people=people,
    )


def _uses(days: Sequence[Day]) -> dict[date, float]:
    return {day.day: use for day in days if (use := day.sum.use) is not None}


def _peaks(days: Sequence[Day]) -> dict[date, float]:
    return {day.day: most for day in days if (most := day.sum.most) is not None}


def _surpluses(days: Sequence[Day]) -> dict[date, float]:
    return {day.day: least for day in days if (least := day.sum.surplus) is not None}


def _people(these: Sequence[Hour], counted: Counted) -> dict[date, float]:
    days: dict[int, list[Hour]] = {}
    for hour in ordinary(these):
        days.setdefault(hour.day, []).append(hour)
    means = {date.fromordinal(day): counted.mean(within).mean for day, within in days.items()}
    return {day: mean for day, mean in means.items() if mean is not None}
