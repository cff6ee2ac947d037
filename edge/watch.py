"""Watches over the sensors of one device: opens them, hears them, and notices when they fall silent.

In:    readings and faults from the queue, and the passing of time (house time, monotonic).
Out:   what the sensors said, a heartbeat of each that said nothing for long, and their health.
Never: a sensor that stops another. One that cannot be opened is tried again at every heartbeat.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue

from gpiozero import Factory

from edge.channel_faults import ChannelFaults
from edge.clock import Clock
from edge.message import Kind, SensorHealth
from edge.sensors import open_sensor
from edge.sensors.sensor import Fault, Post, Reading, Sensor, Told
from edge.settings import DeviceSettings, SensorSettings

ALONG = 4
"""When one heartbeat is due, those due within a quarter of its span go along: one commit for all instead of many."""

WHOLE = ""
"""The name of an only channel, and of a sensor as a whole."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Watched:
    """One sensor, and when it was last heard."""

    settings: SensorSettings
    post: Post
    faults: ChannelFaults
    open: Sensor | None = None
    failing: set[str] = field(default_factory=set)
    """Channels whose newest reading was a problem; empty: the sensor as a whole."""
    silent: bool = False
    read_ms: int = 0
    """The last reading, or when it was opened."""
    told_ms: int = 0
    """The last event or heartbeat, or when it was opened or tried."""

    @property
    def health(self) -> SensorHealth:
        if WHOLE in self.failing or (self.open is not None and self.failing.issuperset(self.open.channels)):
            return SensorHealth.FAILED
        return SensorHealth.SILENT if self.silent else SensorHealth.HEALTHY

    @property
    def failed_channels(self) -> list[Kind]:
        """Of a sensor with several channels, those that have failed while others work."""
        if self.open is None or len(self.open.channels) == 1:
            return []
        return [self.open.channels[channel] for channel in self.faults.failed if channel in self.open.channels]

    def channel(self, part: str) -> str:
        """The channel that a part of a reading belongs to."""
        return part if self.open is not None and part in self.open.channels else WHOLE


