"""Read every file that a role can export, cell by cell, and list what its cells expose.

In:    a way to ask for a URL, the simulated site.
Out:   claims: a count of one to four, or a cell that this attack does not know how to read.
Never: the rounding of a spreadsheet: an XLSX file holds numbers with all their digits, and those are read.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from xml.etree import ElementTree as ET

from collector.site.site_plan import WHOLE_SITE
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from tests.support.privacy.world import SimulatedSite, scope_spaces

KINDS = ("desk", "booth", "room", "equipment")
FORMATS = {"xlsx", "csv"}
"""The parameters of `/manage/export` that `claims` reads."""
SHEETS = {
    "week": "Week, hour by hour",
    "hours": "By hour of the day",
    "zones": "By zone and kind",
    "days": "Maximum and surplus by day",
    "stays": "How long people stay",
    "people": "People by hour",
    "compared": "Comparison",
    "each_hour": "Hourly figures",
}
"""Every sheet, by its name in a URL and in a workbook."""
NAMES = {"Day", "Hour", "Zone", "Kind", "Weekday", "Length of stay", "Average per day", "Result"}
DAYS_OF = {
    "Data available",
    "Weeks with nothing free",
    "Weeks with data",
    "Hours with nothing free",
    "Days in both periods",
    "Random variation up to",
    "Difference",
    "Share",
}
"""Columns that count days and hours, or follow from other columns."""
FEW_HIDDEN = {"Maximum", "People, average", "At least", "At most"}
"""Columns in which one to four are "under 5"."""
EXACT = 1e-6
EXCEL_ZERO = date(1899, 12, 30)
_NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}

Ask = Callable[[str], bytes]
"""Returns the body of a URL; empty if it is refused."""
Table = list[list[str]]


def claims(ask: Ask, world: SimulatedSite) -> Iterator[str]:
    """Yield everything that the exports of a role expose."""
    today = datetime.fromtimestamp(world.now_ms / 1000, world.plan.time_zone).date()
    older = [today - timedelta(days=number) for number in (5, 6, 7)]
    spans = ["last=28", "last=7&with=before", *(f"from={day}&to={day}&with=before" for day in older)]
    for zone, kind, span in product((WHOLE_SITE, *world.plan.zone_by_id), KINDS, spans):
        if book := ask(f"/manage/export?zone={zone}&kind={kind}&{span}&format=xlsx&lang=en"):
            for title, table in workbook(book).items():
                yield from _SheetReading(world, zone, kind, title).claims(table)
    if table := _table(ask("/manage/growth/export?members=40&lang=en")):
        known = all(heading == "Hour" or heading.endswith(", %") for heading in table[0])
        yield from [] if known else [f"growth: a column that is no chance, in {table[0]}"]


def differing_sheets(ask: Ask, plan_zone: str, kind: str, span: str) -> Iterator[str]:
    """Yield sheets whose CSV file has other rows or columns than the workbook."""
    asked = f"/manage/export?zone={plan_zone}&kind={kind}&{span}&lang=en"
    book = workbook(ask(f"{asked}&format=xlsx"))
    for key, title in SHEETS.items():
        table = _table(ask(f"{asked}&format=csv&sheet={key}"))
        rows = book.get(title, [[]])
        if len(table) > 1 and [[_plain(c) for c in row] for row in table] != [[_plain(c) for c in row] for row in rows]:
            yield key


def workbook(content: bytes) -> dict[str, Table]:
    """Return the sheets of an XLSX file by title; a cell is the text or number in the file."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        titles = [sheet.attrib["name"] for sheet in _xml(book, "xl/workbook.xml").iterfind(".//x:sheet", _NS)]
        strings: list[str] = []
        if "xl/sharedStrings.xml" in book.namelist():
            items = _xml(book, "xl/sharedStrings.xml").iterfind("x:si", _NS)
            strings = ["".join(text.text or "" for text in item.iterfind(".//x:t", _NS)) for item in items]
        return {
            title: _rows(_xml(book, f"xl/worksheets/sheet{number}.xml"), strings)
            for number, title in enumerate(titles, 1)
        }


