"""Devices that are missing from the site file are named for an hour, and only so many of them."""

from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.contract.loss_reasons import LossReason
from collector.engine.unknown_devices import MAX_UNKNOWN_DEVICES, NAME_UNKNOWN_DEVICE_MS, UnknownDevices
from collector.intake.rejection import RejectedInput

NOON_MS = 1_790_000_000_000


def reject(device: str, reason: LossReason = LossReason.UNKNOWN_DEVICE) -> list[RejectedInput]:
    return [RejectedInput(device, reason, b"")]


def test_an_unknown_device_is_named_for_an_hour_after_its_last_message() -> None:
    unknown = UnknownDevices()
    assert unknown.find_fault(NOON_MS) is None
    unknown.record_rejected(reject("pi-9") + reject("pi-1", LossReason.UNREADABLE), NOON_MS)
    assert unknown.find_fault(NOON_MS + NAME_UNKNOWN_DEVICE_MS - 1) == CollectorFault(
        FaultKind.UNKNOWN_DEVICES, ("pi-9",)
    )
    assert unknown.find_fault(NOON_MS + NAME_UNKNOWN_DEVICE_MS) is None
    assert unknown.find_fault(NOON_MS - 1) is None, "site time was set back"


def test_devices_that_have_ended_make_room_for_others() -> None:
    unknown = UnknownDevices()
    for number in range(MAX_UNKNOWN_DEVICES + 5):
        unknown.record_rejected(reject(f"old-{number}"), NOON_MS)
    fault = unknown.find_fault(NOON_MS)
    assert fault is not None
    assert len(fault.names) == MAX_UNKNOWN_DEVICES
    later_ms = NOON_MS + NAME_UNKNOWN_DEVICE_MS
    unknown.record_rejected(reject("new"), later_ms)
    assert unknown.find_fault(later_ms) == CollectorFault(FaultKind.UNKNOWN_DEVICES, ("new",))
