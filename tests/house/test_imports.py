"""Imports run upstream only, and each package does with the libraries of its own extra."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.servers import ROOT
from tests.support.extras import importable

OURS = ("edge", "collector", "dashboard", "ledig")
CONTRACT = (
    "edge.message",
    "edge.topics",
    "edge.broker",
    "edge.hosts",
    "edge.rivalry",
    "edge.subscriptions",
    "edge.clock",
    "edge.sqlite_transaction",
    "edge.sqlite_check",
    "edge.file_access",
    "edge.supervision",
)
"""What every package may import: the wire, the way to the broker, how a file is used (docs/decisions/0003), the
machine's clocks (0030), and how a process ends with its threads (0027)."""
MAY_IMPORT = {
    "edge": ("edge",),
    "collector": ("collector", *CONTRACT),
    "dashboard": ("dashboard", "collector", *CONTRACT),
    "ledig": OURS,
}
EXTRA = {"edge": "edge", "collector": "collector", "dashboard": "dashboard", "ledig": "up"}
"""The extra of pyproject.toml that brings what a package imports."""

NOT_IMPORTED = {"libfaketime", "ledig", "tzdata", "lgpio", "mypy", "ruff", "setuptools", "types-gevent", "uv"}
"""Tools, data, and the driver that gpiozero opens by itself on a Pi."""

WALLED = """
import importlib, sys
hidden = set(sys.argv[1].split(","))
class Wall:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in hidden:
            raise ModuleNotFoundError(f"No module named {top!r}", name=top)
sys.meta_path.insert(0, Wall())
for name in sys.argv[2:]:
    importlib.import_module(name)
"""


def modules_of(package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports_of(module: str, path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or later; `from a import b` names `a.b` where that is a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports say the whole name, as in `from {module} import ...`"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                inside = ROOT.joinpath(*whole.split("."))
                yield whole if inside.with_suffix(".py").exists() or inside.is_dir() else str(node.module)


def within(module: str, allowed: tuple[str, ...]) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in allowed)


@pytest.mark.parametrize("package", OURS)
def test_imports_run_upstream_only(package: str) -> None:
    against = [
        f"{module} imports {found}"
        for module, path in modules_of(package)
        for found in imports_of(module, path)
        if within(found, OURS) and not within(found, MAY_IMPORT[package])
    ]
    assert against == []


@pytest.mark.parametrize("package", OURS)
def test_a_package_names_in_its_extra_what_it_imports(package: str) -> None:
    known = importable(EXTRA[package]) | set(sys.stdlib_module_names) | set(OURS)
    against = [
        f"{module} imports {found}"
        for module, path in modules_of(package)
        for found in imports_of(module, path)
        if found.partition(".")[0] not in known and found.partition(".")[0] != "lgpio"
    ]
    assert against == []


@pytest.mark.parametrize("package", ["edge", "collector", "dashboard"])
def test_a_package_can_be_imported_where_only_its_extra_is_installed(package: str) -> None:
    allowed = importable(EXTRA[package]) | {one.partition(".")[0] for one in MAY_IMPORT[package]}
    ran = walled(allowed, [module for module, _ in modules_of(package)])
    assert ran.returncode == 0, ran.stderr


def test_the_command_can_be_imported_where_no_extra_is_installed() -> None:
    ran = walled(importable("none") | set(OURS), ["ledig.__main__"])
    assert ran.returncode == 0, ran.stderr


def test_no_library_is_installed_that_nobody_imports() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [
        line for extra in ([project["dependencies"], *project["optional-dependencies"].values()]) for line in extra
    ]
    named = {canonicalize_name(Requirement(line).name) for line in lines} - NOT_IMPORTED
    ours = [path for folder in (*OURS, "tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    imported = {found.partition(".")[0] for path in ours for found in imports_of(path.stem, path)}
    homes = packages_distributions()
    used = {canonicalize_name(home) for module in imported for home in homes.get(module, [])}
    assert named - used == set()


def test_a_pi_gets_no_web_server_and_no_database_client() -> None:
    assert not importable("edge") & {"flask", "gevent", "plotly", "influxdb_client", "holidays", "amqtt"}


def walled(allowed: frozenset[str] | set[str], modules: list[str]) -> subprocess.CompletedProcess[str]:
    """Import modules in a fresh Python that finds the standard library and `allowed`, and nothing else."""
    hidden = {*packages_distributions(), *OURS} - allowed
    command = [sys.executable, "-c", WALLED, ",".join(sorted(hidden)), *modules]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


FIRST = """
import importlib, sys
for name in sys.argv[2:]:
    for known in [known for known in sys.modules if known.split(".")[0] == sys.argv[1]]:
        del sys.modules[known]
    importlib.import_module(name)
"""


@pytest.mark.parametrize("package", OURS)
def test_every_module_can_be_the_first_that_is_imported(package: str) -> None:
    """No two modules wait for each other."""
    names = [name for name, _ in modules_of(package) if not name.endswith("__main__")]
    done = subprocess.run(
        [sys.executable, "-c", FIRST, package, *names], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
