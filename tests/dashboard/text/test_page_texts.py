"""The texts of the pages in both languages; the Swedish translation is complete and compiled."""

import io
import re

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from msgspec.structs import replace

from collector.contract.states import CollectorStatus, PeopleCount, encode
from collector.site.spaces import SpaceKind
from collector.text.languages import TRANSLATIONS
from dashboard.live.frame import FreeCount, LinkStatus, PublicFrame, SupplyLevel
from dashboard.live.snapshot import BrokerConnection, BrokerMessage, SiteSnapshot
from dashboard.text.page_texts import PageTexts
from edge.contract import topics
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.servers import ROOT

SV, EN = PageTexts.load("sv"), PageTexts.load("en")
PO = TRANSLATIONS / "sv" / "LC_MESSAGES" / "messages.po"


@pytest.mark.parametrize(
    ("free", "number", "sv", "en"),
    [
        (FreeCount(7, 9, 24), "7–9", "av 24 skrivbord lediga", "of 24 desks free"),  # noqa: RUF001
        (FreeCount(1, 1, 24), "1", "av 24 skrivbord ledigt", "of 24 desks free"),
        (FreeCount(0, 0, 24), "0", "av 24 skrivbord lediga", "of 24 desks free"),
        (FreeCount(1, 1, 1), "1", "av 1 skrivbord ledigt", "of 1 desk free"),
        (FreeCount(0, 0, 1), "0", "av 1 skrivbord ledigt", "of 1 desk free"),
        (FreeCount(0, 24, 24), "?", "av 24 skrivbord lediga", "of 24 desks free"),
    ],
)
def test_the_answer_is_a_number_and_a_text_after_it(free: FreeCount, number: str, sv: str, en: str) -> None:
    assert SV.format_free_count(free) == EN.format_free_count(free) == number
    assert SV.describe_free(SpaceKind.DESK, free) == sv
    assert EN.describe_free(SpaceKind.DESK, free) == en


def test_coverage_counts_the_unknown_spaces() -> None:
    assert SV.describe_coverage(FreeCount(7, 9, 24)) == "2 av 24 okända"
    assert EN.describe_coverage(FreeCount(9, 9, 24)) == "All sensors reporting"


@pytest.mark.parametrize(
    ("age_s", "sv"),
    [
        (0.4, "för 0 s sedan"),
        (4.9, "för 4 s sedan"),
        (119, "för 119 s sedan"),
        (120, "för 2 min sedan"),
        (7200, "för 2 tim sedan"),
    ],
)
def test_age_is_formatted_in_seconds_then_minutes_then_hours(age_s: float, sv: str) -> None:
    assert SV.format_age(age_s) == sv


def test_times_follow_the_format_of_the_language() -> None:
    assert (SV.format_time("13:30"), EN.format_time("13:30")) == ("kl. 13.30", "13:30")


def test_a_lost_link_shows_since_when_and_what_to_do() -> None:
    assert SV.describe_lost_link(LinkStatus.LIVE, "14:05") == ""
    assert (
        SV.describe_lost_link(LinkStatus.BROKER_AWAY, "14:05")
        == "Inga nya uppgifter sedan kl. 14.05. Fråga i receptionen eller titta igen om 5 minuter."
    )
    assert EN.describe_lost_link(LinkStatus.COLLECTOR_AWAY, None).startswith("No data yet")


@pytest.mark.parametrize(
    ("opens", "sv"),
    [
        ((0, 0, "07:00"), "Stängt. Öppnar kl. 07.00"),
        ((1, 1, "07:00"), "Stängt. Öppnar i morgon kl. 07.00"),
        ((3, 0, "07:00"), "Stängt. Öppnar på måndag kl. 07.00"),
        ((20, 3, "07:00"), "Stängt. Öppnar om 20 dagar kl. 07.00"),
        (None, "Stängt tills vidare"),
    ],
)
def test_a_closed_site_shows_when_it_opens(opens: tuple[int, int, str] | None, sv: str) -> None:
    frame = SiteSnapshot(PLAN).build_frame(0, MONDAY_10_MS)
    assert SV.describe_closed(replace(frame, closed=True, opens=opens)) == sv
    assert SV.describe_closed(replace(frame, closed=False, opens=None)) == ""


