"""Measures the coverage of each package by the tests, and compares it with tests/coverage_floors.toml.

In:    arguments for pytest; none: every test that needs neither a browser nor installed packages.
Out:   a table of measured coverage beside its floor; exit status 1 if a test fails or a package is below its floor.
Never: the floors themselves; they change by hand, with the reason in the commit.

Coverage is the share of statements and branches that ran, in the tests and in the processes that they start.
"""

import ast
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.servers import ROOT

FLOORS_FILE: Final = ROOT / "tests/coverage_floors.toml"
PACKAGES: Final = ("edge", "collector", "dashboard", "ledig")
PARALLEL: Final = ("-n", "3", "--dist", "loadfile")
SELECTED: Final = (
    *PARALLEL,
    "-m",
    "not chaos and not browser",
    "--ignore=tests/installed",
    "--ignore=tests/repository",
)


def find_package(file: str) -> str:
    """The second-level package of a source file, or the first-level package for a file directly in it."""
    return "/".join(Path(file).parts[:-1][:2])


def list_packages() -> set[str]:
    """Every package of the repository with a statement besides the docstring of its `__init__.py`."""
    return {
        find_package(str(path.relative_to(ROOT)))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if len(ast.parse(path.read_text()).body) > 1
    }


def read_floors() -> dict[str, int]:
    """The floor of each package, in per cent."""
    return {str(name): int(floor) for name, floor in tomllib.loads(FLOORS_FILE.read_text())["floors"].items()}


def compute_shares(report: Mapping[str, Any]) -> dict[str, float]:
    """The coverage of each package in per cent, from the JSON report of coverage.py."""
    covered, total = defaultdict[str, int](int), defaultdict[str, int](int)
    for file, content in report["files"].items():
        summary, package = content["summary"], find_package(file)
        covered[package] += summary["covered_lines"] + summary["covered_branches"]
        total[package] += summary["num_statements"] + summary["num_branches"]
    return {package: 100 * covered[package] / count for package, count in sorted(total.items()) if count}


def find_low_packages(shares: Mapping[str, float], floors: Mapping[str, int]) -> list[str]:
    """The packages below their floor, or without one."""
    return [package for package, share in shares.items() if share < floors.get(package, 101)]


def measure_shares(arguments: list[str]) -> tuple[int, dict[str, float]]:
    """Run the tests under coverage.py; return pytest's exit status, and the coverage of each package."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "COVERAGE_FILE": f"{folder}/data"}
        coverage = (sys.executable, "-m", "coverage")
        tests = subprocess.run([*coverage, "run", "-m", "pytest", *arguments], cwd=ROOT, env=environment, check=False)
        subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, env=environment, check=True)
        report = f"{folder}/report.json"
        subprocess.run([*coverage, "json", "--quiet", "-o", report], cwd=ROOT, env=environment, check=True)
        return tests.returncode, compute_shares(json.loads(Path(report).read_text()))


def main() -> int:
    """Measure, print, compare; with arguments for pytest nothing is compared, because only a part is measured."""
    arguments = sys.argv[1:]
    status, shares = measure_shares(arguments or list(SELECTED))
    floors = read_floors()
    for package, share in shares.items():
        print(f"{package:28} {share:6.1f} %   floor {floors.get(package, '-'):>3}")  # noqa: T201 - a command
    if arguments:
        return status
    low = find_low_packages(shares, floors)
    for package in low:
        print(f"{package}: below its floor in {FLOORS_FILE.relative_to(ROOT)}")  # noqa: T201 - a command
    return 1 if low else status


if __name__ == "__main__":
    sys.exit(main())
