"""Forecast every zone once an hour, one series at a time, so that each tick of the collector stays short.

In:    the journal's connection, inside its transaction; the instant up to which its history is complete.
Out:   rows of FORECAST; forecasts to publish.
Never: clocks, own transactions, forecasts of zones whose history is hidden.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final

from collector.days import Calendar
from collector.forecast import HOUR_MS
from collector.forecast.known_hours import few_hours, free_hours, people_hours
from collector.forecast.look_ahead import KnownHours, Series, look_ahead
from collector.forecast.outlook import Forecast, Outlook
from collector.forecast.score import Lead
from collector.history import DAY_MS, FORECAST, PEOPLE, Row, tables
from collector.plan import WHOLE_SITE, SitePlan, SpaceKind
from collector.privacy import few, foretold, tenancy

LEARNS_MS: Final = 20 * 7 * DAY_MS
"""History used for learning; older values weigh less than one part in a thousand."""
SCORES_MS: Final = 42 * DAY_MS
"""Issued forecasts of this age are scored, and corrected by late data."""

CALENDAR_MS: Final = 16 * DAY_MS
"""How far ahead the calendar reaches: a week after the next open day, which may be far off."""


class Foretelling:
    """Keeps the forecasts of one site up to date."""

    def __init__(self, plan: SitePlan) -> None:
        self._plan = plan
        self._series = list(series_of(plan))
        self._done: dict[Series, Outlook] = {}
        self._calendar = Calendar(plan, LEARNS_MS + CALENDAR_MS)
        self._changed: set[str] = set()

    def due(self, until_ms: int) -> bool:
        """Return whether a forecast is due when the history is complete up to `until_ms`."""
        return any(self._made_ms(one) + HOUR_MS <= until_ms for one in self._series)

    def step(self, db: sqlite3.Connection, until_ms: int) -> None:
        """Forecast the due series that has waited longest.

        Args:
            db: the journal's connection, in a transaction.
            until_ms: its history is complete up to here.
        """
        now_ms = until_ms - until_ms % HOUR_MS
        one = min(self._series, key=self._made_ms)
        known = _read_hours(db, one, now_ms)
        calendar = self._calendar.span(min(known, default=now_ms), now_ms + CALENDAR_MS)
        outlook, rows = look_ahead(one, calendar, now_ms, known, _read_issued(db, one, now_ms))
        tables.upsert(db, FORECAST, rows)
        self._done[one] = outlook
        if all(other in self._done for other in self._series if other.zone == one.zone):
            self._changed.add(one.zone)

    def to_tell(self) -> list[tuple[str, Forecast | None]]:
        """Return forecasts that changed since the last call, by zone or WHOLE_SITE; None: remove the retained one."""
        changed, self._changed = self._changed, set()
        return [(zone, self._zone_forecast(zone)) for zone in sorted(changed)]

    def tell_all(self) -> None:
        """Publish everything again: the broker may have lost it, or retain what must not be published now."""
        unforecast = {WHOLE_SITE, *self._plan.zone} - {one.zone for one in self._series}
        self._changed = unforecast | {one.zone for one in self._done}

    def _made_ms(self, one: Series) -> int:
        return self._done[one].at_ms if one in self._done else 0

    def _zone_forecast(self, zone: str) -> Forecast | None:
        found = {one.kind: self._done[one] for one in self._series if one.zone == zone and one in self._done}
        if not found:
            return None
        return Forecast(
            kinds={SpaceKind(kind): outlook for kind, outlook in found.items() if kind != PEOPLE},
            people=found.get(PEOPLE),
        )


def series_of(plan: SitePlan) -> Iterator[Series]:
    """Yield every series that is forecast: first those of the whole site, then those of its zones."""
    for zone in (WHOLE_SITE, *plan.zone):
        for kind in SpaceKind:
            if foretold(plan, zone, kind):
                let = tenancy(plan, zone, kind)
                yield Series(zone, kind.value, let.offered, let, _few_spaces(plan, zone, kind))
    if any(sensor.door is not None for sensor in plan.sensors):
        yield Series(WHOLE_SITE, PEOPLE)


def _few_spaces(plan: SitePlan, zone: str, kind: SpaceKind) -> tuple[str, ...]:
    if not few(plan, zone, kind):
        return ()
    there = (space for space in plan.spaces if space.kind is kind and zone in {space.zone, WHOLE_SITE})
    return tuple(space.id for space in there if space.offered and not space.disabled)


def _read_hours(db: sqlite3.Connection, one: Series, now_ms: int) -> KnownHours:
    from_ms = now_ms - LEARNS_MS
    if one.let is None:
        return people_hours(db, one.zone, from_ms, now_ms)
    if one.few:
        return few_hours(db, one.few, from_ms, now_ms)
    return free_hours(db, (one.zone, one.kind), one.let, from_ms, now_ms)


def _read_issued(db: sqlite3.Connection, one: Series, now_ms: int) -> list[Row]:
    span = now_ms - SCORES_MS, now_ms + CALENDAR_MS
    return [row for lead in Lead for row in tables.read(db, FORECAST, (one.zone, one.kind, lead.value), *span)]
