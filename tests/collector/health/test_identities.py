"""Two clients with one device's name are found by their alternating streams, without false findings."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.configuration.alert_settings import DEFAULT_ALERT_SETTINGS
from collector.configuration.collector_settings import RetentionSettings
from collector.contract.findings import FindingKind
from collector.engine.pipeline import Pipeline
from collector.health.identities import MIN_RETURNS, RETURN_COUNTS_MS, DuplicateClientDetector
from collector.intake.intake import IncomingMessage
from collector.store.journal import Journal
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion


def find_contested(*streams: str, every_ms: int = 1000) -> dict[str, int]:
    found, now_ms = DuplicateClientDetector(), NOON_MS
    for stream in streams:
        now_ms += every_ms
        found.record_stream("pi-1", stream, now_ms)
    return found.find_duplicates(now_ms)


def test_alternating_streams_are_two_clients() -> None:
    assert find_contested(*["a", "b"] * 3) == {"pi-1": NOON_MS + 3000}
    assert find_contested("a", "b", "a", "b") == {}, "a late message"
    assert find_contested(*["a", "b"] * 9, every_ms=RETURN_COUNTS_MS) == {}, (
        "rare enough to be a memory card that is moved"
    )


@given(st.lists(st.integers(0, 30)))
def test_outbox_that_is_recreated_repeatedly_is_one_client(repeats: list[int]) -> None:
    assert find_contested(*(f"stream-{n}" for n, times in enumerate(repeats) for _ in range(times))) == {}


def test_finding_ends_an_hour_after_the_last_return() -> None:
    found = DuplicateClientDetector()
    for turn in range(2 * MIN_RETURNS):
        found.record_stream("pi-1", "ab"[turn % 2], NOON_MS)
    assert found.find_duplicates(NOON_MS + RETURN_COUNTS_MS - 1)
    assert not found.find_duplicates(NOON_MS + RETURN_COUNTS_MS)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


def test_copied_memory_card_is_a_finding_of_its_device(journal: Journal) -> None:
    work = Pipeline(build_desk_plan(2), journal, RetentionSettings(), NOON_MS, DEFAULT_ALERT_SETTINGS)
    for seq in range(1, 4):
        for stream in ("card", "copy"):
            payload = message([motion(seq, NOON_MS + seq)], stream)
            work.process_batch([IncomingMessage("pi-1", payload)], NOON_MS + seq)
    (finding,) = dict(work.health.pop_changed_findings(NOON_MS + 60_000))["pi-1"].findings
    assert (finding.kind, finding.sensor) == (FindingKind.TWO_CLIENTS, "")
