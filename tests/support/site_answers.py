"""Answers to the questions of `ledig init` for tests."""

from dataclasses import replace

from hypothesis import strategies as st

from collector.site.spaces import SpaceKind
from collector.text.languages import Language
from ledig.site.table_reader import find_text_problem
from ledig.site_setup.machine_facts import MachineFacts
from ledig.site_setup.questions import SPACE_COUNTS
from ledig.site_setup.setup_answers import FloorAnswers, SiteAnswers, ZoneAnswers

FACTS = MachineFacts(
    language=Language.SV, time_zone="Pacific/Auckland", country_by_zone={"Pacific/Auckland": "NZ", "Europe/Paris": "FR"}
)
NAMES = (
    st.one_of(
        st.text(st.characters(exclude_categories=["C", "M"]), min_size=1, max_size=80),
        st.text(st.sampled_from("aZ9 åÖ\"'\\#{}[]=%e\u0301🏠東"), min_size=1, max_size=80),
    )
    .map(str.strip)
    .filter(lambda name: not find_text_problem("name", name))
)
HOURS = st.sampled_from(
    [{}, {"monday": ("08:00-18:00",)}, {"friday": ("07:00-12:00", "13:00-17:00"), "sunday": ("18:00-02:00",)}]
)


def create_zone(name: str = "Hall", desks: int = 0, booths: int = 0, rooms: int = 0) -> ZoneAnswers:
    return ZoneAnswers(name=name, counts={SpaceKind.DESK: desks, SpaceKind.BOOTH: booths, SpaceKind.ROOM: rooms})


def create_answers(*floors: FloorAnswers, name: str = "The mill") -> SiteAnswers:
    return SiteAnswers(
        name=name,
        language=Language.EN,
        time_zone="Europe/Stockholm",
        country="SE",
        opening_hours={"monday": ("08:00-18:00",)},
        floors=floors,
    )


def generate_zones(most_spaces: int) -> st.SearchStrategy[ZoneAnswers]:
    count = st.integers(0, most_spaces)
    return st.builds(create_zone, NAMES, count, count, count)


def generate_answers(most_zones: int = 6, most_spaces: int = 60) -> st.SearchStrategy[SiteAnswers]:
    """Generate answers that the questions accept: one to three floors, and at least one space."""
    zones = st.lists(generate_zones(most_spaces), min_size=1, max_size=most_zones).map(tuple)
    floors = st.lists(st.builds(FloorAnswers, name=NAMES, zones=zones), min_size=1, max_size=3).map(tuple)
    return st.builds(
        SiteAnswers,
        name=NAMES,
        language=st.sampled_from(Language),
        time_zone=st.sampled_from(["Europe/Stockholm", "Pacific/Auckland"]),
        country=st.sampled_from(["SE", "NZ"]),
        opening_hours=HOURS,
        floors=floors,
    ).map(_ensure_space)


def _ensure_space(answers: SiteAnswers) -> SiteAnswers:
    """Return the answers, with a desk if they have no space at all."""
    if any(answers.count_spaces(kind) for kind in SPACE_COUNTS):
        return answers
    first, *others = answers.floors
    zones = (create_zone(first.zones[0].name, 1), *first.zones[1:])
    return replace(answers, floors=(replace(first, zones=zones), *others))
