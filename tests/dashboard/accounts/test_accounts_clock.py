"""Accounts under a wrong clock: no session and no log entry is lost, and none lasts too long."""

from pathlib import Path

import pytest

from collector.timekeeping.site_clock import ClockReading
from dashboard.accounts.access_log import LoggedAction
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.accounts_clock import COLLECTOR_WITNESS, open_accounts
from dashboard.accounts.maintenance import AccountsMaintenance
from dashboard.accounts.roles import AccountRole, UserAccount
from dashboard.accounts.sessions import MAX_SESSION_IDLE_S
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.dashboard.users import PASSWORD, USER_NAME

NOW_MS = 1_796_000_000_000
JUMPS = [10 * MINUTE_MS, HOUR_MS, 4 * DAY_MS, 730 * DAY_MS, -HOUR_MS, -2 * DAY_MS]
ANNA = UserAccount(USER_NAME, AccountRole.MANAGER)


class DashboardMachine:
    """The dashboard's machine: its clock may be wrong, and the collector may report the right time."""

    def __init__(self, path: Path, *, synchronised: bool) -> None:
        self.true_ms, self.wrong_ms, self.synchronised = NOW_MS, 0, synchronised
        self.boot, self.booted_ms = 1, NOW_MS - DAY_MS
        self.path = path
        self.start()

    def read(self) -> ClockReading:
        return ClockReading(self.true_ms + self.wrong_ms, self.true_ms - self.booted_ms, self.boot, self.synchronised)

    def start(self) -> None:
        self.accounts, self.time = open_accounts(self.path, self.read)
        self.care = AccountsMaintenance(self.accounts, self.time)

    def live(self, minutes: int, *, collector: bool = False) -> None:
        for _ in range(minutes):
            self.true_ms += MINUTE_MS
            if collector:
                self.time.record_device_time(COLLECTOR_WITNESS, self.true_ms, exact=True)
            self.time.now_ms()
            self.care.purge_expired()


@pytest.fixture
def path(tmp_path: Path, accounts_template: bytes) -> Path:
    file = tmp_path / "accounts.sqlite"
    file.write_bytes(accounts_template)
    return file


@pytest.mark.parametrize("jump_ms", JUMPS)
@pytest.mark.parametrize("restarts", ["no restart", "restart", "reboot"])
@pytest.mark.parametrize("synchronised", [True, False])
def test_a_wrong_clock_ends_no_session_and_deletes_no_log_entry(
    path: Path, jump_ms: int, restarts: str, synchronised: bool
) -> None:
    machine = DashboardMachine(path, synchronised=synchronised)
    machine.live(2)
    token = machine.accounts.log_in(USER_NAME, PASSWORD, "192.0.2.1")
    machine.accounts.log.record(ANNA, LoggedAction.EXPORT, "use.csv", "days=7")
    machine.wrong_ms, machine.synchronised = jump_ms, False
    if restarts == "reboot":
        machine.boot, machine.booted_ms = 2, machine.true_ms
    if restarts != "no restart":
        machine.start()
    machine.live(10)
    assert machine.accounts.sessions.check_session(token) == ANNA
    machine.wrong_ms, machine.synchronised = 0, synchronised
    machine.live(10, collector=True)
    assert machine.accounts.sessions.check_session(token) == ANNA
    assert len(machine.accounts.log.list_entries(9)) == 1
    machine.live(MAX_SESSION_IDLE_S // 60, collector=True)
    assert machine.accounts.sessions.check_session(token) is None, "it ends when it should"
    assert machine.accounts.sessions.list_sessions() == []


def test_a_dashboard_uses_the_time_of_its_collector(path: Path) -> None:
    machine = DashboardMachine(path, synchronised=False)
    machine.wrong_ms = -3 * HOUR_MS
    machine.start()
    machine.live(1, collector=True)
    assert machine.time.estimate.site_ms == machine.true_ms


def test_future_times_from_an_older_ledig_are_set_to_now(path: Path) -> None:
    ahead_s = (NOW_MS + 730 * DAY_MS) / 1000
    accounts = Accounts(path, lambda: ahead_s)
    token = accounts.log_in(USER_NAME, PASSWORD, "192.0.2.1")
    accounts.log.record(ANNA, LoggedAction.EXPORT, "use.csv", "days=7")
    machine = DashboardMachine(path, synchronised=True)
    machine.live(2)
    assert machine.accounts.sessions.check_session(token) == ANNA
    (entry,) = machine.accounts.log.list_entries(9)
    assert abs(entry.at_s - machine.true_ms / 1000) <= 120
    machine.live(MAX_SESSION_IDLE_S // 60 + 2)
    assert machine.accounts.sessions.check_session(token) is None, "it would have lasted for two years"


def test_a_command_under_a_wrong_clock_deletes_nothing(path: Path) -> None:
    machine = DashboardMachine(path, synchronised=False)
    machine.live(2)
    token = machine.accounts.log_in(USER_NAME, PASSWORD, "192.0.2.1")
    machine.wrong_ms = 730 * DAY_MS
    accounts, _ = open_accounts(path, machine.read)  # as `ledig user` does
    assert [session.name for session in accounts.sessions.list_sessions()] == [USER_NAME]
    assert machine.accounts.sessions.check_session(token) == ANNA
