"""A simulated device does not grow in memory over months."""

import tracemalloc
from pathlib import Path

from gpiozero import LED

from edge.configuration.device_settings import DeviceSettings
from edge.contract.broker_client import BrokerSettings
from edge.contract.pin_sensor_kinds import BeamPairSettings, DistanceSettings, PirSettings
from ledig.runtime.mock_pins import MAX_STATES, create_mock_factory
from ledig.simulation.signals import SensorSignal
from ledig.simulation.wired_pins import SimulatedWiring

ROUNDS = 1000
GROWTH_BYTES = 30_000
"""Far below one state per pin and round: 5 pins times 1000 rounds of about 100 bytes."""


def test_pins_of_a_simulated_device_keep_few_states(tmp_path: Path) -> None:
    settings = DeviceSettings(
        site="mill",
        device="pi-1",
        broker=BrokerSettings(),
        outbox_path=tmp_path / "outbox.sqlite",
        sensors=(
            PirSettings(id="pir", pin=4),
            BeamPairSettings(id="beams", outer_pin=5, inner_pin=6),
            DistanceSettings(id="ranger", trigger_pin=7, echo_pin=8, near_mm=500),
        ),
    )
    wires = SimulatedWiring(settings, tmp_path)
    factory = wires.factory

    def simulate(rounds: int) -> None:
        trigger = factory.pin(7)
        trigger.function = "output"
        for number in range(rounds):
            wires.apply_signal(SensorSignal(number, ("pi-1", "pir"), "", number % 2))
            wires.apply_signal(SensorSignal(number, ("pi-1", "beams"), "crossing", 1))
            trigger.state = number % 2

    simulate(100)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        simulate(ROUNDS)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < GROWTH_BYTES
    assert max(len(pin.states) for pin in factory.pins.values()) == MAX_STATES


def test_lamp_on_mock_pins_keeps_few_states() -> None:
    factory = create_mock_factory()
    with LED(17, pin_factory=factory) as lamp:
        for _ in range(ROUNDS):
            lamp.toggle()
        assert len(factory.pin(17).states) == MAX_STATES
