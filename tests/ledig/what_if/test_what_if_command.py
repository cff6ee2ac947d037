"""`ledig replay SITE --what-if` on the journal of a real collector, without disturbing it."""

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.store.journal import Journal
from edge.contract.message import EventKind, SensorEvent
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from ledig.site.site_file import read_site_file
from ledig.what_if.comparison import build_timeline, compute_timeline
from ledig.what_if.stored import StoredEvents
from tests.support.browser import chromium
from tests.support.collector.random_sites import NOON_MS, message
from tests.support.command import run_replay_command
from tests.support.valid_site import VALID_SITE

SITE = """
[site]
id = "mill"
name = "The mill"

[storage]
directory = "state"

[[floor]]
id = "ground"
name = "Ground"
width_m = 20
depth_m = 20

[[zone]]
id = "hall"
name = "Hall"
floor = "ground"
x_m = 0
y_m = 0
width_m = 20
depth_m = 20
"""
DESK = """
[[space]]
id = "{desk}"
name = "{desk}"
kind = "desk"
zone = "hall"
x_m = 1
y_m = 1
tenure = "{tenure}"
"""
DEVICE = """
[[device]]
id = "pi-1"
"""
PIR = """
[[device.sensor]]
id = "{desk}-pir"
kind = "pir"
space = "{desk}"
pin = {pin}
"""
DESKS = ("north", "south", "hers")
HOURS = 100


def simulate_events(desk: str, seed: int) -> Iterator[tuple[int, EventKind, int]]:
    """Yield a desk sensor's events in a hundred hours: stays with gaps between movements, and heartbeats."""
    generator = random.Random(seed)  # noqa: S311 - repeatable, no secret
    at_ms = NOON_MS
    ends_ms = at_ms + HOURS * HOUR_MS
    moves_ms, stays_ms = at_ms + HOUR_MS, 0
    while at_ms < ends_ms:
        if at_ms >= moves_ms:
            yield at_ms, EventKind.MOTION, 1
            yield at_ms + 2000, EventKind.MOTION, 0
            if moves_ms >= stays_ms:
                stays_ms = moves_ms + generator.randrange(20, 180) * MINUTE_MS
            moves_ms += int(generator.expovariate(1 / (3 * MINUTE_MS))) + 5000
            if moves_ms >= stays_ms:
                moves_ms = stays_ms + generator.randrange(10, 300) * MINUTE_MS
                stays_ms = 0
        else:
            yield at_ms, EventKind.HEARTBEAT, 0
        at_ms += 30_000


