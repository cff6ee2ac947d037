"""SQL is written only by the owners of the files, and names the columns that it writes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.servers import ROOT

OWNERS = (
    "collector/store",  # the journal
    "collector/history",  # its history tables
    "collector/sqlite_files",  # pragmas and checks of any file
    "edge/outbox",
    "edge/process",  # transactions and checks of any file
    "dashboard/accounts",
)
STATEMENT = re.compile(
    r"^\s*(SELECT\s|INSERT\s+(OR\s|INTO\s)|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|REPLACE\s+INTO\s|CREATE\s+(TABLE|INDEX)\s"
    r"|ALTER\s+TABLE\s|DROP\s+(TABLE|INDEX)\s|PRAGMA\s|VACUUM\b|BEGIN\b|COMMIT\b|ROLLBACK\b)"
)
POSITIONAL_INSERT = re.compile(
    r"\b(?:insert|replace)\s+(?:or\s+\w+\s+)?into\s+[\"\w]+\s+(?:values|select|default)\b", re.IGNORECASE
)
"""An INSERT without a list of columns: swapping two columns of the table would store each in the other."""


def is_owner(path: Path) -> bool:
    return any(path.is_relative_to(ROOT / owner) for owner in OWNERS)


def iter_files() -> Iterator[Path]:
    for package in ("edge", "collector", "dashboard", "ledig"):
        yield from sorted((ROOT / package).rglob("*.py"))


def iter_statements(path: Path) -> Iterator[tuple[int, str]]:
    """Every text that begins like an SQL statement, with its line; docstrings begin otherwise."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.match(node.value):
            yield node.lineno, node.value


def iter_positional_inserts(source: str) -> Iterator[str]:
    """Yield the texts of a source that insert by the position of columns; `x` is a part that is computed."""
    for node in ast.walk(ast.parse(source)):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        constants = [part.value if isinstance(part, ast.Constant) else "x" for part in parts]
        text = "".join(value for value in constants if isinstance(value, str))
        if POSITIONAL_INSERT.search(text):
            yield text


def test_only_the_owners_of_the_files_write_sql() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {statement[:50]}"
        for path in iter_files()
        if not is_owner(path)
        for line, statement in iter_statements(path)
    ]
    assert not found, "move these statements to the owner of the file:\n" + "\n".join(found)


def test_the_pattern_finds_the_statements_of_every_owner() -> None:
    seen = dict.fromkeys(OWNERS, 0)
    for path in iter_files():
        for owner in OWNERS:
            if path.is_relative_to(ROOT / owner):
                seen[owner] += len(list(iter_statements(path)))
    assert all(seen.values()), seen


def test_no_object_gives_its_connection_to_a_file_away() -> None:
    """A public attribute would let any caller write SQL, or commit in the middle of a transaction."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in iter_files()
        if "sqlite3" in path.read_text()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and node.attr in {"connection", "db", "cursor"}
    ]
    assert not found, f"use a name that begins with _: {', '.join(found)}"


def test_every_insert_names_its_columns() -> None:
    found = [
        f"{path.relative_to(ROOT)}: name the columns: {statement}"
        for folder in ("edge", "collector", "dashboard", "ledig", "tests", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__)
        for statement in iter_positional_inserts(path.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("expression", "is_found"),
    [
        ("'INSERT INTO kind VALUES (?, ?)'", True),
        ("'insert or replace into kind values (1, 2)'", True),
        ("'REPLACE INTO kind VALUES (1, 2)'", True),
        ("'INSERT INTO kind SELECT no, kind FROM other'", True),
        ("f'INSERT INTO {table} VALUES ({marks})'", True),
        ("'INSERT INTO kind (no, kind) VALUES (?, ?)'", False),
        ("f'INSERT INTO {table} ({columns}) VALUES ({marks})'", False),
    ],
)
def test_positional_inserts_are_found(expression: str, is_found: bool) -> None:
    assert any(iter_positional_inserts(f"db.execute({expression})")) == is_found
