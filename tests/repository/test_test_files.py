"""Tests share code through tests/support alone, and name the columns that they write."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support.servers import ROOT

POSITIONAL_INSERT = re.compile(
    r"\b(?:insert|replace)\s+(?:or\s+\w+\s+)?into\s+\"?\w+\"?\s+(?:values|select)\b", re.IGNORECASE
)
"""An INSERT without a list of columns: swapping two columns of the table would store each in the other."""


def imported_test_files(source: str) -> Iterator[str]:
    """Yield the modules of tests outside tests/support that a source imports."""
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.startswith("tests.") and not name.startswith("tests.support."))


def positional_inserts(source: str) -> Iterator[str]:
    """Yield the statements of a source that insert by the position of columns."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and POSITIONAL_INSERT.search(node.value):
            yield node.value


def test_no_test_imports_a_test_or_a_conftest() -> None:
    found = [
        f"{path.relative_to(ROOT)}: move {name} to a module of tests/support"
        for folder in ("tests", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in imported_test_files(path.read_text())
    ]
    assert found == []


def test_no_test_inserts_by_the_position_of_columns() -> None:
    found = [
        f"{path.relative_to(ROOT)}: name the columns: {statement}"
        for folder in ("tests", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "test_test_files.py"
        for statement in positional_inserts(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("INSERT INTO kind VALUES (?, ?)", True),
        ("insert or replace into kind values (1, 'motion')", True),
        ("REPLACE INTO kind VALUES (1, 'motion')", True),
        ("INSERT INTO kind SELECT no, kind FROM other", True),
        ("INSERT INTO kind (no, kind) VALUES (?, ?)", False),
    ],
)
def test_positional_inserts_are_found(statement: str, found: bool) -> None:
    assert list(positional_inserts(f"db.execute({statement!r})")) == ([statement] if found else [])


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("from tests.edge.test_lamp import LAMP", ["tests.edge.test_lamp.LAMP"]),
        ("from tests.conftest import broker", ["tests.conftest.broker"]),
        ("import tests.edge.conftest", ["tests.edge.conftest"]),
        ("from tests.support.servers import ROOT", []),
        ("from tests.support import servers", []),
    ],
)
def test_imports_of_tests_are_found(statement: str, found: list[str]) -> None:
    assert list(imported_test_files(statement)) == found