@pytest.fixture(scope="module")
def site_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site file and the journal of its collector after four days, of which three are kept."""
    folder = tmp_path_factory.mktemp("mill")
    desks = "".join(DESK.format(desk=desk, tenure="dedicated" if desk == "hers" else "shared") for desk in DESKS)
    pirs = "".join(PIR.format(desk=desk, pin=pin) for pin, desk in enumerate(DESKS, start=4))
    (folder / "site.toml").write_text(SITE + desks + DEVICE + pirs)
    (folder / "state").mkdir()
    events = sorted(
        (at_ms, desk, kind, value) for n, desk in enumerate(DESKS) for at_ms, kind, value in simulate_events(desk, n)
    )
    sensor_events = [
        SensorEvent(seq=seq, sensor=f"{desk}-pir", at_ms=at_ms, kind=kind, value=value)
        for seq, (at_ms, desk, kind, value) in enumerate(events, start=1)
    ]
    with closing(Journal(folder / "state" / "journal.sqlite")) as journal:
        work = Pipeline(read_site_file(folder / "site.toml").plan, journal, RetentionSettings(), NOON_MS)
        for first in range(0, len(sensor_events), 500):
            batch = sensor_events[first : first + 500]
            now_ms = batch[-1].at_ms
            work.process_batch([IncomingMessage("pi-1", message(batch, oldest=1))], now_ms)
            work.tick(now_ms)
            for _ in range(3):
                work.advance_history(now_ms)
        work.save_evidence()
    return folder / "site.toml"


def test_current_rules_reproduce_the_collectors_states(site_file: Path) -> None:
    """Starting from the checkpoint of the purge, with the values learned by then."""
    plan = read_site_file(site_file).plan
    journal = site_file.parent / "state" / "journal.sqlite"
    stored = StoredEvents(journal, plan)
    assert stored.span[0] > NOON_MS + 20 * HOUR_MS, "the first day is erased"
    for desk in DESKS:
        with closing(sqlite3.connect(journal)) as db:
            rows = db.execute("SELECT at_ms, state FROM transition WHERE space = ? ORDER BY at_ms", (desk,)).fetchall()
            (before,) = db.execute("SELECT state FROM checkpoint WHERE space = ?", (desk,)).fetchone()
        assert compute_timeline(plan, desk, stored.read_space(desk), stored.span) == build_timeline(
            *stored.span, before, rows
        )
        assert len(rows) > 10


def test_difference_is_printed_by_space_and_in_total(site_file: Path) -> None:
    run = run_replay_command(site_file, "--what-if", "hold=15m", "--what-if", "hold=5m,level_hold=2m")
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("compared with current rules: The mill, ") == 2
    totals = [line for line in run.stdout.splitlines() if line.strip().startswith("total")]
    longer, shorter = ([float(n) for n in re.findall(r"[\d.]+", line)[:2]] for line in totals)
    assert longer[0] < longer[1]
    assert shorter[0] > shorter[1]
    for row in ("current rules ", "hold=15m ", "hold=5m,level_hold=2m "):
        assert len(re.findall(rf"^  {re.escape(row)} *\S", run.stdout, re.MULTILINE)) == 2, "one for each shared desk"
    days = re.findall(r"they differ on 2026-09-22 \([\d.]+ min\), 2026-09-23", run.stdout)
    assert len(days) == 2
    assert "1 dedicated space has no state" in run.stdout


def test_dedicated_desk_is_never_shown(site_file: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run = run_replay_command(site_file, "--what-if", "hold=15m", "--plot", page)
    assert "hers" not in run.stdout
    assert "hers-" not in page.read_text()
    assert "hers," not in page.read_text()
    alone = run_replay_command(site_file, "--what-if", "hold=15m", "--space", "hers")
    assert alone.returncode == 2
    assert "--space hers: it is dedicated to one member" in alone.stderr


def test_running_collector_is_not_disturbed(site_file: Path) -> None:
    journal = site_file.parent / "state" / "journal.sqlite"
    with closing(Journal(journal)) as running, running.transaction():
        running.tables.store_number("proof", 1)
        before = {path.name: path.read_bytes() for path in journal.parent.iterdir() if "shm" not in path.name}
        run = run_replay_command(site_file, "--what-if", "hold=15m", "--space", "north")
        assert run.returncode == 0, run.stderr
        assert before == {path.name: path.read_bytes() for path in journal.parent.iterdir() if "shm" not in path.name}


def test_page_shows_the_comparison_without_network_requests(site_file: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run = run_replay_command(site_file, "--what-if", "hold=15m", "--plot", page)
    assert run.returncode == 0, run.stderr
    assert page.stat().st_mode & 0o077 == 0, "only the owner may read single changes"
    requests: list[str] = []
    with chromium() as browser, browser.new_page() as opened:
        opened.on("request", lambda request: requests.append(request.url))
        opened.on("pageerror", lambda fault: requests.append(str(fault)))
        opened.goto(page.as_uri())
        opened.wait_for_selector("#plot .scatterlayer .trace path", state="attached")
        assert "The mill: what if hold=15m" in opened.inner_text("h1")
        labels = opened.locator(".ytick").all_text_contents()
    assert requests == [page.as_uri()]
    assert labels == [f"{desk}, {row}" for desk in ("north", "south") for row in ("current rules", "hold=15m")]


@pytest.mark.parametrize(
    ("arguments", "finding"),
    [
        ((), "is a site file; give a recording to play, or other rules for stored events: ledig replay"),
        (("--what-if", "hold=3h"), "hold must lie between 1s and 2h, got 3h"),
        (("--what-if", "hodl=7m"), 'did you mean "hold"?'),
        (("--rules", "{folder}/bad.toml"), "motion_hold_ms must lie between lone_motion_hold_ms (120000) and 7200000"),
        (("--what-if", "hold=7m", "--space", "attic"), '--space attic: no space "attic"; known spaces: north, south'),
        (("--what-if", "hold=7m", "--plot", "page.png"), "give a name that ends with .html"),
        (("--what-if", "hold=7m", "--plot", "/nowhere/page.html"), "in an existing folder"),
        (("--space", "north"), "--space and --plot need --what-if or --rules"),
        (("--what-if", "hold=7m", "--data", "{folder}/state"), "no site was started there"),
    ],
)
def test_invalid_options_are_rejected_before_an_event_is_read(
    site_file: Path, arguments: tuple[str, ...], finding: str
) -> None:
    (site_file.parent / "bad.toml").write_text("[rules]\nmotion_hold_ms = 1\n")
    run = run_replay_command(site_file, *(argument.format(folder=site_file.parent) for argument in arguments))
    assert (run.returncode, run.stdout) == (2, "")
    assert finding in run.stderr
    assert "Traceback" not in run.stderr


def test_usage_is_printed_without_arguments() -> None:
    run = run_replay_command()
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("no file is given; give a recording to play, or other rules")


def test_missing_journal_or_events_are_reported(site_file: Path, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(site_file.read_text())
    run = run_replay_command(tmp_path / "site.toml", "--what-if", "hold=7m")
    assert run.returncode == 3
    assert "there is no journal; the collector creates it when it first starts" in run.stderr
    (tmp_path / "state").mkdir()
    Journal(tmp_path / "state" / "journal.sqlite").close()
    run = run_replay_command(tmp_path / "site.toml", "--what-if", "hold=7m")
    assert run.returncode == 2
    assert "no events are stored yet" in run.stderr


def test_site_of_ledig_up_is_found_by_its_folder_or_by_default(site_file: Path, tmp_path: Path) -> None:
    run = run_replay_command("--what-if", "hold=7m", XDG_STATE_HOME=str(tmp_path))
    assert run.returncode == 3
    assert f"{tmp_path}/ledig/spinneriet/journal.sqlite: there is no journal" in run.stderr
    folder = site_file.parent / "state"
    (folder / "up.lock").touch()
    try:
        run = run_replay_command(site_file, "--data", folder, "--what-if", "hold=7m", "--space", "south")
    finally:
        (folder / "up.lock").unlink()
    assert run.returncode == 0, run.stderr


def test_data_folder_of_up_is_evaluated_with_its_own_site(tmp_path: Path) -> None:
    (tmp_path / "up.lock").touch()
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "site-000001-1.toml").write_text(VALID_SITE)
    run = run_replay_command("--what-if", "hold=7m", "--data", tmp_path, "--space", "nowhere")
    assert 'no space "nowhere"; known spaces: desk-1, laser, room-1' in run.stderr
    assert run.returncode == 2
