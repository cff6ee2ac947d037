import threading

import pytest
from gpiozero import GPIOPinInUse
from gpiozero.pins.mock import MockFactory

from edge.settings import PirSettings
from tests.edge.sensors.table import table

PIR = PirSettings(id="desk-14-pir", pin=4)


def test_it_says_its_present_level_and_then_each_change_once_it_stood_still() -> None:
    with table(PIR) as laid:
        assert laid.sensor.level() is None
        assert laid.said(after_ms=49) == []
        assert laid.said(after_ms=1) == [("motion", 0)]
        laid.drive(4, 1)
        assert laid.said(after_ms=50) == [("motion", 1)]
        assert laid.sensor.level() == 1
        laid.drive(4, 0)
        laid.drive(4, 1)
        assert laid.said(after_ms=50) == []


def test_it_takes_no_thread() -> None:
    before = threading.active_count()
    with table(PIR):
        assert threading.active_count() == before


def test_looking_at_the_pin_mends_a_lost_edge() -> None:
    with table(PIR) as laid:
        assert laid.said(after_ms=50) == [("motion", 0)]
        laid.factory.pin(4).when_changed = None  # the driver lost it
        laid.drive(4, 1)
        assert laid.said(after_ms=50) == []
        laid.sensor.look()
        assert laid.said(after_ms=50) == [("motion", 1)]


def test_a_busy_pin_is_told_and_a_closed_sensor_lets_go_of_it() -> None:
    factory = MockFactory()
    with table(PIR, factory) as laid:
        with pytest.raises(GPIOPinInUse), table(PIR, factory):
            pass
        laid.sensor.close()
        with table(PIR, factory) as again:
            assert again.said(after_ms=50) == [("motion", 0)]
