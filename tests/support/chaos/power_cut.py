"""A memory card that loses its power: an ext4 image on a loop device, cut with ext4's own shutdown.

The shutdown drops what was not synced, as a card does. SIGKILL would prove nothing: the kernel keeps what a killed
process wrote.
"""

import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.servers import ROOT

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
"""Cut now: what the file system's journal holds in memory is lost too."""
NEVER_SYNCED = "never-synced"
"""A file that each writer appends to without a sync. If it survives, the cut did not happen."""


def make_card(image: Path, folder: Path) -> None:
    """Create an empty card, and the folder where it is mounted."""
    folder.mkdir()
    subprocess.run(["truncate", "-s", "64M", image], check=True)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-F", image], check=True)


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


def write_until_cut(code: str, folder: Path, after_s: float) -> tuple[int, int]:
    """Let a writer run, cut the power; return the last number it committed before, and the size of its unsynced file.

    The writer prints each number whose commit returned, as eight bytes. Numbers printed during the cut do not count: a
    sync that waits for the file system's journal returns success while the journal is shut down (seen in 2 of 120
    cuts). A writer without power would print nothing.
    """
    with subprocess.Popen(
        [sys.executable, "-c", code, folder], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
    ) as writer:
        assert writer.stdout is not None
        committed = int.from_bytes(writer.stdout.read(8), "little")  # the writer is at work from here on
        deadline = time.monotonic() + after_s
        while time.monotonic() < deadline:
            committed = int.from_bytes(writer.stdout.read(8), "little")
        loose = (folder / NEVER_SYNCED).stat().st_size
        waiting = select.select([writer.stdout], [], [], 0)[0]
        printed = writer.stdout.read(65_536) if waiting else b""  # everything printed before the cut
        cut_power(folder)
        writer.stdout.read()  # it fails at its next write and ends
        writer.send_signal(signal.SIGKILL)
    if printed:
        committed = int.from_bytes(printed[-8:], "little")
    return committed, loose


def lost_unsynced(folder: Path, loose: int) -> bool:
    """Whether the cut happened: the unsynced file is shorter than it was."""
    path = folder / NEVER_SYNCED
    survived = path.stat().st_size if path.exists() else 0
    path.unlink(missing_ok=True)
    return survived < loose
