"""Parses TOML, and reports what cannot be parsed with its place and a remedy.

In:    the text of a file.
Out:   its tables, whose integers have the range of TOML.
Never: files; the meaning of a setting.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

_AT_LINE: Final = re.compile(r"(?P<finding>.*) \(at (?P<place>line \d+, column \d+|end of document)\)", re.DOTALL)
_TOO_MANY_DIGITS: Final = re.compile(r"\d[\d_]{4299,}")
"""More digits than `int` converts."""
_INTEGER_LIMIT: Final = 2**63
_INTEGER_RANGE: Final = "write an integer of at most 18 digits"


class TomlRejected(ValueError):
    """The text is not TOML.

    Attributes:
        problems: place and finding of each.
    """

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{place}: {finding}" if place else finding for place, finding in problems))
        self.problems = problems


def parse_toml(text: str) -> dict[str, Any]:
    """Parse the text of a file; raises TomlRejected."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise TomlRejected(_describe_syntax(str(fault))) from fault
    except RecursionError as fault:
        raise TomlRejected(("", "tables are nested too deeply; three levels are enough")) from fault
    except ValueError as fault:  # a number with too many digits; tomllib does not give its line
        line = next((n for n, line in enumerate(text.splitlines(), 1) if _TOO_MANY_DIGITS.search(line)), None)
        raise TomlRejected((f"line {line}" if line else "", f"a number is too large; {_INTEGER_RANGE}")) from fault
    if problems := tuple(_find_large_integers(document, "")):
        raise TomlRejected(*problems)
    return document


def _describe_syntax(message: str) -> tuple[str, str]:
    at = _AT_LINE.fullmatch(message)
    place, finding = (at["place"], at["finding"]) if at else ("", message)
    if finding.startswith("Cannot "):  # overwrite, declare twice, mutate: one name for two things
        remedy = "give each key once per table, and begin every table of a list with double brackets: [[space]]"
        return place, f"a key or a table is given twice; {remedy}"
    return place, f"{finding[:1].lower()}{finding[1:]}; write it as TOML: key = value, text in quotes"


def _find_large_integers(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Find integers outside the range of TOML: they cannot be converted to a float, or even to text."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _find_large_integers(one, f"{place}, {key}" if place else key)
    elif isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _find_large_integers(one, f"{place} number {number}")
    elif isinstance(value, int) and not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        yield place, f"the number is too large; {_INTEGER_RANGE}"
