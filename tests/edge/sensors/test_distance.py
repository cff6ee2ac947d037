from gpiozero.pins.mock import MockFactory, MockPin, MockTriggerPin

from edge.sensors.distance import MM_PER_S
from edge.settings import DistanceSettings
from tests.edge.sensors.table import Table, table

SEAT = DistanceSettings(id="seat", echo_pin=23, trigger_pin=24, near_mm=800)
BEANS = DistanceSettings(id="beans", echo_pin=23, trigger_pin=24, empty_mm=1200, full_mm=200)


class Trigger(MockTriggerPin):
    """The trigger of a ranger that looks at something `distance_mm` away; None: at nothing.

    Its echo takes exactly as long as it should, however busy the machine is.
    """

    distance_mm: float | None = None

    def _set_state(self, value: float) -> None:
        MockPin._set_state(self, value)
        if value and self.distance_mm is not None:
            when_changed = self.echo_pin.when_changed
            when_changed(0.0, 1)
            when_changed(self.distance_mm / MM_PER_S, 0)


def ranger(factory: MockFactory) -> Trigger:
    return factory.pin(24, pin_class=Trigger, echo_pin=factory.pin(23))


def reads(laid: Table, count: int) -> list[tuple[str, float]]:
    """What it says to so many more readings."""
    told = []
    for _ in range(count):
        laid.clock.at_ms += laid.sensor.every_ms
        item = laid.inbox.get(timeout=10)
        laid.inbox.put(item)
        told += laid.said()
    return told


def test_a_seat_is_taken_when_something_is_near_and_stays_so() -> None:
    factory = MockFactory()
    trigger = ranger(factory)
    trigger.distance_mm = 1500
    with table(SEAT, factory) as laid:
        assert reads(laid, 4) == [("presence", 0)]
        trigger.distance_mm = 450
        assert reads(laid, 6) == [("presence", 1)]
        assert laid.sensor.level() == 1


def test_a_container_says_how_full_it_is_in_whole_per_cent() -> None:
    factory = MockFactory()
    trigger = ranger(factory)
    trigger.distance_mm = 700
    with table(BEANS, factory) as laid:
        assert reads(laid, 3) == [("level_pct", 50)]
        trigger.distance_mm = 704
        assert reads(laid, 4) == []
        trigger.distance_mm = 2000
        assert reads(laid, 4)[-1] == ("level_pct", 0)


def test_without_an_echo_it_says_nothing_and_holds_up_nobody() -> None:
    factory = MockFactory()
    ranger(factory)
    with table(SEAT, factory) as laid:
        assert laid.said(after_ms=60_000) == []
        assert laid.sensor.level() is None
