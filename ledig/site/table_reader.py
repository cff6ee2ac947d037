"""Read TOML tables into frozen dataclasses and collect all faults.

In:    a table from `tomllib`, the target dataclass, the table's place in the file.
Out:   the value, or None after a fault; all faults, each with place, problem and remedy.
Never: files; the meaning of a setting. Each dataclass checks its own bounds; the lengths of texts
       are those of `collector/site/shown_texts.py`.
"""

import difflib
import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields
from datetime import date, time
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from collector.site.shown_texts import MAX_NAME_CHARS, MAX_TEXT_CHARS, is_showable
from edge.contract.settings_rejected import SettingsRejected

_T = TypeVar("_T")

Table = Mapping[str, Any]


class Faults:
    """Faults of one file, in the order of the file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._texts: dict[str, None] = {}

    def add(self, place: str, finding: str) -> None:
        """Add a fault; `finding` ends with the remedy unless that is obvious."""
        where = f"{self._file}, {place}" if place else self._file
        self._texts[f"{where}: {finding}"] = None  # each fault once

    def list_faults(self) -> tuple[str, ...]:
        """Return all faults so far."""
        return tuple(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


class _WrongType(ValueError):
    """A value has the wrong type; the message gives the right one."""


MAX_LISTED = 30
"""Known names listed in a fault at most."""
_TEXT_LENGTHS = {"name": (1, MAX_NAME_CHARS)}
"""Least and most characters of the texts under a key, where they differ from 0 and `MAX_TEXT_CHARS`."""
MAX_QUOTED_CHARS = 80
"""A fault quotes this much of a text."""
MAX_COMPARED = 200
"""With more known names no similar one is searched for: each fault of a large file would compare with all of them."""


def suggest_nearest(name: str, known: Collection[str]) -> str:
    """Return `; did you mean "pressure"?` if a known name is similar, else an empty text."""
    if len(known) > MAX_COMPARED:
        return ""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def describe_unknown(what: str, name: str, known: Collection[str]) -> str:
    """Describe an unknown name, with the known names and the most similar one."""
    return f'no {what} "{name}"; known {what}s: {_format_known(frozenset(known))}{suggest_nearest(name, known)}'


@lru_cache(maxsize=64)
def _format_known(known: frozenset[str]) -> str:
    names = sorted(known)
    if len(names) > MAX_LISTED:
        return f"{', '.join(names[:MAX_LISTED])} and {len(names) - MAX_LISTED} more"
    return ", ".join(names) or "none"


class TableReader:
    """Reads the tables of one file. Relative paths are relative to `base`."""

    def __init__(self, faults: Faults, base: Path) -> None:
        self.faults = faults
        self._base = base

    def get_table(self, parent: Table, key: str) -> Table:
        """Return the table `[key]`; empty if it is missing or, with a fault, not a table."""
        found = parent.get(key, {})
        if isinstance(found, dict):
            return found
        self.faults.add(key, f"found {format_value(found)}; write it as a table: [{key}]")
        return {}

    def get_tables(self, parent: Table, key: str, path: str = "") -> list[Table]:
        """Return the tables `[[key]]`; empty, with a fault, if they are not tables."""
        found = parent.get(key, [])
        place = path or key
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            self.faults.add(place, f"found {format_value(found)}; write each as a table of its own: [[{place}]]")
            return []
        return found

    def reject_unknown(self, table: Table, known: Collection[str], place: str) -> None:
        """Report each unknown key, because it would be a setting without effect."""
        for key in table:
            if key not in known:
                listed = ", ".join(sorted(known))
                self.faults.add(place, f'no setting "{key}"; known settings: {listed}{suggest_nearest(key, known)}')

    def build_value(  # noqa: PLR0913 - three are exceptions to "key equals field"
        self,
        kind: type[_T],
        table: Table,
        place: str,
        *,
        given: Table | None = None,
        beside: Collection[str] = (),
        renamed: Mapping[str, str] | None = None,
    ) -> _T | None:
        """Build a dataclass from a table.

        Args:
            kind: a frozen dataclass.
            table: keys as in the file.
            place: place in the file for faults, such as `space "desk-14"`.
            given: values of fields that the file does not set.
            beside: keys of the table that are read elsewhere.
            renamed: keys of fields that have another name in the file.

        Returns:
            The value; None after a fault.
        """
        given = given or {}
        keys = {field.name: (renamed or {}).get(field.name, field.name) for field in list_settable_fields(kind, given)}
        before = len(self.faults)
        self.reject_unknown(table, {*keys.values(), *beside}, place)
        known = len(self.faults)
        hints = _get_type_hints(kind)  # type: ignore[arg-type] # every class is hashable
        values = dict(given)
        for field in list_settable_fields(kind, given):
            key = keys[field.name]
            if key in table:
                try:
                    values[field.name] = self._convert(table[key], hints[field.name])
                    _check_text(key, values[field.name])
                except _WrongType as wrong_type:
                    self.faults.add(place, f"{key} is {format_value(table[key])}; {wrong_type}")
                    values.pop(field.name, None)
            elif field.default is MISSING and field.default_factory is MISSING:
                self.faults.add(place, f"{key} is missing; give it: {key} = {_format_example(hints[field.name])}")
        if len(self.faults) > known:
            if all(field.name in values or field.default is not MISSING for field in list_settable_fields(kind)):
                self._create(kind, values, keys, place, is_complete=False)  # for its further faults
            return None
        result = self._create(kind, values, keys, place)
        return result if len(self.faults) == before else None

    def _create(
        self, kind: type[_T], values: dict[str, Any], keys: Mapping[str, str], place: str, *, is_complete: bool = True
    ) -> _T | None:
        """Create the dataclass; after an error in an optional field, try again without it to find further ones.

        If a field is left out because it could not be read, faults of several fields are not reported: it may be one.
        """
        optional = {field.name for field in list_settable_fields(kind) if field.default is not MISSING}
        while True:
            try:
                return kind(**values)
            except SettingsRejected as rejected:
                wrong = {field for field, _ in rejected.problems}
                for field, problem in rejected.problems:
                    if field or is_complete:
                        self.faults.add(place, f"{keys.get(field, field)} {problem}".lstrip())
                if not wrong <= optional & values.keys():
                    return None
                values = {name: value for name, value in values.items() if name not in wrong}

    def _convert_item(self, item: Any, hint: Any) -> Any:
        try:
            return self._convert(item, hint)
        except _WrongType as wrong_type:
            raise _WrongType(f"its entry {format_value(item)} is wrong: {wrong_type}") from wrong_type

    def _convert(self, value: Any, hint: Any) -> Any:
        """Convert a TOML value to the field's type; raises _WrongType."""
        origin, inner = get_origin(hint), get_args(hint)
        if origin is types.UnionType:  # `int | None`: None is expressed by leaving the key out
            return self._convert(value, next(arm for arm in inner if arm is not types.NoneType))
        if origin in {tuple, frozenset}:
            if not isinstance(value, list):
                raise _WrongType(f"it must be a list: [{_format_example(inner[0])}]")
            return origin(self._convert_item(item, inner[0]) for item in value)
        if origin is dict:
            if not isinstance(value, dict):
                raise _WrongType(f"it must be a table: {{ name = {_format_example(inner[1])} }}")
            return {key: self._convert(item, inner[1]) for key, item in value.items()}
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return _convert_choice(value, hint)
        if hint is Path and isinstance(value, str) and value:
            return self._base / _check_path(value)
        plain = _PLAIN_CHECKS.get(hint)
        if plain is None or not plain(value):
            in_quotes = hint is str and isinstance(value, int | float | date | time)
            example = f'text in quotes: "{format_value(value)}"' if in_quotes else _TYPE_NAMES[hint]
            raise _WrongType(f"it must be {example}")
        return float(value) if hint is float else value


