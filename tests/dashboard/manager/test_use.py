"""The use page and its exports: the same figures, within the privacy rules, for valid and invalid queries."""

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collector.history.measures import AIR_FIVE_MIN, PEOPLE_FIVE_MIN, STAYS, ZONE_HOUR, HistoryRow
from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.manager.exports import escape_formula, generate_csv, write_xlsx
from dashboard.manager.use_pages import EXPORTED_SHEETS
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.page_texts import PageTexts
from dashboard.use.sheets import HOURLY_SHEET, build_sheets
from dashboard.use.table_cells import CellPlaceholder, ColumnUnit, Sheet, SheetColumn, format_value
from dashboard.use.use_query import UseQuery
from dashboard.use.use_report import UseRows, build_report
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stored_weeks import SIX_WEEKS, store_rows
from tests.support.dashboard.weeks import build_stay_row, generate_hour_rows, generate_people_rows

NBSP = "\xa0"


@pytest.fixture
def manager(app: Flask) -> FlaskClient:
    return log_in_in_english(app)


def log_in_to_site(plan: SitePlan, settings: DashboardSettings) -> FlaskClient:
    live = LiveView(plan, lambda: MONDAY_10_MS)
    return log_in_in_english(create_app(settings, plan, live, Accounts(settings.accounts_path)))


def log_in_in_english(app: Flask) -> FlaskClient:
    client = app.test_client()
    assert log_in(client).status_code == 303
    client.get("/?lang=en", base_url="https://localhost")
    return client


@pytest.fixture
def used(settings: DashboardSettings) -> None:
    """Six weeks. The quiet zone is full on Tuesdays from 10 to 12, and three people stay late each day."""

    def full(at) -> float:
        return 12.0 if (at.weekday(), at.hour) in {(1, 10), (1, 11)} else 3.0

    store_rows(settings, ZONE_HOUR, generate_hour_rows(SIX_WEEKS, lambda _at: 16.0, capacity=32.0))
    store_rows(settings, ZONE_HOUR, generate_hour_rows(SIX_WEEKS, full, zone="quiet", capacity=12.0))
    store_rows(
        settings, ZONE_HOUR, generate_hour_rows(SIX_WEEKS, lambda _at: 1.0, zone="loft", capacity=5.0, unknown=1.5)
    )
    store_rows(settings, PEOPLE_FIVE_MIN, generate_people_rows(SIX_WEEKS, lambda at: 3.0 if at.hour >= 18 else 17.0))
    days = [SIX_WEEKS.first + timedelta(days=number) for number in range(SIX_WEEKS.day_count)]
    store_rows(settings, STAYS, [build_stay_row(day, 1, 0, 0, 3) for day in days[-4:]])


def get_page(client: FlaskClient, path: str, status: int = 200) -> str:
    with client.get(path, base_url="https://localhost") as answer:
        assert answer.status_code == status, answer.text
        return answer.text.replace(NBSP, " ")


def export_table(client: FlaskClient, sheet: str, question: str = "") -> list[list[str]]:
    text = get_page(client, f"/manage/export?format=csv&sheet={sheet}&lang=en{question}")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.usefixtures("used")
def test_remarks_come_before_the_charts(manager: FlaskClient) -> None:
    page = get_page(manager, "/manage/use")
    sentence = "Tuesdays 10–12: no free desk in Tysta rummet in 4 of 4 weeks."  # noqa: RUF001 - a range has an en dash
    assert "50% occupied during opening hours; data for 100%." in page
    assert 0 < page.index(sentence) < page.index("data-figure")
    assert "On 4 of 20 days" not in page
    assert page.count("data-figure") == 5


@pytest.mark.usefixtures("used")
def test_each_chart_has_its_table_and_its_export(manager: FlaskClient) -> None:
    page = get_page(manager, "/manage/use?with=before")
    for key in EXPORTED_SHEETS - {HOURLY_SHEET}:
        part = page[page.index(f'id="{key}"') :].split("</section>")[0]
        assert "<table" in part
        assert f"sheet={key}" in part


@pytest.mark.usefixtures("used")
def test_low_coverage_is_shown_as_unknown_and_never_as_zero(manager: FlaskClient) -> None:
    page = get_page(manager, "/manage/use?zone=loft")
    assert "Data for 70% of opening hours; at least 80% is needed for a figure." in page
    rows = export_table(manager, "zones", "&zone=loft")
    assert rows[1][2:] == ["unknown", "unknown", "unknown", "70.0"]


