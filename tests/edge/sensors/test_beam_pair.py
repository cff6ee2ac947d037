import pytest
from gpiozero import GPIOPinInUse
from gpiozero.pins.mock import MockFactory

from edge.contract.pin_sensor_kinds import BeamPairSettings, PirSettings
from tests.support.edge.sensor_table import SensorRig, open_sensor_rig

DOOR = BeamPairSettings(id="entrance", outer_pin=20, inner_pin=21)


def walk_through(rig: SensorRig, first: int, second: int, each_ms: int = 100) -> list[tuple[str, float]]:
    values = []
    for pin, level in ((first, 0), (second, 0), (first, 1), (second, 1)):  # a broken beam pulls its pin low
        rig.drive(pin, level)
        values += rig.read_events(after_ms=each_ms)
    return values


def test_first_event_is_zero_and_then_each_direction() -> None:
    with open_sensor_rig(DOOR) as rig:
        assert rig.read_events() == [("crossing", 0)]
        assert walk_through(rig, 20, 21) == [("crossing", 1)]
        assert walk_through(rig, 21, 20) == [("crossing", -1)]
        assert rig.sensor.heartbeat_level() == 0


def test_slow_pass_is_not_counted() -> None:
    with open_sensor_rig(DOOR) as rig:
        rig.read_events()
        assert walk_through(rig, 20, 21, each_ms=DOOR.within_ms) == []


def test_first_pin_is_released_if_the_second_is_busy() -> None:
    factory = MockFactory()
    with open_sensor_rig(PirSettings(id="pir", pin=21), factory):
        with pytest.raises(GPIOPinInUse), open_sensor_rig(DOOR, factory):
            pass
        with open_sensor_rig(PirSettings(id="other", pin=20), factory) as rig:
            assert rig.read_events(after_ms=50) == [("motion", 0)]
