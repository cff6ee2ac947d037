"""The page of use, and its export: any days of any zone, beside others.

In:    a question as plain parameters, history, a session.
Out:   one page; the same tables as files.
Never: a figure that goes past `past.told_rows`; a question that is answered in part.
"""

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

from flask import Blueprint, Response, g, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from collector.forecast import Hour
from collector.history import PEOPLE_FIVE_MIN, SPACE_HOUR, STAYS, ZONE_HOUR, HistoryAway, Measure, Row
from collector.plan import WHOLE_SITE, SitePlan
from collector.privacy import few, hidden
from dashboard import past
from dashboard.languages import words
from dashboard.manager.exports import csv_pieces, write_xlsx
from dashboard.routes import log_span
from dashboard.serving import Serving, aside, serving
from dashboard.settings import DashboardSettings
from dashboard.use import sentences
from dashboard.use.asked import (
    LONGEST_DAYS,
    PRESETS,
    Asked,
    AskedRejected,
    Days,
    Fault,
    kinds,
    read_asked,
    there,
    usual,
)
from dashboard.use.cells import shown
from dashboard.use.few import FewUse, few_use
from dashboard.use.grid import grid
from dashboard.use.hours import Used, by_scope, open_hours
from dashboard.use.plots import figures
from dashboard.use.sheets import EACH_HOUR, each_hour, sheets
from dashboard.use.view import Material, View, view
from dashboard.words import Words

routes = Blueprint("use", __name__, url_prefix="/manage")

SHEETS: Final = frozenset({"week", "hours", "zones", "days", "stays", "people", "compared", EACH_HOUR})
FORMATS: Final = frozenset({"xlsx", "csv"})
PIECE_DAYS: Final = 7
"""An export of each hour reads so much of history at once: some 2 MiB."""
PIECE_BYTES: Final = 64 * 1024
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_log = logging.getLogger(__name__)


@routes.get("/use")
def page() -> ResponseReturnValue:
    """How the house has been used."""
    here = serving()
    now_ms = here.live.now_ms()
    try:
        asked = read_asked(request.args, here.plan, now_ms)
    except AskedRejected as rejected:
        return _page(here, usual(here.plan, now_ms), None, fault=_fault(rejected, words())), HTTPStatus.BAD_REQUEST
    log_span(_span(asked))
    try:
        if hidden(here.plan, asked.zone, asked.kind):
            return _page(here, asked, aside(lambda: _few_use(here, asked, now_ms)))
        seen = aside(lambda: read_view(here.settings, asked, here.plan, now_ms))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _page(here, asked, None, away=True), HTTPStatus.SERVICE_UNAVAILABLE
    return _page(here, asked, seen)


@routes.get("/export")
def export() -> ResponseReturnValue:
    """The tables of the page: `format=xlsx` all in one, `format=csv&sheet=` one of them."""
    here, told = serving(), words()
    now_ms = here.live.now_ms()
    try:
        asked = read_asked(request.args, here.plan, now_ms)
        form, key = _form(request.args)
    except AskedRejected as rejected:
        return _page(here, usual(here.plan, now_ms), None, fault=_fault(rejected, told)), HTTPStatus.BAD_REQUEST
    if hidden(here.plan, asked.zone, asked.kind):
        return _page(here, asked, None), HTTPStatus.FORBIDDEN
    log_span(f"{_span(asked)} {form} {key}".rstrip())
    try:
        if form == "xlsx":
            return _workbook(here, asked, told, now_ms)
        return _table(here, asked, key, told, now_ms)
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return _page(here, asked, None, away=True), HTTPStatus.SERVICE_UNAVAILABLE


def _few_use(here: Serving, asked: Asked, now_ms: int) -> FewUse | None:
    """What is told of spaces that are few; None: they are hidden for another reason. Raises HistoryAway."""
    if not few(here.plan, asked.zone, asked.kind):
        return None
    span = asked.days.span(here.plan)
    spaces = [
        space.id
        for space in here.plan.spaces
        if space.kind is asked.kind and space.offered and not space.disabled and asked.zone in {space.zone, WHOLE_SITE}
    ]
    rows = [
        row
        for space in spaces
        for row in past.rows(
            here.settings,
            past.Question(measure=SPACE_HOUR, from_ms=span[0], to_ms=span[1], tags=(("space", space),)),
        )
    ]
    return few_use(open_hours(here.plan, asked.days, now_ms), rows, len(spaces), asked.days.count)


