"""The managers' adjustments as a source of messages.

In:    the current adjustments.
Out:   one message whenever they change.
Never: storage, evaluation of commands.
"""

from collector.contract.messages import OutgoingMessage
from collector.site.adjustments import Adjustments
from edge.contract import topics


class AdjustmentChanges:
    """Publishes the adjustments whenever they change.

    Attributes:
        current: the adjustments that are stored.
    """

    def __init__(self, stored: Adjustments) -> None:
        self.current = stored
        self._published: Adjustments | None = None

    def replace(self, stored: Adjustments) -> None:
        """Replace the adjustments."""
        self.current = stored

    def pop_messages(self, _now_ms: int, _screen_ms: int) -> list[OutgoingMessage]:
        """Return the adjustments if they have changed since the last call."""
        if self._published == self.current:
            return []
        self._published = self.current
        return [OutgoingMessage(topics.ADJUSTMENTS, "", self.current)]

    def republish_all(self) -> None:
        """Publish them again at the next call."""
        self._published = None
