"""The state lamp of a device: is this space taken?

In:    the retained state of a space, as the collector publishes it; the collector's word that it works.
Out:   one lamp: lit when taken, dark when vacant, a slow pulse when not known, a fast blink when asked who it is.
Never: an exception for what a topic says: what it does not understand is not known. A state that outlived its
       collector: a retained message outlives everybody.
"""

import logging
from enum import StrEnum

import msgspec
from gpiozero import LED, Factory
from msgspec import Struct

PULSE_S = 1.5
"""On and off for this long each: not known."""
BLINK_S = 0.1
IDENTIFY_S = 10.0
COLLECTOR_SILENT_MS = 15_000
"""The collector speaks every five seconds; three words missed, and what it said is not known any more."""

log = logging.getLogger(__name__)


class LampState(StrEnum):
    """What the lamp shows of its space."""

    TAKEN = "taken"
    VACANT = "vacant"
    UNKNOWN = "unknown"


_SHOWN = {"occupied": LampState.TAKEN, "away": LampState.TAKEN, "vacant": LampState.VACANT}


class _Space(Struct):
    """The one key of a space's state that the lamp reads."""

    state: str


class _Collector(Struct):
    """The one key of the collector's word that the lamp reads."""

    online: bool


def shown(payload: bytes) -> LampState:
    """What the lamp shows for a retained state; all that is not plainly taken or vacant is unknown."""
    try:
        return _SHOWN.get(msgspec.json.decode(payload, type=_Space).state, LampState.UNKNOWN)
    except (ValueError, RecursionError):
        return LampState.UNKNOWN


def works(payload: bytes) -> bool:
    """Whether the collector says that it works."""
    try:
        return msgspec.json.decode(payload, type=_Collector).online
    except (ValueError, RecursionError):
        return False


class Lamp:
    """One LED. A pin that cannot be opened is said once; the agent continues without its lamp."""

    def __init__(self, pin: int | None, factory: Factory) -> None:
        """`pin` None: there is no lamp, and showing does nothing."""
        self._led: LED | None = None
        self._told, self._trusted_ms = LampState.UNKNOWN, 0
        self._state, self._until_ms = LampState.UNKNOWN, 0
        if pin is None:
            return
        try:
            self._led = LED(pin, pin_factory=factory)
        except Exception as fault:  # noqa: BLE001 - drivers raise anything: a busy pin, no GPIO chip
            log.error("the lamp on GPIO%d cannot be used: %s; the agent continues without it", pin, fault)  # noqa: TRY400 - one plain line
        self._light()

    def tell(self, state: LampState, now_ms: int) -> None:
        """Show a state (real milliseconds, monotonic) for as long as the collector works, after the blinking ends."""
        self._told = state
        self.wake(now_ms)

    def trust(self, now_ms: int) -> None:
        """The collector has just said that it works."""
        self._trusted_ms = now_ms + COLLECTOR_SILENT_MS
        self.wake(now_ms)

    def doubt(self, now_ms: int) -> None:
        """The collector does not work, or nobody can say."""
        self._trusted_ms = 0
        self.wake(now_ms)

    def identify(self, now_ms: int) -> None:
        """Blink fast for ten seconds (real milliseconds, monotonic)."""
        self._until_ms = now_ms + int(IDENTIFY_S * 1000)
        if self._led is not None:
            self._led.blink(BLINK_S, BLINK_S)

    def wake(self, now_ms: int) -> None:
        """Let time pass: blinking ends, and what a silent collector said is not known any more."""
        state = self._told if now_ms < self._trusted_ms else LampState.UNKNOWN
        ended = self._until_ms and now_ms >= self._until_ms
        if ended:
            self._until_ms = 0
        changed, self._state = state is not self._state, state
        if ended or (changed and not self._until_ms):
            self._light()

    def close(self) -> None:
        """Turn it off and let go of its pin."""
        if self._led is not None:
            self._led.close()

    def _light(self) -> None:
        if self._led is None:
            return
        if self._state is LampState.TAKEN:
            self._led.on()
        elif self._state is LampState.VACANT:
            self._led.off()
        else:
            self._led.blink(PULSE_S, PULSE_S)