def _page(here: Serving, asked: Asked, found: View | FewUse | None, *, fault: str = "", away: bool = False) -> str:
    told = words()
    seen = found if isinstance(found, View) else None
    made = [sheet for sheet in sheets(seen, here.plan, told) if sheet.rows] if seen and seen.days else []
    drawn = figures(made, told)
    g.charts = bool(drawn)
    return render_template(
        "use.html",
        plan=here.plan,
        asked=asked,
        seen=seen,
        fault=fault,
        away=away,
        there=there(asked, here.plan),
        hidden=not fault and not away and hidden(here.plan, asked.zone, asked.kind),
        few=found if isinstance(found, FewUse) else None,
        sheets={sheet.key: sheet for sheet in made},
        figures=drawn,
        grid=grid(seen.week, told) if seen else None,
        zones={zone.id: zone.name for zone in here.plan.zones},
        kinds=kinds(here.plan),
        presets=PRESETS,
        sentences=sentences,
        shown=shown,
        link=lambda **more: _link("use.page", asked, **more),
        file=lambda **more: _link("use.export", asked, **more),
        each_hour=EACH_HOUR,
        plotly_version=version("plotly"),
    )


def _link(endpoint: str, asked: Asked, **more: Any) -> str:
    args = asked.args()
    if "last" in more:  # a preset takes the place of chosen days
        args = {name: text for name, text in args.items() if name not in {"from", "to", "since"}}
        if args.get("with") == "since":
            del args["with"]
    return url_for(endpoint, **(args | more))


def read_view(settings: DashboardSettings, asked: Asked, plan: SitePlan, now_ms: int) -> View:
    """All figures of a question, from history; raises HistoryAway."""
    told = _material(settings, asked, asked.days, plan)
    other = None if asked.other is None else _material(settings, asked, asked.other, plan, wide=False)
    return view(asked, told, other, plan, now_ms)


def _material(settings: DashboardSettings, asked: Asked, days: Days, plan: SitePlan, *, wide: bool = True) -> Material:
    """The rows of one span; `wide`: those of the zone's other kinds, and of the house's other zones, too."""
    span = days.span(plan)

    def read(measure: Measure, **tags: str) -> list[Row]:
        question = past.Question(measure=measure, from_ms=span[0], to_ms=span[1], tags=tuple(tags.items()))
        return past.told_rows(settings, question, plan)

    chosen = {"zone": asked.zone, "kind": asked.kind.value}
    hours = read(ZONE_HOUR, zone=asked.zone) if wide else read(ZONE_HOUR, **chosen)
    if wide and asked.zone == WHOLE_SITE:
        hours += [row for row in read(ZONE_HOUR, kind=asked.kind.value) if row.tags[0] != WHOLE_SITE]
    return Material(
        hours=hours,
        stays=read(STAYS, **chosen) if wide else (),
        people=read(PEOPLE_FIVE_MIN) if asked.zone == WHOLE_SITE and plan.doors else (),
    )


def each_open_hour(
    settings: DashboardSettings, asked: Asked, plan: SitePlan, now_ms: int
) -> Iterator[tuple[Sequence[Hour], Mapping[tuple[str, ...], Used]]]:
    """Open hours and what history has of them, some weeks at a time."""
    first = asked.days.first
    while first <= asked.days.last:
        days = Days(first, min(asked.days.last, first + timedelta(days=PIECE_DAYS - 1)))
        span = days.span(plan)
        tags = (
            (("kind", asked.kind.value),)
            if asked.zone == WHOLE_SITE
            else (("zone", asked.zone), ("kind", asked.kind.value))
        )
        question = past.Question(measure=ZONE_HOUR, from_ms=span[0], to_ms=span[1], tags=tags)
        yield open_hours(plan, days, now_ms), by_scope(past.told_rows(settings, question, plan))
        first = days.last + timedelta(days=1)


