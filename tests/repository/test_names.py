"""Names: a class or constant has one definition, no identifier uses a forbidden word, most functions say what they do.

The rules are in CONTRIBUTING.md.
"""

import ast
import importlib
import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest

from tests.support.servers import ROOT

CODE = ("edge", "collector", "dashboard", "ledig")
FOLDERS = (*CODE, "tests", "bench")
FORBIDDEN = {
    "tell",
    "tells",
    "told",
    "telling",
    "say",
    "says",
    "said",
    "saying",
    "hear",
    "hears",
    "heard",
    "hearing",
} | {"obey", "voice", "voices", "letter", "letters", "postman", "house"}
"""Machines do not speak: they publish, report, receive and store. A program is not a household."""
LIBRARY_NAMES = frozenset({"tell"})
"""Names of the standard library: a stream has `tell`."""
MOST_ONE_WORD_NAMES = 0.6
"""`decode` and `append` are good names; `take`, `made` and `given` are not. More than this share means vague names."""
MOST_FILES = 16
"""More modules than this in one folder hide two themes."""


def python_files(folders: tuple[str, ...]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def split_name(name: str) -> list[str]:
    """The words of an identifier: `SensorMonitor` and `sensor_monitor` have the same two."""
    return [word.lower() for word in re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).split("_") if word]


def identifiers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node.lineno
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.keyword(arg=str(name)):
                yield name, node.lineno


def functions(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("__"):
            yield node.name


def test_a_class_name_is_unique_in_the_repository() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in python_files(FOLDERS):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_identifier_uses_a_forbidden_word(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in python_files((folder,))
        for name, line in identifiers(ast.parse(path.read_text()))
        if FORBIDDEN.intersection(split_name(name)) and name not in LIBRARY_NAMES
    ]
    assert found == []


def test_most_function_names_have_more_than_one_word() -> None:
    names = [name for path in python_files(CODE) for name in functions(ast.parse(path.read_text()))]
    one_word = [name for name in names if len(split_name(name)) == 1]
    assert len(one_word) / len(names) <= MOST_ONE_WORD_NAMES


def test_a_folder_has_one_theme() -> None:
    folders = {path.parent for path in python_files(CODE)}
    crowded = {
        str(folder.relative_to(ROOT)): count
        for folder in folders
        if (count := sum(1 for path in folder.glob("*.py") if path.name != "__init__.py")) > MOST_FILES
    }
    assert crowded == {}


def test_a_package_file_holds_only_its_docstring_and_re_exports() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in python_files(CODE)
        if path.name == "__init__.py"
        for node in ast.parse(path.read_text()).body
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    ]
    assert found == []


NOT_VALUES = (logging.Logger, TypeVar, ModuleType)
"""Every module has its own logger, and a type variable has no value."""


def iterate_constants(folders: tuple[str, ...]) -> Iterator[tuple[str, str, object]]:
    """Yield the module, name and value of each constant that a module defines itself."""
    for path in python_files(folders):
        if path.stem == "__main__":
            continue
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text()).body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    yield module, name, getattr(importlib.import_module(module), name)


def test_a_constant_is_defined_in_one_module() -> None:
    """Two constants with one name and one value are one fact; with one name and two values they are two facts."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for module, name, value in iterate_constants(CODE):
        if name != "__all__" and not isinstance(value, NOT_VALUES):
            places[name.lstrip("_"), repr(value)].append(module)
    assert {key: modules for key, modules in places.items() if len(modules) > 1} == {}
