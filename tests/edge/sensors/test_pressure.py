from edge.contract.pin_sensor_kinds import PressureSettings
from tests.support.edge.sensor_table import open_sensor_rig

MAT = PressureSettings(id="desk-14-mat", pin=6)


def test_mat_reports_pressure_while_its_pin_is_low() -> None:
    with open_sensor_rig(MAT) as rig:
        assert rig.read_events(after_ms=120) == [("pressure", 0)]
        rig.drive(6, 0)
        assert rig.read_events(after_ms=120) == [("pressure", 1)]


def test_rebound_of_a_mat_is_no_change() -> None:
    with open_sensor_rig(MAT) as rig:
        rig.drive(6, 0)
        assert rig.read_events(after_ms=120) == [("pressure", 1)]
        rig.drive(6, 1)
        assert rig.read_events(after_ms=40) == []
        rig.drive(6, 0)
        assert rig.read_events(after_ms=200) == []
