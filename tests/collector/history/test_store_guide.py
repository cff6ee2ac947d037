"""The worked example of docs/adding/history-store.md is a history store."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from collector.history.measures import MEASURES, ZONE_HOUR, HistoryAway, HistoryRow
from collector.history.sqlite import SqliteHistory
from tests.support.servers import ROOT

GUIDE = (ROOT / "docs" / "adding" / "history-store.md").read_text(encoding="utf-8")
NOON_MS = 1_763_895_600_000


@pytest.fixture
def example() -> ModuleType:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    module = ModuleType("csv_history")
    exec(compile(code, "docs/adding/history-store.md", "exec"), vars(module))  # noqa: S102 - our own guide
    return module


def test_the_example_returns_what_the_journal_holds(journal, example: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "csv"
    folder.mkdir()
    for number, measure in enumerate(MEASURES):
        rows = [
            HistoryRow(
                tuple(f"{tag}, {place}" for tag in measure.tags),
                NOON_MS + place * measure.bucket_ms,
                (*(None if place == 2 else number + place / 3 for _ in measure.fields[1:]), 1.5),
            )
            for place in range(3)
        ]
        journal.write(measure, rows)
    example.copy_history(journal.path, folder)
    reader, expected = example.CsvHistory(folder), SqliteHistory(journal.path)
    for measure in MEASURES:
        rows = reader.read_rows(measure, 0, 2**42)
        assert len(rows) == 3
        assert rows == expected.read_rows(measure, 0, 2**42)
        span = (NOON_MS, NOON_MS + measure.bucket_ms)
        assert reader.read_rows(measure, *span) == expected.read_rows(measure, *span)
    assert reader.read_rows(ZONE_HOUR, 0, 2**42, zone="zone, 1") == expected.read_rows(
        ZONE_HOUR, 0, 2**42, zone="zone, 1"
    )


def test_a_missing_folder_of_the_example_is_an_unavailable_history(example: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(HistoryAway, match="cannot be read"):
        example.CsvHistory(tmp_path / "nowhere").read_rows(ZONE_HOUR, 0, 1)


def test_every_file_that_the_guide_names_exists() -> None:
    names = re.findall(r"`([\w/.-]+\.(?:py|toml|md))`", GUIDE)
    known = {path.name for path in ROOT.glob("collector/history/*.py")} | {"test_conformance.py"}
    missing = [name for name in names if "NAME" not in name and not (ROOT / name).exists() and name not in known]
    assert not missing
