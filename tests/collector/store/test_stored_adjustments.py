"""The managers' adjustments are stored; what cannot be read does not stop the collector."""

from contextlib import closing
from pathlib import Path

import pytest
from msgspec import msgpack

from collector.site.adjustments import NO_ADJUSTMENTS, Adjustments
from collector.store.journal import Journal
from collector.store.stored_adjustments import ADJUSTMENTS_KEY, load_adjustments, save_adjustments

HEADER = b"\x07\x01"


def test_adjustments_are_stored_and_loaded(tmp_path: Path) -> None:
    adjustments = Adjustments("The water is off", {"2026-12-24": ["09:00-13:00"], "2026-12-25": []}, ["desk-1"])
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        assert load_adjustments(journal) == NO_ADJUSTMENTS
        with journal.transaction():
            save_adjustments(journal, adjustments)
        assert load_adjustments(journal) == adjustments


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        HEADER,
        b"\x07\x02" + msgpack.encode({}),
        b"\x01\x01" + msgpack.encode({}),
        HEADER + msgpack.encode({"colour": 1}),
        HEADER + msgpack.encode({"hours": {"x": []}}),
        HEADER + msgpack.encode({"hours": {"2026-12-24": ["9"]}}),
    ],
)
def test_unreadable_stored_adjustments_are_ignored(tmp_path: Path, stored: bytes) -> None:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        with journal.transaction():
            journal.store_values({ADJUSTMENTS_KEY: stored})
        assert load_adjustments(journal) == NO_ADJUSTMENTS
