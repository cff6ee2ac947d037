"""Packages import only lower packages, and only libraries of their own extra."""

import ast
import graphlib
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.extras import list_modules
from tests.support.servers import ROOT

OURS = ("edge", "collector", "dashboard", "ledig")
PUBLIC_OF_EDGE = ("edge.contract", "edge.process", "edge.timekeeping.machine_clock", "edge.timekeeping.durations")
"""What every package may import: the wire contract, what every process needs, the machine's clocks, and durations.

See docs/decisions/0003."""
PUBLIC_OF_COLLECTOR = (
    "collector.contract",
    "collector.history",
    "collector.site",
    "collector.configuration",
    "collector.sqlite_files",
    "collector.timekeeping",
    "collector.alerts.active_mutes",
    "collector.alerts.alert_kinds",
    "collector.alerts.alert_texts",
    "collector.text",
)
"""What the dashboard may import. See docs/decisions/0003."""
EDGE_FOR_LEDIG = (
    *PUBLIC_OF_EDGE,
    "edge.agent",
    "edge.configuration",
    "edge.outbox",
    "edge.sensors.distance",
    "edge.sensors.openers",
    "edge.sensors.sensor",
)
"""What `ledig` may import of the agent: it reads its settings, and starts, replays, simulates and checks it."""
MAY_IMPORT = {
    "edge": ("edge",),
    "collector": ("collector", *PUBLIC_OF_EDGE),
    "dashboard": ("dashboard", *PUBLIC_OF_COLLECTOR, *PUBLIC_OF_EDGE),
    "ledig": ("ledig", "dashboard", "collector", *EDGE_FOR_LEDIG),
}
EXTRA = {"edge": "edge", "collector": "collector", "dashboard": "dashboard", "ledig": "up"}
"""The extra of pyproject.toml with the libraries that a package imports."""

NOT_IMPORTED = {
    "coverage",
    "libfaketime",
    "ledig",
    "tzdata",
    "lgpio",
    "mypy",
    "pytest-xdist",
    "ruff",
    "setuptools",
    "types-gevent",
    "uv",
}
"""Tools, data, and the driver that gpiozero loads by itself on a Pi."""

IMPORT_WITH_HIDDEN = """
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


def iter_modules(package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def iter_imports(module: str, path: Path) -> Iterator[str]:
    """Yield every module that a file imports; `from a import b` yields `a.b` if that is a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: use absolute imports, as in `from {module} import ...`"
            for alias in node.names:
                full_name = f"{node.module}.{alias.name}"
                module_path = ROOT.joinpath(*full_name.split("."))
                yield full_name if module_path.with_suffix(".py").exists() or module_path.is_dir() else str(node.module)


def is_within(module: str, allowed: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


@pytest.mark.parametrize("package", OURS)
def test_imports_follow_the_package_order(package: str) -> None:
    violations = [
        f"{module} imports {found}"
        for module, path in iter_modules(package)
        for found in iter_imports(module, path)
        if is_within(found, OURS) and not is_within(found, MAY_IMPORT[package])
    ]
    assert violations == []


def test_every_public_module_is_imported_by_another_package() -> None:
    public = {*PUBLIC_OF_COLLECTOR, *EDGE_FOR_LEDIG}
    imported = {
        (package, found)
        for package in OURS
        for module, path in iter_modules(package)
        for found in iter_imports(module, path)
    }
    used = {
        name
        for name in public
        for package, found in imported
        if is_within(found, (name,)) and not is_within(name, (package,))
    }
    assert public - used == set()


@pytest.mark.parametrize("package", OURS)
def test_extra_of_a_package_contains_everything_it_imports(package: str) -> None:
    allowed = list_modules(EXTRA[package]) | set(sys.stdlib_module_names) | set(OURS)
    violations = [
        f"{module} imports {found}"
        for module, path in iter_modules(package)
        for found in iter_imports(module, path)
        if found.partition(".")[0] not in allowed and found.partition(".")[0] != "lgpio"
    ]
    assert violations == []


@pytest.mark.parametrize("package", ["edge", "collector", "dashboard"])
def test_package_can_be_imported_with_only_its_extra(package: str) -> None:
    allowed = list_modules(EXTRA[package]) | {name.partition(".")[0] for name in MAY_IMPORT[package]}
    result = import_with_hidden(allowed, [module for module, _ in iter_modules(package)])
    assert result.returncode == 0, result.stderr


def test_command_can_be_imported_without_any_extra() -> None:
    result = import_with_hidden(list_modules("none") | set(OURS), ["ledig.__main__"])
    assert result.returncode == 0, result.stderr


def test_every_installed_library_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [
        line for extra in ([project["dependencies"], *project["optional-dependencies"].values()]) for line in extra
    ]
    declared = {canonicalize_name(Requirement(line).name) for line in lines} - NOT_IMPORTED
    paths = [path for folder in (*OURS, "tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    imported = {found.partition(".")[0] for path in paths for found in iter_imports(path.stem, path)}
    distributions = packages_distributions()
    used = {canonicalize_name(distribution) for module in imported for distribution in distributions.get(module, [])}
    assert declared - used == set()


def test_edge_extra_has_no_web_server_and_no_database_client() -> None:
    assert not list_modules("edge") & {"flask", "gevent", "plotly", "influxdb_client", "holidays", "amqtt"}


def import_with_hidden(allowed: frozenset[str] | set[str], modules: list[str]) -> subprocess.CompletedProcess[str]:
    """Import modules in a new Python process that finds only the standard library and `allowed`."""
    hidden = {*packages_distributions(), *OURS} - allowed
    command = [sys.executable, "-c", IMPORT_WITH_HIDDEN, ",".join(sorted(hidden)), *modules]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


IMPORT_EACH_FIRST = """
import importlib, sys
for name in sys.argv[2:]:
    for known in [known for known in sys.modules if known.split(".")[0] == sys.argv[1]]:
        del sys.modules[known]
    importlib.import_module(name)
"""


@pytest.mark.parametrize("package", OURS)
def test_every_module_can_be_imported_first(package: str) -> None:
    """There are no import cycles."""
    names = [name for name, _ in iter_modules(package) if not name.endswith("__main__")]
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH_FIRST, package, *names],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def dependencies() -> dict[str, set[str]]:
    """Every module of ours with the modules of ours that it imports."""
    modules = {module: path for package in OURS for module, path in iter_modules(package)}
    return {
        module: {found for found in iter_imports(module, path) if found in modules and found != module}
        for module, path in modules.items()
    }


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def test_no_file_imports_itself_through_others() -> None:
    assert cycle_in(dependencies()) == []


def test_no_folder_imports_itself_through_others() -> None:
    packages = {module for package in OURS for module, path in iter_modules(package) if path.name == "__init__.py"}

    def folder_of(module: str) -> str:
        return module if module in packages else module.rpartition(".")[0]

    graph: dict[str, set[str]] = {}
    for module, found in dependencies().items():
        graph.setdefault(folder_of(module), set()).update(folder_of(one) for one in found)
    assert cycle_in({folder: found - {folder} for folder, found in graph.items()}) == []


def test_settings_report_their_problems_as_pairs() -> None:
    """The reader of the site file passes any other error on, because it is a fault of the program."""
    found = [
        f"{module}: {cls.name}"
        for package in OURS
        for module, path in iter_modules(package)
        if "SettingsRejected" in path.read_text() or "configuration" in module
        for cls in ast.parse(path.read_text()).body
        if isinstance(cls, ast.ClassDef)
        for node in ast.walk(cls)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func) == "ValueError"
    ]
    assert found == []
