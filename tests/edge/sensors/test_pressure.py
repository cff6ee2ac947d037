from edge.settings import PressureSettings
from tests.edge.sensors.table import table

MAT = PressureSettings(id="desk-14-mat", pin=6)


def test_a_mat_closes_to_ground_while_somebody_sits_there() -> None:
    with table(MAT) as laid:
        assert laid.said(after_ms=120) == [("pressure", 0)]
        laid.drive(6, 0)
        assert laid.said(after_ms=120) == [("pressure", 1)]


def test_the_rebound_of_a_mat_is_no_change() -> None:
    with table(MAT) as laid:
        laid.drive(6, 0)
        assert laid.said(after_ms=120) == [("pressure", 1)]
        laid.drive(6, 1)
        assert laid.said(after_ms=40) == []
        laid.drive(6, 0)
        assert laid.said(after_ms=200) == []
