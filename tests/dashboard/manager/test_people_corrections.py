"""Texts about the people count: corrections, learned door ratio, and nothing about counts of 1 to 4."""

import re
from contextlib import closing

import pytest
from flask import Flask

from collector.contract.states import PeopleCount
from collector.history import tables
from collector.history.measures import PEOPLE_CORRECTION, PEOPLE_FIVE_MIN, CorrectionReason, HistoryRow
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.store.journal import Journal
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.manager.people_corrections import (
    MAX_CORRECTIONS,
    build_correction_rows,
    build_people_corrections,
    describe_doors,
)
from dashboard.text.language_selection import LANGUAGES
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import DAY_MS, MINUTE_MS
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

SV, EN = PageTexts.load("sv"), PageTexts.load("en")


def correction_row(why: str, before: float, after: float, at_ms: int = MONDAY_10_MS) -> HistoryRow:
    return HistoryRow(("site", why), at_ms, (before, after))


def passage_rows(entries: int, exits: int, days: int = 14) -> list[HistoryRow]:
    return [
        HistoryRow(("site",), MONDAY_10_MS - day * DAY_MS, (float(entries), float(exits), 0.0, 0.0, 0.0, None))
        for day in range(days + 1)
    ]


def test_correction_has_time_reason_and_counts() -> None:
    (entry,) = build_correction_rows([correction_row(CorrectionReason.QUIET, 7, 0)], PLAN, SV)
    assert (entry.at, entry.why, entry.before, entry.after) == (
        "mån 24 nov. 10:00",
        "ingen aktivitet någonstans",
        "7",
        "0",
    )
    (entry,) = build_correction_rows([correction_row(CorrectionReason.CLOSED, 12, 0)], PLAN, EN)
    assert entry.why == "outside opening hours"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", CorrectionReason)
def test_every_reason_has_a_text_in_both_languages(why: CorrectionReason, language: str) -> None:
    (entry,) = build_correction_rows([correction_row(why, 9, 7)], PLAN, PageTexts.load(language))
    assert entry.why not in {"", why.value}


def test_correction_by_quiet_sensors_states_its_direction() -> None:
    fewer, more = build_correction_rows(
        [correction_row(CorrectionReason.STILL, 9, 8), correction_row(CorrectionReason.STILL, 9, 11)], PLAN, SV
    )
    assert (fewer.why, more.why) == ("färre gick ut än antalet tyder på", "fler gick ut än antalet tyder på")


def test_negative_count_has_a_minus_sign() -> None:
    (entry,) = build_correction_rows([correction_row(CorrectionReason.NEGATIVE, -2, 0)], PLAN, SV)
    assert (entry.before, entry.after) == ("\u22122", "0")


def test_counts_under_five_are_hidden_and_corrections_among_them_omitted() -> None:
    (entry,) = build_correction_rows(
        [correction_row(CorrectionReason.SEEN, 3, 5), correction_row(CorrectionReason.DOORS, 2, 3)], PLAN, SV
    )
    assert (entry.before, entry.after) == ("under 5", "5")


def test_only_the_newest_corrections_are_shown_newest_first() -> None:
    rows = [
        correction_row(CorrectionReason.DOORS, 9, 10, MONDAY_10_MS + minute * 5 * MINUTE_MS)
        for minute in range(MAX_CORRECTIONS + 3)
    ]
    newest = build_correction_rows(rows, PLAN, EN)
    assert len(newest) == MAX_CORRECTIONS
    assert newest[0].at == build_correction_rows(rows[-1:], PLAN, EN)[0].at


def test_learned_door_ratio_is_one_sentence() -> None:
    assert "errs" not in describe_doors([], PLAN, EN)
    assert "have not counted a full day" in describe_doors(passage_rows(50, 40, days=0), PLAN, EN)
    assert "about as many in as out" in describe_doors(passage_rows(103, 100), PLAN, EN)
    assert "hardly corrected" in describe_doors(passage_rows(100, 100, days=14), PLAN, EN)
    assert describe_doors(passage_rows(100, 100, days=14), PLAN, SV).endswith("så antalet korrigeras knappt.")


def test_learned_door_ratio_names_the_days_it_was_learned_from() -> None:
    assert describe_doors(passage_rows(100, 100, days=1), PLAN, EN).startswith("On the first day")
    assert describe_doors(passage_rows(100, 100, days=3), PLAN, SV).startswith("Under 3 dygn")
    assert describe_doors([*passage_rows(0, 0, days=3), *passage_rows(100, 100, days=2)], PLAN, EN).startswith(
        "Over 2 days"
    )
    assert describe_doors(passage_rows(200, 180), PLAN, SV).endswith("så varje person ut räknas som 1,10.")


def test_more_people_than_places_are_flagged_and_not_limited() -> None:
    places = len(PLAN.spaces)
    assert build_people_corrections(
        [], [], PeopleCount(places + 9, places + 1, places + 12), PLAN, EN
    ).crowded_warning.startswith("More people are counted")
    assert (
        build_people_corrections(
            [], [], PeopleCount(places + 9, MIN_SHOWN_GROUP, places + 12), PLAN, EN
        ).crowded_warning
        == ""
    )


def test_last_empty_time_is_shown_once_known() -> None:
    assert build_people_corrections([], [], None, PLAN, EN).last_empty == ""
    assert build_people_corrections([], [], PeopleCount(7, 6, 8), PLAN, EN).last_empty.startswith(
        "The site has not been certain to be empty yet"
    )
    text = build_people_corrections([], [], PeopleCount(7, 6, 8, MONDAY_10_MS), PLAN, SV).last_empty
    assert text == "Senast säkert tomt mån 24 nov. 10:00."


def test_page_shows_the_corrections(app: Flask, settings: DashboardSettings) -> None:
    with closing(Journal(settings.journal_path)) as journal, journal.transaction():
        rows = [correction_row(CorrectionReason.QUIET, 7, 0, MONDAY_10_MS - 5 * MINUTE_MS)]
        tables.upsert_rows(journal._connection, PEOPLE_CORRECTION, rows)
        tables.upsert_rows(journal._connection, PEOPLE_FIVE_MIN, passage_rows(200, 180))
    client = app.test_client()
    assert log_in(client).status_code == 303
    page = client.get("/manage/learned-values", base_url="https://localhost").text
    assert re.search("ingen aktivitet någonstans</td><td[^>]*>7</td><td[^>]*>0</td>", page)
    assert "så varje person ut räknas som 1,10" in page
