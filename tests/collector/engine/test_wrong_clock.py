"""A wrong clock costs nothing: whatever it jumps to, the history is that of a site whose clock was right."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from collector.configuration.alert_settings import DEFAULT_ALERT_SETTINGS
from collector.engine.pipeline import Pipeline
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.collector.wrong_clocks import PLAN, RETENTION, Rows, SimulatedServer, read_all_rows
from tests.support.skips import LONG_FORM

JUMPS = {
    "+10 min": 10 * MINUTE_MS,
    "+1 h": HOUR_MS,
    "+4 d": 4 * DAY_MS,
    "+730 d": 730 * DAY_MS,
    "-1 h": -HOUR_MS,
    "-2 d": -2 * DAY_MS,
}


class When(StrEnum):
    """When the clock is wrong."""

    START = "at the start of the machine"
    RUNNING = "while running"
    OUTAGE = "while no device is reached"
    TWICE = "twice in a row"
    RESTART = "while the collector is stopped and started"


SHORT = (When.START, When.RUNNING)
"""Tried also on a machine that was synchronised before; `--full` tries all."""
Reference = Callable[[When, bool], tuple[Rows, int]]


def run(folder: Path, when: When, wrong_ms: int, *, synchronised: bool) -> tuple[Rows, int, list[tuple[object, ...]]]:
    """The rows at the end, how many of the old ones were kept, and the gaps."""
    folder.mkdir()
    machine = SimulatedServer(folder, synchronised=synchronised)
    machine.run_minutes(12)
    if when is When.START:
        machine.wrong_ms, machine.synchronised = wrong_ms, False
        machine.restart(reboots=True)
        machine.run_minutes(10)
        right(machine, synchronised)
        machine.run_minutes(13)
    elif when is When.TWICE:
        for _ in range(2):
            machine.wrong_ms, machine.synchronised = wrong_ms, False
            machine.run_minutes(6)
            right(machine, synchronised)
            machine.run_minutes(6)
    else:
        machine.reaches_devices = when is not When.OUTAGE
        machine.wrong_ms, machine.synchronised = wrong_ms, False
        if when is When.RESTART:
            machine.restart()
        machine.run_minutes(10)
        if when is When.RESTART:
            machine.restart()
        right(machine, synchronised)
        machine.run_minutes(2)
        machine.reaches_devices = True
        machine.run_minutes(12)
    assert machine.find_future_rows() == []
    kept, gaps = machine.count_old_rows(), machine.gaps()
    return machine.end(), kept, gaps


def right(machine: SimulatedServer, synchronised: bool) -> None:
    machine.wrong_ms, machine.synchronised = 0, synchronised


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The same hour on a machine whose clock is right; computed once for each scenario."""

    @cache
    def computed(when: When, synchronised: bool) -> tuple[Rows, int]:
        folder = tmp_path_factory.mktemp("right") / "site"
        history, kept, gaps = run(folder, when, 0, synchronised=synchronised)
        assert gaps == []
        return history, kept

    return computed


@pytest.mark.parametrize("synchronised", [True, False], ids=["ntp", "no ntp"])
@pytest.mark.parametrize("when", When, ids=[when.name.lower() for when in When])
@pytest.mark.parametrize("wrong_ms", JUMPS.values(), ids=JUMPS)
def test_history_equals_that_of_a_site_whose_clock_was_right(
    tmp_path: Path,
    reference: Reference,
    wrong_ms: int,
    when: When,
    *,
    synchronised: bool,
    full: bool,
) -> None:
    if synchronised and when not in SHORT and not full:
        pytest.skip(LONG_FORM)
    history, kept, gaps = run(tmp_path / "site", when, wrong_ms, synchronised=synchronised)
    expected, expected_kept = reference(when, synchronised)
    assert kept == expected_kept, "rows were deleted early"
    assert gaps == [], "events were refused"
    assert {key: fields for key, fields in history.items() if key not in expected or expected[key] != fields} == {}
    assert expected.keys() <= history.keys()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[SimulatedServer]:
    made = SimulatedServer(tmp_path, synchronised=True)
    yield made
    made.journal.close()


@pytest.mark.parametrize("wrong_ms", [HOUR_MS, 4 * DAY_MS, 730 * DAY_MS], ids=["+1 h", "+4 d", "+730 d"])
def test_data_that_an_older_ledig_wrote_for_the_future_is_removed(machine: SimulatedServer, wrong_ms: int) -> None:
    """It trusted every clock: its work is repeated here with a time that is right by definition."""
    machine.run_minutes(12)
    at_ms = machine.true_ms
    machine.work.save_evidence()
    damage(machine, at_ms + wrong_ms)
    assert machine.find_future_rows()
    machine.restart()
    machine.run_minutes(1)
    assert machine.find_future_rows() == []
    machine.run_minutes(20)
    five_minutes = [at for name, _, at in read_all_rows(machine.journal) if name == "zone_five_min" and at >= at_ms]
    assert max(five_minutes) + 10 * MINUTE_MS > machine.true_ms, "it goes on at once"
    assert machine.gaps() == []
    assert machine.time.estimate.site_ms == machine.true_ms


def damage(machine: SimulatedServer, wrong_ms: int) -> None:
    """Run the collector for a minute with a wrong clock that it trusts."""
    db = machine.journal._connection
    db.execute("DELETE FROM meta WHERE name LIKE 'clock%'")  # it stored no estimate
    work = Pipeline(PLAN, machine.journal, RETENTION, wrong_ms, DEFAULT_ALERT_SETTINGS)
    for _ in range(3):
        work.tick(wrong_ms)
        for _ in range(60):  # as much as in ten minutes
            work.advance_history(wrong_ms)
        wrong_ms += 6 * MINUTE_MS
    work.save_evidence()
    machine.work = work
