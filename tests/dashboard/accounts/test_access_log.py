"""The access log: views once an hour, other actions each time, what everybody may read, and expiry."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.accounts.access_log import LOG_DAYS, AccessLogEntry, LoggedAction, PublicLogEntry
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.accounts_schema import MIGRATIONS
from dashboard.accounts.faults import AccountsAway
from dashboard.accounts.roles import AccountRole, UserAccount
from edge.timekeeping.durations import HOUR_S

ANNA, VERA = UserAccount("anna", AccountRole.MANAGER), UserAccount("vera", AccountRole.VIEWER)
BEGIN_S = 1_764_000_000.0


class AccessLogClock:
    """Real time, set by the test."""

    s = BEGIN_S

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> AccessLogClock:
    return AccessLogClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: AccessLogClock) -> Accounts:
    return Accounts(tmp_path / "accounts.sqlite", clock)


def test_a_view_is_logged_once_an_hour_per_account_page_and_span(accounts: Accounts, clock: AccessLogClock) -> None:
    for _ in range(60):
        for who in (ANNA, VERA):
            for span in ("zone=hall", "zone=quiet", ""):
                accounts.log.record(who, LoggedAction.VIEW, "manage.live", span)
        clock.s += 30
    assert len(accounts.log.list_entries(99)) == 4
    clock.s = BEGIN_S + HOUR_S + 1
    accounts.log.record(ANNA, LoggedAction.VIEW, "manage.live", "zone=hall")
    assert len(accounts.log.list_entries(99)) == 5


def test_exports_and_changes_are_logged_each_time(accounts: Accounts) -> None:
    for act in (LoggedAction.EXPORT, LoggedAction.EXPORT, LoggedAction.CHANGE, LoggedAction.CHANGE):
        accounts.log.record(ANNA, act, "use.csv", "2025-11-01/2025-11-08")
    assert [one.action for one in accounts.log.list_entries(99)] == ["change", "change", "export", "export"]


def test_the_public_log_has_roles_and_no_accounts(accounts: Accounts) -> None:
    accounts.log.record(ANNA, LoggedAction.EXPORT, "use.csv", "days=7")
    accounts.log.record(ANNA, LoggedAction.CHANGE, "accounts.add", "bo viewer")
    accounts.log.record(VERA, LoggedAction.VIEW, "manage.live", "days=1")
    assert accounts.log.list_public_entries(9) == [
        PublicLogEntry(BEGIN_S, AccountRole.VIEWER, LoggedAction.VIEW, "manage.live", "days=1"),
        PublicLogEntry(BEGIN_S, AccountRole.MANAGER, LoggedAction.EXPORT, "use.csv", "days=7"),
    ]
    assert len(accounts.log.list_public_entries(1)) == 1


def test_an_entry_is_deleted_after_thirteen_months(accounts: Accounts, clock: AccessLogClock) -> None:
    accounts.log.record(ANNA, LoggedAction.EXPORT, "use.csv", "a span of long ago")
    clock.s += LOG_DAYS * 86_400
    assert len(accounts.log.list_entries(9)) == 1
    clock.s += 1
    assert accounts.log.list_public_entries(9) == []
    accounts.purge_expired()
    assert b"a span of long ago" not in accounts.path.read_bytes()


def test_an_entry_is_deleted_without_a_reader(accounts: Accounts, clock: AccessLogClock) -> None:
    accounts.log.record(ANNA, LoggedAction.EXPORT, "use.csv", "a span of long ago")
    clock.s += LOG_DAYS * 86_400 + 1
    accounts.log.purge_expired()
    assert b"a span of long ago" not in accounts.path.read_bytes()


def create_file_without_roles(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        MIGRATIONS[0](db)
        db.execute("INSERT INTO account (name, hash, changed_s) VALUES ('anna', 'a hash', 1.0)")
        db.executemany(
            "INSERT INTO view_log (at_s, name, what) VALUES (?, 'anna', ?)",
            [
                (BEGIN_S - 4, "login"),
                (BEGIN_S - 3, "manage zone=site kind=desk days=1"),
                (BEGIN_S - 2, "api history zone_five_min"),
                (BEGIN_S - 1, "ignore flapping of pi-1 desk-1-pir"),
            ],
        )
        db.execute("PRAGMA user_version = 1")


def test_accounts_from_before_roles_become_managers(tmp_path: Path, clock: AccessLogClock) -> None:
    create_file_without_roles(tmp_path / "accounts.sqlite")
    accounts = Accounts(tmp_path / "accounts.sqlite", clock)
    assert accounts.list_accounts() == [ANNA]
    assert accounts.log.list_entries(9) == [
        AccessLogEntry(
            BEGIN_S - 1,
            "anna",
            AccountRole.MANAGER,
            LoggedAction.CHANGE,
            "manage.answer",
            "ignore flapping of pi-1 desk-1-pir",
        ),
        AccessLogEntry(BEGIN_S - 2, "anna", AccountRole.MANAGER, LoggedAction.VIEW, "api.history", "zone_five_min"),
        AccessLogEntry(
            BEGIN_S - 3, "anna", AccountRole.MANAGER, LoggedAction.VIEW, "manage.live", "zone=site kind=desk days=1"
        ),
        AccessLogEntry(BEGIN_S - 4, "anna", AccountRole.MANAGER, LoggedAction.CHANGE, "manage.log_in", ""),
    ]


def test_entries_of_a_renamed_endpoint_are_migrated(tmp_path: Path, clock: AccessLogClock) -> None:
    path = tmp_path / "accounts.sqlite"
    Accounts(path, clock).log.record(ANNA, LoggedAction.VIEW, "learnt.page")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) - 1}")
    assert [entry.endpoint for entry in Accounts(path, clock).log.list_entries(9)] == ["learned.page"]


def test_a_failed_migration_leaves_the_file_unchanged(tmp_path: Path, clock: AccessLogClock) -> None:
    path = tmp_path / "accounts.sqlite"
    create_file_without_roles(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("ALTER TABLE session ADD COLUMN browser TEXT")  # so the step fails after it changed accounts
    with pytest.raises(AccountsAway, match="damaged"):
        Accounts(path, clock).list_accounts()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert [row[1] for row in db.execute("PRAGMA table_info(account)")] == ["name", "hash", "changed_s"]


def test_a_file_of_a_later_ledig_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(AccountsAway, match="install a newer Ledig"):
        Accounts(path).list_accounts()
