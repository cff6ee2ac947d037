"""Documents and docstrings refer only to files, modules, tests and parameters that exist."""

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

MODULE_FILE = re.compile(r"(?<![\w/.{}*])(?!coverage\.py)[a-z]\w*\.py\b")
"""A module named by its file alone, such as `judge.py`; coverage.py is the name of a library."""
DOTTED_NAME = re.compile(
    rf"(?<![\w/.@-])(?!ledig\.(?:acl|conf|local|example)\b)(?:{'|'.join(FOLDERS)})(?:\.\w+)+(?![\w/-])"
)
"""A module named as in an import, or something in one."""
CONSTANT = re.compile(r"`([a-z_]\w*)\.([A-Z][A-Z0-9_]+)`")
"""A constant with its module, such as `privacy_limits.FEW_COUNT_VALUE`."""


def texts(*suffixes: str) -> Iterator[Path]:
    """The files with these suffixes, without those that other versions wrote."""
    yield from (path for path in sorted(ROOT.iterdir()) if path.suffix in suffixes)
    for folder in TOP_LEVEL:
        paths = (path for path in sorted((ROOT / folder).rglob("*")) if path.suffix in suffixes)
        yield from (path for path in paths if "stored_data" not in path.parts and "node_modules" not in path.parts)


def prose(path: Path) -> str:
    """The text of a document without its code blocks; the docstrings and comments of a module."""
    text = path.read_text()
    if path.suffix == ".md":
        return re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    strings = [
        node.value.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    return "\n".join([*strings, *re.findall(r"(?:^|\s)# (.*)$", text, re.MULTILINE)])


def prose_by_path() -> Iterator[tuple[Path, str]]:
    """The prose of each module, and of each document that describes the present code."""
    yield from ((path, prose(path)) for path in texts(".md", ".py") if path.name != "CHANGELOG.md")


def module_paths() -> list[Path]:
    return [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]


def is_known(name: str) -> bool:
    """Whether a dotted name is a module or a folder, or begins with a module that has the next part."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        path = ROOT.joinpath(*parts[:length])
        if path.with_suffix(".py").is_file():
            return (
                length == len(parts)
                or re.search(rf"\b{parts[length]}\b", path.with_suffix(".py").read_text()) is not None
            )
        if path.is_dir():
            return length == len(parts)
    return False


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


def test_a_module_that_prose_names_by_its_file_exists() -> None:
    names = {path.name for path in module_paths()}
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in prose_by_path()
        for name in MODULE_FILE.findall(text)
        if name not in names
    ]
    assert missing == []


def test_a_module_that_prose_names_by_its_import_exists() -> None:
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in prose_by_path()
        for name in DOTTED_NAME.findall(text)
        if not is_known(name)
    ]
    assert missing == []


def test_a_constant_that_prose_names_with_its_module_is_in_it() -> None:
    content: dict[str, str] = {}
    for path in module_paths():
        content[path.stem] = content.get(path.stem, "") + path.read_text()
    missing = [
        f"{path.relative_to(ROOT)}: {module}.{name}"
        for path, text in prose_by_path()
        for module, name in CONSTANT.findall(text)
        if not re.search(rf"^{name}\b", content.get(module, ""), re.MULTILINE)
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
