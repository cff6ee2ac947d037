from gpiozero.pins.mock import MockFactory, MockPin, MockTriggerPin

from edge.contract.pin_sensor_kinds import DistanceSettings
from edge.sensors.distance import MM_PER_S
from tests.support.edge.sensor_table import SensorRig, open_sensor_rig

SEAT = DistanceSettings(id="seat", echo_pin=23, trigger_pin=24, near_mm=800)
BEANS = DistanceSettings(id="beans", echo_pin=23, trigger_pin=24, empty_mm=1200, full_mm=200)


class EchoingTrigger(MockTriggerPin):
    """The trigger of a ranger in front of an object `distance_mm` away; None: no object.

    Its echo has the exact duration, however busy the machine is.
    """

    distance_mm: float | None = None

    def _set_state(self, value: float) -> None:
        MockPin._set_state(self, value)
        if value and self.distance_mm is not None:
            when_changed = self.echo_pin.when_changed
            when_changed(0.0, 1)
            when_changed(self.distance_mm / MM_PER_S, 0)


def install_trigger(factory: MockFactory) -> EchoingTrigger:
    return factory.pin(24, pin_class=EchoingTrigger, echo_pin=factory.pin(23))


def read_values(rig: SensorRig, count: int) -> list[tuple[str, float]]:
    """Return the values of this many more readings."""
    values = []
    for _ in range(count):
        rig.clock.at_ms += rig.sensor.every_ms
        item = rig.inbox.get(timeout=10)
        rig.inbox.put(item)
        values += rig.read_events()
    return values


def test_seat_is_taken_while_something_is_near() -> None:
    factory = MockFactory()
    trigger = install_trigger(factory)
    trigger.distance_mm = 1500
    with open_sensor_rig(SEAT, factory) as rig:
        assert read_values(rig, 4) == [("presence", 0)]
        trigger.distance_mm = 450
        assert read_values(rig, 6) == [("presence", 1)]
        assert rig.sensor.heartbeat_level() == 1


def test_container_level_is_published_in_whole_per_cent() -> None:
    factory = MockFactory()
    trigger = install_trigger(factory)
    trigger.distance_mm = 700
    with open_sensor_rig(BEANS, factory) as rig:
        assert read_values(rig, 3) == [("level_pct", 50)]
        trigger.distance_mm = 704
        assert read_values(rig, 4) == []
        trigger.distance_mm = 2000
        assert read_values(rig, 4)[-1] == ("level_pct", 0)


def test_without_an_echo_there_is_no_event_and_no_level() -> None:
    factory = MockFactory()
    install_trigger(factory)
    with open_sensor_rig(SEAT, factory) as rig:
        assert rig.read_events(after_ms=60_000) == []
        assert rig.sensor.heartbeat_level() is None
