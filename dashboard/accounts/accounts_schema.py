"""The tables of the accounts file, their versions, and a check for damage that SQLite does not detect.

In:    an open SQLite connection.
Out:   the tables of this version; the checksum of an account; what is damaged.
Never: opening the file; changing rows, apart from their checksums.
"""

import hashlib
import sqlite3
from typing import Final, NamedTuple

from collector.sqlite_files.migration import SchemaTooNew, migrate_schema
from dashboard.accounts.faults import AccountsAway, AccountsFault
from dashboard.accounts.roles import AccountRole


def _create_tables(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE IF NOT EXISTS secret (one INTEGER PRIMARY KEY CHECK (one = 1), value TEXT NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, hash TEXT NOT NULL, changed_s REAL NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE IF NOT EXISTS session (token_hash TEXT PRIMARY KEY,"
        " name TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,"
        " began_s REAL NOT NULL, used_s REAL NOT NULL) STRICT"
    )
    db.execute("CREATE TABLE IF NOT EXISTS try (who_hash TEXT NOT NULL, at_s REAL NOT NULL) STRICT")
    db.execute(
        "CREATE TABLE IF NOT EXISTS view_log (at_s REAL NOT NULL, name TEXT NOT NULL, what TEXT NOT NULL) STRICT"
    )


def _add_roles(db: sqlite3.Connection) -> None:
    """Accounts from before roles existed become managers; the log uses the endpoints of routes.py from now on."""
    db.execute(
        "ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT 'manager' CHECK (role IN ('manager', 'viewer'))"
    )
    db.execute("ALTER TABLE account ADD COLUMN locked INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1))")
    db.execute("ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE view_log ADD COLUMN role TEXT NOT NULL DEFAULT 'manager'")
    db.execute("ALTER TABLE view_log ADD COLUMN span TEXT NOT NULL DEFAULT ''")
    db.execute(
        "ALTER TABLE view_log ADD COLUMN kind TEXT NOT NULL DEFAULT 'view' CHECK (kind IN ('view', 'export', 'change'))"
    )
    db.execute("UPDATE view_log SET kind = 'change' WHERE what NOT LIKE 'manage%' AND what NOT LIKE 'api history %'")
    db.execute(
        "UPDATE view_log SET span = CASE WHEN what = 'login' THEN ''"
        " WHEN what LIKE 'api history %' THEN substr(what, 13) WHEN what LIKE 'manage %' THEN substr(what, 8)"
        " ELSE what END,"
        " what = CASE WHEN what = 'login' THEN 'manage.log_in' WHEN what LIKE 'api history %' THEN 'api.history'"
        " WHEN what LIKE 'manage %' THEN 'manage.live' ELSE 'manage.answer' END"
    )


def _add_clock(db: sqlite3.Connection) -> None:
    """Store the clock state, from which the next start continues."""
    db.execute(
        "CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), site_ms INTEGER NOT NULL,"
        " deletion_ms INTEGER NOT NULL, boot INTEGER NOT NULL, elapsed_ms INTEGER NOT NULL,"
        " confirmed INTEGER NOT NULL) STRICT"
    )


def _add_checksums(db: sqlite3.Connection) -> None:
    """Add a checksum to each account, since SQLite does not detect a flipped bit in a text; record restores."""
    db.execute("ALTER TABLE account ADD COLUMN checksum TEXT NOT NULL DEFAULT ''")
    for (name,) in db.execute("SELECT name FROM account").fetchall():
        write_checksum(db, name)
    db.execute("CREATE TABLE restored (at_s REAL NOT NULL, backup_s REAL) STRICT")


def _rename_tables(db: sqlite3.Connection) -> None:
    """Name tables and columns after what they hold."""
    db.execute("ALTER TABLE try RENAME TO login_failure")
    db.execute("ALTER TABLE login_failure RENAME COLUMN who_hash TO key_hash")
    db.execute("ALTER TABLE view_log RENAME TO access_log")
    db.execute("ALTER TABLE access_log RENAME COLUMN what TO endpoint")
    db.execute("ALTER TABLE access_log RENAME COLUMN kind TO action")
    db.execute("ALTER TABLE restored RENAME TO restore")


def _rename_endpoint(db: sqlite3.Connection) -> None:
    """Follow a renamed endpoint of routes.py."""
    db.execute("UPDATE access_log SET endpoint = 'learned.page' WHERE endpoint = 'learnt.page'")


MIGRATIONS: Final = (_create_tables, _add_roles, _add_clock, _add_checksums, _rename_tables, _rename_endpoint)
"""Each function migrates the file to the next version."""


class AccountRow(NamedTuple):
    """One row of the table of accounts; its columns in this order."""

    name: str
    hash: str
    changed_s: float
    role: str
    locked: int
    checksum: str


ACCOUNT_COLUMNS: Final = ", ".join(AccountRow._fields)


def migrate_accounts(db: sqlite3.Connection) -> None:
    """Migrate the tables to this version; write nothing if they are current. Raises SchemaTooNew, sqlite3.Error."""
    migrate_schema(db, MIGRATIONS)


def compute_checksum(name: str, hashed: str, changed_s: float, role: str, locked: int) -> str:
    """Compute the checksum of one account.

    Args:
        name: the account's name.
        hashed: the hash of its password.
        changed_s: when the password was set, Unix seconds.
        role: the role's value.
        locked: 1 if the account is locked, else 0.

    Returns:
        16 hexadecimal digits.
    """
    return hashlib.sha256(repr((name, hashed, float(changed_s), role, locked)).encode()).hexdigest()[:16]


def read_account(db: sqlite3.Connection, name: str) -> AccountRow | None:
    """Return one account's row, None if there is none; raises AccountsAway if it is damaged."""
    found = db.execute(f"SELECT {ACCOUNT_COLUMNS} FROM account WHERE name = ?", (name,)).fetchone()  # noqa: S608 - a constant of ours
    if found is None:
        return None
    row = AccountRow(*found)
    if not is_intact(row):
        raise AccountsAway(AccountsFault.DAMAGED, "an account")
    return row


def is_intact(row: AccountRow) -> bool:
    """Whether an account's row matches its checksum."""
    return compute_checksum(*row[:5]) == row.checksum


def write_checksum(db: sqlite3.Connection, name: str) -> None:
    """Write the checksum of an account that was just changed."""
    row = db.execute("SELECT name, hash, changed_s, role, locked FROM account WHERE name = ?", (name,)).fetchone()
    db.execute("UPDATE account SET checksum = ? WHERE name = ?", (compute_checksum(*row), name))


def find_damage(db: sqlite3.Connection) -> str:
    """Return what is damaged; empty if nothing is. Raises SchemaTooNew for a file of a newer Ledig."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise SchemaTooNew(f"its schema is version {version}; this Ledig supports {len(MIGRATIONS)}")
    schema = _read_schema(db)
    if version < len(MIGRATIONS) and schema != _expected_schema():
        return ""  # an older file: its tables are migrated when it is opened
    if version != len(MIGRATIONS) or schema != _expected_schema():
        return "its schema was changed"
    for row in db.execute(f"SELECT {ACCOUNT_COLUMNS} FROM account"):  # noqa: S608 - a constant of ours
        if not is_intact(AccountRow(*row)):
            return "an account does not match its checksum"
    roles = {role for (role,) in db.execute("SELECT DISTINCT role FROM access_log")}
    if not roles <= set(AccountRole):
        return "the access log names an unknown role"
    return ""


def _read_schema(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    """Read tables and columns. Not their SQL, which another version of SQLite may write differently."""
    return db.execute(
        'SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master AS m, pragma_table_info(m.name) AS c'
        " WHERE m.type = 'table' ORDER BY m.name, c.cid"
    ).fetchall()


def _expected_schema() -> list[tuple[object, ...]]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate_accounts(db)
        return _read_schema(db)
    finally:
        db.close()
