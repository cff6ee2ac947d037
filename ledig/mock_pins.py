"""gpiozero's mock pins for processes that run for months.

In:    nothing.
Out:   a factory of pins that remember the newest few of their states.
Never: a list that grows: gpiozero's own mock pin keeps every state that it ever had, for tests.
"""

from collections import deque
from typing import Any, Final

from gpiozero.pins.mock import MockFactory, MockPin

KEPT_STATES: Final = 16


class BoundedPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """A mock pin that remembers its newest states only."""

    def clear_states(self) -> None:
        """Begin anew; a new pin does so too."""
        super().clear_states()
        self.states: deque[Any] = deque(self.states, maxlen=KEPT_STATES)


def mock_factory(pin_class: type[MockPin] = BoundedPin) -> Any:
    """The factory for pins that are not there."""
    return MockFactory(pin_class=pin_class)
