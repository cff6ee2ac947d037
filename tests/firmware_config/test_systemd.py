"""The shipped services start what there is, and can do little else."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ledig.__main__ import cli
from tests.servers import ROOT

UNITS = sorted((ROOT / "firmware-config" / "systemd").glob("*.service"))
EXPOSURE = 20
"""In tenths: a unit without any of it scores 96."""


def section(unit: Path, name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys keep their case
    parser.read(unit)
    return parser[name]


def test_every_server_of_the_house_has_its_service() -> None:
    assert {unit.name for unit in UNITS} >= {"ledig-collector.service", "ledig-dashboard.service"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_service_is_sandboxed(unit: Path, tmp_path: Path) -> None:
    assert shutil.which("systemd-analyze"), "`make test` installs the package systemd, which has it"
    copied = tmp_path / unit.name.replace("@", "@pi-1")
    shutil.copy(unit, copied)
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", copied]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_service_may_ask_whether_its_clock_is_right(unit: Path) -> None:
    """A clock is trusted if the kernel confirms it; elapsed time belongs to one start of the machine, in /proc/sys."""
    lines = unit.read_text().splitlines()
    assert "SystemCallFilter=adjtimex clock_adjtime" in lines
    assert not {"ProtectClock=yes", "ProcSubset=pid"} & set(lines)
    assert "CapabilityBoundingSet=" in lines, "it cannot set the clock"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_service_starts_a_command_that_there_is(unit: Path) -> None:
    program, name, *arguments = section(unit, "Service")["ExecStart"].split()
    assert Path(program).name == "ledig"
    cli.commands[name].make_context(name, [re.sub("%[iI]", "pi-1", word) for word in arguments])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_service_is_started_again_for_ever_unless_its_settings_are_wrong(unit: Path) -> None:
    service = section(unit, "Service")
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("always", "2")
    assert section(unit, "Unit")["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_service_that_reports_no_progress_is_started_again(unit: Path) -> None:
    service = section(unit, "Service")
    assert service["Type"] == "notify"
    assert 30 <= int(service["WatchdogSec"].removesuffix("s")) <= 300


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong_with_a_service(unit: Path, tmp_path: Path) -> None:
    copied = tmp_path / unit.name.replace("@", "@pi-1")
    copied.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text()))
    ran = subprocess.run(["systemd-analyze", "verify", "--man=no", copied], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
