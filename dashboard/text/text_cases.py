"""Selects which text describes a value: one table for the server and for the scripts of the pages.

In:    the name of a text, its values as whole numbers and codes, the templates of a page.
Out:   the key of a template and the values that it shows.
Never: a text, a language; a rule of its own in static/texts.js, which evaluates this table with each page.
"""

from collections.abc import Container, Mapping
from typing import Final, NamedTuple

from collector.site.privacy_limits import MIN_SHOWN_GROUP
from edge.timekeeping.durations import HOUR_S, MINUTE_S

MAX_WEEKDAY_DAYS: Final = 7
"""An opening further ahead than this is shown as a number of days instead of a weekday."""
Limit = tuple[int | str, int | str]
"""A number or the name of a value that is at most another one."""
Values = Mapping[str, int | str]


class TextCase(NamedTuple):
    """A text and when it applies. Scripts receive it as an array."""

    key: str
    """Key of the template, with the names of values in braces; empty: no text."""
    limits: tuple[Limit, ...] = ()
    """All of them hold if the case applies."""
    unit: int = 1
    """The text shows its number `n` in whole multiples of this."""


def _equal(left: int | str, right: int | str) -> tuple[Limit, ...]:
    return (left, right), (right, left)


def _list_people_cases(prefix: str, *limits: Limit) -> tuple[TextCase, ...]:
    return (
        TextCase(f"{prefix}.few", (*limits, ("most", MIN_SHOWN_GROUP - 1))),
        TextCase(f"{prefix}.most", (*limits, ("least", 0))),
        TextCase(prefix, (*limits, ("most", "least"))),
        TextCase(f"{prefix}.range", limits),
    )


def _list_lost_link_cases(prefix: str) -> tuple[TextCase, ...]:
    return (
        TextCase("", ((1, "is_live"),)),
        TextCase(f"{prefix}.since", ((1, "has_time"),)),
        TextCase(f"{prefix}.never"),
    )


TEXT_CASES: Final[Mapping[str, tuple[TextCase, ...]]] = {
    "state": (TextCase("state.{code}.{kind}"), TextCase("state.{code}")),
    "because": (
        TextCase("because.hidden.{code}", ((1, "is_hidden"),)),
        TextCase("because.{code}.{kind}"),
        TextCase("because.{code}"),
    ),
    "free": (
        TextCase("free.unknown", ((1, "capacity"), ("capacity", "unknown"))),
        TextCase("free.exact", (("unknown", 0),)),
        TextCase("free.range"),
    ),
    "row": (
        TextCase("none.like", (("capacity", 0), (1, "is_filtered"))),
        TextCase("state.d", (("capacity", 0),)),
        TextCase("row"),
    ),
    "answer": (TextCase("answer.{kind}.single", _equal("capacity", 1)), TextCase("answer.{kind}")),
    "coverage": (TextCase("all_known", (("unknown", 0),)), TextCase("some_unknown")),
    "no_data": (
        TextCase("", (("unknown", 0),)),
        TextCase("no_data.since", ((1, "has_time"),)),
        TextCase("no_data.zone"),
    ),
    "age": (
        TextCase("ago.s", (("n", 2 * MINUTE_S - 1),)),
        TextCase("ago.min", (("n", 2 * HOUR_S - 1),), MINUTE_S),
        TextCase("ago.h", (), HOUR_S),
    ),
    "supply": (
        TextCase("state.u", (("is_known", 0),)),
        TextCase("supply", (("is_low", 0),)),
        TextCase("supply.low"),
    ),
    "people": (*_list_people_cases("people", (1, "is_from_zero")), *_list_people_cases("people.so_far")),
    "closed": (
        TextCase("", (("is_closed", 0),)),
        TextCase("opens.unknown", (("has_time", 0),)),
        TextCase("opens.today", (("n", 0),)),
        TextCase("opens.tomorrow", (("n", 1),)),
        TextCase("opens.{weekday}", (("n", MAX_WEEKDAY_DAYS),)),
        TextCase("opens.later"),
    ),
    "data_away": _list_lost_link_cases("data_away"),
    "wall_away": _list_lost_link_cases("wall.away"),
}
"""The cases of each text, in order: the first applies whose limits hold and whose template the page has."""


class SelectedText(NamedTuple):
    """The key of the text that applies, empty for none, and the number `n` that it shows."""

    key: str
    n: int


def select_text(name: str, values: Values, templates: Container[str]) -> SelectedText:
    """Return the text that describes the values.

    Args:
        name: a key of TEXT_CASES.
        values: whole numbers and codes by name; a name that a limit uses must be there.
        templates: the keys of the templates that the page has.

    Raises:
        LookupError: no case applies.
    """
    for case in TEXT_CASES[name]:
        key = case.key.format(**values)
        holds = all(_read(low, values) <= _read(high, values) for low, high in case.limits)
        if holds and (not key or key in templates):
            return SelectedText(key, int(values.get("n", 0)) // case.unit)
    msg = f"no case of {name!r} applies to {dict(values)}"
    raise LookupError(msg)


def _read(side: int | str, values: Values) -> int:
    return side if isinstance(side, int) else int(values[side])
