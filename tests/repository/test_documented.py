"""Settings, sensor kinds, alerts and commands are documented; no file contains paths of a developer's machine."""

import json
import re
import tomllib
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path

import click
import pytest

from collector.configuration.alert_settings import AlertSettings, Destination
from collector.configuration.collector_settings import InfluxSettings, RetentionSettings
from collector.contract.alerts import AlertKind
from collector.site.occupancy_rules import OccupancyRules
from collector.site.spaces import Door, Floor, Space, Zone
from dashboard.configuration.dashboard_settings import DashboardSettings
from edge.configuration.device_settings import DeviceSettings
from edge.contract.sensor_kinds import SensorKind
from edge.sensors.openers import SENSOR_OPENERS
from ledig.__main__ import cli
from ledig.site.opening_hours import OpeningTable
from ledig.site.site_file import BrokerTable, HistoryTable, SiteTable, StorageTable
from tests.support.servers import ROOT

EXAMPLE = (ROOT / "firmware-config" / "site.example.toml").read_text()
README = (ROOT / "README.md").read_text()
OPERATION = (ROOT / "docs" / "operation.md").read_text()
MOST_README_LINES = 200

SHARED = {
    *("alerts", "broker", "accounts_path", "journal_path", "outbox_path", "history", "influx", "retention"),
    *("site", "sensors"),
}
"""Fields that the `ledig` command fills from other tables of the site file."""
SETTINGS = {
    SiteTable: set(),
    OpeningTable: set(),
    BrokerTable: set(),
    StorageTable: set(),
    OccupancyRules: set(),
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
    **{kind: set() for kind in (kind.traits.settings for kind in SensorKind)},
}
"""Every table of the site file, with the fields that do not appear there."""

MACHINE_PATH = re.compile(r"(?<![\w.~])/((work|root|home|Users)\b|tmp/[a-z])/?\w*")
"""Paths of a single machine, not folders that every machine has."""
BINARY_SUFFIXES = {".png", ".ico", ".woff2", ".mo", ".pyc", ".sqlite"}


def list_settings() -> list[tuple[type, Field[object]]]:
    return [
        (table, field_) for table, omitted in SETTINGS.items() for field_ in fields(table) if field_.name not in omitted
    ]


def find_values(name: str) -> list[object]:
    """Return every value that the example has for a key, commented out or not, and every default in a comment."""
    values = re.findall(rf"(?m)^#? ?{name} = (.+)$", EXAMPLE) + re.findall(rf"(?m){name}.*default ([\d.]+)", EXAMPLE)
    return [tomllib.loads(f"value = {value}")["value"] for value in values]


def to_toml_value(default: object) -> object:
    if isinstance(default, Enum):
        return default.value
    if isinstance(default, Path):
        return str(default)
    return list(default) if isinstance(default, tuple | frozenset) else default


@pytest.mark.parametrize(
    ("table", "field_"), list_settings(), ids=lambda item: getattr(item, "name", None) or item.__name__
)
def test_every_setting_is_in_the_example_with_its_default(table: type, field_: Field[object]) -> None:
    found = find_values(field_.name)
    assert found, f"{table.__name__}.{field_.name} is not in site.example.toml"
    if field_.default not in (MISSING, None) and to_toml_value(field_.default) not in ([], ""):
        assert to_toml_value(field_.default) in found, (
            f"its default, {to_toml_value(field_.default)!r}, is not in site.example.toml"
        )


@pytest.mark.parametrize("kind", SensorKind)
def test_every_sensor_kind_has_opener_test_and_example(kind: SensorKind) -> None:
    settings_class = kind.traits.settings.__name__
    tests = [
        path.name for path in (ROOT / "tests/edge/sensors").glob("test_*.py") if settings_class in path.read_text()
    ]
    assert kind in SENSOR_OPENERS, "edge/sensors/openers.py has no opener"
    assert tests, f"no file in tests/edge/sensors tests {settings_class}"
    assert f'kind = "{kind}"' in EXAMPLE, "it is missing in site.example.toml"


@pytest.mark.parametrize("kind", AlertKind)
def test_every_alert_kind_is_in_the_example(kind: AlertKind) -> None:
    assert re.search(rf"(?m)^#{kind} = ", EXAMPLE), "it is missing under [alerts.when]"


def list_commands(group: click.Group, before: str = "ledig") -> list[str]:
    found = []
    for name, command in group.commands.items():
        found += (
            list_commands(command, f"{before} {name}") if isinstance(command, click.Group) else [f"{before} {name}"]
        )
    return found


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= MOST_README_LINES


@pytest.mark.parametrize("command", list_commands(cli))
def test_every_command_is_documented(command: str) -> None:
    assert command in OPERATION


def list_texts() -> list[Path]:
    """List every text file of the project; folders that begin with a dot belong to tools, except CI's."""
    found = [path for path in ROOT.rglob("*") if path.is_file() and path.suffix not in BINARY_SUFFIXES]
    parts = {path: path.relative_to(ROOT).parts for path in found}
    return [
        path
        for path in found
        if (parts[path][0] == ".ci" or not any(part.startswith(".") for part in parts[path]))
        and not any(part in {"build", "__pycache__"} or part.endswith(".egg-info") for part in parts[path])
    ]


def test_no_file_contains_a_path_of_a_developers_machine() -> None:
    values = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in list_texts()
        for found in [MACHINE_PATH.search(path.read_text(errors="replace"))]
        if found
    ]
    assert values == []


def test_no_lock_file_contains_a_registry() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--index" not in text
        assert all("--hash=" in block for block in re.findall(r"(?m)^[a-z][^\n]*==(?:[^\n]|\n +)*", text))


def test_page_checkers_are_locked_by_hash_without_a_registry() -> None:
    packages = json.loads((ROOT / "requirements/pages/package-lock.json").read_text())["packages"]
    fetched = {name: package for name, package in packages.items() if name}
    assert {"node_modules/axe-core", "node_modules/lighthouse"} <= fetched.keys()
    assert [name for name, package in fetched.items() if "resolved" in package or "integrity" not in package] == []
