"""The time of day of an agent's events: clock jumps with and without restart, on machines with and without NTP."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.timekeeping.device_time import DeviceTime
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from edge.timekeeping.machine_clock import HostClock

NOW_MS = 1_796_000_000_000
JUMPS = [10 * MINUTE_MS, HOUR_MS, 4 * DAY_MS, 730 * DAY_MS, -HOUR_MS, -2 * DAY_MS]


@dataclass
class SimulatedMachine:
    """A clock with a known error. `ntp`: the kernel confirms the time of day."""

    true_ms: int = NOW_MS
    booted_ms: int = NOW_MS - HOUR_MS
    wrong_ms: int = 0
    ntp: bool = False
    host: bool = True
    boot_id: str = "boot-1"

    def now_ms(self) -> int:
        return self.true_ms + self.wrong_ms

    def monotonic_ms(self) -> int:
        return self.true_ms - self.booted_ms

    def seconds_until(self, monotonic_ms: int) -> float:
        return max(0.0, (monotonic_ms - self.monotonic_ms()) / 1000)

    def synchronised(self) -> bool:
        return self.host or self.ntp

    def confirms_steps(self) -> bool:
        return self.ntp

    def boot(self) -> str:
        return self.boot_id

    def reboot(self) -> None:
        self.true_ms += MINUTE_MS
        self.booted_ms, self.boot_id = self.true_ms, self.boot_id + "+"


@pytest.fixture
def record_path(tmp_path: Path) -> Path:
    return tmp_path / "outbox-pi-1.clock"


def run_for(machine: SimulatedMachine, time: DeviceTime, minutes: int) -> None:
    for _ in range(minutes):
        machine.true_ms += MINUTE_MS
        time.follow_clock()


def error_ms(machine: SimulatedMachine, time: DeviceTime) -> int | None:
    unix_ms = time.anchor.unix_ms(machine.monotonic_ms())
    return None if unix_ms is None else unix_ms - machine.true_ms


@pytest.mark.parametrize("jump_ms", JUMPS)
@pytest.mark.parametrize("restarts", [True, False])
@pytest.mark.parametrize("host", [True, False])
def test_events_keep_the_right_time_while_the_clock_is_wrong(
    record_path: Path, jump_ms: int, restarts: bool, host: bool
) -> None:
    machine = SimulatedMachine(host=host, ntp=not host)
    time = DeviceTime(machine, record_path)
    run_for(machine, time, 20)
    for _ in range(2):
        machine.wrong_ms, machine.ntp = jump_ms, False  # setting the clock by hand ends the synchronisation
        if restarts:
            time = DeviceTime(machine, record_path)
        run_for(machine, time, 10)
        assert error_ms(machine, time) == 0
        machine.wrong_ms, machine.ntp = 0, not host
        run_for(machine, time, 2)
        assert error_ms(machine, time) == 0


def test_step_confirmed_by_time_synchronisation_is_followed(record_path: Path) -> None:
    machine = SimulatedMachine(wrong_ms=-HOUR_MS)
    time = DeviceTime(machine, record_path)
    run_for(machine, time, 2)
    assert error_ms(machine, time) == -HOUR_MS
    machine.wrong_ms, machine.ntp = 0, True
    run_for(machine, time, 1)
    assert error_ms(machine, time) == 0


@pytest.mark.parametrize("wrong_ms", [-NOW_MS, -DAY_MS], ids=["1970", "when it was shut down"])
def test_machine_without_a_clock_battery_waits_for_time_and_logs_it_once(
    record_path: Path, caplog: pytest.LogCaptureFixture, wrong_ms: int
) -> None:
    machine = SimulatedMachine()
    run_for(machine, DeviceTime(machine, record_path), 20)
    machine.true_ms += DAY_MS
    machine.reboot()
    machine.wrong_ms = wrong_ms - HOUR_MS
    with caplog.at_level(logging.INFO):
        time = DeviceTime(machine, record_path)
        run_for(machine, time, 30)
        assert error_ms(machine, time) is None
        seen_ms = machine.monotonic_ms()
        machine.wrong_ms, machine.ntp = 0, True
        run_for(machine, time, 30)
    assert time.anchor.unix_ms(seen_ms) == machine.true_ms - 30 * MINUTE_MS
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "waiting for time synchronisation",
        "the time of day is known",
    ]


@pytest.mark.parametrize("jump_ms", JUMPS)
def test_nothing_is_deleted_for_an_hour_after_a_clock_jump(record_path: Path, jump_ms: int) -> None:
    machine = SimulatedMachine(ntp=True)
    time = DeviceTime(machine, record_path)
    run_for(machine, time, 2)
    assert time.deletion_time_ms() == machine.true_ms
    machine.wrong_ms = jump_ms  # a wrong time server
    run_for(machine, time, 10)
    assert time.deletion_time_ms() is None
    machine.wrong_ms = 0
    run_for(machine, time, 62)
    assert time.deletion_time_ms() == machine.true_ms


def test_nothing_is_deleted_for_an_hour_after_a_long_time_off(record_path: Path) -> None:
    machine = SimulatedMachine(ntp=True)
    run_for(machine, DeviceTime(machine, record_path), 2)
    machine.true_ms += 4 * DAY_MS
    machine.reboot()
    time = DeviceTime(machine, record_path)
    run_for(machine, time, 50)
    assert time.deletion_time_ms() is None
    run_for(machine, time, 12)
    assert time.deletion_time_ms() == machine.true_ms


def test_unreadable_or_unwritable_clock_record_is_ignored(tmp_path: Path) -> None:
    record_path = tmp_path / "away" / "outbox.clock"
    machine = SimulatedMachine()
    time = DeviceTime(machine, record_path)
    run_for(machine, time, 3)
    assert error_ms(machine, time) == 0
    record_path.parent.mkdir()
    record_path.write_text('{"boot": "boot-1", "offset_ms": ')
    run_for(machine, DeviceTime(machine, record_path), 3)
    assert record_path.read_text().startswith('{"boot": "boot-1"')


def test_clock_jump_is_logged_once(record_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    machine = SimulatedMachine()
    time = DeviceTime(machine, record_path)
    run_for(machine, time, 2)
    machine.wrong_ms = HOUR_MS
    run_for(machine, time, 10)
    assert [
        record.getMessage().partition(" without")[0] for record in caplog.records if record.levelname == "WARNING"
    ] == ["the clock jumped by 3600 s"]


def test_monotonic_clock_of_this_machine_counts_from_its_boot() -> None:
    clock = HostClock()
    assert clock.boot() == HostClock().boot() != ""
    assert 0 < clock.monotonic_ms() < clock.now_ms()
