"""The server and the pages' script select the same text for the same values, in Chromium."""

from collections.abc import Iterator
from itertools import product

import pytest
from msgspec.structs import replace

from collector.site.spaces import SpaceKind
from dashboard.live.frame import FreeCount, LinkStatus, SupplyLevel
from dashboard.live.snapshot import SiteSnapshot
from dashboard.member.member_texts import MemberTexts, get_member_texts
from dashboard.text.page_texts import PageTexts
from dashboard.text.text_cases import TEXT_CASES
from tests.support.dashboard.fixture_types import OpenPhone, ServedSite
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

pytestmark = pytest.mark.browser

COUNTS = [(0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 1, 1), (0, 24, 24), (0, 3, 24), (7, 9, 24), (9, 9, 24), (21, 21, 28)]
AGES_S = [0, 0.4, 1, 59.9, 119, 119.9, 120, 179, 3600, 7199, 7199.9, 7200, 86400]
PEOPLE = [(0, 0), (0, 4), (3, 4), (4, 4), (0, 5), (5, 5), (4, 6), (0, 21), (9, 21)]
OPENS = [None, *((days, days % 7, "07:05") for days in (0, 1, 2, 6, 7, 8, 20))]
SUPPLIES = [SupplyLevel(), SupplyLevel(0, low=True), SupplyLevel(12, low=True), SupplyLevel(62)]
FRAME = SiteSnapshot(PLAN).build_frame(0, MONDAY_10_MS)
ANSWERED_KINDS = [SpaceKind.DESK, SpaceKind.BOOTH, SpaceKind.ROOM, SpaceKind.EQUIPMENT]
Example = tuple[str, list[object], str]
"""A function of createTexts, its arguments, and what the server shows for them."""


def list_examples(texts: PageTexts) -> Iterator[Example]:
    member = MemberTexts(texts)
    for count in COUNTS:
        free = FreeCount(*count)
        yield "number", [count], texts.format_free_count(free)
        yield "row", [count], texts.format_free_of_capacity(free)
        yield "row", [count, 6], member.format_matching(free, is_filtered=True)
        yield "coverage", [count], texts.describe_coverage(free)
        yield from (("answer", [kind, count], texts.describe_free(kind, free)) for kind in ANSWERED_KINDS)
        for since in (None, "09:05"):
            yield "missing", ["Hall", count, since], member.describe_missing("Hall", free, since)
    for code, kind in product("voaud", ANSWERED_KINDS):
        yield "state", [code, kind], texts.get_state_label(code, kind)
        for hidden in (False, True):
            yield "because", [code, kind, hidden], member.explain(code, kind, is_hidden=hidden)
    yield from (("ago", [age_s], texts.format_age(age_s)) for age_s in AGES_S)
    for level in SUPPLIES:
        left = {} if level.level_pct is None else {"level_pct": level.level_pct, "low": level.low}
        yield "supply", [left], texts.describe_supply(level)
    for people, from_zero in product((None, *PEOPLE), (False, True)):
        shown = replace(FRAME, people=people, from_zero=from_zero)
        yield "people", [people, from_zero], texts.describe_people(shown)
    for opens in OPENS:
        closed = replace(FRAME, closed=True, opens=opens)
        yield "closed", [{"closed": True, "opens": opens}], texts.describe_closed(closed)
    yield "closed", [{"closed": False, "opens": None}], texts.describe_closed(replace(FRAME, closed=False, opens=None))
    for link, since in product(LinkStatus, (None, "14:05")):
        frame = {"link": link, "since": since}
        yield "away", ["data_away", frame], texts.describe_lost_link(link, since)
        yield "away", ["wall_away", frame], texts.describe_lost_link_briefly(link, since)
    for n in (0, 1, 2, 21):
        ahead = (("ahead.from", "13", "", n), ("ahead.least", "9:30", "", n), ("ahead.full.usual", "8", "12", 0))
        yield "ahead", [ahead], texts.describe_day_ahead(ahead)
    yield "at", ["07:05"], texts.format_time("07:05")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_script_and_server_select_the_same_texts(site: ServedSite, phone: OpenPhone, language: str) -> None:
    texts = PageTexts.load(language)
    examples = list(list_examples(texts))
    with phone(site[0]) as page:
        page.goto(f"/{language}")
        functions, shown = page.evaluate(
            """async ([data, calls]) => {
                const { createTexts } = await import("/static/texts.js");
                const texts = createTexts(data);
                return [Object.keys(texts), calls.map(([name, values]) => texts[name](...values))];
            }""",
            [
                {"texts": {**texts.script_templates, **get_member_texts(language)}, "cases": TEXT_CASES},
                [(name, values) for name, values, _ in examples],
            ],
        )
    assert set(functions) - {"fill"} == {name for name, _, _ in examples}, "every function has an example"
    assert list(zip(examples, shown, strict=True)) == [(example, example[2]) for example in examples]
