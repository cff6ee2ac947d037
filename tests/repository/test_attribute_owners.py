"""An attribute is assigned in the file of its class, or on an object that the same function creates.

The rule needs no types: a name counts as an attribute of the classes that declare or assign it. So an attribute of a
library's object, such as paho's `on_connect`, is flagged only if one of our classes in another file has the same name.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.support.servers import ROOT

OURS = ("edge", "collector", "dashboard", "ledig")
LIBRARY_OBJECTS = {
    "logger": "a logger of the standard library",
    "record": "a log record of the standard library",
    "console": "a console of rich",
    "g": "flask's values of one request",
    "self._shared": "a number in memory that processes share (multiprocessing)",
}
"""Names of objects of libraries whose attributes have the name of one of ours."""


def read_trees() -> dict[str, ast.Module]:
    paths = [path for package in OURS for path in sorted((ROOT / package).rglob("*.py"))]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in paths}


def iter_targets(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what a statement assigns or deletes, without tuples, lists and stars around it."""
    match node:
        case ast.Assign(targets=found) | ast.Delete(targets=found):
            waiting = list(found)
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target) | ast.For(target=target):
            waiting = [target]
        case ast.With(items=items):
            waiting = [item.optional_vars for item in items if item.optional_vars]
        case ast.NamedExpr(target=target):
            waiting = [target]
        case _:
            waiting = []
    while waiting:
        match waiting.pop():
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                waiting += parts
            case ast.Starred(value=part):
                waiting.append(part)
            case target:
                yield target


def is_own(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id in {"self", "cls"}


def declared_attributes(tree: ast.Module) -> set[str]:
    """Every name in the body of a class, and every name assigned on `self`."""
    names: set[str] = set()
    for cls in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        for node in cls.body:
            names |= {target.id for target in iter_targets(node) if isinstance(target, ast.Name)}
            names |= {node.name} if isinstance(node, ast.FunctionDef) else set()
        for node in ast.walk(cls):
            names |= {one.attr for one in iter_targets(node) if isinstance(one, ast.Attribute) and is_own(one.value)}
    return names


def created_names(function: ast.AST) -> set[str]:
    """Names that a function assigns from calls of classes: `x = Made(...)`."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if ast.unparse(node.value.func).rpartition(".")[2].lstrip("_")[:1].isupper()
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def foreign_assignments(trees: dict[str, ast.Module]) -> list[str]:
    """Return each assignment to an attribute that only classes of other files have, as `file: target`."""
    declared = {path: declared_attributes(tree) for path, tree in trees.items()}
    found: list[str] = []

    def visit(path: str, node: ast.AST, created: set[str]) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            created = created | created_names(node)
        for target in iter_targets(node):
            if not isinstance(target, ast.Attribute) or is_own(target.value) or target.attr in declared[path]:
                continue
            owner = ast.unparse(target.value)
            is_ours = any(target.attr in names for other, names in declared.items() if other != path)
            if is_ours and owner not in created | LIBRARY_OBJECTS.keys():
                found.append(f"{path}: {ast.unparse(target)}")
        for child in ast.iter_child_nodes(node):
            visit(path, child, created)

    for path, tree in trees.items():
        visit(path, tree, set())
    return found


def test_no_attribute_is_assigned_outside_the_file_of_its_class() -> None:
    assert foreign_assignments(read_trees()) == []


@pytest.mark.parametrize(
    ("elsewhere", "found"),
    [
        ("def configure(lamp):\n    lamp.colour = 1", ["b.py: lamp.colour"]),
        ("def configure(lamp):\n    lamp.size, lamp.count = 1, 2", ["b.py: lamp.count", "b.py: lamp.size"]),
        ("class Room:\n    def dim(self):\n        self._lamp.colour += 1", ["b.py: self._lamp.colour"]),
        ("def configure(lamp):\n    del lamp.publish", ["b.py: lamp.publish"]),
        ("def create():\n    lamp = a.Lamp()\n    lamp.colour = 1", []),
        ("def configure():\n    lamp = find_lamp()\n    lamp.colour = 1", ["b.py: lamp.colour"]),
        ("class Room:\n    def __init__(self):\n        self.colour = 1", []),
        ("class Wall:\n    colour: int\ndef paint(wall):\n    wall.colour = 1", []),
        ("def connect(client):\n    client.on_connect = print", []),
    ],
)
def test_rule_flags_attributes_of_classes_of_other_files(elsewhere: str, found: list[str]) -> None:
    lamp = "class Lamp:\n    size = 1\n    count: int = 1\n    def publish(self): ...\n"
    owner = f"{lamp}    def __init__(self):\n        self.colour = 0\n"
    assert sorted(foreign_assignments({"a.py": ast.parse(owner), "b.py": ast.parse(elsewhere)})) == found
