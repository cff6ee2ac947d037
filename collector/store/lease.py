"""Decides which of several collectors of one site is active: the one that started first, while it is alive.

In:    the collectors' retained statuses as the broker delivers them, the time.
Out:   whether this collector is active.
Never: clocks, sockets. Only `make_instance_id` reads something: the ids of the machine and the journal.

Two collectors that start at the same moment see each other's status; the earlier start wins, then the lower instance.
A collector that vanishes without a final status is replaced after `LEASE_S`. A restarted collector has the same
instance as before.
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from collector.contract.states import CollectorStatus
from collector.store.journal import Journal

LEASE_S: Final = 20.0
"""How long a silent collector counts as alive: it publishes its status every five seconds, so four are missing."""

MACHINE_ID_PATH: Final = Path("/etc/machine-id")


@dataclass(frozen=True, slots=True)
class Lease:
    """What one collector has received about the others."""

    instance: str
    since_ms: int | None = None
    """Since when this collector is active; None: it is not."""
    rival: str = ""
    """The instance that is active instead; empty: none."""
    rival_seen_s: float = 0.0
    """When the rival's status last arrived, in monotonic seconds."""

    @property
    def is_standby(self) -> bool:
        """Whether another collector is active."""
        return bool(self.rival)


def apply_status(lease: Lease, status: CollectorStatus, now_s: float) -> Lease:
    """Apply a status from the site's topic; this collector's own status changes nothing."""
    if status.instance in {"", lease.instance}:
        return lease
    if not status.online:
        return replace(lease, rival="") if status.instance == lease.rival else lease
    if lease.since_ms is not None and (lease.since_ms, lease.instance) < (status.since_ms, status.instance):
        return lease  # the other one becomes standby when it sees this collector's status
    return replace(lease, rival=status.instance, rival_seen_s=now_s, since_ms=None)


def claim_if_free(lease: Lease, now_s: float, now_ms: int) -> Lease:
    """Become active if no other collector is: `now_s` is monotonic, `now_ms` is site time."""
    if lease.rival and now_s - lease.rival_seen_s < LEASE_S:
        return lease
    return replace(lease, rival="", since_ms=now_ms if lease.since_ms is None else lease.since_ms)


def make_instance_id(journal: Journal) -> str:
    """The instance id of the collector with this journal on this machine."""
    machine = MACHINE_ID_PATH.read_text(encoding="ascii") if MACHINE_ID_PATH.exists() else ""
    name, _ = journal.tables.history.read_identity()
    return hashlib.sha256(f"{machine} {name}".encode()).hexdigest()[:16]
