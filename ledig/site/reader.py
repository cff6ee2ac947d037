"""Reads TOML tables into frozen dataclasses, and gathers every fault on the way.

In:    a table as `tomllib` gives it, the dataclass it is to become, and where it stands in the file.
Out:   the value, or None after a fault; all faults, each with its place, the finding and the remedy.
Never: files, what a setting means. A value out of bounds is refused by its own dataclass.
"""

import difflib
import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

_T = TypeVar("_T")

Table = Mapping[str, Any]


class Faults:
    """What was found wrong with one file, in the order of the file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._texts: dict[str, None] = {}

    def add(self, place: str, finding: str) -> None:
        """Note one fault; `finding` ends with its remedy where the finding alone does not tell it."""
        where = f"{self._file}, {place}" if place else self._file
        self._texts[f"{where}: {finding}"] = None  # the same fault twice helps nobody

    def texts(self) -> tuple[str, ...]:
        """Every fault so far."""
        return tuple(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


class _Unfit(ValueError):
    """A value has the wrong type; the text says what it must be."""


MOST_LISTED = 30
"""A list of known words in a fault names no more."""
MOST_COMPARED = 200
"""Among more words no nearest one is searched for: each fault of a large file would compare with all of them."""


def nearest(word: str, known: Collection[str]) -> str:
    """`; did you mean "pressure"?` if a known word is near, else nothing."""
    if len(known) > MOST_COMPARED:
        return ""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def one_of(what: str, word: str, known: Collection[str]) -> str:
    """The finding that `word` is none of the known words, with all of them and the nearest."""
    return f'no {what} "{word}"; known {what}s: {_listed(frozenset(known))}{nearest(word, known)}'


@lru_cache(maxsize=64)
def _listed(known: frozenset[str]) -> str:
    words = sorted(known)
    if len(words) > MOST_LISTED:
        return f"{', '.join(words[:MOST_LISTED])} and {len(words) - MOST_LISTED} more"
    return ", ".join(words) or "none"


class Reader:
    """Reads tables of one file. Relative paths count from `base`."""

    def __init__(self, faults: Faults, base: Path) -> None:
        self.faults = faults
        self._base = base

    def table(self, parent: Table, key: str) -> Table:
        """The table `[key]`; empty if it is missing or, after a fault, no table."""
        found = parent.get(key, {})
        if isinstance(found, dict):
            return found
        self.faults.add(key, f"found {_shown(found)}; write it as a table: [{key}]")
        return {}

    def tables(self, parent: Table, key: str, path: str = "") -> list[Table]:
        """The tables `[[key]]`; what is no table is a fault and left out."""
        found = parent.get(key, [])
        place = path or key
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            self.faults.add(place, f"found {_shown(found)}; write each as a table of its own: [[{place}]]")
            return []
        return found

    def refuse_unknown(self, table: Table, known: Collection[str], place: str) -> None:
        """A fault for each key that is not known: a key left unread would be a setting that does nothing."""
        for key in table:
            if key not in known:
                listed = ", ".join(sorted(known))
                self.faults.add(place, f'no setting "{key}"; known settings: {listed}{nearest(key, known)}')

    def build(  # noqa: PLR0913 - four of them are the exceptions to "key is field"
        self,
        kind: type[_T],
        table: Table,
        place: str,
        *,
        given: Table | None = None,
        beside: Collection[str] = (),
        renamed: Mapping[str, str] | None = None,
    ) -> _T | None:
        """Make a `kind` of a table.

        Args:
            kind: a frozen dataclass.
            table: keys as in the file.
            place: what the faults name, say `space "desk-14"`.
            given: fields that the file does not set, with their values.
            beside: keys of the table that are read elsewhere.
            renamed: fields that have another key in the file.

        Returns:
            The value; None if there was a fault.
        """
        given = given or {}
        keys = {field.name: (renamed or {}).get(field.name, field.name) for field in settable(kind, given)}
        before = len(self.faults)
        self.refuse_unknown(table, {*keys.values(), *beside}, place)
        known = len(self.faults)
        hints = _hints(kind)  # type: ignore[arg-type] # every class is hashable
        values = dict(given)
        for field in settable(kind, given):
            key = keys[field.name]
            if key in table:
                try:
                    values[field.name] = self._converted(table[key], hints[field.name])
                except _Unfit as unfit:
                    self.faults.add(place, f"{key} is {_shown(table[key])}; {unfit}")
            elif field.default is MISSING and field.default_factory is MISSING:
                self.faults.add(place, f"{key} is missing; give it: {key} = {_example(hints[field.name])}")
        if len(self.faults) > known:
            return None
        made = self._made(kind, values, place)
        return made if len(self.faults) == before else None

    def _made(self, kind: type[_T], values: dict[str, Any], place: str) -> _T | None:
        """The dataclass, judged by its own bounds; a value that it names first is put aside, to find the next fault."""
        usual = {field.name for field in settable(kind) if field.default is not MISSING}
        while True:
            try:
                return kind(**values)
            except ValueError as refused:
                self.faults.add(place, str(refused))
                named = str(refused).split(" ", 1)[0]
                if named not in usual or values.pop(named, None) is None:
                    return None

    def _converted(self, value: Any, hint: Any) -> Any:
        """The value as the field's type wants it; raises _Unfit."""
        origin, inner = get_origin(hint), get_args(hint)
        if origin is types.UnionType:  # `int | None`: None is said by leaving the key out
            return self._converted(value, next(arm for arm in inner if arm is not types.NoneType))
        if origin in {tuple, frozenset}:
            if not isinstance(value, list):
                raise _Unfit(f"it must be a list: [{_example(inner[0])}]")
            return origin(self._converted(item, inner[0]) for item in value)
        if origin is dict:
            if not isinstance(value, dict):
                raise _Unfit(f"it must be a table: {{ name = {_example(inner[1])} }}")
            return {key: self._converted(item, inner[1]) for key, item in value.items()}
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return _word(value, hint)
        if hint is Path and isinstance(value, str) and value:
            if value.startswith(("~", "$")):
                raise _Unfit("it must be the whole path: ~ and variables are not expanded")
            return self._base / value
        plain = _PLAIN.get(hint)
        if plain is None or not plain(value):
            raise _Unfit(f"it must be {_KINDS[hint]}")
        return float(value) if hint is float else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def settable(kind: type, given: Collection[str] = ()) -> list[Field[Any]]:
    """The fields of a dataclass that a file may set."""
    return [field for field in fields(kind) if field.init and field.name not in given]


_PLAIN: dict[Any, Callable[[Any], bool]] = {
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and not isinstance(value, bool),
    float: lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")  # nor NaN
    ),
    str: lambda value: isinstance(value, str),
}
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: 'text in quotes, such as "pi-1"',
    Path: 'a path in quotes, such as "/var/lib/ledig"',
}


def _word(value: Any, words: type[StrEnum]) -> StrEnum:
    known = [str(word) for word in words]
    if value in known:
        return words(value)
    hint = nearest(value, known) if isinstance(value, str) else ""
    raise _Unfit(f"it must be one of: {', '.join(known)}{hint}")


def _shown(value: Any) -> str:
    """A value as the file writes it, near enough to be found there."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return str(value)


def _example(hint: Any) -> str:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return f'"{next(iter(hint))}"'
    return {bool: "true", int: "1", float: "1.0", Path: '"/path"'}.get(hint, '"..."')
