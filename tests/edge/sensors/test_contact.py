from edge.settings import ContactSettings
from tests.edge.sensors.table import table

DOOR = ContactSettings(id="booth-1-door", pin=5)


def test_closed_reads_low_and_open_high_and_so_does_a_cut_wire() -> None:
    with table(DOOR) as laid:
        assert laid.said(after_ms=50) == [("contact_open", 1)]  # nothing is connected: the pull-up shows it as open
        laid.drive(5, 0)
        assert laid.said(after_ms=50) == [("contact_open", 0)]
        laid.drive(5, 1)
        assert laid.said(after_ms=50) == [("contact_open", 1)]


def test_a_door_that_bounces_shut_is_one_change() -> None:
    with table(DOOR) as laid:
        laid.said(after_ms=50)
        for level in (0, 1, 0, 1, 0):
            laid.drive(5, level)
            assert laid.said(after_ms=10) == []
        assert laid.said(after_ms=40) == [("contact_open", 0)]
