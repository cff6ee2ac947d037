"""Backups of the accounts, and recovery from damage: on real files, with the time as a value."""

import contextlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from collector.sqlite_files.backup import list_backups, list_damaged_files
from collector.timekeeping.site_time import SiteTime
from dashboard.accounts.accounts import Accounts, LoginRejected, RestoreNotice
from dashboard.accounts.faults import AccountsAway
from dashboard.accounts.maintenance import MAX_BACKUPS, AccountsMaintenance
from dashboard.accounts.roles import AccountRole
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.subscriber.subscriber import LiveView
from edge.contract.broker_client import BrokerSettings
from edge.timekeeping.durations import DAY_S
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.users import PASSWORD, USER_NAME, VIEWER_NAME

HERE = "192.0.2.7"


class BackupClock:
    """Real time, set by the test."""

    def __init__(self) -> None:
        self.s = 1_764_000_000.0

    def __call__(self) -> float:
        return self.s


def create_maintenance(accounts: Accounts) -> AccountsMaintenance:
    return AccountsMaintenance(accounts, SiteTime(lambda: round(accounts.store.now_s() * 1000)))


@pytest.fixture
def clock() -> BackupClock:
    return BackupClock()


@pytest.fixture
def accounts(tmp_path: Path, accounts_template: bytes, clock: BackupClock) -> Accounts:
    path = tmp_path / "accounts.sqlite"
    path.write_bytes(accounts_template)
    return Accounts(path, clock)


def folder(accounts: Accounts) -> Path:
    return accounts.store.backup_folder


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [name for (name,) in db.execute("SELECT name FROM account ORDER BY name")]


def test_accounts_are_backed_up_daily_and_few_backups_are_kept(accounts: Accounts, clock: BackupClock) -> None:
    care = create_maintenance(accounts)
    for _day in range(MAX_BACKUPS + 3):
        for _ in range(3):
            care.maintain()
        clock.s += DAY_S
    assert [one.number for one in list_backups(accounts.path, folder(accounts))] == list(range(MAX_BACKUPS + 3, 3, -1))


def test_no_backup_has_a_session_a_login_failure_or_an_old_log_entry(accounts: Accounts, clock: BackupClock) -> None:
    token = accounts.log_in(USER_NAME, PASSWORD, HERE)
    account = accounts.sessions.use_session(token)
    assert account is not None
    with pytest.raises(LoginRejected):
        accounts.log_in("nobody", "a wrong password", HERE)
    accounts.log.record(account, "export", "use.csv", "a span of long ago")  # type: ignore[arg-type]
    care = create_maintenance(accounts)
    care.maintain()
    (first,) = list_backups(accounts.path, folder(accounts))
    with closing(sqlite3.connect(first.path)) as db:
        assert db.execute("SELECT count(*) FROM session").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM login_failure").fetchone() == (0,)
    assert b"a span of long ago" in first.path.read_bytes()
    clock.s += 397 * DAY_S
    accounts.purge_expired()
    care.maintain()
    assert all(b"a span of long ago" not in path.read_bytes() for path in folder(accounts).iterdir())


def test_removed_account_and_changed_password_are_in_no_backup_after_the_next_call(accounts: Accounts) -> None:
    care = create_maintenance(accounts)
    care.maintain()
    accounts.remove(VIEWER_NAME)
    care.maintain()
    assert [names(one.path) for one in list_backups(accounts.path, folder(accounts))] == [[USER_NAME]]
    assert all(VIEWER_NAME.encode() not in path.read_bytes() for path in folder(accounts).iterdir())


def test_change_by_another_process_before_the_start_is_backed_up_at_the_start(accounts: Accounts) -> None:
    create_maintenance(accounts).maintain()
    Accounts(accounts.path).remove(VIEWER_NAME)  # `ledig user remove`, while the dashboard is stopped
    create_maintenance(accounts).maintain()
    assert [names(one.path) for one in list_backups(accounts.path, folder(accounts))] == [[USER_NAME]]


def test_a_restore_ends_every_session_and_is_shown_to_managers(accounts: Accounts, clock: BackupClock) -> None:
    care = create_maintenance(accounts)
    care.maintain()
    token = accounts.log_in(USER_NAME, PASSWORD, HERE)
    backup_s = clock.s
    clock.s += 3600
    accounts.path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(AccountsAway):
        accounts.sessions.use_session(token)
    care.maintain()
    assert accounts.sessions.use_session(token) is None
    assert accounts.notice == RestoreNotice(clock.s, backup_s)
    assert accounts.sessions.use_session(accounts.log_in(USER_NAME, PASSWORD, HERE)) is not None
    assert list_damaged_files(accounts.path)
    clock.s += 31 * DAY_S
    care.maintain()
    assert accounts.notice is None