@cache
def _get_type_hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def list_settable_fields(kind: type, given: Collection[str] = ()) -> list[Field[Any]]:
    """Return the fields of a dataclass that a file may set."""
    return [field for field in fields(kind) if field.init and field.name not in given]


_PLAIN_CHECKS: dict[Any, Callable[[Any], bool]] = {
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")  # nor NaN
    ),
    str: lambda value: isinstance(value, str),
}
_TYPE_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    Path: 'a path in quotes, such as "/var/lib/ledig"',
}


def _check_path(path: str) -> str:
    if "\0" in path:
        raise _WrongType("a path cannot contain the character NUL")
    if path.startswith(("~", "$")):
        raise _WrongType("it must be the whole path: ~ and variables are not expanded")
    return path


def _check_text(key: str, value: Any) -> None:
    """Check that a text can be shown on a page and in a terminal."""
    for text in value if isinstance(value, tuple | frozenset) else (value,):
        if isinstance(text, str) and (problem := find_text_problem(key, text)):
            raise _WrongType(problem)


def find_text_problem(key: str, text: str) -> str | None:
    """Return why a text cannot be the value of a key, such as "it must have 1 to 80 characters"; None if it can."""
    if not is_showable(text):
        return "it must be one line without control characters"
    least, most = _TEXT_LENGTHS.get(key, (0, MAX_TEXT_CHARS))
    if len(text.strip()) < least or len(text) > most:
        return f"it must have {least} to {most} characters"
    return None


def _convert_choice(value: Any, choices: type[StrEnum]) -> StrEnum:
    known = [str(choice) for choice in choices]
    if value in known:
        return choices(value)
    hint = suggest_nearest(value, known) if isinstance(value, str) else ""
    raise _WrongType(f"it must be one of: {', '.join(known)}{hint}")


def format_value(value: Any) -> str:
    """Format a value roughly as in the file, so that it can be found there."""
    if isinstance(value, str):
        return f'"{value[:MAX_QUOTED_CHARS]}..."' if len(value) > MAX_QUOTED_CHARS else f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return str(value)


def _format_example(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return f'"{next(iter(hint))}"'
    return {bool: "true", int: "1", float: "1.0", Path: '"/path"'}.get(hint, '"..."')