def _xml(book: zipfile.ZipFile, name: str) -> ET.Element:
    return ET.fromstring(book.read(name))  # noqa: S314 - our own file


def _rows(sheet: ET.Element, strings: list[str]) -> Table:
    rows = []
    for row in sheet.iterfind(".//x:row", _NS):
        cells = []
        for cell in row.iterfind("x:c", _NS):
            value = cell.find("x:v", _NS)
            text = "" if value is None else value.text or ""
            if cell.get("t") == "s":
                text = strings[int(text)]
            elif cell.get("t") == "inlineStr":
                text = "".join(part.text or "" for part in cell.iterfind(".//x:t", _NS))
            cells.append(text)
        rows.append(cells)
    return rows


def _table(body: bytes) -> Table:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def _plain(cell: str) -> str:
    """Return a cell without differences of format: digits, per cent, dates."""
    return "number" if _number(cell) is not None or cell[:4].isdigit() else cell.removesuffix(", %").lstrip("'")


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


@dataclass(frozen=True)
class _SheetReading:
    """One sheet of one request."""

    world: SimulatedSite
    zone: str
    kind: str
    title: str

    def claims(self, table: Table) -> Iterator[str]:
        """Yield what its cells expose."""
        if self.title not in SHEETS.values():
            yield f"{self.title}: a sheet that the attack does not read"
        for row in table[1:]:
            named = dict(zip(table[0], row, strict=True))
            for column, cell in named.items():
                heading = named.get("Average per day", column) if column in {"Now", "Before"} else column
                if (value := _number(cell)) is not None and (found := self._claim(heading, value, named)):
                    yield f"{self.zone} {self.kind}, {self.title}: {found}, {named}"

    def _claim(self, heading: str, value: float, row: Mapping[str, str]) -> str:
        there = scope_spaces(self.world.plan, self._zone(row), self.kind)
        offered = sum(self.world.plan.space_by_id[space].is_offered for space in there)
        if heading in NAMES | DAYS_OF:
            return ""
        if heading in FEW_HIDDEN:
            return f"{heading} {value}" if 0 < value < 5 else ""
        if heading == "Fewest free":
            return f"{heading} of {offered}" if _is_few(offered - value) else ""
        if heading == "Stays, rounded to 5":
            return f"{value} stays" if value % 5 else ""
        if heading in {"Occupied", "Occupied, per cent"}:
            counts = [value * capacity / (1 if heading == "Occupied" else 100) for capacity in (offered, len(there))]
            true = [round(taken) for taken in counts if _is_few(taken) and self._is_true(round(taken), row)]
            return f"{true} were taken" if true else ""
        return f"a column that the attack does not read: {heading}"

    def _zone(self, row: Mapping[str, str]) -> str:
        names = {zone.name: zone.id for zone in self.world.plan.zones}
        return names.get(row.get("Zone", ""), WHOLE_SITE if "Zone" in row else self.zone)

    def _is_true(self, taken: int, row: Mapping[str, str]) -> bool:
        """Return whether so many were taken in the hour of a row, if the row covers one hour more than 72 hours ago."""
        if "Day" not in row or "Hour" not in row:
            return False
        day = EXCEL_ZERO + timedelta(days=float(row["Day"]))
        begin = datetime(day.year, day.month, day.day, int(row["Hour"][:2]), tzinfo=self.world.plan.time_zone)
        at_ms = round(begin.timestamp() * 1000)
        if at_ms >= self.world.now_ms - 3 * DAY_MS:
            return False
        spaces = scope_spaces(self.world.plan, self._zone(row), self.kind)
        return taken in {self.world.truth.taken(spaces, at_ms + part * HOUR_MS // 4) for part in range(5)}


def _is_few(count: float) -> bool:
    return 1 - EXACT <= count <= 4 + EXACT and abs(count - round(count)) < EXACT
