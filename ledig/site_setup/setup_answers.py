"""The answers to the questions of `ledig init`, and the order of the questions.

In:    a function that gets one answer, from a terminal or a file.
Out:   `SiteAnswers`.
Never: a terminal, files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from collector.site.spaces import SpaceKind
from collector.text.languages import Language
from ledig.site_setup.hours_answer import WeekHours
from ledig.site_setup.machine_facts import MachineFacts
from ledig.site_setup.questions import (
    FLOOR_COUNT,
    FLOOR_NAME,
    SITE_QUESTIONS,
    SPACE_COUNTS,
    ZONE_COUNT,
    ZONE_NAME,
    AnswerRejected,
    QuestionContext,
    SetupQuestion,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneAnswers:
    """One zone."""

    name: str
    counts: Mapping[SpaceKind, int]
    """How many spaces of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorAnswers:
    """One floor."""

    name: str
    zones: tuple[ZoneAnswers, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteAnswers:
    """All answers."""

    name: str
    language: Language
    time_zone: str
    country: str
    opening_hours: WeekHours
    floors: tuple[FloorAnswers, ...]

    def count_spaces(self, kind: SpaceKind) -> int:
        """Return how many spaces of a kind the site has."""
        return sum(zone.counts[kind] for floor in self.floors for zone in floor.zones)


AnswerPlace = tuple[int, ...]
"""Whom a question is about: (), the site; (2,), the second floor; (2, 1), the first zone of the second floor."""


class GetAnswer(Protocol):
    """Gets the value of one answer."""

    def __call__(self, question: SetupQuestion, text: str, suggestion: str, place: AnswerPlace) -> Any:
        """Return the value.

        Args:
            question: the row of the table.
            text: its text, complete.
            suggestion: the answer if none is given; empty: one is needed.
            place: whom it is about.
        """


def collect_answers(get_answer: GetAnswer, facts: MachineFacts) -> SiteAnswers:
    """Ask all questions in their order.

    Args:
        get_answer: gets one answer.
        facts: what the machine suggests.
    """
    answered: dict[str, Any] = {}

    def ask(question: SetupQuestion, place: AnswerPlace, number: int = 1, name: str = "") -> Any:
        context = QuestionContext(facts=facts, answered=answered, number=number)
        text = question.text.format(number=number, place=name)
        return get_answer(question, text, question.suggest(context), place)

    for question in SITE_QUESTIONS:
        answered[question.key] = ask(question, ())
    floors: list[FloorAnswers] = []
    count = zone_total = 0
    floor_count = ask(FLOOR_COUNT, ())
    for floor_number in range(1, floor_count + 1):
        floor_name = ask(FLOOR_NAME, (floor_number,), floor_number)
        zones: list[ZoneAnswers] = []
        zone_count = ask(ZONE_COUNT, (floor_number,), name=floor_name)
        for zone_number in range(1, zone_count + 1):
            place = (floor_number, zone_number)
            zone_total += 1
            zone_name = ask(ZONE_NAME, place, zone_total)
            is_last = floor_number == floor_count and zone_number == zone_count
            counts: dict[SpaceKind, int] = {}
            for kind, question in SPACE_COUNTS.items():
                is_needed = is_last and len(counts) == len(SPACE_COUNTS) - 1 and not count
                counts[kind] = ask(_require_space(question) if is_needed else question, place, name=zone_name)
                count += counts[kind]
            zones.append(ZoneAnswers(name=zone_name, counts=counts))
        floors.append(FloorAnswers(name=floor_name, zones=tuple(zones)))
    return SiteAnswers(**answered, floors=tuple(floors))


def _require_space(question: SetupQuestion) -> SetupQuestion:
    """Return the last question of a site that has no space so far."""

    def parse(answer: str) -> int:
        count: int = question.parse(answer)
        if count == 0:
            raise AnswerRejected("the site has no desk, booth or room yet; give at least 1")
        return count

    return replace(question, suggest=lambda _: "1", parse=parse)
