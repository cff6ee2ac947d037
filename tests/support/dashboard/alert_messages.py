"""Alerts as the collector publishes them."""

from collector.contract.alerts import (
    Alert,
    AlertKind,
    Alerts,
    Mute,
    Severity,
)
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.site import MONDAY_10_MS


def build_alert(kind: AlertKind, subject: str, severity: Severity = Severity.WARNING, **other: object) -> Alert:
    return Alert(kind, subject, severity, MONDAY_10_MS - 2 * HOUR_MS, MONDAY_10_MS - HOUR_MS, **other)  # type: ignore[arg-type]


DEVICE_ALERT = build_alert(AlertKind.DEVICE_SILENT, "pi-2", sensors=17)

CROWD_ALERT = build_alert(AlertKind.OVER_CAPACITY, "site", Severity.URGENT, value=43.0, limit=40.0)

AIR_ALERT = build_alert(AlertKind.CO2_HIGH, "hall", muted=True, value=1520.0, limit=1400.0)

PAST_ALERT = build_alert(
    AlertKind.SUPPLY_LOW, "beans", Severity.NOTICE, ended_ms=MONDAY_10_MS - 60_000, value=12.0, limit=20.0
)

ALERTS_MESSAGE = Alerts(
    MONDAY_10_MS, [DEVICE_ALERT, CROWD_ALERT, AIR_ALERT], [PAST_ALERT], [Mute(None, "hall", MONDAY_10_MS + HOUR_MS)]
)
