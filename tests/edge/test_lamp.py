import pytest
from gpiozero.pins.mock import MockFactory

from edge.contract.message import IDENTIFY_S
from edge.contract.pin_sensor_kinds import PirSettings
from edge.lamp import Lamp, LampState, decode_lamp_state
from edge.outbox.event_sender import COLLECTOR_TIMEOUT_MS, is_collector_online
from tests.support.edge.sensor_table import open_sensor_rig
from tests.support.servers import wait_until


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
    assert decode_lamp_state(payload) is state


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
    assert is_collector_online(payload) is online


def test_lamp_is_lit_when_taken_and_dark_when_vacant() -> None:
    factory = MockFactory()
    lamp, pin = Lamp(17, factory), factory.pin(17)
    lamp.follow_collector(COLLECTOR_TIMEOUT_MS, 0)
    lamp.show_state(LampState.TAKEN, 0)
    assert pin.state
    lamp.show_state(LampState.VACANT, 0)
    assert not pin.state
    lamp.close()


def test_state_of_a_silent_or_offline_collector_is_not_shown() -> None:
    factory = MockFactory()
    lamp, pin = Lamp(17, factory), factory.pin(17)
    lamp.show_state(LampState.VACANT, 0)  # retained: it does not prove the collector alive
    wait_until(lambda: pin.state, what="a pulse")
    lamp.follow_collector(1000 + COLLECTOR_TIMEOUT_MS, 1000)
    assert not pin.state
    lamp.advance_time(1000 + COLLECTOR_TIMEOUT_MS)
    wait_until(lambda: pin.state, what="a pulse")
    lamp.follow_collector(20_000 + COLLECTOR_TIMEOUT_MS, 20_000)
    assert not pin.state
    lamp.follow_collector(0, 20_001)
    wait_until(lambda: pin.state, what="a pulse")
    lamp.close()


def test_after_blinking_the_lamp_shows_the_newest_state() -> None:
    factory = MockFactory()
    lamp, pin = Lamp(17, factory), factory.pin(17)
    lamp.follow_collector(COLLECTOR_TIMEOUT_MS, 0)
    lamp.show_state(LampState.VACANT, 0)
    lamp.identify(0)
    lamp.show_state(LampState.TAKEN, 5000)
    lamp.advance_time(int(IDENTIFY_S * 1000))
    assert pin.state
    lamp.close()


def test_busy_pin_leaves_the_agent_without_a_lamp(caplog: pytest.LogCaptureFixture) -> None:
    factory = MockFactory()
    with open_sensor_rig(PirSettings(id="pir", pin=17), factory):
        lamp = Lamp(17, factory)
        call_every_method(lamp)
    assert [record.getMessage().startswith("the lamp on GPIO17 cannot be used") for record in caplog.records] == [True]


def test_agent_without_a_lamp_does_nothing() -> None:
    call_every_method(Lamp(None, MockFactory()))


def call_every_method(lamp: Lamp) -> None:
    lamp.follow_collector(COLLECTOR_TIMEOUT_MS, 0)
    lamp.show_state(LampState.TAKEN, 0)
    lamp.identify(0)
    lamp.advance_time(20_000)
    lamp.follow_collector(0, 20_000)
    lamp.close()
