import threading

import pytest
from gpiozero import GPIOPinInUse
from gpiozero.pins.mock import MockFactory

from edge.contract.pin_sensor_kinds import PirSettings
from tests.support.edge.sensor_table import open_sensor_rig

PIR = PirSettings(id="desk-14-pir", pin=4)


def test_present_level_and_then_each_debounced_change_is_published() -> None:
    with open_sensor_rig(PIR) as rig:
        assert rig.sensor.heartbeat_level() is None
        assert rig.read_events(after_ms=49) == []
        assert rig.read_events(after_ms=1) == [("motion", 0)]
        rig.drive(4, 1)
        assert rig.read_events(after_ms=50) == [("motion", 1)]
        assert rig.sensor.heartbeat_level() == 1
        rig.drive(4, 0)
        rig.drive(4, 1)
        assert rig.read_events(after_ms=50) == []


def test_pir_uses_no_thread() -> None:
    before = threading.active_count()
    with open_sensor_rig(PIR):
        assert threading.active_count() == before


def test_reading_the_pin_again_corrects_a_lost_edge() -> None:
    with open_sensor_rig(PIR) as rig:
        assert rig.read_events(after_ms=50) == [("motion", 0)]
        rig.factory.pin(4).when_changed = None  # the driver lost it
        rig.drive(4, 1)
        assert rig.read_events(after_ms=50) == []
        rig.sensor.reread_pins()
        assert rig.read_events(after_ms=50) == [("motion", 1)]


def test_busy_pin_is_an_error_and_a_closed_sensor_releases_it() -> None:
    factory = MockFactory()
    with open_sensor_rig(PIR, factory) as rig:
        with pytest.raises(GPIOPinInUse), open_sensor_rig(PIR, factory):
            pass
        rig.sensor.close()
        with open_sensor_rig(PIR, factory) as again:
            assert again.read_events(after_ms=50) == [("motion", 0)]