def counted(least: int, most: int, zero_ms: int | None = 1) -> PublicFrame:
    picture = SiteSnapshot(PLAN)
    picture.apply(BrokerConnection.CONNECTED, 0, MONDAY_10_MS)
    alive = BrokerMessage(topics.COLLECTOR_STATUS.topic(PLAN.id), encode(CollectorStatus(online=True)), retained=False)
    picture.apply(alive, 0, MONDAY_10_MS)
    picture.people = PeopleCount(most, least, most, zero_ms)
    return picture.build_frame(0, MONDAY_10_MS)


def test_fewer_than_five_people_are_not_counted_exactly() -> None:
    assert SV.describe_people(counted(0, 4)) == "Färre än 5 personer här"
    assert SV.describe_people(counted(21, 25)) == "21–25 personer här"  # noqa: RUF001
    assert SV.describe_people(counted(2, 8)) == "Högst 8 personer här"
    assert EN.describe_people(counted(9, 9)) == "9 people here"
    assert EN.describe_people(SiteSnapshot(PLAN).build_frame(0, MONDAY_10_MS)) == ""


def test_before_the_site_was_known_to_be_empty_people_are_counted_so_far() -> None:
    assert EN.describe_people(counted(0, 4, zero_ms=None)) == "Fewer than 5 people counted so far"
    assert SV.describe_people(counted(21, 25, zero_ms=None)) == "21–25 personer räknade hittills"  # noqa: RUF001
    assert SV.describe_people(counted(9, 9, zero_ms=None)) == "9 personer räknade hittills"


def test_a_supply_shows_when_it_runs_out() -> None:
    assert SV.describe_supply(SupplyLevel(62)).replace("\xa0", " ") == "62 %"
    assert SV.describe_supply(SupplyLevel(12, low=True)).replace("\xa0", " ") == "12 %, snart slut"
    assert SV.describe_supply(SupplyLevel()) == "okänt"


def extracted() -> Catalog:
    found = Catalog()
    method_map = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    keywords = {**DEFAULT_KEYWORDS, "mark_translatable": None}
    for package in ("collector", "dashboard", "edge", "ledig"):
        for _file, _line, message, _comments, context in extract_from_dir(
            ROOT / package, method_map, keywords=keywords
        ):
            found.add(message, context=context)
    return found


def ids(catalogue: Catalog) -> set[tuple[str | None, str]]:
    return {(m.context, m.id if isinstance(m.id, str) else m.id[0]) for m in catalogue if m.id}


def test_the_swedish_catalogue_has_exactly_the_texts_in_use() -> None:
    with PO.open("rb") as file:
        swedish = read_po(file, locale="sv")
    assert ids(swedish) == ids(extracted()), "see collector/translations/babel.cfg for how to update it"
    for message in swedish:
        translation = message.string if isinstance(message.string, str) else " ".join(message.string)
        assert translation or not message.id, f"{message.id!r} has no Swedish translation"
        assert not message.fuzzy or not message.id


def test_the_compiled_catalogue_is_current() -> None:
    with PO.open("rb") as file:
        swedish = read_po(file, locale="sv")
    compiled = io.BytesIO()
    write_mo(compiled, swedish)
    assert PO.with_suffix(".mo").read_bytes() == compiled.getvalue(), "pybabel compile -d collector/translations"


@pytest.mark.parametrize("texts", [SV, EN], ids=["sv", "en"])
def test_plural_forms_follow_the_catalogue_and_cover_the_categories_of_browsers(texts: PageTexts) -> None:
    rule = Locale.parse(texts.language).plural_form
    forms = texts.build_plural_forms("{n} day", "{n} days")
    assert set(forms) == rule.tags | {"other"}
    for n in range(1000):
        assert forms[rule(n)] == texts.ngettext("{n} day", "{n} days", n)


def test_one_free_space_and_several_have_their_own_forms() -> None:
    several, one = ((("ahead.from", "13", "", n),) for n in (3, 1))
    assert SV.describe_day_ahead(several) == "Ungefär 3 lediga från kl. 13.00."
    assert SV.describe_day_ahead(one) == "Ungefär ett ledigt från kl. 13.00."
    assert EN.describe_day_ahead(one) == "About one free from 13:00."


def test_a_template_keeps_its_placeholders_in_swedish() -> None:
    for key, english in EN.templates.items():
        assert set(re.findall(r"{\w+}", SV.templates[key])) == set(re.findall(r"{\w+}", english)), key

    for key, forms in EN.plurals.items():
        english_names = set(re.findall(r"{\w+}", forms["other"]))
        assert set(re.findall(r"{\w+}", SV.plurals[key]["other"])) == english_names, key
