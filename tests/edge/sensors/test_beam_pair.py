import pytest
from gpiozero import GPIOPinInUse
from gpiozero.pins.mock import MockFactory

from edge.settings import BeamPairSettings, PirSettings
from tests.edge.sensors.table import Table, table

DOOR = BeamPairSettings(id="entrance", outer_pin=20, inner_pin=21)


def walk_through(rig: Table, first: int, second: int, each_ms: int = 100) -> list[tuple[str, float]]:
    values = []
    for pin, level in ((first, 0), (second, 0), (first, 1), (second, 1)):  # a broken beam pulls its pin low
        rig.drive(pin, level)
        values += rig.said(after_ms=each_ms)
    return values


def test_first_event_is_zero_and_then_each_direction() -> None:
    with table(DOOR) as rig:
        assert rig.said() == [("crossing", 0)]
        assert walk_through(rig, 20, 21) == [("crossing", 1)]
        assert walk_through(rig, 21, 20) == [("crossing", -1)]
        assert rig.sensor.level() == 0


def test_slow_pass_is_not_counted() -> None:
    with table(DOOR) as rig:
        rig.said()
        assert walk_through(rig, 20, 21, each_ms=DOOR.within_ms) == []


def test_first_pin_is_released_if_the_second_is_busy() -> None:
    factory = MockFactory()
    with table(PirSettings(id="pir", pin=21), factory):
        with pytest.raises(GPIOPinInUse), table(DOOR, factory):
            pass
        with table(PirSettings(id="other", pin=20), factory) as rig:
            assert rig.said(after_ms=50) == [("motion", 0)]
