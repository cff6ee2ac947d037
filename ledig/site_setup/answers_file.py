"""A file of answers for scripts: `ledig init --answers FILE`.

In:    the text of a TOML file with the keys of the questions, [[floor]] and [[floor.zone]].
Out:   `SiteAnswers`; a key that is left out has the answer that the terminal suggests.
Never: a question.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from collector.site.spaces import SpaceKind
from ledig.site.table_reader import Faults, Table, TableReader, format_value
from ledig.site.toml_text import TomlRejected, parse_toml
from ledig.site_setup.machine_facts import MachineFacts
from ledig.site_setup.questions import (
    FLOOR_COUNT,
    FLOOR_NAME,
    SITE_QUESTIONS,
    SPACE_COUNTS,
    ZONE_COUNT,
    ZONE_NAME,
    AnswerRejected,
    SetupQuestion,
)
from ledig.site_setup.setup_answers import AnswerPlace, SiteAnswers, collect_answers

_FLOOR: Final = "floor"
_ZONE: Final = "zone"


class AnswersRejected(ValueError):
    """The answers cannot be used; the message lists all problems, one a line."""


def read_answers(text: str, name: str, facts: MachineFacts) -> SiteAnswers:
    """Read the text of a file of answers.

    Args:
        text: TOML.
        name: name of the file, for the faults.
        facts: what the machine suggests.

    Raises:
        AnswersRejected: lists all faults.
    """
    faults = Faults(name)
    try:
        document = parse_toml(text)
    except TomlRejected as rejected:
        for place, finding in rejected.problems:
            faults.add(place, finding)
        raise AnswersRejected("\n".join(faults.list_faults())) from rejected
    tables = dict(_find_tables(document, TableReader(faults, Path())))

    def get_answer(question: SetupQuestion, text: str, suggestion: str, place: AnswerPlace) -> Any:  # noqa: ARG001 - a file shows no question
        """Return the value; after a fault, a value with which further faults are found."""
        try:
            return question.parse(_read_text(tables[place], question, suggestion))
        except AnswerRejected as fault:
            where = "".join(f"{kind} number {n}, " for kind, n in zip((_FLOOR, _ZONE), place, strict=False))
            faults.add(f"{where}{question.key}", str(fault))
            return question.parse(suggestion or question.key)

    answers = collect_answers(get_answer, facts)
    last_counts, last_table = answers.floors[-1].zones[-1].counts, list(tables.values())[-1]
    if not len(faults) and last_counts[SpaceKind.ROOM] and SPACE_COUNTS[SpaceKind.ROOM].key not in last_table:
        # a site without a space: the terminal suggests a room then, which somebody may refuse; a script may not
        faults.add("", "the site has no desk, booth or room; give at least 1")
    if len(faults):
        raise AnswersRejected("\n".join(faults.list_faults()))
    return answers


def _read_text(table: Table, question: SetupQuestion, suggestion: str) -> str:
    """Return an answer as text, as it would be typed."""
    value = table.get(question.key, suggestion)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise AnswerRejected(f"found {format_value(value)}; give a text in quotes or a whole number")
    return str(value)


def _find_tables(document: Table, reader: TableReader) -> Iterator[tuple[AnswerPlace, Table]]:
    """Yield the table of the site, of each floor and of each zone; the tables of a list give their number."""
    keys = [question.key for question in SITE_QUESTIONS]
    reader.reject_unknown(document, {*keys, _FLOOR}, "")
    floors = reader.get_tables(document, _FLOOR) or [{}]
    yield (), {**document, FLOOR_COUNT.key: len(floors)}
    for floor_number, floor in enumerate(floors, 1):
        reader.reject_unknown(floor, {FLOOR_NAME.key, _ZONE}, f"{_FLOOR} number {floor_number}")
        zones = reader.get_tables(floor, _ZONE, f"{_FLOOR}.{_ZONE}") or [{}]
        yield (floor_number,), {**floor, ZONE_COUNT.key: len(zones)}
        for zone_number, zone in enumerate(zones, 1):
            known = {ZONE_NAME.key, *(question.key for question in SPACE_COUNTS.values())}
            reader.reject_unknown(zone, known, f"{_FLOOR} number {floor_number}, {_ZONE} number {zone_number}")
            yield (floor_number, zone_number), zone
