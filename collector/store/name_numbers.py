"""The numbers that stand for names in the journal: sensors, streams and kinds of events.

In:    the journal's connection; names.
Out:   the number of a name, which is added when it is new.
Never: transactions of its own: the journal adds names inside its own.
"""

import sqlite3

from collector.intake.intake import StreamKey
from collector.site.site_sensor import SensorKey
from edge.contract.message import EVENT_KIND_BY_NAME, EventKind


class NameNumbers:
    """All numbered names of one journal, kept in memory.

    Attributes:
        sensors: number of each sensor.
        streams: number of each stream.
        stream_names: name of each stream's number, without its device.
        kinds: number of each kind of event.
        kind_names: kind of each number.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        query = connection.execute
        self.sensors: dict[SensorKey, int] = {
            (device, sensor): no for no, device, sensor in query("SELECT no, device, sensor FROM sensor")
        }
        self.streams: dict[StreamKey, int] = {
            (device, stream): no for no, device, stream in query("SELECT no, device, stream FROM stream")
        }
        self.stream_names: dict[int, str] = {no: stream for (_, stream), no in self.streams.items()}
        self.kinds: dict[str, int] = {kind: no for no, kind in query("SELECT no, kind FROM kind")}
        self.kind_names = {no: EVENT_KIND_BY_NAME[kind] for kind, no in self.kinds.items()}

    def add_sensor(self, key: SensorKey) -> int:
        """Return the number of a sensor; add a new one."""
        if key not in self.sensors:
            cursor = self._connection.execute("INSERT INTO sensor (device, sensor) VALUES (?, ?)", key)
            self.sensors[key] = cursor.lastrowid or 0
        return self.sensors[key]

    def add_stream(self, key: StreamKey) -> int:
        """Return the number of a stream; add a new one."""
        if key not in self.streams:
            cursor = self._connection.execute("INSERT INTO stream (device, stream, seq) VALUES (?, ?, 0)", key)
            self.streams[key] = cursor.lastrowid or 0
            self.stream_names[self.streams[key]] = key[1]
        return self.streams[key]

    def add_kind(self, kind: EventKind) -> int:
        """Return the number of a kind of event; add a new one."""
        if kind not in self.kinds:
            cursor = self._connection.execute("INSERT INTO kind (kind) VALUES (?)", (kind.value,))
            self.kinds[kind.value] = cursor.lastrowid or 0
            self.kind_names[self.kinds[kind.value]] = kind
        return self.kinds[kind]

    def forget_stream(self, key: StreamKey) -> None:
        """Remove a stream whose row was deleted."""
        del self.stream_names[self.streams.pop(key)]
