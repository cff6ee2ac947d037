"""The connection to the broker by which the pages send commands."""

from collections.abc import Callable

from edge.contract.topics import TopicKind


class CommandConnection:
    """Accepts no message until `record` or `connect`, like a subscriber without a broker."""

    def __init__(self) -> None:
        self._receive: Callable[[str, bytes], None] | None = None

    def publish(self, _topic_kind: TopicKind, topic: str, payload: bytes) -> bool:
        """Pass a message on; False: not connected."""
        if self._receive is None:
            return False
        self._receive(topic, payload)
        return True

    def connect(self, receive: Callable[[str, bytes], None]) -> None:
        """Pass the next messages to `receive`."""
        self._receive = receive

    def record(self) -> list[tuple[str, bytes]]:
        """Return a list to which the next messages are added."""
        sent: list[tuple[str, bytes]] = []
        self.connect(lambda topic, payload: sent.append((topic, payload)))
        return sent