@pytest.mark.usefixtures("used")
def test_few_people_and_stays_are_withheld_on_the_page_and_in_exports(manager: FlaskClient) -> None:
    assert [row[1] for row in export_table(manager, "people")[1:]] == ["17.0"] * 11 + ["under 5"] * 2
    assert [row[1] for row in export_table(manager, "stays")[1:5]] == ["under 5", "0", "0", "10"]
    page = get_page(manager, "/manage/use")
    assert "3.0" not in page[page.index('id="people"') :]


@pytest.mark.parametrize("path", ["/manage/use", "/manage/export", "/manage/export?format=csv&sheet=week"])
def test_zone_with_few_seats_has_no_history_on_page_or_in_export(settings: DashboardSettings, path: str) -> None:
    loft = tuple(space for space in PLAN.spaces if space.id not in {"desk-31", "desk-32"})
    manager = log_in_to_site(replace(PLAN, spaces=loft), settings)
    joint = "&" if "?" in path else "?"
    answer = manager.get(f"{path}{joint}zone=loft", base_url="https://localhost")
    assert answer.status_code == (403 if "export" in path else 200)
    assert "too few spaces to protect privacy" in answer.text
    assert "<table" not in answer.text


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("from=yesterday", "“yesterday” is not a date"),
        ("from=2025-11-10&to=2025-11-09", "The last day is before the first."),
        ("from=2020-01-01&to=2025-11-09", "History is kept for 396 days"),
        ("from=2031-01-01&to=2031-02-01", "Those days are in the future."),
        ("zone=cellar", "There is no zone “cellar”"),
        ("kind=%3Cscript%3E", "There is no kind “&lt;script&gt;”"),
        ("last=8", "“8” is not a choice here."),
        ("with=luck", "“luck” is not a choice here."),
    ],
)
def test_invalid_query_shows_the_form_with_an_error(manager: FlaskClient, query: str, text: str) -> None:
    for path in ("/manage/use", "/manage/export"):
        page = get_page(manager, f"{path}?{query}", 400)
        assert text in page
        assert '<form class="choice asked"' in page
        assert "<script>" not in page


def test_export_with_unknown_format_or_sheet_is_rejected(manager: FlaskClient) -> None:
    assert "not a choice here" in get_page(manager, "/manage/export?format=pdf", 400)
    assert "not a choice here" in get_page(manager, "/manage/export?format=csv&sheet=members", 400)


def test_unavailable_history_gives_503_and_a_message(manager: FlaskClient) -> None:
    for path in ("/manage/use", "/manage/export", "/manage/export?format=csv&sheet=each_hour"):
        assert "History is not available at the moment." in get_page(manager, path, 503)


def test_days_without_data_show_a_message(manager: FlaskClient, settings: DashboardSettings) -> None:
    store_rows(settings, ZONE_HOUR, [])
    assert "No data for these days." in get_page(manager, "/manage/use")
    assert len(export_table(manager, "days")) == 1


def test_zone_without_spaces_of_a_kind_shows_a_message(manager: FlaskClient, settings: DashboardSettings) -> None:
    store_rows(settings, ZONE_HOUR, [])
    assert "There are none of that kind in this zone." in get_page(manager, "/manage/use?zone=workshop&kind=desk")


@pytest.mark.usefixtures("used")
def test_history_that_begins_later_shows_its_first_day(manager: FlaskClient) -> None:
    assert "No data before 13 Oct 2025" in get_page(manager, "/manage/use?last=91")


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize("path", ["/manage/use", "/manage/export", "/manage/export?format=csv&sheet=each_hour"])
def test_removed_zone_has_no_history(settings: DashboardSettings, path: str) -> None:
    store_rows(settings, ZONE_HOUR, generate_hour_rows(SIX_WEEKS, lambda _at: 1.0, zone="attic", capacity=3.0))
    no_desks = tuple(space for space in PLAN.spaces if space.zone != "loft" or space.kind is not SpaceKind.DESK)
    manager = log_in_to_site(replace(PLAN, spaces=no_desks), settings)
    with manager.get(path, base_url="https://localhost") as answer:
        assert answer.status_code == 200
        assert b"attic" not in answer.data
    history = "/api/v1/history?measure=zone_hour&from=2025-11-20T00:00%2B01:00&to=2025-11-24T00:00%2B01:00"
    with manager.get(history, base_url="https://localhost") as answer:
        assert {row["zone"] for row in answer.json["rows"]} == {"site", "quiet"}


def test_air_of_a_removed_zone_is_hidden(manager: FlaskClient, settings: DashboardSettings) -> None:
    at_ms = MONDAY_10_MS - 3_600_000
    store_rows(settings, AIR_FIVE_MIN, [HistoryRow((zone,), at_ms, (640.0, None, None)) for zone in ("attic", "hall")])
    with manager.get("/api/v1/history?measure=air_five_min", base_url="https://localhost") as answer:
        assert [row["zone"] for row in answer.json["rows"]] == ["hall"]


