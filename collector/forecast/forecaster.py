"""Forecast every zone once an hour, one series at a time, so that each tick of the collector stays short.

In:    the journal's tables, inside its transaction; the instant up to which its history is complete.
Out:   rows of FORECAST; forecasts to publish.
Never: clocks, own transactions, forecasts of zones whose history is hidden.
"""

from collections.abc import Iterator
from typing import Final

from collector.contract.forecast_points import Lead
from collector.contract.forecasts import PUBLISHED_SCORE_DAYS, Forecast, Outlook
from collector.contract.messages import OutgoingMessage
from collector.forecast.known_hours import read_free_hours, read_people_hours, read_small_group_hours
from collector.forecast.look_ahead import ForecastSeries, KnownHours, forecast_series
from collector.history.measures import FORECAST, PEOPLE, HistoryRow
from collector.site.calendar import HourCalendar
from collector.site.privacy_limits import compute_tenancy, has_forecast, has_too_few
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import SpaceKind
from collector.store.journal_tables import JournalTables
from edge.contract import topics
from edge.timekeeping.durations import DAY_MS, HOUR_MS

LEARNING_PERIOD_MS: Final = 20 * 7 * DAY_MS
"""History used for learning; older values weigh less than one part in a thousand."""
PUBLISHED_SCORE_PERIOD_MS: Final = PUBLISHED_SCORE_DAYS * DAY_MS
"""Issued forecasts of this age are scored, and corrected by late data."""

CALENDAR_AHEAD_MS: Final = 16 * DAY_MS
"""How far ahead the calendar reaches: a week after the next open day, which may be far off."""


class Forecaster:
    """Keeps the forecasts of one site up to date."""

    def __init__(self, plan: SitePlan) -> None:
        self._plan = plan
        self._series = list(list_series(plan))
        self._done: dict[ForecastSeries, Outlook] = {}
        self._calendar = HourCalendar(plan, LEARNING_PERIOD_MS + CALENDAR_AHEAD_MS)
        self._changed: set[str] = set()

    def is_due(self, until_ms: int) -> bool:
        """Return whether a forecast is due when the history is complete up to `until_ms`."""
        return any(self._made_ms(one) + HOUR_MS <= until_ms for one in self._series)

    def forecast_next(self, db: JournalTables, until_ms: int) -> None:
        """Forecast the due series that has waited longest.

        Args:
            db: the journal's tables, in a transaction.
            until_ms: its history is complete up to here.
        """
        now_ms = until_ms - until_ms % HOUR_MS
        one = min(self._series, key=self._made_ms)
        known = _read_hours(db, one, now_ms)
        calendar = self._calendar.cut_span(min(known, default=now_ms), now_ms + CALENDAR_AHEAD_MS)
        outlook, rows = forecast_series(one, calendar, now_ms, known, _read_issued(db, one, now_ms))
        db.history.upsert_rows(FORECAST, rows)
        self._done[one] = outlook
        if all(other in self._done for other in self._series if other.zone == one.zone):
            self._changed.add(one.zone)

    def pop_changed_forecasts(self) -> list[tuple[str, Forecast | None]]:
        """Return forecasts that changed since the last call, by zone or WHOLE_SITE; None: remove the retained one."""
        changed, self._changed = self._changed, set()
        return [(zone, self._zone_forecast(zone)) for zone in sorted(changed)]

    def pop_messages(self, _now_ms: int, _screen_ms: int) -> list[OutgoingMessage]:
        """Return changed forecasts as messages."""
        return [OutgoingMessage(topics.FORECAST, zone, forecast) for zone, forecast in self.pop_changed_forecasts()]

    def republish_all(self) -> None:
        """Publish everything again: the broker may have lost it, or retain what must not be published now."""
        unforecast = {WHOLE_SITE, *self._plan.zone_by_id} - {one.zone for one in self._series}
        self._changed = unforecast | {one.zone for one in self._done}

    def _made_ms(self, one: ForecastSeries) -> int:
        return self._done[one].at_ms if one in self._done else 0

    def _zone_forecast(self, zone: str) -> Forecast | None:
        found = {one.kind: self._done[one] for one in self._series if one.zone == zone and one in self._done}
        if not found:
            return None
        return Forecast(
            kinds={SpaceKind(kind): outlook for kind, outlook in found.items() if kind != PEOPLE},
            people=found.get(PEOPLE),
        )


def list_series(plan: SitePlan) -> Iterator[ForecastSeries]:
    """Yield every series that is forecast: first those of the whole site, then those of its zones."""
    for zone in (WHOLE_SITE, *plan.zone_by_id):
        for kind in SpaceKind:
            if has_forecast(plan, zone, kind):
                let = compute_tenancy(plan, zone, kind)
                yield ForecastSeries(zone, kind.value, let.offered, let, _few_spaces(plan, zone, kind))
    if any(sensor.door is not None for sensor in plan.sensors):
        yield ForecastSeries(WHOLE_SITE, PEOPLE)


def _few_spaces(plan: SitePlan, zone: str, kind: SpaceKind) -> tuple[str, ...]:
    if not has_too_few(plan, zone, kind):
        return ()
    there = (space for space in plan.spaces if space.kind is kind and zone in {space.zone, WHOLE_SITE})
    return tuple(space.id for space in there if space.is_offered and not space.disabled)


def _read_hours(db: JournalTables, one: ForecastSeries, now_ms: int) -> KnownHours:
    from_ms = now_ms - LEARNING_PERIOD_MS
    if one.tenancy is None:
        return read_people_hours(db, one.zone, from_ms, now_ms)
    if one.few_spaces:
        return read_small_group_hours(db, one.few_spaces, from_ms, now_ms)
    return read_free_hours(db, (one.zone, one.kind), one.tenancy, from_ms, now_ms)


def _read_issued(db: JournalTables, one: ForecastSeries, now_ms: int) -> list[HistoryRow]:
    span = now_ms - PUBLISHED_SCORE_PERIOD_MS, now_ms + CALENDAR_AHEAD_MS
    return [row for lead in Lead for row in db.history.read_rows(FORECAST, (one.zone, one.kind, lead.value), *span)]