def _table(here: Serving, asked: Asked, key: str, told: Words, now_ms: int) -> ResponseReturnValue:
    """One sheet as CSV. Its first piece is made before the answer begins, so that a history that is away is told."""
    settings, plan = here.settings, here.plan
    if key == EACH_HOUR:
        sheet = each_hour(each_open_hour(settings, asked, plan, now_ms), plan, told)
    else:
        seen = aside(lambda: read_view(settings, asked, plan, now_ms))
        sheet = next(made for made in sheets(seen, plan, told) if made.key == key)
    pieces = csv_pieces(sheet, told)
    first = aside(lambda: next(pieces, b""))
    response = Response(stream_with_context(chain([first], _aside_each(pieces))), mimetype="text/csv")
    return _named(response, here.plan, asked, f"-{key}", "csv")


def _aside_each(pieces: Iterator[bytes]) -> Iterator[bytes]:
    while piece := aside(lambda: next(pieces, b"")):
        yield piece


def _workbook(here: Serving, asked: Asked, told: Words, now_ms: int) -> ResponseReturnValue:
    """Every sheet in one XLSX file, written to the disk and sent from there."""
    settings, plan = here.settings, here.plan

    def write() -> BinaryIO:
        handle, name = tempfile.mkstemp(suffix=".xlsx")
        os.close(handle)
        path = Path(name)
        try:
            made = [sheet for sheet in sheets(read_view(settings, asked, plan, now_ms), plan, told) if sheet.rows]
            write_xlsx(path, [*made, each_hour(each_open_hour(settings, asked, plan, now_ms), plan, told)], told)
            return path.open("rb")
        finally:
            path.unlink()  # it lives as long as it is read

    file = aside(write)
    response = Response(iter(lambda: file.read(PIECE_BYTES), b""), mimetype=XLSX)
    response.call_on_close(file.close)
    return _named(response, here.plan, asked, "", "xlsx")


def _named(response: Response, plan: SitePlan, asked: Asked, part: str, ending: str) -> Response:
    """The file's name says which house and which days."""
    days = f"{asked.days.first.isoformat()}--{asked.days.last.isoformat()}"
    name = f"ledig-{plan.id}-{asked.zone}-{asked.kind.value}{part}-{days}.{ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _form(args: Mapping[str, str]) -> tuple[str, str]:
    """Which kind of file, and which sheet; a workbook has them all."""
    form = args.get("format", "xlsx")
    if form not in FORMATS:
        raise AskedRejected(Fault.NO_CHOICE, "format", form)
    if form == "xlsx":
        return form, ""
    key = args.get("sheet", "")
    if key not in SHEETS:
        raise AskedRejected(Fault.NO_CHOICE, "sheet", key)
    return form, key


def _span(asked: Asked) -> str:
    """What the access log says was seen."""
    told = f"{asked.days.first.isoformat()}/{asked.days.last.isoformat()} zone={asked.zone} kind={asked.kind.value}"
    return told if asked.other is None else f"{told} with={asked.other.first.isoformat()}"


def _fault(rejected: AskedRejected, told: Words) -> str:
    """What is wrong with a question, and what to do about it."""
    _ = told.gettext
    text = {
        Fault.NO_DATE: _("“{text}” is not a date. Write it as 2026-11-23."),
        Fault.ENDS_FIRST: _("The last day is before the first. Choose a later end or an earlier start."),
        Fault.TOO_LONG: _("History is kept for {days} days. Choose a later first day."),
        Fault.NOT_YET: _("Those days are in the future. Choose past days."),
        Fault.NO_ZONE: _("There is no zone “{text}”. Choose one from the list."),
        Fault.NO_KIND: _("There is no kind “{text}”. Choose one from the list."),
        Fault.NO_CHOICE: _("“{text}” is not a choice here. Choose one from the list."),
    }[rejected.fault]
    return text.format(text=rejected.text, days=LONGEST_DAYS)
