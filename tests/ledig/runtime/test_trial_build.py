"""What `ledig check` accepts can be built, and what shows only when it is built is reported."""

import os
import re
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledig.runtime.exit_status import ExitStatus, classify_error
from ledig.runtime.trial_build import MEMORY_FOLDER, TrialBuildFailed, TrialResult, build_site
from ledig.site.site_file import SiteRejected, read_site_file
from tests.support.servers import ROOT

SHIPPED = ("firmware-config/site.example.toml", "ledig/example.toml")
COMPLETE = TrialResult(faults=(), missing={})


def read_blocks(name: str) -> list[str]:
    """The tables of a shipped site file, each with its settings; those in comments are set."""
    text = re.sub(r"(?m)^#(?=\w+ = )", "", (ROOT / name).read_text())
    return re.split(r"(?m)^(?=\[)", text)


def build_file(path: Path, text: str) -> TrialResult:
    path.write_text(text)
    return build_site(read_site_file(path), path.name)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_site_can_be_built(tmp_path: Path, name: str) -> None:
    assert build_file(tmp_path / "site.toml", "".join(read_blocks(name))) == COMPLETE


@pytest.mark.parametrize("name", SHIPPED)
def test_site_with_fewer_tables_is_rejected_or_can_be_built(name: str) -> None:
    blocks = read_blocks(name)
    accepted = 0

    @settings(max_examples=40, deadline=None)
    @given(st.sets(st.integers(1, len(blocks) - 1), max_size=4))
    def check(dropped: set[int]) -> None:
        nonlocal accepted
        with tempfile.TemporaryDirectory() as folder:
            text = "".join(block for place, block in enumerate(blocks) if place not in dropped)
            try:
                result = build_file(Path(folder) / "site.toml", text)
            except SiteRejected:
                return
            accepted += 1
            assert result == COMPLETE

    check()
    assert accepted


def site_with_sensor(settings: str) -> str:
    return (
        '[site]\nid = "site"\nname = "Site"\n[[floor]]\nid = "f"\nname = "F"\nwidth_m = 9.0\ndepth_m = 9.0\n'
        '[[zone]]\nid = "z"\nname = "Z"\nfloor = "f"\nx_m = 0.0\ny_m = 0.0\nwidth_m = 9.0\ndepth_m = 9.0\n'
        '[[space]]\nid = "a"\nname = "A"\nkind = "desk"\nzone = "z"\nx_m = 1.0\ny_m = 1.0\n'
        '[[space]]\nid = "laser"\nname = "L"\nkind = "equipment"\nzone = "z"\nx_m = 3.0\ny_m = 1.0\n'
        "in_use_above_w = 60.0\n"
        f'[[device]]\nid = "pi-1"\n[[device.sensor]]\nid = "s"\n{settings}\n'
    )


@pytest.mark.parametrize(
    "settings",
    [
        'space = "a"\nkind = "pir"\npin = 2',
        'space = "a"\nkind = "presence"\npin = 2',
        'space = "a"\nkind = "distance"\necho_pin = 2\ntrigger_pin = 4\nnear_mm = 500',
    ],
)
def test_sensor_on_a_pin_with_a_fixed_pull_up_is_reported(tmp_path: Path, settings: str) -> None:
    (fault,) = build_file(tmp_path / "site.toml", site_with_sensor(settings)).faults
    assert fault == (
        'site.toml, device "pi-1", sensor "s": it cannot use its pin: GPIO2 has a fixed pull resistor;'
        " give it another pin"
    )


def test_sensor_that_needs_a_pull_up_may_use_such_a_pin(tmp_path: Path) -> None:
    settings = site_with_sensor('space = "a"\nkind = "pressure"\npin = 2')
    assert build_file(tmp_path / "site.toml", settings) == COMPLETE


def test_building_reads_no_sensor_and_leaves_nothing_behind(tmp_path: Path) -> None:
    never_written = tmp_path / "power"
    os.mkfifo(never_written)  # reading it would block the sensor's thread
    settings = f'space = "laser"\nkind = "power"\npath = "{never_written}"'
    before = threading.enumerate()
    assert build_file(tmp_path / "site.toml", site_with_sensor(settings)) == COMPLETE
    assert threading.enumerate() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["power", "site.toml"]
    for folder in (MEMORY_FOLDER, Path(tempfile.gettempdir())):
        assert list(folder.glob(f"ledig-check-{os.getpid()}-*")) == []


def test_unexpected_exception_names_the_part_and_counts_as_our_bug(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(site_with_sensor('space = "a"\nkind = "pir"\npin = 4'))
    site = read_site_file(path)
    (sensor,) = site.plan.sensors
    impossible = replace(site, plan=replace(site.plan, sensors=(replace(sensor, kind="gas"),)))
    with pytest.raises(TrialBuildFailed, match=r"site\.toml is valid, but the collector cannot be built") as raised:
        build_site(impossible, "site.toml")
    assert classify_error(raised.value, "check") == (ExitStatus.FAILED, "")  # shown with its traceback
