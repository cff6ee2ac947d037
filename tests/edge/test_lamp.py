import pytest
from gpiozero.pins.mock import MockFactory

from edge.lamp import IDENTIFY_S, Lamp, LampState, shown
from edge.settings import PirSettings
from tests.edge.sensors.table import table


@pytest.mark.parametrize(
    ("payload", "state"),
    [
        (b'{"state":"occupied","because":"movement"}', LampState.TAKEN),
        (b'{"state":"away"}', LampState.TAKEN),
        (b'{"state":"vacant"}', LampState.VACANT),
        (b'{"state":"unknown"}', LampState.UNKNOWN),
        (b'{"state":"disabled"}', LampState.UNKNOWN),
        (b'{"state":"a word of tomorrow"}', LampState.UNKNOWN),
        (b'{"state":7}', LampState.UNKNOWN),
        (b"[]", LampState.UNKNOWN),
        (b"", LampState.UNKNOWN),
        (b"\xff", LampState.UNKNOWN),
        (b"[" * 60_000, LampState.UNKNOWN),
    ],
)
def test_what_it_shows_of_a_state(payload: bytes, state: LampState) -> None:
    assert shown(payload) is state


def test_it_is_lit_when_taken_and_dark_when_vacant() -> None:
    factory = MockFactory()
    lamp, pin = Lamp(17, factory), factory.pin(17)
    lamp.show(LampState.TAKEN)
    assert pin.state
    lamp.show(LampState.VACANT)
    assert not pin.state
    lamp.close()


def test_after_blinking_it_shows_the_state_that_came_meanwhile() -> None:
    factory = MockFactory()
    lamp, pin = Lamp(17, factory), factory.pin(17)
    lamp.show(LampState.VACANT)
    lamp.identify(0)
    lamp.show(LampState.TAKEN)
    lamp.wake(int(IDENTIFY_S * 1000))
    assert pin.state
    lamp.close()


def test_a_busy_pin_leaves_the_agent_without_a_lamp(caplog: pytest.LogCaptureFixture) -> None:
    factory = MockFactory()
    with table(PirSettings(id="pir", pin=17), factory):
        lamp = Lamp(17, factory)
        lamp.show(LampState.TAKEN)
        lamp.identify(0)
        lamp.wake(20_000)
        lamp.close()
    assert [record.getMessage().startswith("the lamp on GPIO17 cannot be used") for record in caplog.records] == [True]


def test_no_lamp_is_no_trouble() -> None:
    lamp = Lamp(None, MockFactory())
    lamp.show(LampState.TAKEN)
    lamp.identify(0)
    lamp.wake(20_000)
    lamp.close()
