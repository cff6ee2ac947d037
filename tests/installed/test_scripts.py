"""The scripts of `make install`: the Python version, and the system's lgpio on a Raspberry Pi."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support.servers import ROOT

SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
MISSING = "lgpio, which reads the pins, is missing for Python "
REMEDY = ": sudo apt-get install python3-lgpio, then make install-edge again\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A Raspberry Pi: its model file, a system Python with packages, and an empty environment."""
    (tmp_path / "model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    venv.create(tmp_path / "venv", symlinks=True)
    venv.create(tmp_path / "system", symlinks=True)
    return tmp_path


def dist_packages(environment: Path) -> Path:
    return next(environment.glob("lib/python3*/site-packages"))


def install_lgpio(machine: Path, suffix: str = SUFFIX) -> None:
    """Create the files of Raspberry Pi OS's python3-lgpio, and of another package."""
    for name in ("lgpio.py", f"_lgpio{suffix}", "click.py"):
        (dist_packages(machine / "system") / name).touch()


def link_lgpio(machine: Path) -> subprocess.CompletedProcess[str]:
    environment = {"SYSTEM_PYTHON": str(machine / "system/bin/python"), "MODEL": str(machine / "model")}
    command = ["sh", str(ROOT / "requirements/lgpio.sh"), str(machine / "venv")]
    return subprocess.run(command, env=environment | {"PATH": os.environ["PATH"]}, capture_output=True, text=True)  # noqa: PLW1510 - the test checks the status


def test_only_lgpio_of_the_system_is_linked(machine: Path) -> None:
    install_lgpio(machine)
    for _ in range(2):  # `make install-edge` runs it each time
        assert (link_lgpio(machine).returncode, link_lgpio(machine).stderr) == (0, "")
    linked = {path.name: path.resolve() for path in dist_packages(machine / "venv").iterdir()}
    assert set(linked) == {"lgpio.py", f"_lgpio{SUFFIX}"}
    assert all(path.parent == dist_packages(machine / "system").resolve() for path in linked.values())


def test_missing_lgpio_is_reported_in_one_line_with_its_remedy(machine: Path) -> None:
    result = link_lgpio(machine)
    assert result.returncode == 2
    assert result.stderr.startswith(MISSING)
    assert result.stderr.endswith(REMEDY)
    assert result.stderr.count("\n") == 1


def test_lgpio_of_another_python_is_not_linked(machine: Path) -> None:
    install_lgpio(machine, suffix=".cpython-39-aarch64-linux-gnu.so")
    assert link_lgpio(machine).returncode == 2
    assert list(dist_packages(machine / "venv").iterdir()) == []


def test_other_machines_do_not_need_lgpio(machine: Path) -> None:
    (machine / "model").unlink()
    assert (link_lgpio(machine).returncode, link_lgpio(machine).stderr) == (0, "")


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        ("sys.maxsize = 2**31 - 1", "this is a 32-bit system, which Ledig does not support: install a 64-bit"),
        ("sys.version_info = (3, 10)", f"Python {sys.version.split()[0]} is too old: Ledig needs Python 3.11 or newer"),
    ],
)
def test_unsupported_python_is_reported_in_one_line(tmp_path: Path, fact: str, line: str) -> None:
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\n[ "$1" = -c ] || exec {sys.executable} "$@"\nexec {sys.executable} -c "import sys; {fact}; $2"\n'
    )
    python.chmod(0o755)
    environment = tmp_path / "venv"
    command = ["sh", str(ROOT / "requirements/venv.sh"), str(python), str(environment)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert not environment.exists()
