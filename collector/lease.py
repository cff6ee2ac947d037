"""Which of several collectors of one site collects: the one that began first, until it is gone.

In:    the collectors' retained statuses as the broker delivers them, moments.
Out:   whether this one collects.
Never: clocks, sockets. `instance_of` alone reads something: the machine's id and the journal's.

Two that begin at the same moment see each other's status; the earlier start wins, then the lower instance. A
collector that vanishes without a word is replaced after `LEASE_S`. One that starts again has the instance that it had.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from collector.history import tables
from collector.journal import Journal
from collector.outward import CollectorStatus

LEASE_S: Final = 20.0
"""A collector publishes its status every five seconds; after four that are missing it is gone."""

MACHINE_ID: Final = Path("/etc/machine-id")


@dataclass(frozen=True, slots=True)
class Lease:
    """What one collector knows of the others."""

    instance: str
    since_ms: int | None = None
    """Since when this one collects; None: it does not."""
    rival: str = ""
    """The instance that collects instead; empty: none."""
    seen_s: float = 0.0
    """When the rival's status last came, in monotonic seconds."""

    @property
    def stands_by(self) -> bool:
        """Whether another one collects."""
        return bool(self.rival)


def seen(lease: Lease, status: CollectorStatus, now_s: float) -> Lease:
    """Take a status from the site's topic; its own changes nothing."""
    if status.instance in {"", lease.instance}:
        return lease
    if not status.online:
        return replace(lease, rival="") if status.instance == lease.rival else lease
    if lease.since_ms is not None and (lease.since_ms, lease.instance) < (status.since_ms, status.instance):
        return lease  # it stands by as soon as it sees this one's status
    return replace(lease, rival=status.instance, seen_s=now_s, since_ms=None)


def decided(lease: Lease, now_s: float, now_ms: int) -> Lease:
    """Collect if nobody else does: `now_s` is monotonic, `now_ms` the site's time."""
    if lease.rival and now_s - lease.seen_s < LEASE_S:
        return lease
    return replace(lease, rival="", since_ms=now_ms if lease.since_ms is None else lease.since_ms)


def instance_of(journal: Journal) -> str:
    """The name of the collector with this journal on this machine."""
    machine = MACHINE_ID.read_text(encoding="ascii") if MACHINE_ID.exists() else ""
    name, _ = tables.identity(journal.connection)
    return hashlib.sha256(f"{machine} {name}".encode()).hexdigest()[:16]
