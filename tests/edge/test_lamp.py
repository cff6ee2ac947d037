import pytest
from gpiozero.pins.mock import MockFactory

from edge.lamp import COLLECTOR_SILENT_MS, IDENTIFY_S, Lamp, LampState, shown, works
from edge.settings import PirSettings
from tests.edge.sensors.table import table
from tests.servers import until


@pytest.mark.parametrize(
    ("payload", "state"),
    [
        (b'{"state":"occupied","because":"movement"}', LampState.TAKEN),
        (b'{"state":"away"}', LampState.TAKEN),
        (b'{"state":"vacant"}', LampState.VACANT),
        (b'{"state":"unknown"}', LampState.UNKNOWN),
        (b'{"state":"disabled"}', LampState.UNKNOWN),
        (b'{"state":"a future state"}', LampState.UNKNOWN),
        (b'{"state":7}', LampState.UNKNOWN),
        (b"[]", LampState.UNKNOWN),
        (b"", LampState.UNKNOWN),
        (b"\xff", LampState.UNKNOWN),
        (b"[" * 60_000, LampState.UNKNOWN),
    ],
)
def test_lamp_state_of_a_payload(payload: bytes, state: LampState) -> None:
    assert shown(payload) is state


@pytest.mark.parametrize(
    ("payload", "online"),
    [
        (b'{"online":true,"at":1,"fault":"InfluxDB does not answer"}', True),
        (b'{"online":false}', False),
        (b'{"online":1}', False),
        (b"", False),
        (b"[" * 60_000, False),
    ],
)
def test_collector_status_of_a_payload(payload: bytes, online: bool) -> None:
    assert works(payload) is online


def test_lamp_is_lit_when_taken_and_dark_when_vacant() -> None:
    factory = MockFactory()
    lamp, pin = Lamp(17, factory), factory.pin(17)
    lamp.trust(0)
    lamp.tell(LampState.TAKEN, 0)
    assert pin.state
    lamp.tell(LampState.VACANT, 0)
    assert not pin.state
    lamp.close()


def test_state_of_a_silent_or_offline_collector_is_not_shown() -> None:
    factory = MockFactory()
    lamp, pin = Lamp(17, factory), factory.pin(17)
    lamp.tell(LampState.VACANT, 0)  # retained: it does not prove the collector alive
    until(lambda: pin.state, what="a pulse")
    lamp.trust(1000)
    assert not pin.state
    lamp.wake(1000 + COLLECTOR_SILENT_MS)
    until(lambda: pin.state, what="a pulse")
    lamp.trust(20_000)
    assert not pin.state
    lamp.doubt(20_001)
    until(lambda: pin.state, what="a pulse")
    lamp.close()


def test_after_blinking_the_lamp_shows_the_newest_state() -> None:
    factory = MockFactory()
    lamp, pin = Lamp(17, factory), factory.pin(17)
    lamp.trust(0)
    lamp.tell(LampState.VACANT, 0)
    lamp.identify(0)
    lamp.tell(LampState.TAKEN, 5000)
    lamp.wake(int(IDENTIFY_S * 1000))
    assert pin.state
    lamp.close()


def test_busy_pin_leaves_the_agent_without_a_lamp(caplog: pytest.LogCaptureFixture) -> None:
    factory = MockFactory()
    with table(PirSettings(id="pir", pin=17), factory):
        lamp = Lamp(17, factory)
        call_every_method(lamp)
    assert [record.getMessage().startswith("the lamp on GPIO17 cannot be used") for record in caplog.records] == [True]


def test_agent_without_a_lamp_does_nothing() -> None:
    call_every_method(Lamp(None, MockFactory()))


def call_every_method(lamp: Lamp) -> None:
    lamp.trust(0)
    lamp.tell(LampState.TAKEN, 0)
    lamp.identify(0)
    lamp.wake(20_000)
    lamp.doubt(20_000)
    lamp.close()
