"""Each column of a table has the values that its heading names, and the figure draws the same values."""

from dashboard.text.page_texts import PageTexts
from dashboard.use.plots import build_figures
from dashboard.use.sheets import build_sheets
from dashboard.use.table_cells import ColumnUnit, Sheet
from dashboard.use.use_report import UseRows, build_report
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.weeks import build_query, build_weeks, generate_hour_rows, to_unix_ms

END = 2**50
FOUR_WEEKS = build_weeks(4)
EN = PageTexts.load("en")


def build_week_sheets() -> dict[str, Sheet]:
    """Ten desks. All are taken on Tuesdays at ten in three of four weeks, six at other times."""
    last_ms = to_unix_ms(build_weeks(3).last)
    rows = generate_hour_rows(
        FOUR_WEEKS,
        lambda at: 10.0 if (at.weekday(), at.hour) == (1, 10) and at.timestamp() * 1000 < last_ms else 6.0,
    )
    seen = build_report(build_query(FOUR_WEEKS), UseRows(list(rows)), None, PLAN, END)
    return {sheet.key: sheet for sheet in build_sheets(seen, PLAN, EN)}


def find_row(sheet: Sheet, *begins: object) -> dict[str, object]:
    (row,) = (row for row in sheet.rows if row[: len(begins)] == begins)
    return {column.name: value for column, value in zip(sheet.columns, row, strict=True)}


def test_week_hour_counts_weeks_with_nothing_free() -> None:
    row = find_row(build_week_sheets()["week"], "Tuesday", "10–11")  # noqa: RUF001 - a range has an en dash
    assert (row["Weeks with nothing free"], row["Weeks with data"]) == (3.0, 4.0)
    assert (row["Occupied"], row["Maximum"], row["Fewest free"], row["Data available"]) == (0.9, 10.0, 0.0, 1.0)


def test_each_line_of_the_days_draws_its_own_column() -> None:
    sheet = build_week_sheets()["days"]
    drawn = build_figures([sheet], EN)["days"]["data"]
    assert [trace["name"] for trace in drawn] == ["Maximum", "Fewest free"]
    for trace in drawn:
        column = [one.name for one in sheet.columns].index(trace["name"])
        assert trace["y"] == [row[column] for row in sheet.rows]
        assert len(set(trace["y"])) == 2


def test_shares_are_drawn_in_per_cent() -> None:
    sheet = build_week_sheets()["hours"]
    (trace,) = build_figures([sheet], EN)["hours"]["data"]
    assert sheet.columns[1].unit is ColumnUnit.SHARE
    assert trace["y"] == [round(100 * row[1], 2) for row in sheet.rows]
