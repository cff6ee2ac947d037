import pytest
from gpiozero import GPIOPinInUse
from gpiozero.pins.mock import MockFactory

from edge.settings import BeamPairSettings, PirSettings
from tests.edge.sensors.table import Table, table

DOOR = BeamPairSettings(id="entrance", outer_pin=20, inner_pin=21)


def walk(laid: Table, first: int, second: int, each_ms: int = 100) -> list[tuple[str, float]]:
    told = []
    for pin, level in ((first, 0), (second, 0), (first, 1), (second, 1)):  # a broken beam pulls its pin low
        laid.drive(pin, level)
        told += laid.said(after_ms=each_ms)
    return told


def test_it_says_nobody_passed_and_then_each_way() -> None:
    with table(DOOR) as laid:
        assert laid.said() == [("crossing", 0)]
        assert walk(laid, 20, 21) == [("crossing", 1)]
        assert walk(laid, 21, 20) == [("crossing", -1)]
        assert laid.sensor.level() == 0


def test_a_chair_in_the_door_is_nobody() -> None:
    with table(DOOR) as laid:
        laid.said()
        assert walk(laid, 20, 21, each_ms=DOOR.within_ms) == []


def test_if_the_second_pin_is_busy_the_first_is_let_go() -> None:
    factory = MockFactory()
    with table(PirSettings(id="pir", pin=21), factory):
        with pytest.raises(GPIOPinInUse), table(DOOR, factory):
            pass
        with table(PirSettings(id="other", pin=20), factory) as laid:
            assert laid.said(after_ms=50) == [("motion", 0)]