@pytest.mark.usefixtures("used")
def test_workbook_has_every_table_of_the_page(manager: FlaskClient) -> None:
    with manager.get("/manage/export?with=before&lang=sv", base_url="https://localhost") as answer:
        assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        assert answer.headers["Content-Disposition"] == (
            'attachment; filename="ledig-spinneriet-site-desk-2025-10-27--2025-11-23.xlsx"'
        )
        assert answer.headers["Cache-Control"] == "no-store"
        book = zipfile.ZipFile(io.BytesIO(answer.data))
    names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert names == [
        "Vecka, timme för timme",
        "Per timme på dygnet",
        "Per zon och typ",
        "Toppar och överskott per dag",
        "Hur länge besöken varar",
        "Personer per timme",
        "Jämförelse",
        "Timvärden",
    ]
    assert len(names) == len({name.lower() for name in names})
    assert b"<f>" not in book.read("xl/worksheets/sheet8.xml")


@pytest.mark.usefixtures("used")
def test_hourly_export_has_each_hour_once_across_a_clock_change(manager: FlaskClient) -> None:
    rows = export_table(manager, HOURLY_SHEET, "&from=2025-10-13&to=2025-11-23&zone=quiet")
    assert len(rows) == 1 + 6 * 5 * 13
    assert len({tuple(row[:2]) for row in rows}) == len(rows)
    assert rows[1] == ["2025-10-13", "07–08", "Tysta rummet", "Desks", "under 5", "under 5", "–", "100.0"]  # noqa: RUF001


@pytest.mark.usefixtures("used")
def test_views_and_exports_are_logged_with_their_days(app: Flask, manager: FlaskClient) -> None:
    get_page(manager, "/manage/use?last=7")
    export_table(manager, "week")
    entries = app.extensions["ledig"].accounts.log.list_entries(10)
    logged = {(entry.endpoint, entry.span) for entry in entries}
    assert ("use.page", "2025-11-17/2025-11-23 zone=site kind=desk") in logged
    assert ("use.export", "2025-10-27/2025-11-23 zone=site kind=desk csv week") in logged


def test_page_and_export_require_login(app: Flask) -> None:
    for path in ("/manage/use", "/manage/export?format=csv&sheet=week"):
        answer = app.test_client().get(path, base_url="https://localhost")
        assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/manage/login")


# Files


def test_cells_are_never_formulas_and_csv_follows_the_language(tmp_path: Path) -> None:
    columns = (
        SheetColumn("=1+1", ColumnUnit.TEXT),
        SheetColumn("Used", ColumnUnit.SHARE),
        SheetColumn("More", ColumnUnit.NUMBER),
    )
    sheet = Sheet(
        "week", "=a/b", columns, [("@SUM(A1)", 0.625, -1.5), ("-2", CellPlaceholder.UNKNOWN, CellPlaceholder.FEW)]
    )
    assert b"".join(generate_csv(sheet, PageTexts.load("sv"))).decode() == (
        "\ufeff'=1+1;Used, %;More\r\n'@SUM(A1);62,5;-1,5\r\n'-2;okänt;under 5\r\n"
    )
    assert b"".join(generate_csv(sheet, PageTexts.load("en"))).decode() == (
        "\ufeff'=1+1,\"Used, %\",More\r\n'@SUM(A1),62.5,-1.5\r\n'-2,unknown,under 5\r\n"
    )
    assert escape_formula("Tysta rummet") == "Tysta rummet"
    write_xlsx(tmp_path / "book.xlsx", [sheet], PageTexts.load("sv"))
    written = zipfile.ZipFile(tmp_path / "book.xlsx").read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in written
    assert b"@SUM(A1)" in written


def test_difference_rounded_to_zero_has_no_minus() -> None:
    sheet = Sheet("one", "One", (SheetColumn("By", ColumnUnit.NUMBER),), [(-0.04,), (-0.06,)])
    assert b"".join(generate_csv(sheet, PageTexts.load("sv"))).decode("utf-8-sig") == "By\r\n0,0\r\n-0,1\r\n"
    assert [format_value(value, ColumnUnit.NUMBER, PageTexts.load("en")) for (value,) in sheet.rows] == ["0.0", "-0.1"]


def test_every_sheet_can_be_exported_and_has_a_unique_title() -> None:
    seen = build_report(UseQuery(days=SIX_WEEKS), UseRows(), None, PLAN, MONDAY_10_MS)
    for language in ("sv", "en"):
        made = build_sheets(seen, PLAN, PageTexts.load(language))
        assert {sheet.key for sheet in made} | {HOURLY_SHEET} == EXPORTED_SHEETS
        assert len({sheet.title[:31] for sheet in made}) == len(made)
