"""The shipped services start existing commands in a sandbox."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ledig.__main__ import cli
from tests.support.servers import ROOT

UNITS = sorted((ROOT / "firmware-config" / "systemd").glob("*.service"))
EXPOSURE = 20
"""Allowed exposure in tenths; a unit without a sandbox scores 96."""


def section(unit: Path, name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys keep their case
    parser.read(unit)
    return parser[name]


def test_collector_and_dashboard_have_a_service() -> None:
    assert {unit.name for unit in UNITS} >= {"ledig-collector.service", "ledig-dashboard.service"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_service_is_sandboxed(unit: Path, tmp_path: Path) -> None:
    assert shutil.which("systemd-analyze"), "`make test` installs the package systemd, which has it"
    copy = tmp_path / unit.name.replace("@", "@pi-1")
    shutil.copy(unit, copy)
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", copy]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_service_may_read_the_state_of_its_clock(unit: Path) -> None:
    """The kernel confirms the clock; the id of the boot is read from /proc/sys."""
    lines = unit.read_text().splitlines()
    assert "SystemCallFilter=adjtimex clock_adjtime" in lines
    assert not {"ProtectClock=yes", "ProcSubset=pid"} & set(lines)
    assert "CapabilityBoundingSet=" in lines, "it cannot set the clock"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_service_starts_an_existing_command(unit: Path) -> None:
    program, name, *arguments = section(unit, "Service")["ExecStart"].split()
    assert Path(program).name == "ledig"
    cli.commands[name].make_context(name, [re.sub("%[iI]", "pi-1", argument) for argument in arguments])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_service_is_restarted_unless_its_settings_are_wrong(unit: Path) -> None:
    service = section(unit, "Service")
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("always", "2")
    assert section(unit, "Unit")["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_service_that_reports_no_progress_is_restarted(unit: Path) -> None:
    service = section(unit, "Service")
    assert service["Type"] == "notify"
    assert 30 <= int(service["WatchdogSec"].removesuffix("s")) <= 300


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_accepts_the_service(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name.replace("@", "@pi-1")
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text()))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
