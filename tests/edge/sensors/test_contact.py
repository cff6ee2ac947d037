from edge.contract.pin_sensor_kinds import ContactSettings
from tests.support.edge.sensor_table import open_sensor_rig

DOOR = ContactSettings(id="booth-1-door", pin=5)


def test_closed_reads_low_and_open_or_cut_reads_high() -> None:
    with open_sensor_rig(DOOR) as rig:
        assert rig.read_events(after_ms=50) == [
            ("contact_open", 1)
        ]  # nothing is connected: the pull-up shows it as open
        rig.drive(5, 0)
        assert rig.read_events(after_ms=50) == [("contact_open", 0)]
        rig.drive(5, 1)
        assert rig.read_events(after_ms=50) == [("contact_open", 1)]


def test_bouncing_door_is_one_change() -> None:
    with open_sensor_rig(DOOR) as rig:
        rig.read_events(after_ms=50)
        for level in (0, 1, 0, 1, 0):
            rig.drive(5, level)
            assert rig.read_events(after_ms=10) == []
        assert rig.read_events(after_ms=40) == [("contact_open", 0)]
