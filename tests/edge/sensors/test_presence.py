from edge.contract.pin_sensor_kinds import PresenceSettings
from tests.support.edge.sensor_table import open_sensor_rig

RADAR = PresenceSettings(id="booth-1-radar", pin=6)


def test_radar_reports_presence_while_its_pin_is_high() -> None:
    with open_sensor_rig(RADAR) as rig:
        assert rig.read_events(after_ms=50) == [("presence", 0)]
        rig.drive(6, 1)
        assert rig.read_events(after_ms=50) == [("presence", 1)]
        assert rig.read_events(after_ms=600_000) == []
        assert rig.sensor.heartbeat_level() == 1
        rig.drive(6, 0)
        assert rig.read_events(after_ms=50) == [("presence", 0)]
