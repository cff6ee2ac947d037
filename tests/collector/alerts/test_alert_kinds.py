"""Each kind of alert is one row; a missing row or column fails at import."""

import dataclasses
import os
import subprocess
import sys

import pytest

from collector.alerts.alert_kind_columns import AlertKindRow
from collector.alerts.alert_kinds import ALERT_KINDS, get_hours
from collector.configuration.alert_settings import AlertSettings
from collector.contract.alerts import AlertKind
from tests.support.servers import ROOT

_IMPORT_WITHOUT = """
import re, sys
from pathlib import Path
path, removed = Path("collector/alerts/alert_kinds.py"), sys.argv[1]
source = re.sub(removed, "", path.read_text(), count=1, flags=re.DOTALL)
assert source != path.read_text()
exec(compile(source, path, "exec"), {"__name__": "collector.alerts.alert_kinds"})
"""


@pytest.mark.parametrize(
    ("removed", "error"),
    [
        (r"    AlertKind\.CO2_HIGH: AlertKindRow\(.*?\n    \),\n", "no row for co2_high"),
        (r"        clear_after_min=\d+,\n", "missing 1 required keyword-only argument: 'clear_after_min'"),
        (r"        remedy=[^\n]*,\n", "missing 1 required keyword-only argument: 'remedy'"),
    ],
)
def test_missing_row_or_column_fails_at_import(removed: str, error: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_WITHOUT, removed],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert error in done.stderr


def test_no_column_has_a_default() -> None:
    assert all(column.default is dataclasses.MISSING for column in dataclasses.fields(AlertKindRow))


def test_settings_of_each_kind_exist() -> None:
    known = {field.name for field in dataclasses.fields(AlertSettings)}
    assert {name for row in ALERT_KINDS.values() for name in row.settings} <= known


def test_kind_is_evaluated_at_its_default_hours_unless_the_site_file_has_others() -> None:
    settings = AlertSettings(when={AlertKind.STUCK: "open"})
    assert [get_hours(settings, kind) for kind in (AlertKind.STUCK, AlertKind.CO2_HIGH, AlertKind.SUPPLY_LOW)] == [
        "open",
        "open",
        "always",
    ]
