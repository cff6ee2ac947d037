"""What there is, is written down: settings, sensors, commands; and nothing tells of the machine it was written on."""

import json
import re
import tomllib
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path

import click
import pytest

from collector.alerts.settings import AlertSettings, Destination
from collector.alerts.wire import AlertKind
from collector.plan import Door, Floor, Rules, SensorKind, Space, Zone
from collector.settings import InfluxSettings, RetentionSettings
from dashboard.settings import DashboardSettings
from edge.sensors import SENSORS
from edge.settings import SENSOR_SETTINGS, DeviceSettings
from ledig.__main__ import cli
from ledig.site import BrokerTable, HistoryTable, SiteSettings, StorageSettings
from ledig.site.opening import OpeningTable
from tests.servers import ROOT

EXAMPLE = (ROOT / "firmware-config" / "site.example.toml").read_text()
PINS = ROOT / "firmware-config" / "pins.md"
README = (ROOT / "README.md").read_text()

SHARED = {
    *("alerts", "broker", "accounts_path", "journal_path", "outbox_path", "history", "influx", "retention"),
    *("site", "sensors"),
}
"""What the front door fills in from other tables of the site file."""
SETTINGS = {
    SiteSettings: set(),
    OpeningTable: set(),
    BrokerTable: set(),
    StorageSettings: set(),
    Rules: set(),
    HistoryTable: set(),
    InfluxSettings: set(),
    RetentionSettings: set(),
    AlertSettings: {"when", "language", "destinations"},
    Destination: {"url"},
    DashboardSettings: SHARED | {"language"},
    Floor: set(),
    Zone: set(),
    Space: set(),
    Door: set(),
    DeviceSettings: SHARED | {"device"},
    **{kind: set() for kind in SENSOR_SETTINGS.values()},
}
"""Every table of the site file, and the fields that are not written there."""

MACHINE = re.compile(r"(?<![\w.~])/((work|root|home|Users)\b|tmp/[a-z])/?\w*")
"""Paths of one machine; a folder that every machine has is not among them."""
PICTURES = {".png", ".ico", ".woff2", ".mo", ".pyc", ".sqlite"}


def settings() -> list[tuple[type, Field[object]]]:
    return [(table, one) for table, left in SETTINGS.items() for one in fields(table) if one.name not in left]


def written(name: str) -> list[object]:
    """Every value that the example gives a key, in use or behind a `#`; and every default told in a comment."""
    told = re.findall(rf"(?m)^#? ?{name} = (.+)$", EXAMPLE) + re.findall(rf"(?m){name}.*default ([\d.]+)", EXAMPLE)
    return [tomllib.loads(f"value = {value}")["value"] for value in told]


def plain(default: object) -> object:
    if isinstance(default, Enum):
        return default.value
    if isinstance(default, Path):
        return str(default)
    return list(default) if isinstance(default, tuple | frozenset) else default


@pytest.mark.parametrize(("table", "one"), settings(), ids=lambda said: getattr(said, "name", None) or said.__name__)
def test_every_setting_stands_in_the_example_with_its_default(table: type, one: Field[object]) -> None:
    found = written(one.name)
    assert found, f"{table.__name__}.{one.name} is not in site.example.toml"
    if one.default not in (MISSING, None) and plain(one.default) not in ([], ""):
        assert plain(one.default) in found, f"its default, {plain(one.default)!r}, is not in site.example.toml"


@pytest.mark.parametrize("kind", SensorKind)
def test_every_kind_of_sensor_has_its_parts(kind: SensorKind) -> None:
    made = SENSOR_SETTINGS[kind].__name__
    tests = [path.name for path in (ROOT / "tests/edge/sensors").glob("test_*.py") if made in path.read_text()]
    assert kind in SENSORS, "edge/sensors/__init__.py opens it"
    assert tests, f"a file in tests/edge/sensors tries {made}"
    assert f'kind = "{kind}"' in EXAMPLE, "site.example.toml shows it"
    assert re.search(rf"(?m)^#+ .*`{kind}`", PINS.read_text()), "pins.md has a section with its wiring"


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_of_alert_stands_in_the_example(kind: AlertKind) -> None:
    assert re.search(rf"(?m)^#{kind} = ", EXAMPLE), "under [alerts.when], with when it is judged"


def commands(group: click.Group, before: str = "ledig") -> list[str]:
    found = []
    for name, command in group.commands.items():
        found += commands(command, f"{before} {name}") if isinstance(command, click.Group) else [f"{before} {name}"]
    return found


@pytest.mark.parametrize("command", commands(cli))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert command in README


def texts() -> list[Path]:
    """Every text of the project; folders that begin with a point are tools', but for CI's."""
    found = [path for path in ROOT.rglob("*") if path.is_file() and path.suffix not in PICTURES]
    parts = {path: path.relative_to(ROOT).parts for path in found}
    return [
        path
        for path in found
        if (parts[path][0] == ".ci" or not any(part.startswith(".") for part in parts[path]))
        and not any(part in {"build", "__pycache__"} or part.endswith(".egg-info") for part in parts[path])
    ]


def test_nothing_names_a_path_of_the_machine_it_was_written_on() -> None:
    told = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in texts()
        for found in [MACHINE.search(path.read_text(errors="replace"))]
        if found
    ]
    assert told == []


def test_no_lock_names_a_registry() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--index" not in text
        assert all("--hash=" in block for block in re.findall(r"(?m)^[a-z][^\n]*==(?:[^\n]|\n +)*", text))


def test_what_looks_at_the_pages_is_fetched_by_its_hash_from_whichever_registry_npm_uses() -> None:
    packages = json.loads((ROOT / "requirements/pages/package-lock.json").read_text())["packages"]
    fetched = {name: package for name, package in packages.items() if name}
    assert {"node_modules/axe-core", "node_modules/lighthouse"} <= fetched.keys()
    assert [name for name, package in fetched.items() if "resolved" in package or "integrity" not in package] == []
