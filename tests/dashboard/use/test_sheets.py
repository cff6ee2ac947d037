"""Each column of a table has the values that its heading names, and the figure draws the same values."""

from dashboard.use.cells import Sheet, Unit
from dashboard.use.plots import figures
from dashboard.use.sheets import sheets
from dashboard.use.view import Material, view
from dashboard.words import Words
from tests.dashboard.house import PLAN
from tests.dashboard.use.weeks import asked, at_ms, hour_rows, weeks

END = 2**50
FOUR = weeks(4)
EN = Words.of("en")


def made() -> dict[str, Sheet]:
    """Ten desks. All are taken on Tuesdays at ten in three of four weeks, six at other times."""
    last_ms = at_ms(weeks(3).last)
    rows = hour_rows(
        FOUR,
        lambda at: 10.0 if (at.weekday(), at.hour) == (1, 10) and at.timestamp() * 1000 < last_ms else 6.0,
    )
    seen = view(asked(FOUR), Material(list(rows)), None, PLAN, END)
    return {sheet.key: sheet for sheet in sheets(seen, PLAN, EN)}


def under(sheet: Sheet, *begins: object) -> dict[str, object]:
    (row,) = (row for row in sheet.rows if row[: len(begins)] == begins)
    return {column.name: value for column, value in zip(sheet.columns, row, strict=True)}


def test_week_hour_counts_weeks_with_nothing_free() -> None:
    row = under(made()["week"], "Tuesday", "10–11")  # noqa: RUF001 - a range has an en dash
    assert (row["Weeks with nothing free"], row["Weeks with data"]) == (3.0, 4.0)
    assert (row["Occupied"], row["Maximum"], row["Fewest free"], row["Data available"]) == (0.9, 10.0, 0.0, 1.0)


def test_each_line_of_the_days_draws_its_own_column() -> None:
    sheet = made()["days"]
    drawn = figures([sheet], EN)["days"]["data"]
    assert [trace["name"] for trace in drawn] == ["Maximum", "Fewest free"]
    for trace in drawn:
        column = [one.name for one in sheet.columns].index(trace["name"])
        assert trace["y"] == [row[column] for row in sheet.rows]
        assert len(set(trace["y"])) == 2


def test_shares_are_drawn_in_per_cent() -> None:
    sheet = made()["hours"]
    (trace,) = figures([sheet], EN)["hours"]["data"]
    assert sheet.columns[1].unit is Unit.SHARE
    assert trace["y"] == [round(100 * row[1], 2) for row in sheet.rows]
