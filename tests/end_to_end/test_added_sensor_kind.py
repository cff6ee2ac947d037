"""The guide docs/adding/sensor-kind.md works: its blocks, applied to a copy of the packages, make a new sensor kind.

Agent, collector and dashboard run from the copy, as processes, with the broker as shipped.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from collector.contract.states import Occupancy, Reason, SpaceState, decode
from edge.contract import topics
from edge.contract.broker_client import create_client
from tests.support.servers import ROOT, Mosquitto, accepts_connections, find_free_port, mosquitto, wait_until
from tests.support.site_files import DEVICE, SITE, site_file

GUIDE = (ROOT / "docs" / "adding" / "sensor-kind.md").read_text()
BLOCKS = re.findall(r"```\w+ (\S+) (before|in|new|end)(?: ([^\n]+))?\n(.+?)```", GUIDE, re.DOTALL)
FOLDERS = ("edge", "collector", "dashboard", "ledig", "bench", "tests", "docs", "firmware-config", "requirements")
FILES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml")
CHECKED = (
    "test_documented.py",
    "test_examples.py",
    "test_glossary.py",
    "test_language_pairs.py",
    "test_text_numbers.py",
)
"""Tests of the repository that a new sensor kind may fail."""
LOADED_KG, STATE_TIMEOUT_S = 12.5, 60


def apply_block(text: str, place: str, anchor: str, block: str) -> str:
    """Return a file's text with a block: before the line that begins with the anchor, in its table, or at the end."""
    if place in {"new", "end"}:
        return f"{text}\n{block}" if text else block
    found = re.search(rf"(?m)^{re.escape(anchor)}\b", text)
    assert found, f"nothing begins with {anchor}"
    at = found.start()
    if place == "in":
        at = re.compile(r"\{\n").search(text, found.end()).end()
    return text[:at] + block + text[at:]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the repository and apply the guide."""
    folder = tmp_path / "copy"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    for name, place, anchor, block in BLOCKS:
        path = folder / name
        path.write_text(apply_block(path.read_text() if path.exists() else "", place, anchor, block))
    return folder


EXAMPLE = next(block for name, _, _, block in BLOCKS if name.endswith(".toml")).replace("laserskararen", "laser")
"""The example for the site of these tests."""


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as server:
        yield server


@contextmanager
def running(copy: Path, arguments: Mapping[str, list[str]]) -> Iterator[dict[str, Path]]:
    """Run commands from the copy; yield the file of each one's output."""
    outputs = {name: copy / f"{name}.output" for name in arguments}
    with ExitStack() as stack:
        for name, rest in arguments.items():
            output = stack.enter_context(outputs[name].open("wb"))
            process = subprocess.Popen(
                [sys.executable, "-m", "ledig", name, *rest], cwd=copy, stdout=output, stderr=subprocess.STDOUT
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield outputs


OPENER_MODULE = "edge.sensors.load_cell"
OPENER_PATH = f"{OPENER_MODULE.replace('.', '/')}.py"
TEST_PATH = f"tests/edge/sensors/test_{OPENER_MODULE.rpartition('.')[2]}.py"
PLACES_WRITTEN_BY_HAND = 4
"""The row with its settings, the opener, the test, the example (docs/decisions/0036)."""


def test_guide_writes_four_places_by_hand() -> None:
    written = {
        "edge/contract/file_sensor_kinds.py": {"before", "in"},
        OPENER_PATH: {"new"},
        TEST_PATH: {"new"},
        "firmware-config/site.example.toml": {"end"},
    }
    assert {name: {place for at, place, *_ in BLOCKS if at == name} for name, *_ in BLOCKS} == written
    table = re.search(r"(?s)\| place \| what to add \|\n\| --- \| --- \|\n(.*?)\n\n", GUIDE)
    assert table is not None
    places = re.findall(r"(?m)^\| `([^`]+)`", table[1])
    assert len(places) == len(written) == PLACES_WRITTEN_BY_HAND


def test_repository_with_the_new_kind_passes_its_own_checks(copy: Path) -> None:
    steps = re.findall(r"\$\(BIN\)/python (-m ledig\.contract\.[^\n]+)", (ROOT / "Makefile").read_text())
    assert len(steps) > 3
    checked = [f"tests/repository/{name}" for name in CHECKED]
    for step in (*steps, f"-m pytest -q -p no:cacheprovider {TEST_PATH} {' '.join(checked)}"):
        done = subprocess.run([sys.executable, *step.split()], cwd=copy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("missing", ["settings", "opener"])
def test_row_without_settings_or_opener_fails_at_import(copy: Path, missing: str) -> None:
    rows = copy / "edge/contract/file_sensor_kinds.py"
    rows.write_text(re.sub(rf"(?m)^ +{missing}=(WeightSettings|\"edge.sensors.load_cell).*\n", "", rows.read_text()))
    result = import_from(copy, "edge.contract.sensor_kinds")
    assert f"required keyword-only argument: '{missing}'" in result.stderr


def test_opener_that_does_not_exist_fails_at_import_with_its_name(copy: Path) -> None:
    (copy / OPENER_PATH).unlink()
    assert f"No module named '{OPENER_MODULE}'" in import_from(copy, "edge.sensors.openers").stderr


def import_from(copy: Path, module: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import {module}"]
    return subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)


WRITE_CATALOGUE = "collector/translations/sv/LC_MESSAGES/messages.po"


def test_swedish_texts_of_the_row_reach_the_catalogue_and_the_assessment(copy: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ledig.contract.table_translations", WRITE_CATALOGUE]
    subprocess.run(command, cwd=copy, check=True)
    assert 'msgid "Load cell"\nmsgstr "Lastcell"\n' in (copy / WRITE_CATALOGUE).read_text()
    ask = "from collector.text.languages import *; print(load_catalogue(Language.SV).gettext('Load cell'))"
    printed = subprocess.run([sys.executable, "-c", ask], cwd=copy, capture_output=True, text=True, check=True).stdout
    assert printed == "Lastcell\n"


SIMULATE = """
import sys
from datetime import date
from pathlib import Path
from ledig.simulation.simulated_day import simulate_day
from ledig.simulation.signals import compute_signals
from ledig.site.site_file import read_site_file
plan = read_site_file(Path(sys.argv[1])).plan
signals = compute_signals(plan, simulate_day(plan, date(2026, 11, 24), 1), 1)
print({one.quantity for one in signals if one.sensor[1] == "laser-load"})
"""


def test_new_kind_is_simulated_and_in_the_impact_assessment(copy: Path, tmp_path: Path, broker: Mosquitto) -> None:
    site = str(site_file(tmp_path, broker, more=EXAMPLE))
    outputs = [
        subprocess.run([sys.executable, *arguments, site], cwd=copy, capture_output=True, text=True, check=True).stdout
        for arguments in (["-c", SIMULATE], ["-m", "ledig", "impact-assessment"])
    ]
    assert outputs[0] == "{'weight_kg'}\n"
    text = "- 1 × Load cell: How heavy the workpiece on the machine is, in kilograms."  # noqa: RUF001 - not translated yet
    assert text in outputs[1]


def test_new_kind_runs_through_the_whole_system(copy: Path, tmp_path: Path, broker: Mosquitto) -> None:
    load, port = tmp_path / "in_weight_raw", find_free_port()
    load.write_text("0\n")
    example = re.sub(r'path = ".+"', f'path = "{load}"\nevery_ms = 100', EXAMPLE)
    site = site_file(tmp_path, broker, dashboard_port=port, more=example)
    states: SimpleQueue[SpaceState] = SimpleQueue()
    observer = create_client(broker.settings("observer"), "observer")
    observer.on_message = lambda _client, _data, message: states.put(decode(message.payload, SpaceState))
    observer.on_connect = lambda client, *_: client.subscribe(topics.SPACE_STATE.topic(SITE, "laser"), 1)
    observer.connect(broker.host, broker.port)
    observer.loop_start()
    commands = {
        "collector": [str(site)],
        "dashboard": [str(site)],
        "edge": [str(site), "--device", DEVICE, "--pins", "mock"],
    }
    try:
        check = subprocess.run(
            [sys.executable, "-m", "ledig", "check", str(site)], cwd=copy, capture_output=True, text=True, check=False
        )
        assert check.returncode == 0, check.stdout + check.stderr
        with running(copy, commands) as outputs:
            try:
                load.write_text(f"{LOADED_KG * 1000:.0f}\n")
                while (state := states.get(timeout=STATE_TIMEOUT_S)).state is not Occupancy.OCCUPIED:
                    pass
                wait_until(lambda: accepts_connections(port), what="the dashboard")
                page = urllib.request.urlopen(f"http://localhost:{port}/sensing", timeout=10).read().decode()
            except Exception as fault:
                fault.add_note("\n".join(f"--- {name}:\n{path.read_text()}" for name, path in outputs.items()))
                raise
    finally:
        observer.disconnect()
        observer.loop_stop()
    assert (state.because.reason, state.because.sensor) == (Reason.PRESSURE, "laser-load")
    with closing(sqlite3.connect(tmp_path / "data" / "journal.sqlite")) as journal:
        stored = journal.execute(
            "SELECT kind.kind, max(event.value) FROM event JOIN kind ON kind.no = event.kind_no"
            " JOIN sensor ON sensor.no = event.sensor_no WHERE sensor.sensor = 'laser-load'"
            " AND kind.kind != 'heartbeat' GROUP BY kind.kind"
        ).fetchall()
    assert stored == [("weight_kg", LOADED_KG)]
    assert "Load cell" in page
    assert "How heavy the workpiece on the machine is, in kilograms." in page
