"""The status of a device as its agent publishes it."""

from edge.contract.message import (
    ClockState,
    DeviceStatus,
    OutboxStatus,
    SensorHealth,
)
from tests.support.dashboard.site import MONDAY_10_MS

HEALTHY_DEVICE = DeviceStatus(
    online=True,
    at_ms=MONDAY_10_MS - 20_000,
    version="0.4.0",
    outbox=OutboxStatus(depth=2, dropped=0),
    clock=ClockState.SYNCHRONISED,
    temperature_c=48.0,
    wifi_dbm=-61,
    sensors={"desk-1-pir": SensorHealth.HEALTHY, "desk-2-pir": SensorHealth.HEALTHY},
)
