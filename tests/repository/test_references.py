"""Documents and docstrings refer only to files, tests and parameters that exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.servers import ROOT

FOLDERS = ("edge", "collector", "dashboard", "ledig", "tests", "bench")
TOP_LEVEL = (*FOLDERS, "docs", "firmware-config", "requirements")
GUIDES = ROOT / "docs" / "adding"
SUFFIXES = ("py", "md", "toml", "js", "css", "html", "json", "acl", "conf", "service")
PATH = re.compile(rf"(?<![\w/.:<-])(?:{'|'.join(TOP_LEVEL)})(?:/[\w.@-]+)+\.(?:{'|'.join(SUFFIXES)})\b")
"""A file of the repository, named from its root. Files below another root, such as `/etc/ledig`, do not match."""


def texts(*suffixes: str) -> Iterator[Path]:
    """The files with these suffixes, without those that other versions wrote."""
    yield from (path for path in sorted(ROOT.iterdir()) if path.suffix in suffixes)
    for folder in TOP_LEVEL:
        paths = (path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in suffixes)
        yield from (path for path in paths if "stored_data" not in path.parts and "node_modules" not in path.parts)


def documented_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    """The names under `Args:` in the docstring of a function."""
    section = re.search(r"^Args:\n((?:[ ]+.*\n?)+)", ast.get_docstring(node) or "", re.MULTILINE)
    for names in re.findall(r"^ {4}(\*{0,2}\w+(?:, \*{0,2}\w+)*):", section[1] if section else "", re.MULTILINE):
        yield from (name.strip("*") for name in names.split(", "))


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    spec = node.args
    named = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, (spec.vararg, spec.kwarg))]
    return {argument.arg for argument in named}


def test_a_link_of_a_document_leads_to_a_file() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in texts(".md")
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text())
        if not (path.parent / link).exists()
    ]
    assert broken == []


def test_a_file_that_a_text_names_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in texts(".md", ".py", ".toml", ".html", ".js")
        if path.parent != GUIDES  # their examples name files that the reader creates
        for name in PATH.findall(path.read_text())
        if not (ROOT / name).exists()
    ]
    assert missing == []


def test_a_documented_parameter_exists() -> None:
    unknown = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {name}"
        for path in texts(".py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for name in documented_parameters(node)
        if name not in parameters(node)
    ]
    assert unknown == []


def test_the_index_of_the_guides_names_each() -> None:
    index = (GUIDES / "README.md").read_text()
    missing = [path.name for path in sorted(GUIDES.glob("*.md")) if f"]({path.name})" not in index]
    assert missing == ["README.md"]
