"""gpiozero's mock pins for processes that run for months.

In:    nothing.
Out:   a factory of pins that keep only their newest states.
Never: a growing list: gpiozero's own mock pin keeps every state, for tests.
"""

from collections import deque
from typing import Any, Final

from gpiozero.pins.mock import MockFactory, MockPin

MAX_STATES: Final = 16


class BoundedPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """A mock pin that keeps only its newest states."""

    def clear_states(self) -> None:
        """Reset the states; gpiozero also calls this for a new pin."""
        super().clear_states()
        self.states: deque[Any] = deque(self.states, maxlen=MAX_STATES)


def create_mock_factory(pin_class: type[MockPin] = BoundedPin) -> Any:
    """Create a gpiozero factory of mock pins."""
    return MockFactory(pin_class=pin_class)
