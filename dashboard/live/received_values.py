"""Decoded messages of the broker, with when and how they arrived.

In:    values of the contract.
Out:   the same, with their topic's id and times.
Never: payloads.
"""

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from edge.contract.message import DeviceStatus

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """A device's last status, and the site time of its last report; None: it never reported."""

    status: DeviceStatus
    last_report_ms: int | None
    received_ms: int
    """Site time at which the status came."""


class ReceivedValue(NamedTuple, Generic[_T]):
    """A decoded message; `name` is the id in its topic."""

    name: str
    value: _T
    is_retained: bool
    now_s: float
    now_ms: int