class Watch:
    """All sensors of one device. Its methods return (sensor, what it said) and are called by one thread."""

    def __init__(self, settings: DeviceSettings, factory: Factory, clock: Clock, inbox: "SimpleQueue[object]") -> None:
        self._factory, self._heartbeat_ms = factory, settings.heartbeat_ms
        self._sensors = {
            each.id: _Watched(each, Post(each.id, clock, inbox), ChannelFaults(each.id)) for each in settings.sensors
        }
        for watched in self._sensors.values():
            self._open(watched, clock.monotonic_ms())

    @property
    def health(self) -> dict[str, SensorHealth]:
        """How each sensor is."""
        return {name: watched.health for name, watched in self._sensors.items()}

    @property
    def failed_channels(self) -> dict[str, list[Kind]]:
        """Of sensors that still work in part: the channels that have failed."""
        return {name: failed for name, watched in self._sensors.items() if (failed := watched.failed_channels)}

    def take(self, reading: Reading) -> list[tuple[str, Told]]:
        """Hear one reading."""
        watched = self._sensors[reading.sensor]
        if watched.open is None:
            return []  # it was still on the queue when its sensor failed
        channel = watched.channel(reading.part)
        kind = watched.open.channels[channel]
        if not kind.low <= reading.value <= kind.high:
            problem = f"{kind} is {reading.value:g}; possible values lie between {kind.low:g} and {kind.high:g}"
            self._fail(watched, channel, problem, reading.at_ms)
            return []
        if watched.silent:
            log.info('sensor "%s" is reporting again', reading.sensor)
        watched.silent, watched.read_ms = False, max(watched.read_ms, reading.at_ms)
        watched.failing -= {channel, WHOLE}
        return self._told(watched, watched.open.take(reading), reading.at_ms)

    def fail(self, fault: Fault) -> None:
        """Hear that a sensor could not be read."""
        watched = self._sensors[fault.sensor]
        self._fail(watched, watched.channel(fault.part), fault.text, fault.at_ms)

    def wake(self, now_ms: int) -> list[tuple[str, Told]]:
        """Let time pass: settle levels, send heartbeats, try again what failed, notice silence."""
        said = []
        for watched in self._sensors.values():
            for line in watched.faults.recover(watched.failing, now_ms):
                log.info(line)
            if watched.open is not None:
                said += self._told(watched, watched.open.wake(now_ms), now_ms)
                self._listen(watched, now_ms)
            elif now_ms >= watched.told_ms + self._heartbeat_ms:
                self._open(watched, now_ms)
        return said + self._heartbeats(now_ms)

    def next_wake(self) -> int | None:
        """When `wake` has something to do; None: there are no sensors."""
        moments = []
        for watched in self._sensors.values():
            moments.append(self._due(watched))
            if watched.open is not None and (wake_ms := watched.open.next_wake()) is not None:
                moments.append(wake_ms)
        return min(moments, default=None)

    def close(self) -> None:
        """Close every sensor."""
        for watched in self._sensors.values():
            if watched.open is not None:
                watched.open.close()

    def _open(self, watched: _Watched, now_ms: int) -> None:
        watched.told_ms = watched.read_ms = now_ms
        try:
            watched.open = open_sensor(watched.settings, self._factory, watched.post)
        except Exception as fault:  # noqa: BLE001 - drivers raise anything: a busy pin, no GPIO chip, a missing file
            self._fail(watched, WHOLE, str(fault) or type(fault).__name__, now_ms)

    def _fail(self, watched: _Watched, channel: str, problem: str, now_ms: int) -> None:
        watched.failing.add(channel)
        if line := watched.faults.add(channel, problem, now_ms):
            log.error(line)

    def _told(self, watched: _Watched, told: Iterable[Told], now_ms: int) -> list[tuple[str, Told]]:
        """Note that it has events, and name its sensor in each."""
        said = [(watched.settings.id, each) for each in told]
        if said:
            watched.told_ms = now_ms
        return said

    def _listen(self, watched: _Watched, now_ms: int) -> None:
        """Notice that a sensor which reads by itself has stopped."""
        every_ms = watched.open.every_ms if watched.open is not None else 0
        if not every_ms or watched.silent or now_ms < watched.read_ms + 2 * max(every_ms, self._heartbeat_ms):
            return
        watched.silent = True
        if not watched.failing:
            log.warning('sensor "%s" sends no data', watched.settings.id)

    def _due(self, watched: _Watched) -> int:
        """When its next heartbeat is due; a sensor that reads by itself about as often gets time to speak first."""
        every_ms = watched.open.every_ms if watched.open is not None else 0
        return watched.told_ms + self._heartbeat_ms + (every_ms // 2 if every_ms <= self._heartbeat_ms else 0)

    def _heartbeats(self, now_ms: int) -> list[tuple[str, Told]]:
        opened = [watched for watched in self._sensors.values() if watched.open is not None]
        if not any(self._due(watched) <= now_ms for watched in opened):
            return []
        said = []
        for watched in opened:
            if self._due(watched) <= now_ms + self._heartbeat_ms // ALONG:
                said += self._heartbeat(watched, now_ms)
        return said

    def _heartbeat(self, watched: _Watched, now_ms: int) -> list[tuple[str, Told]]:
        """Its present level, if it can be vouched for; and look at its pins, should an edge have been lost."""
        if watched.open is None:
            return []
        watched.told_ms = now_ms
        try:
            watched.open.look()
        except Exception as fault:  # noqa: BLE001 - as in `_open`
            self._fail(watched, WHOLE, str(fault) or type(fault).__name__, now_ms)
            watched.open.close()
            watched.open = None  # the next heartbeat opens it anew
            return []
        level, level_channel = watched.open.level(), next(iter(watched.open.channels))
        if level is None or watched.health is not SensorHealth.HEALTHY or level_channel in watched.failing:
            return []
        return self._told(watched, [Told(now_ms, Kind.HEARTBEAT, level)], now_ms)
