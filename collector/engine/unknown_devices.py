"""Devices that send events although the site file does not have them, so that the collector's status can name them.

In:    rejected input, site time.
Out:   the fault of the collector, while such a device has sent something lately.
Never: clocks.
"""

from collections.abc import Iterable
from typing import Final

from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.contract.loss_reasons import LossReason
from collector.intake.partial_decode import sanitise_name
from collector.intake.rejection import RejectedInput
from edge.timekeeping.durations import HOUR_MS

NAME_UNKNOWN_DEVICE_MS: Final = HOUR_MS
"""How long a device is named after its last message."""
MAX_UNKNOWN_DEVICES: Final = 10


class UnknownDevices:
    """When each unknown device last sent something."""

    def __init__(self) -> None:
        self._newest_ms: dict[str, int] = {}

    def record_rejected(self, rejected: Iterable[RejectedInput], now_ms: int) -> None:
        """Record the unknown devices among rejected input, after forgetting those that have sent nothing lately."""
        self._newest_ms = {name: self._newest_ms[name] for name in self._list_recent(now_ms)}
        for rejection in rejected:
            if rejection.reason is LossReason.UNKNOWN_DEVICE:
                name = sanitise_name(rejection.device)
                if name in self._newest_ms or len(self._newest_ms) < MAX_UNKNOWN_DEVICES:
                    self._newest_ms[name] = now_ms

    def find_fault(self, now_ms: int) -> CollectorFault | None:
        """Return the fault that names them; None: there are none."""
        names = self._list_recent(now_ms)
        return CollectorFault(FaultKind.UNKNOWN_DEVICES, names) if names else None

    def _list_recent(self, now_ms: int) -> tuple[str, ...]:
        return tuple(name for name, at_ms in self._newest_ms.items() if 0 <= now_ms - at_ms < NAME_UNKNOWN_DEVICE_MS)
