"""Writes the tables of use as files for spreadsheets: CSV, and XLSX with one worksheet per table.

In:    sheets, whose rows may be many and are generated one by one.
Out:   pieces of a CSV file; an XLSX file on disk.
Never: all rows in memory; a cell that a spreadsheet reads as a formula; a zero where nothing is known.

CSV follows the language of the page, because Excel reads it by its user's language: semicolon and decimal comma in
Swedish, comma and decimal point in English. A byte-order mark declares UTF-8, because Excel otherwise assumes
Windows-1252 (docs/decisions/0022). Programs use /api/v1/history instead.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from dashboard.text.page_texts import PageTexts
from dashboard.use.table_cells import (
    CellPlaceholder,
    CellValue,
    ColumnUnit,
    Sheet,
    SheetColumn,
    drop_sign_of_zero,
    format_placeholder,
)

CSV_PIECE_CHARS: Final = 16 * 1024
"""Characters of CSV per piece of the response."""
FORMULA_PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r")
"""Characters that begin a formula. Source: OWASP, "CSV Injection"."""
MAX_SHEET_NAME_CHARS: Final = 31
"""The most characters that Excel allows in the name of a worksheet."""
EXCEL_NUMBER_FORMATS: Final = {
    ColumnUnit.SHARE: "0%",
    ColumnUnit.COVERAGE: "0.0%",
    ColumnUnit.NUMBER: "0.0",
    ColumnUnit.COUNT: "0",
    ColumnUnit.DATE: "yyyy-mm-dd",
    ColumnUnit.TEXT: "@",
}
"""Excel's number format for each unit."""
PERCENT_UNITS: Final = frozenset({ColumnUnit.SHARE, ColumnUnit.COVERAGE})
FORBIDDEN_NAME_CHARS: Final = str.maketrans(dict.fromkeys(r"[]:*?/\'", " "))
"""Replaces the characters that Excel forbids in the name of a worksheet."""


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """The CSV dialect that spreadsheets in one language expect."""

    delimiter: str
    decimal: str


CSV_DIALECTS: Final = {"sv": CsvDialect(";", ","), "en": CsvDialect(",", ".")}


def generate_csv(sheet: Sheet, texts: PageTexts) -> Iterator[bytes]:
    """Yield a sheet as CSV in pieces; RFC 4180 except for the delimiter."""
    dialect = CSV_DIALECTS[texts.language]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=dialect.delimiter, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([escape_formula(_csv_heading(column)) for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow(
            [_csv_text(value, column, dialect, texts) for value, column in zip(row, sheet.columns, strict=True)]
        )
        if buffer.tell() > CSV_PIECE_CHARS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def escape_formula(text: str) -> str:
    """Prefix a text with an apostrophe if a spreadsheet would read it as a formula."""
    return f"'{text}" if text.startswith(FORMULA_PREFIXES) else text


def write_xlsx(path: Path, sheets: Iterable[Sheet], texts: PageTexts) -> None:
    """Write all sheets into one workbook. A written row is on disk and no longer in memory."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as workbook:
        bold = workbook.add_format({"bold": True})
        formats = {unit: workbook.add_format({"num_format": code}) for unit, code in EXCEL_NUMBER_FORMATS.items()}
        for sheet in sheets:
            worksheet = workbook.add_worksheet(sheet.title.translate(FORBIDDEN_NAME_CHARS)[:MAX_SHEET_NAME_CHARS])
            worksheet.freeze_panes(1, 0)
            for number, column in enumerate(sheet.columns):
                worksheet.set_column(number, number, 24 if column.unit is ColumnUnit.TEXT else 14)
                worksheet.write_string(0, number, column.name, bold)
            for line, row in enumerate(sheet.rows, 1):
                for number, (value, column) in enumerate(zip(row, sheet.columns, strict=True)):
                    _write_cell(worksheet, (line, number), value, formats[column.unit], texts)


def _write_cell(
    worksheet: Any, position: tuple[int, int], value: CellValue, cell_format: Any, texts: PageTexts
) -> None:
    if isinstance(value, CellPlaceholder):
        worksheet.write_string(*position, format_placeholder(value, texts))
    elif isinstance(value, date):
        worksheet.write_datetime(*position, value, cell_format)
    elif isinstance(value, str):
        worksheet.write_string(*position, value)
    else:
        worksheet.write_number(*position, value, cell_format)


def _csv_heading(column: SheetColumn) -> str:
    return f"{column.name}, %" if column.unit in PERCENT_UNITS else column.name


def _csv_text(value: CellValue, column: SheetColumn, dialect: CsvDialect, texts: PageTexts) -> str:
    if isinstance(value, CellPlaceholder):
        return format_placeholder(value, texts)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return escape_formula(value)
    if column.unit is ColumnUnit.COUNT:
        return f"{value:.0f}"
    figure = value * 100 if column.unit in PERCENT_UNITS else drop_sign_of_zero(value)
    return f"{figure:.1f}".replace(".", dialect.decimal)
