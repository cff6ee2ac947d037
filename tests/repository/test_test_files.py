"""Tests share code through tests/support alone."""

import ast
from collections.abc import Iterator

import pytest

from tests.support.servers import ROOT


def imported_test_files(source: str) -> Iterator[str]:
    """Yield the modules of tests outside tests/support that a source imports."""
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.startswith("tests.") and not name.startswith("tests.support."))


def test_no_test_imports_a_test_or_a_conftest() -> None:
    found = [
        f"{path.relative_to(ROOT)}: move {name} to a module of tests/support"
        for folder in ("tests", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in imported_test_files(path.read_text())
    ]
    assert found == []


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
