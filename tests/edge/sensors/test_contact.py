from edge.settings import ContactSettings
from tests.edge.sensors.table import table

DOOR = ContactSettings(id="booth-1-door", pin=5)


def test_closed_reads_low_and_open_or_cut_reads_high() -> None:
    with table(DOOR) as rig:
        assert rig.said(after_ms=50) == [("contact_open", 1)]  # nothing is connected: the pull-up shows it as open
        rig.drive(5, 0)
        assert rig.said(after_ms=50) == [("contact_open", 0)]
        rig.drive(5, 1)
        assert rig.said(after_ms=50) == [("contact_open", 1)]


def test_bouncing_door_is_one_change() -> None:
    with table(DOOR) as rig:
        rig.said(after_ms=50)
        for level in (0, 1, 0, 1, 0):
            rig.drive(5, level)
            assert rig.said(after_ms=10) == []
        assert rig.said(after_ms=40) == [("contact_open", 0)]
