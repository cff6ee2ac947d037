from edge.settings import PresenceSettings
from tests.edge.sensors.table import table

RADAR = PresenceSettings(id="booth-1-radar", pin=6)


def test_radar_reports_presence_while_its_pin_is_high() -> None:
    with table(RADAR) as rig:
        assert rig.said(after_ms=50) == [("presence", 0)]
        rig.drive(6, 1)
        assert rig.said(after_ms=50) == [("presence", 1)]
        assert rig.said(after_ms=600_000) == []
        assert rig.sensor.level() == 1
        rig.drive(6, 0)
        assert rig.said(after_ms=50) == [("presence", 0)]
