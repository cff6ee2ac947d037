"""The id of a test is the same in every run.

pytest-xdist compares the ids that its processes collect, each with another hash seed; this test names the culprit.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.support.servers import ROOT


def is_unordered(node: ast.expr, assigned: dict[str, ast.expr]) -> bool:
    """Return whether iterating over the expression gives an order that depends on the hash seed."""
    match node:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Call(func=ast.Name(id="list" | "tuple" | "enumerate" | "zip"), args=sources):
            pass
        case ast.BinOp(left=left, right=right):
            sources = [left, right]
        case ast.Name(id=name) if name in assigned:
            sources = [assigned[name]]
        case ast.ListComp() | ast.GeneratorExp():
            sources = [part.iter for part in node.generators]
        case ast.List(elts=entries) | ast.Tuple(elts=entries):
            sources = [entry.value for entry in entries if isinstance(entry, ast.Starred)]
        case _:
            return False
    return any(is_unordered(source, assigned) for source in sources)


def unordered_parameters(source: str) -> Iterator[int]:
    """Yield the line of each parametrization whose values have no stable order."""
    tree = ast.parse(source)
    assigned = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "parametrize":
            values = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "argvalues")]
            if any(is_unordered(value, assigned) for value in values):
                yield node.lineno


def test_no_test_has_parameters_without_a_stable_order() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: wrap the values in sorted()"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for line in unordered_parameters(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ("{1, 2}", True),
        ("set(KINDS) - {1}", True),
        ("[*frozenset(KINDS)]", True),
        ("[(kind, 1) for kind in {1, 2}]", True),
        ("OTHERS", True),
        ("list(OTHERS)", True),
        ("sorted({1, 2})", False),
        ("[{1, 2}, set()]", False),
        ("KINDS", False),
    ],
)
def test_unordered_parameters_are_found(values: str, found: bool) -> None:
    source = f"OTHERS = {{1, 2}}\nKINDS = (1, 2)\n@pytest.mark.parametrize('kind', {values})\ndef test(): ...\n"
    assert list(unordered_parameters(source)) == ([3] if found else [])
