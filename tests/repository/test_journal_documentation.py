"""docs/journal.md describes every table and column of the journal, and none that does not exist."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from collector.engine.startup import COMPUTED_UNTIL_KEY
from collector.store import journal, metadata_keys
from collector.store.journal import Journal
from collector.store.journal_schema import MIGRATION_STEPS
from tests.support.servers import ROOT

PAGE = (ROOT / "docs" / "journal.md").read_text(encoding="utf-8")


def read_described() -> dict[str, list[str]]:
    """The tables of the page and their columns."""
    described: dict[str, list[str]] = {}
    for section in PAGE.split("\n## Keys of")[0].split("\n### ")[1:]:
        (table,) = re.findall(r"^`(\w+)`\n", section)
        described[table] = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    return described


def read_existing(path: Path) -> dict[str, list[str]]:
    Journal(path).close()
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in tables}


def test_every_table_and_column_is_described(tmp_path: Path) -> None:
    described, existing = read_described(), read_existing(tmp_path / "journal.sqlite")
    assert set(described) == set(existing)
    for table, columns in existing.items():
        assert described[table] == columns, f"docs/journal.md, table {table}"


def test_the_version_of_the_tables_is_the_current_one() -> None:
    assert f"version {len(MIGRATION_STEPS)} (`PRAGMA user_version`)" in " ".join(PAGE.split())


def test_every_name_of_a_number_is_described() -> None:
    keys = {COMPUTED_UNTIL_KEY, journal.RESTORED_AT, journal.MISSING_FROM, journal.RESTORED_POSITION}
    keys |= {value for value in vars(metadata_keys).values() if isinstance(value, str) and value.startswith("clock_")}
    keys |= {metadata_keys.ERASED_UNTIL, metadata_keys.ACCEPTED_FROM}
    assert not {key for key in keys if f"`{key}`" not in PAGE}
