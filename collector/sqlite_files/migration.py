"""Migrates the tables of an SQLite file to the version of this program, in one transaction."""

import sqlite3
from collections.abc import Callable, Sequence

from edge.process.sqlite_transaction import transaction

MigrationStep = Callable[[sqlite3.Connection], None]
"""Migrates the tables from one version to the next."""


class SchemaTooNew(ValueError):
    """A later version of Ledig wrote this file; this version cannot read it."""


def read_version(connection: sqlite3.Connection) -> int:
    """The version of a file's tables."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def check_version(connection: sqlite3.Connection, steps: Sequence[MigrationStep]) -> int:
    """The version of a file's tables; raises SchemaTooNew if `steps` cannot migrate them."""
    version = read_version(connection)
    if version > len(steps):
        raise SchemaTooNew(f"its schema is version {version}; this Ledig supports {len(steps)}; install a newer Ledig")
    return version


def migrate_schema(connection: sqlite3.Connection, steps: Sequence[MigrationStep]) -> None:
    """Migrate the tables to the version that `steps` ends with, in one transaction.

    Raises:
        SchemaTooNew: the file has a later version.
        sqlite3.Error: a step failed; the file is unchanged.
    """
    version = check_version(connection, steps)
    if version == len(steps):
        return
    with transaction(connection):
        for step in steps[version:]:
            step(connection)
        connection.execute(f"PRAGMA user_version = {len(steps)}")
