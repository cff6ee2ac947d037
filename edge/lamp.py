"""The state lamp of a device: shows whether a space is taken.

In:    the retained state of a space, as the collector publishes it; until when the collector counts as online.
Out:   one lamp: lit when taken, dark when vacant, a slow pulse when unknown, a fast blink to identify the device.
Never: an exception for a malformed payload, which is shown as unknown. A state from a collector that has stopped: its
       retained message stays at the broker.
"""

import logging
from enum import StrEnum

import msgspec
from gpiozero import LED, Factory
from msgspec import Struct

from edge.contract.message import IDENTIFY_S

PULSE_S = 1.5
"""On and off for this long each while the state is unknown."""
BLINK_S = 0.1

log = logging.getLogger(__name__)


class LampState(StrEnum):
    """What the lamp shows about its space."""

    TAKEN = "taken"
    VACANT = "vacant"
    UNKNOWN = "unknown"


_LAMP_STATES = {"occupied": LampState.TAKEN, "away": LampState.TAKEN, "vacant": LampState.VACANT}


class _SpaceState(Struct):
    """The one key of a space's state that the lamp reads."""

    state: str


def decode_lamp_state(payload: bytes) -> LampState:
    """Decode what the lamp shows for a retained state; everything but taken and vacant is unknown."""
    try:
        return _LAMP_STATES.get(msgspec.json.decode(payload, type=_SpaceState).state, LampState.UNKNOWN)
    except (ValueError, RecursionError):
        return LampState.UNKNOWN


class Lamp:
    """One LED. A pin that cannot be opened is logged once; the agent continues without its lamp."""

    def __init__(self, pin: int | None, factory: Factory) -> None:
        """`pin` None: there is no lamp, and every method does nothing."""
        self._led: LED | None = None
        self._published_state, self._online_until_ms = LampState.UNKNOWN, 0
        self._shown_state, self._blink_until_ms = LampState.UNKNOWN, 0
        if pin is None:
            return
        try:
            self._led = LED(pin, pin_factory=factory)
        except Exception as fault:  # noqa: BLE001 - drivers raise anything: a busy pin, no GPIO chip
            log.error("the lamp on GPIO%d cannot be used: %s; the agent continues without it", pin, fault)  # noqa: TRY400 - one plain line
        self._update_led()

    def show_state(self, state: LampState, now_ms: int) -> None:
        """Show a state while the collector is online, after any blinking has ended (real milliseconds, monotonic)."""
        self._published_state = state
        self.advance_time(now_ms)

    def follow_collector(self, online_until_ms: int, now_ms: int) -> None:
        """Record until when the collector counts as online; 0: it is offline, or its status is unknown."""
        self._online_until_ms = online_until_ms
        self.advance_time(now_ms)

    def identify(self, now_ms: int) -> None:
        """Blink fast for ten seconds (real milliseconds, monotonic)."""
        self._blink_until_ms = now_ms + int(IDENTIFY_S * 1000)
        if self._led is not None:
            self._led.blink(BLINK_S, BLINK_S)

    def advance_time(self, now_ms: int) -> None:
        """Advance the time: blinking ends, and the state of a silent collector becomes unknown."""
        state = self._published_state if now_ms < self._online_until_ms else LampState.UNKNOWN
        ended = self._blink_until_ms and now_ms >= self._blink_until_ms
        if ended:
            self._blink_until_ms = 0
        changed, self._shown_state = state is not self._shown_state, state
        if ended or (changed and not self._blink_until_ms):
            self._update_led()

    def close(self) -> None:
        """Turn the lamp off and release its pin."""
        if self._led is not None:
            self._led.close()

    def _update_led(self) -> None:
        if self._led is None:
            return
        if self._shown_state is LampState.TAKEN:
            self._led.on()
        elif self._shown_state is LampState.VACANT:
            self._led.off()
        else:
            self._led.blink(PULSE_S, PULSE_S)