def test_without_a_good_backup_a_new_empty_file_works(accounts: Accounts) -> None:
    care = create_maintenance(accounts)
    care.maintain()
    for path in (accounts.path, *folder(accounts).iterdir()):
        path.write_bytes(b"nonsense" * 1000)
    with pytest.raises(AccountsAway):
        accounts.list_accounts()
    care.maintain()
    assert accounts.list_accounts() == []
    assert accounts.notice is not None
    assert accounts.notice.backup_s is None
    accounts.add("bo", PASSWORD, AccountRole.MANAGER)
    care.maintain()
    assert names(list_backups(accounts.path, folder(accounts))[0].path) == ["bo"]


def test_a_lost_file_is_restored_and_a_first_start_is_not(tmp_path: Path, accounts: Accounts) -> None:
    create_maintenance(accounts).maintain()
    accounts.path.unlink()
    again = Accounts(accounts.path)
    with pytest.raises(AccountsAway):
        again.list_accounts()
    create_maintenance(again).maintain()
    assert [one.name for one in again.list_accounts()] == [USER_NAME, VIEWER_NAME]
    first = Accounts(tmp_path / "new" / "accounts.sqlite")
    first.path.parent.mkdir()
    create_maintenance(first).maintain()
    assert first.list_accounts() == []


@pytest.mark.parametrize("change", ["CREATE TABLE key (name TEXT) STRICT", ""], ids=["new table", "only the version"])
def test_intact_file_of_a_newer_ledig_is_never_moved_aside(accounts: Accounts, change: str) -> None:
    care = create_maintenance(accounts)
    care.maintain()
    with closing(sqlite3.connect(accounts.path, isolation_level=None)) as db:
        db.execute(change)
        db.execute("PRAGMA user_version = 99")
    again = Accounts(accounts.path)
    with pytest.raises(AccountsAway, match="newer"):
        create_maintenance(again).maintain()
    assert not list_damaged_files(accounts.path)


def spoil(whole: bytes, number: int, dice: Random) -> bytes:
    """Return the file with one bit flipped, cut off, with a page of zeros, or with a page in the wrong place."""
    if number % 4 < 2:
        spoiled, at = bytearray(whole), dice.randrange(len(whole))
        if number % 4 == 1:  # among the rows, where most content is
            at = dice.randrange(len(whole) // 2, len(whole))
        spoiled[at] ^= 1 << dice.randrange(8)
        return bytes(spoiled)
    if number % 4 == 2:
        return whole[
            : dice.choice([0, 1, 99, 100, 4096, 4097, len(whole) // 2, len(whole) - 1, dice.randrange(len(whole))])
        ]
    page = dice.randrange(len(whole) // 4096) * 4096
    other = dice.choice([bytes(4096), bytes(dice.randrange(256) for _ in range(4096)), whole[-4096:]])
    return whole[:page] + other + whole[page + 4096 :]


def hash_of(path: Path, name: str) -> str:
    with closing(sqlite3.connect(path)) as db:
        return str(db.execute("SELECT hash FROM account WHERE name = ?", (name,)).fetchone()[0])


def test_no_damage_stops_the_public_page_or_locks_managers_out(
    tmp_path: Path, accounts_template: bytes, clock: BackupClock, full: bool
) -> None:
    """240 damaged files (also damaged sidecar files); each starts the application as `serve` does."""
    origin = tmp_path / "origin" / "accounts.sqlite"
    origin.parent.mkdir()
    origin.write_bytes(accounts_template)
    create_maintenance(Accounts(origin, clock)).maintain()
    whole, kept = origin.read_bytes(), hash_of(origin, USER_NAME)
    live = LiveView(PLAN, lambda: MONDAY_10_MS)
    found = 0
    for number in range(240):
        dice = Random(number)  # noqa: S311 - repeatable, no secret
        path = tmp_path / str(number) / "accounts.sqlite"
        path.parent.mkdir()
        shutil.copytree(origin.parent / "backups", path.parent / "backups")
        path.write_bytes(spoil(whole, number, dice))
        for sidecar in ("-wal", "-journal"):
            if number % 5 == 0:
                Path(f"{path}{sidecar}").write_bytes(bytes(dice.randrange(256) for _ in range(600)))
        accounts = Accounts(path, clock)
        care = create_maintenance(accounts)
        client = None
        if full or number % 40 == 0:
            settings = DashboardSettings(
                broker=BrokerSettings(), accounts_path=path, journal_path=path.parent / "journal.sqlite"
            )
            client = create_app(settings, PLAN, live, accounts).test_client()
            assert client.get("/", base_url="https://localhost").status_code == 200, number
        else:
            with contextlib.suppress(AccountsAway):
                assert accounts.form_secret
        care.maintain()
        assert [(one.name, one.role) for one in accounts.list_accounts()] == [
            (USER_NAME, AccountRole.MANAGER),
            (VIEWER_NAME, AccountRole.VIEWER),
        ], number
        assert hash_of(path, USER_NAME) == kept, number
        if client is not None:
            assert accounts.sessions.use_session(accounts.log_in(USER_NAME, PASSWORD, HERE)), number
            assert client.get("/sensing", base_url="https://localhost").status_code == 200, number
        found += bool(list_damaged_files(path))
        shutil.rmtree(path.parent)
    assert found > 80, found  # most damage was found; the rest was in unused space
