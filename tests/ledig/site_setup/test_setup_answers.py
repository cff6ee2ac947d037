"""The questions: their order, suggestions and the problem of each wrong answer; answers from a file."""

from collections.abc import Sequence
from typing import Any

import pytest

from collector.site.spaces import SpaceKind
from collector.text.languages import Language
from ledig.site_setup.answers_file import AnswersRejected, read_answers
from ledig.site_setup.questions import AnswerRejected, SetupQuestion
from ledig.site_setup.setup_answers import AnswerPlace, SiteAnswers, collect_answers
from tests.support.site_answers import FACTS, create_zone


class TypedAnswers:
    """Answers in the order of the questions; an empty one takes the suggestion, and a wrong one is asked for again."""

    def __init__(self, answers: Sequence[str]) -> None:
        self._left = list(answers)
        self.shown: list[str] = []

    def __call__(self, question: SetupQuestion, text: str, suggestion: str, place: AnswerPlace) -> Any:  # noqa: ARG002 - the lines show it
        while True:
            self.shown.append(f"{text} [{suggestion}]" if suggestion else text)
            try:
                return question.parse((self._left.pop(0) if self._left else "") or suggestion)
            except AnswerRejected as fault:
                self.shown.append(str(fault))


def test_empty_answers_take_what_the_machine_and_earlier_answers_suggest() -> None:
    typed = TypedAnswers(["The mill"])
    answers = collect_answers(typed, FACTS)
    assert typed.shown == [
        "Name of the site",
        "Language (sv, en) [sv]",
        "Time zone [Pacific/Auckland]",
        "Country of the public holidays [NZ]",
        "Opening hours (or 24/7) [mon-fri 08:00-18:00]",
        "Number of floors [1]",
        "Name of floor 1 [Våning 1]",
        "Number of zones on Våning 1 [1]",
        "Name of zone 1 [Zon 1]",
        "Desks in Zon 1 [6]",
        "Phone booths in Zon 1 [0]",
        "Meeting rooms in Zon 1 [0]",
    ]
    assert (answers.name, answers.language, answers.country) == ("The mill", Language.SV, "NZ")
    assert answers.floors[0].zones == (create_zone("Zon 1", 6),)


def test_zones_of_all_floors_are_asked_for() -> None:
    given = [
        "Mill",
        "en",
        "",
        "",
        "24/7",
        "2",
        "Down",
        "2",
        "A {x}",
        "1",
        "2",
        "3",
        "B",
        "0",
        "0",
        "0",
        "Up",
        "",
        "",
        "4",
    ]
    typed = TypedAnswers(given)
    answers = collect_answers(typed, FACTS)
    assert [floor.name for floor in answers.floors] == ["Down", "Up"]
    assert answers.floors[0].zones == (create_zone("A {x}", 1, 2, 3), create_zone("B"))
    assert answers.floors[1].zones == (create_zone("Zone 3", 4),)
    assert answers.count_spaces(SpaceKind.DESK) == 5
    assert "Meeting rooms in A {x} [0]" in typed.shown


def test_site_without_a_space_is_refused_at_its_last_question() -> None:
    typed = TypedAnswers(["Mill", "", "", "", "", "", "", "", "", "0", "0", "0", "101", "2"])
    answers = collect_answers(typed, FACTS)
    assert typed.shown[-5:] == [
        "Meeting rooms in Zon 1 [1]",
        "the site has no desk, booth or room yet; give at least 1",
        "Meeting rooms in Zon 1 [1]",
        '"101" is not possible; give a whole number from 0 to 100',
        "Meeting rooms in Zon 1 [1]",
    ]
    assert answers.count_spaces(SpaceKind.ROOM) == 2


