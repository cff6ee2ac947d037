from edge.settings import PresenceSettings
from tests.edge.sensors.table import table

RADAR = PresenceSettings(id="booth-1-radar", pin=6)


def test_a_radar_drives_its_pin_high_as_long_as_somebody_is_there() -> None:
    with table(RADAR) as laid:
        assert laid.said(after_ms=50) == [("presence", 0)]
        laid.drive(6, 1)
        assert laid.said(after_ms=50) == [("presence", 1)]
        assert laid.said(after_ms=600_000) == []
        assert laid.sensor.level() == 1
        laid.drive(6, 0)
        assert laid.said(after_ms=50) == [("presence", 0)]
