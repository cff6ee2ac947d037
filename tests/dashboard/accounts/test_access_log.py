"""The access log: views once an hour, other actions each time, what everybody may read, and expiry."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dashboard.accounts import Accounts
from dashboard.accounts.access_log import HOUR_S, LOG_DAYS, Act, Entry, View
from dashboard.accounts.faults import AccountsAway
from dashboard.accounts.roles import Account, Role
from dashboard.accounts.schema import STEPS

ANNA, VERA = Account("anna", Role.MANAGER), Account("vera", Role.VIEWER)
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
                accounts.log.write(who, Act.VIEW, "manage.live", span)
        clock.s += 30
    assert len(accounts.log.entries(99)) == 4
    clock.s = BEGIN_S + HOUR_S + 1
    accounts.log.write(ANNA, Act.VIEW, "manage.live", "zone=hall")
    assert len(accounts.log.entries(99)) == 5


def test_exports_and_changes_are_logged_each_time(accounts: Accounts) -> None:
    for act in (Act.EXPORT, Act.EXPORT, Act.CHANGE, Act.CHANGE):
        accounts.log.write(ANNA, act, "use.csv", "2025-11-01/2025-11-08")
    assert [one.act for one in accounts.log.entries(99)] == ["change", "change", "export", "export"]


def test_the_public_log_has_roles_and_no_accounts(accounts: Accounts) -> None:
    accounts.log.write(ANNA, Act.EXPORT, "use.csv", "days=7")
    accounts.log.write(ANNA, Act.CHANGE, "accounts.add", "bo viewer")
    accounts.log.write(VERA, Act.VIEW, "manage.live", "days=1")
    assert accounts.log.recent_views(9) == [
        View(BEGIN_S, Role.VIEWER, Act.VIEW, "manage.live", "days=1"),
        View(BEGIN_S, Role.MANAGER, Act.EXPORT, "use.csv", "days=7"),
    ]
    assert len(accounts.log.recent_views(1)) == 1


def test_an_entry_is_deleted_after_thirteen_months(accounts: Accounts, clock: AccessLogClock) -> None:
    accounts.log.write(ANNA, Act.EXPORT, "use.csv", "a span of long ago")
    clock.s += LOG_DAYS * 86_400
    assert len(accounts.log.entries(9)) == 1
    clock.s += 1
    assert accounts.log.recent_views(9) == []
    accounts.purge()
    assert b"a span of long ago" not in accounts.path.read_bytes()


def test_an_entry_is_deleted_without_a_reader(accounts: Accounts, clock: AccessLogClock) -> None:
    accounts.log.write(ANNA, Act.EXPORT, "use.csv", "a span of long ago")
    clock.s += LOG_DAYS * 86_400 + 1
    accounts.log.purge()
    assert b"a span of long ago" not in accounts.path.read_bytes()


def create_file_without_roles(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        STEPS[0](db)
        db.execute("INSERT INTO account VALUES ('anna', 'a hash', 1.0)")
        db.executemany(
            "INSERT INTO view_log VALUES (?, 'anna', ?)",
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
    assert accounts.all() == [ANNA]
    assert accounts.log.entries(9) == [
        Entry(BEGIN_S - 1, "anna", Role.MANAGER, Act.CHANGE, "manage.answer", "ignore flapping of pi-1 desk-1-pir"),
        Entry(BEGIN_S - 2, "anna", Role.MANAGER, Act.VIEW, "api.history", "zone_five_min"),
        Entry(BEGIN_S - 3, "anna", Role.MANAGER, Act.VIEW, "manage.live", "zone=site kind=desk days=1"),
        Entry(BEGIN_S - 4, "anna", Role.MANAGER, Act.CHANGE, "manage.log_in", ""),
    ]


def test_a_failed_migration_leaves_the_file_unchanged(tmp_path: Path, clock: AccessLogClock) -> None:
    path = tmp_path / "accounts.sqlite"
    create_file_without_roles(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("ALTER TABLE session ADD COLUMN browser TEXT")  # so the step fails after it changed accounts
    with pytest.raises(AccountsAway, match="damaged"):
        Accounts(path, clock).all()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert [row[1] for row in db.execute("PRAGMA table_info(account)")] == ["name", "hash", "changed_s"]


def test_a_file_of_a_later_ledig_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "accounts.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(AccountsAway, match="install a newer Ledig"):
        Accounts(path).all()