@pytest.mark.parametrize(
    ("before", "wrong", "problem"),
    [
        (0, "", "a name is needed: it must have 1 to 80 characters"),
        (0, "x" * 81, "it must have 1 to 80 characters"),
        (0, "a\tb", "it must be one line without control characters"),
        (0, "a\udcffb", "it must be one line without control characters"),
        (1, "de", 'no language "de"; give one of: sv, en'),
        (2, "Stockholm", 'no time zone "Stockholm"; give an IANA name such as "Europe/Stockholm"'),
        (3, "Sweden", 'no public holidays are known for country "SWEDEN"; give two letters such as "SE" (ISO 3166)'),
        (4, "always", '"always" is not a day; write mon, tue, wed, thu, fri, sat or sun'),
        (5, "0", '"0" is not possible; give a whole number from 1 to 20'),
        (5, "two", '"two" is not possible; give a whole number from 1 to 20'),
        (5, "²", '"²" is not possible; give a whole number from 1 to 20'),
        (7, "13", '"13" is not possible; give a whole number from 1 to 12'),
        (9, "-1", '"-1" is not possible; give a whole number from 0 to 100'),
    ],
)
def test_wrong_answer_gets_one_line_and_the_question_again(before: int, wrong: str, problem: str) -> None:
    typed = TypedAnswers(["Mill", *[""] * (before - 1), wrong][-before - 1 :] + (["Mill"] if before == 0 else []))
    collect_answers(typed, FACTS)
    question, shown, again = typed.shown[before : before + 3]
    assert problem in shown
    assert "\n" not in shown
    assert question == again


def read_file(text: str) -> SiteAnswers:
    return read_answers(text, "answers.toml", FACTS)


def test_file_of_answers_needs_only_a_name() -> None:
    assert read_file('name = "Mill"') == collect_answers(TypedAnswers(["Mill"]), FACTS)


def test_file_of_answers_describes_floors_and_zones() -> None:
    answers = read_file(
        """
        name = "Mill"
        language = "en"
        time_zone = "Europe/Paris"
        opening_hours = "24/7"
        [[floor]]
        name = "Down"
        [[floor.zone]]
        name = "Hall"
        desks = 12
        booths = "2"
        [[floor.zone]]
        desks = 0
        rooms = 1
        [[floor]]
        """
    )
    assert (answers.country, answers.opening_hours) == ("FR", {})
    assert answers.floors[0].zones == (create_zone("Hall", 12, 2), create_zone("Zone 2", 0, 0, 1))
    assert (answers.floors[1].name, answers.floors[1].zones) == ("Floor 2", (create_zone("Zone 3", 6),))


def test_zone_without_desks_before_one_with_the_suggested_desks_is_accepted() -> None:
    answers = read_file('name = "Mill"\n[[floor]]\n[[floor.zone]]\ndesks = 0\n[[floor.zone]]\nname = "Hall"')
    assert answers.floors[0].zones == (create_zone("Zon 1", 0), create_zone("Hall", 6))


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("name = ", ["answers.toml, end of document: invalid value; "]),
        ("", ["answers.toml, name: a name is needed: it must have 1 to 80 characters"]),
        (
            'nam = "Mill"\nlanguage = "de"\n[[floor]]\n[[floor.zone]]\ndesks = true\nroom = 1',
            [
                'answers.toml: no setting "nam"; known settings: ',
                'answers.toml, floor number 1, zone number 1: no setting "room"; ',
                "answers.toml, name: a name is needed",
                'answers.toml, language: no language "de"; give one of: sv, en',
                "answers.toml, floor number 1, zone number 1, desks: found true; give a text in quotes or a whole",
            ],
        ),
        (
            'name = "Mill"\n[[floor]]\n[[floor.zone]]\ndesks = 0\nrooms = 0',
            ["answers.toml, floor number 1, zone number 1, rooms: the site has no desk, booth or room yet; "],
        ),
        ('name = "Mill"\nfloor = 2', ["answers.toml, floor: found 2; write each as a table of its own: [[floor]]"]),
    ],
)
def test_all_faults_of_a_file_of_answers_are_reported(text: str, faults: list[str]) -> None:
    with pytest.raises(AnswersRejected) as rejected:
        read_file(text)
    lines = str(rejected.value).splitlines()
    assert len(lines) == len(faults)
    assert all(line.startswith(fault) for line, fault in zip(lines, faults, strict=True)), lines
