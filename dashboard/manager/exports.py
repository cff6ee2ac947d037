"""Writes the tables of use as files that a spreadsheet opens: CSV, and XLSX with a sheet for each.

In:    sheets; their rows may be many, and come one by one.
Out:   pieces of a CSV file; an XLSX file on the disk.
Never: all rows in memory; a cell that a spreadsheet takes for a formula; a zero where nothing is known.

CSV is written for the spreadsheet of whoever asks: Excel reads it by the language of its user. In Swedish columns are
parted by semicolons and decimals by a comma, in English by comma and point; a byte-order mark says that it is UTF-8,
for without it Excel takes it for Windows-1252 (docs/decisions/0022). Programs have /api/v1/history.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from dashboard.use.cells import Column, Sheet, Unit, Untold, Value, unsigned_nothing, untold
from dashboard.words import Words

PIECE: Final = 16 * 1024
"""Characters of CSV that go out at once."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet begins a formula with. Source: OWASP, "CSV Injection"."""
SHEET_NAME: Final = 31
"""Excel takes no longer name of a sheet, and none with these characters."""
FORMATS: Final = {
    Unit.SHARE: "0%",
    Unit.KNOWN: "0.0%",
    Unit.NUMBER: "0.0",
    Unit.COUNT: "0",
    Unit.DATE: "yyyy-mm-dd",
    Unit.TEXT: "@",
}
"""How Excel shows each unit."""
PER_CENT: Final = frozenset({Unit.SHARE, Unit.KNOWN})
NO_NAME: Final = str.maketrans(dict.fromkeys(r"[]:*?/\'", " "))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a language's spreadsheets write CSV."""

    delimiter: str
    decimal: str


DIALECTS: Final = {"sv": Dialect(";", ","), "en": Dialect(",", ".")}


def csv_pieces(sheet: Sheet, words: Words) -> Iterator[bytes]:
    """One sheet as CSV, in pieces: RFC 4180 but for the delimiter."""
    dialect = DIALECTS[words.language]
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=dialect.delimiter, lineterminator="\r\n")
    written.write("\ufeff")
    writer.writerow([safe(_heading(column)) for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow(
            [_text(value, column, dialect, words) for value, column in zip(row, sheet.columns, strict=True)]
        )
        if written.tell() > PIECE:
            yield written.getvalue().encode()
            written.seek(0)
            written.truncate()
    yield written.getvalue().encode()


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def write_xlsx(path: Path, sheets: Iterable[Sheet], words: Words) -> None:
    """All sheets in one workbook; a row that is written is on the disk, and no longer in memory."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True})
        formats = {unit: book.add_format({"num_format": code}) for unit, code in FORMATS.items()}
        for sheet in sheets:
            page = book.add_worksheet(sheet.title.translate(NO_NAME)[:SHEET_NAME])
            page.freeze_panes(1, 0)
            for number, column in enumerate(sheet.columns):
                page.set_column(number, number, 24 if column.unit is Unit.TEXT else 14)
                page.write_string(0, number, column.name, bold)
            for line, row in enumerate(sheet.rows, 1):
                for number, (value, column) in enumerate(zip(row, sheet.columns, strict=True)):
                    _write(page, (line, number), value, formats[column.unit], words)


def _write(page: Any, place: tuple[int, int], value: Value, shown_as: Any, words: Words) -> None:
    if isinstance(value, Untold):
        page.write_string(*place, untold(value, words))
    elif isinstance(value, date):
        page.write_datetime(*place, value, shown_as)
    elif isinstance(value, str):
        page.write_string(*place, value)
    else:
        page.write_number(*place, value, shown_as)


def _heading(column: Column) -> str:
    return f"{column.name}, %" if column.unit in PER_CENT else column.name


def _text(value: Value, column: Column, dialect: Dialect, words: Words) -> str:
    if isinstance(value, Untold):
        return untold(value, words)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return safe(value)
    if column.unit is Unit.COUNT:
        return f"{value:.0f}"
    told = value * 100 if column.unit in PER_CENT else unsigned_nothing(value)
    return f"{told:.1f}".replace(".", dialect.decimal)
