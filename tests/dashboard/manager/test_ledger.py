"""The ledger of people in words: what was corrected and why, what the doors have taught, and nothing of few people."""

import re
from contextlib import closing

import pytest
from flask import Flask

from collector.history import DAY_MS, MINUTE_MS, PEOPLE_CORRECTION, PEOPLE_FIVE_MIN, Row, tables
from collector.journal import Journal
from collector.outward import People
from collector.people import Why
from collector.privacy import FEW
from dashboard.languages import LANGUAGES
from dashboard.manager.ledger import NEWEST, doors, entries, ledger
from dashboard.settings import DashboardSettings
from dashboard.words import Words
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.test_routes import log_in

SV, EN = Words.of("sv"), Words.of("en")


def corrected(why: str, before: float, after: float, at_ms: int = MONDAY_10_MS) -> Row:
    return Row(("site", why), at_ms, (before, after))


def passed(entries: int, exits: int, days: int = 14) -> list[Row]:
    return [
        Row(("site",), MONDAY_10_MS - day * DAY_MS, (float(entries), float(exits), 0.0, 0.0, 0.0, None))
        for day in range(days + 1)
    ]


def test_a_correction_says_when_why_and_what() -> None:
    (told,) = entries([corrected(Why.QUIET, 7, 0)], PLAN, SV)
    assert (told.at, told.why, told.before, told.after) == ("mån 24 nov. 10:00", "ingen aktivitet någonstans", "7", "0")
    (told,) = entries([corrected(Why.CLOSED, 12, 0)], PLAN, EN)
    assert told.why == "outside opening hours"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", Why)
def test_every_reason_has_words_in_both_languages(why: Why, language: str) -> None:
    (told,) = entries([corrected(why, 9, 7)], PLAN, Words.of(language))
    assert told.why not in {"", why.value}


def test_a_correction_by_who_stayed_says_which_way() -> None:
    fewer, more = entries([corrected(Why.STILL, 9, 8), corrected(Why.STILL, 9, 11)], PLAN, SV)
    assert (fewer.why, more.why) == ("färre gick ut än antalet tyder på", "fler gick ut än antalet tyder på")


def test_a_count_below_nobody_has_a_real_minus() -> None:
    (told,) = entries([corrected(Why.NEGATIVE, -2, 0)], PLAN, SV)
    assert (told.before, told.after) == ("\u22122", "0")


def test_few_people_are_told_as_few_and_a_correction_among_them_not_at_all() -> None:
    (told,) = entries([corrected(Why.SEEN, 3, 5), corrected(Why.DOORS, 2, 3)], PLAN, SV)
    assert (told.before, told.after) == ("under 5", "5")


def test_the_newest_corrections_come_first_and_old_ones_make_room() -> None:
    rows = [corrected(Why.DOORS, 9, 10, MONDAY_10_MS + minute * 5 * MINUTE_MS) for minute in range(NEWEST + 3)]
    told = entries(rows, PLAN, EN)
    assert len(told) == NEWEST
    assert told[0].at == entries(rows[-1:], PLAN, EN)[0].at


def test_what_the_doors_have_taught_is_one_sentence() -> None:
    assert "errs" not in doors([], PLAN, EN)
    assert "have not counted a full day" in doors(passed(50, 40, days=0), PLAN, EN)
    assert "about as many in as out" in doors(passed(100, 100), PLAN, EN)


def test_what_the_doors_have_taught_names_the_days_that_it_was_learnt_from() -> None:
    assert doors(passed(100, 100, days=1), PLAN, EN).startswith("On the first day")
    assert doors(passed(100, 100, days=3), PLAN, SV).startswith("Under 3 dygn")
    assert doors([*passed(0, 0, days=3), *passed(100, 100, days=2)], PLAN, EN).startswith("Over 2 days")
    assert doors(passed(200, 180), PLAN, SV).endswith("så varje person ut räknas som 1,10.")


def test_more_people_than_places_are_flagged_and_not_cut_down() -> None:
    places = len(PLAN.spaces)
    assert ledger([], [], People(places + 9, places + 1, places + 12), PLAN, EN).crowded.startswith(
        "More people are counted"
    )
    assert ledger([], [], People(places + 9, FEW, places + 12), PLAN, EN).crowded == ""


def test_when_the_house_was_last_empty_is_said_as_soon_as_it_is_known() -> None:
    assert ledger([], [], None, PLAN, EN).zero == ""
    assert ledger([], [], People(7, 6, 8), PLAN, EN).zero.startswith("The site has not been certain to be empty yet")
    told = ledger([], [], People(7, 6, 8, MONDAY_10_MS), PLAN, SV).zero
    assert told == "Senast säkert tomt mån 24 nov. 10:00."


def test_the_manager_s_page_shows_the_ledger(app: Flask, settings: DashboardSettings) -> None:
    with closing(Journal(settings.journal_path)) as journal, journal.transaction():
        rows = [corrected(Why.QUIET, 7, 0, MONDAY_10_MS - 5 * MINUTE_MS)]
        tables.upsert(journal.connection, PEOPLE_CORRECTION, rows)
        tables.upsert(journal.connection, PEOPLE_FIVE_MIN, passed(200, 180))
    client = app.test_client()
    assert log_in(client).status_code == 303
    page = client.get("/manage/learnt", base_url="https://localhost").text
    assert re.search("ingen aktivitet någonstans</td><td[^>]*>7</td><td[^>]*>0</td>", page)
    assert "så varje person ut räknas som 1,10" in page
