"""The questions of `ledig init`: one table, a row for each question.

In:    what was answered so far, and what the machine suggests.
Out:   the text of a question, its suggested answer, and the value of an answer or the problem with its remedy.
Never: a terminal, files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from collector.site.spaces import SpaceKind
from collector.text.languages import Language, load_catalogue
from ledig.site.opening_hours import find_country_fault
from ledig.site.site_file import SiteTable, find_time_zone_fault
from ledig.site.table_reader import find_text_problem, format_value
from ledig.site_setup.hours_answer import EXAMPLE_HOURS, HoursUnreadable, parse_week_hours
from ledig.site_setup.machine_facts import MachineFacts

MAX_FLOORS: Final = 20
MAX_ZONES_PER_FLOOR: Final = 12
MAX_SPACES_OF_KIND: Final = 100
"""In one zone. With these limits no floor is wider than the site file allows."""

_SITE_DEFAULTS: Final = SiteTable(id="site", name="Site")
"""What a site file without these settings has; suggested if the machine suggests nothing."""


class AnswerRejected(ValueError):
    """An answer cannot be used; the message gives the problem and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionContext:
    """What a suggestion may depend on."""

    facts: MachineFacts
    answered: Mapping[str, Any]
    """Values of the questions about the whole site that were answered so far, by key."""
    number: int = 1
    """Number of the floor, or of the zone, on the site; from 1."""

    @property
    def language(self) -> Language:
        """The language of the site, in which floors, zones and spaces get their names."""
        return Language(self.answered["language"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupQuestion:
    """One question."""

    key: str
    """Its name in a file of answers."""
    text: str
    """The question; `{number}` and `{place}` stand for the number and the name of a floor or zone."""
    suggest: Callable[[QuestionContext], str]
    """Returns the answer that an empty line gives; an empty text if there is none."""
    parse: Callable[[str], Any]
    """Returns the value of an answer; raises AnswerRejected."""


def _parse_name(answer: str) -> str:
    name = answer.strip()
    if problem := find_text_problem("name", name):
        raise AnswerRejected(
            f"a name cannot be {format_value(name)}: {problem}" if name else f"a name is needed: {problem}"
        )
    return name


def _parse_language(answer: str) -> Language:
    language = answer.strip().lower()
    if language not in set(Language):
        raise AnswerRejected(f"no language {format_value(language)}; give one of: {', '.join(Language)}")
    return Language(language)


def _parse_time_zone(answer: str) -> str:
    name = answer.strip()
    if fault := find_time_zone_fault(name):
        raise AnswerRejected(fault)
    return name


def _parse_country(answer: str) -> str:
    country = answer.strip().upper()
    if fault := find_country_fault(country):
        raise AnswerRejected(fault)
    return country


def _parse_hours(answer: str) -> Mapping[str, tuple[str, ...]]:
    try:
        return parse_week_hours(answer)
    except HoursUnreadable as fault:
        raise AnswerRejected(str(fault)) from fault


def _parse_count(answer: str, least: int, most: int) -> int:
    """Parse a whole number between two bounds."""
    digits = answer.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9 and least <= int(digits) <= most):
        raise AnswerRejected(f'"{digits}" is not possible; give a whole number from {least} to {most}')
    return int(digits)


def _suggest_country(context: QuestionContext) -> str:
    return context.facts.country_by_zone.get(context.answered["time_zone"], _SITE_DEFAULTS.country)


def _suggest_floor_name(context: QuestionContext) -> str:
    return load_catalogue(context.language).gettext("Floor {number}").format(number=context.number)


def _suggest_zone_name(context: QuestionContext) -> str:
    return load_catalogue(context.language).gettext("Zone {number}").format(number=context.number)


SITE_QUESTIONS: Final = (
    SetupQuestion(key="name", text="Name of the site", suggest=lambda _: "", parse=_parse_name),
    SetupQuestion(
        key="language",
        text=f"Language ({', '.join(Language)})",
        suggest=lambda context: context.facts.language or Language.EN,
        parse=_parse_language,
    ),
    SetupQuestion(
        key="time_zone",
        text="Time zone",
        suggest=lambda context: context.facts.time_zone or _SITE_DEFAULTS.time_zone,
        parse=_parse_time_zone,
    ),
    SetupQuestion(key="country", text="Country of the public holidays", suggest=_suggest_country, parse=_parse_country),
    SetupQuestion(
        key="opening_hours", text="Opening hours (or 24/7)", suggest=lambda _: EXAMPLE_HOURS, parse=_parse_hours
    ),
)
FLOOR_COUNT: Final = SetupQuestion(
    key="floors",
    text="Number of floors",
    suggest=lambda _: "1",
    parse=partial(_parse_count, least=1, most=MAX_FLOORS),
)
FLOOR_NAME: Final = SetupQuestion(
    key="name", text="Name of floor {number}", suggest=_suggest_floor_name, parse=_parse_name
)
ZONE_COUNT: Final = SetupQuestion(
    key="zones",
    text="Number of zones on {place}",
    suggest=lambda _: "1",
    parse=partial(_parse_count, least=1, most=MAX_ZONES_PER_FLOOR),
)
ZONE_NAME: Final = SetupQuestion(
    key="name", text="Name of zone {number}", suggest=_suggest_zone_name, parse=_parse_name
)
_COUNT_SPACES: Final = partial(_parse_count, least=0, most=MAX_SPACES_OF_KIND)
SPACE_COUNTS: Final[Mapping[SpaceKind, SetupQuestion]] = {
    SpaceKind.DESK: SetupQuestion(key="desks", text="Desks in {place}", suggest=lambda _: "6", parse=_COUNT_SPACES),
    SpaceKind.BOOTH: SetupQuestion(
        key="booths", text="Phone booths in {place}", suggest=lambda _: "0", parse=_COUNT_SPACES
    ),
    SpaceKind.ROOM: SetupQuestion(
        key="rooms", text="Meeting rooms in {place}", suggest=lambda _: "0", parse=_COUNT_SPACES
    ),
}
