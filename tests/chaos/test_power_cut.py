"""The edge loses its power at random moments: everything whose commit returned is there afterwards.

An ext4 image on a loop device; a process appends to an outbox on it and prints every number whose commit returned. The
"power" is cut with ext4's own shutdown, which drops what was not synced, as a memory card does. SIGKILL would prove
nothing: the kernel keeps what a killed process wrote.

The process also writes a file that it never syncs. If that file survives, the cut did not happen.
"""

import fcntl
import os
import random
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.outbox import Outbox
from tests.support.servers import ROOT

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
"""Cut now: what the file system's journal holds in memory is lost too."""
CUTS, FULL_CUTS = 5, 20
MAX_EVENTS = 100_000

WRITER = """
import os, pathlib, sys
from edge.contract.message import EventKind
from edge.outbox import Outbox, PendingEvent
folder = pathlib.Path(sys.argv[1])
outbox = Outbox(folder / "outbox.sqlite", max_events=100_000, boot="boot")
loose = os.open(folder / "never-synced", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
size = 1
while True:
    os.write(loose, b"x" * 512)
    at_ms = 1_763_870_400_000
    outbox.append([PendingEvent("desk-14-pir", EventKind.MOTION, number % 2, 0, 0, at_ms) for number in range(size)])
    os.write(1, outbox.last_seq.to_bytes(8, "little"))
    size = size % 7 + 1
    if outbox.last_seq % 5 == 0:
        outbox.delete_covered(outbox.last_seq - 40)
"""


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[None]:
    subprocess.run(["mount", "-o", "loop", image, folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def cut_power(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("i", NO_LOG_FLUSH))
    finally:
        os.close(handle)


def write_until_cut(folder: Path, after_s: float) -> tuple[int, int]:
    """Let a writer run, cut the power; return the last number it committed before, and the size of its unsynced file.

    Numbers printed during the cut do not count: a sync that waits for the file system's journal returns success while
    the journal is shut down (seen in 2 of 120 cuts). A writer without power would print nothing.
    """
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, folder], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    ) as writer:
        assert writer.stdout is not None
        committed = int.from_bytes(writer.stdout.read(8), "little")  # the writer is at work from here on
        deadline = time.monotonic() + after_s
        while time.monotonic() < deadline:
            committed = int.from_bytes(writer.stdout.read(8), "little")
        loose = (folder / "never-synced").stat().st_size
        waiting = select.select([writer.stdout], [], [], 0)[0]
        printed = writer.stdout.read(65_536) if waiting else b""  # everything printed before the cut
        cut_power(folder)
        writer.stdout.read()  # it fails at its next write and ends
        writer.send_signal(signal.SIGKILL)
    if printed:
        committed = int.from_bytes(printed[-8:], "little")
    return committed, loose


@pytest.mark.chaos
@pytest.mark.usefixtures("as_root")
def test_a_power_cut_loses_nothing_whose_commit_returned(tmp_path: Path, full: bool) -> None:
    image, folder = tmp_path / "card.img", tmp_path / "card"
    folder.mkdir()
    subprocess.run(["truncate", "-s", "64M", image], check=True)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", image], check=True)
    chance = random.Random(20)  # noqa: S311 - no secret
    cuts = FULL_CUTS if full else CUTS
    fired = 0
    for number in range(cuts):
        with mounted(image, folder):
            committed, loose = write_until_cut(folder, chance.uniform(0.02, 0.6))
        with mounted(image, folder):
            survived = (folder / "never-synced").stat().st_size if (folder / "never-synced").exists() else 0
            fired += survived < loose
            with Outbox(folder / "outbox.sqlite", max_events=MAX_EVENTS, boot="boot") as outbox:
                held = [event.seq for event in outbox.read_events(1, MAX_EVENTS)]
                assert outbox.last_seq >= committed, (
                    f"cut {number}: {committed} was committed, {outbox.last_seq} is there"
                )
                assert held == list(range(outbox.oldest_seq, outbox.last_seq + 1)), f"cut {number}"
                outbox.delete_covered(outbox.last_seq)
            assert not list(folder.glob("*.corrupt-*"))
            (folder / "never-synced").unlink(missing_ok=True)
    assert fired == cuts, f"only {fired} of {cuts} cuts lost what was never synced: the others proved nothing"
