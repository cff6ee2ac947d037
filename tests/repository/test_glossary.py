"""The glossary has every term that the packages exchange or store, and no name that the code no longer has."""

import ast
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from collector.contract.states import Occupancy
from collector.history.measures import MEASURES
from collector.store.journal import Journal
from edge.contract.sensor_kinds import SensorKind
from edge.contract.topics import TOPIC_KINDS
from tests.support.servers import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
CODE = ("edge", "collector", "dashboard", "ledig")
SHARED = ("edge/contract", "collector/contract", "collector/site")
"""Folders whose public classes must be in the glossary."""
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in GLOSSARY.splitlines()
    if line.startswith("| ") and not line.startswith("| ---")
][1:]
NAMES = {name for _, _, where in ROWS for name in re.findall(r"(?:\w+ )?`[^`]+`", where)}
"""What the last column names, each with the word before it: "`Space`", "table `event`"."""
KIND_SETTINGS = {kind.traits.settings.__name__ for kind in SensorKind}
"""Each sensor kind has one such class, which its row names."""
KINDS = ("topic", "table", "measure", "state")


def class_names(*folders: str) -> Iterator[str]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    yield node.name


def topics() -> list[str]:
    return [topic_kind.pattern for topic_kind in TOPIC_KINDS]


def tables(folder: Path) -> set[str]:
    """The tables of a new journal, without those of the measures of history."""
    path = folder / "journal.sqlite"
    Journal(path).close()
    connection = sqlite3.connect(path)
    names = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    return names - {measure.name for measure in MEASURES}


def test_every_shared_class_topic_table_measure_and_state_has_a_term(tmp_path: Path) -> None:
    required = {
        *(f"`{name}`" for name in class_names(*SHARED) if name not in KIND_SETTINGS),
        *(f"topic `{topic}`" for topic in topics()),
        *(f"table `{table}`" for table in tables(tmp_path)),
        *(f"measure `{measure.name}`" for measure in MEASURES),
        *(f"state `{state}`" for state in Occupancy),
    }
    assert required - NAMES == set()


def test_the_code_still_has_every_name_of_the_glossary(tmp_path: Path) -> None:
    known = {
        *(f"`{name}`" for name in class_names(*CODE)),
        *(f"topic `{topic}`" for topic in topics()),
        *(f"table `{table}`" for table in tables(tmp_path)),
        *(f"measure `{measure.name}`" for measure in MEASURES),
        *(f"state `{state}`" for state in Occupancy),
    }
    unknown = {name for name in NAMES - known if name.split(" ")[0] in KINDS or not (ROOT / name.strip("`")).is_file()}
    assert unknown == set()


def test_terms_are_unique_and_in_alphabetical_order() -> None:
    terms = [term for term, _, _ in ROWS]
    assert terms == sorted(set(terms), key=str.lower)
    assert all(meaning and where for _, meaning, where in ROWS)
