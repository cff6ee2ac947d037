"""A device or the collector loses its power at random moments: everything whose commit returned is there afterwards.

A process writes on an ext4 image and prints every number whose commit returned. See tests/support/chaos/power_cut.py.
"""

import random
from contextlib import closing
from pathlib import Path

import pytest

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.store.recovery.journal_guard import JournalGuard
from edge.outbox import Outbox
from tests.support.chaos.power_cut import lost_unsynced, make_card, mounted, write_until_cut
from tests.support.collector.random_sites import NOON_MS, build_desk_plan

CUTS, FULL_CUTS = 5, 20
MAX_EVENTS = 100_000

OUTBOX_WRITER = """
import os, pathlib, sys
from edge.contract.message import EventKind
from edge.outbox import Outbox
from tests.support.edge.outbox_events import create_timed_event
folder = pathlib.Path(sys.argv[1])
outbox = Outbox(folder / "outbox.sqlite", max_events=100_000, boot="boot")
loose = os.open(folder / "never-synced", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
size = 1
while True:
    os.write(loose, b"x" * 512)
    at_ms = 1_763_870_400_000
    outbox.append([create_timed_event("desk-14-pir", EventKind.MOTION, number % 2, at_ms) for number in range(size)])
    os.write(1, outbox.last_seq.to_bytes(8, "little"))
    size = size % 7 + 1
    if outbox.last_seq % 5 == 0:
        outbox.delete_covered(outbox.last_seq - 40)
"""

JOURNAL_WRITER = """
import os, pathlib, sys
from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.store.journal import Journal
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion
folder = pathlib.Path(sys.argv[1])
journal = Journal(folder / "journal.sqlite")
work = Pipeline(build_desk_plan(1), journal, RetentionSettings(), NOON_MS)
loose = os.open(folder / "never-synced", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
seq, size = work.stored_up_to.get(("pi-1", "s"), 0), 1
while True:
    os.write(loose, b"x" * 512)
    events = [motion(seq + 1 + number, NOON_MS + seq + 1 + number, value=number % 2) for number in range(size)]
    receipts = work.process_batch([IncomingMessage("pi-1", message(events))], NOON_MS + 3_600_000)
    seq = receipts["pi-1", "s"]
    os.write(1, seq.to_bytes(8, "little"))
    size = size % 7 + 1
    if seq % 5 == 0:
        journal.log.truncate()
"""


@pytest.mark.chaos
@pytest.mark.usefixtures("as_root")
def test_a_power_cut_loses_no_event_of_the_outbox_whose_commit_returned(tmp_path: Path, full: bool) -> None:
    image, folder = tmp_path / "card.img", tmp_path / "card"
    make_card(image, folder)
    chance = random.Random(20)  # noqa: S311 - no secret
    cuts = FULL_CUTS if full else CUTS
    fired = 0
    for number in range(cuts):
        with mounted(image, folder):
            committed, loose = write_until_cut(OUTBOX_WRITER, folder, chance.uniform(0.02, 0.6))
        with mounted(image, folder):
            fired += lost_unsynced(folder, loose)
            with Outbox(folder / "outbox.sqlite", max_events=MAX_EVENTS, boot="boot") as outbox:
                held = [event.seq for event in outbox.read_events(1, MAX_EVENTS)]
                assert outbox.last_seq >= committed, (
                    f"cut {number}: {committed} was committed, {outbox.last_seq} is there"
                )
                assert held == list(range(outbox.oldest_seq, outbox.last_seq + 1)), f"cut {number}"
                outbox.delete_covered(outbox.last_seq)
            assert not list(folder.glob("*.corrupt-*"))
    assert fired == cuts, f"only {fired} of {cuts} cuts lost what was never synced: the others proved nothing"


@pytest.mark.chaos
@pytest.mark.usefixtures("as_root")
def test_a_power_cut_loses_no_event_of_the_journal_that_has_a_receipt(tmp_path: Path, full: bool) -> None:
    """The writer also writes the log into the file, so that cuts happen during checkpoints."""
    image, folder = tmp_path / "card.img", tmp_path / "card"
    make_card(image, folder)
    chance = random.Random(21)  # noqa: S311 - no secret
    cuts = FULL_CUTS if full else CUTS
    fired = 0
    for number in range(cuts):
        with mounted(image, folder):
            receipt, loose = write_until_cut(JOURNAL_WRITER, folder, chance.uniform(0.02, 0.6))
        with mounted(image, folder):
            fired += lost_unsynced(folder, loose)
            check_journal(folder / "journal.sqlite", receipt, f"cut {number}")
    assert fired == cuts, f"only {fired} of {cuts} cuts lost what was never synced: the others proved nothing"


def check_journal(path: Path, receipt: int, cut: str) -> None:
    """The journal opens without damage; it has every event up to the receipt, and the state that they mean."""
    plan, retention = build_desk_plan(1), RetentionSettings()
    guard = JournalGuard(path, plan, retention, lambda: NOON_MS)
    with closing(guard.open_journal()) as journal:
        with guard.monitor_journal(journal):
            journal.log.file_lock.acquire()  # the first check has ended
            journal.log.file_lock.release()
            guard.raise_findings()
        stored = journal.read_stored_up_to().get(("pi-1", "s"), 0)
        assert stored >= receipt, f"{cut}: {receipt} has a receipt, {stored} is there"
        events = journal.read_events([("pi-1", "desk-0-pir")], 0)
        assert [(event.seq, event.at_ms) for event in events] == [
            (seq, NOON_MS + seq) for seq in range(1, stored + 1)
        ], cut
        assert journal.tables.count_lost_events() == {}, cut
        evidence = Pipeline(plan, journal, retention, NOON_MS + stored).spaces.get_evidence("desk-0")
        assert evidence.key[3] == stored, f"{cut}: the state is that of the newest event"
    assert not list(path.parent.glob("*.damaged-*")), cut
