"""Monitors the sensors of one device: opens them, processes their readings, and notices when they are silent.

In:    readings and faults from the queue, the current time (site time, monotonic).
Out:   the sensors' events, heartbeats of quiet sensors, and their health.
Never: a faulty sensor that stops another. A sensor that cannot be opened is retried at every heartbeat.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue

from gpiozero import Factory

from edge.configuration.device_settings import DeviceSettings
from edge.contract.message import SILENT_AFTER_HEARTBEATS, EventKind, SensorHealth
from edge.contract.sensor_settings import SensorSettings
from edge.outbox import PendingEvent, create_event
from edge.sensors.channel_faults import ChannelFaults
from edge.sensors.openers import open_sensor
from edge.sensors.sensor import OpenSensor, ReadingQueue, SensorFault, SensorReading
from edge.timekeeping.machine_clock import Clock

HEARTBEAT_BATCH_DIVISOR = 4
"""When a heartbeat is due, those due within a quarter of the interval are sent too: one commit instead of many."""

WHOLE_SENSOR = ""
"""The name of a single channel, and of a sensor as a whole."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _MonitoredSensor:
    """One sensor, its health, and the times of its last reading and event."""

    settings: SensorSettings
    queue: ReadingQueue
    faults: ChannelFaults
    open: OpenSensor | None = None
    failing_channels: set[str] = field(default_factory=set)
    """Channels whose newest reading is a problem; the empty name stands for the sensor as a whole."""
    is_silent: bool = False
    last_reading_ms: int = 0
    """When it was last read or opened."""
    last_event_ms: int = 0
    """When it last sent an event or heartbeat, or was opened, or could not be opened."""

    @property
    def health(self) -> SensorHealth:
        if WHOLE_SENSOR in self.failing_channels or (
            self.open is not None and self.failing_channels.issuperset(self.open.channels)
        ):
            return SensorHealth.FAILED
        return SensorHealth.SILENT if self.is_silent else SensorHealth.HEALTHY

    @property
    def failed_channels(self) -> list[EventKind]:
        """The failed channels of a sensor with several channels."""
        if self.open is None or len(self.open.channels) == 1:
            return []
        return [self.open.channels[channel] for channel in self.faults.failed if channel in self.open.channels]

    def channel_of(self, part: str) -> str:
        """Return the channel that a part of a reading belongs to."""
        return part if self.open is not None and part in self.open.channels else WHOLE_SENSOR


class SensorMonitor:
    """All sensors of one device. One thread calls its methods."""

    def __init__(self, settings: DeviceSettings, factory: Factory, clock: Clock, inbox: "SimpleQueue[object]") -> None:
        self._factory, self._heartbeat_ms = factory, settings.heartbeat_ms
        self._sensors = {
            each.id: _MonitoredSensor(each, ReadingQueue(each.id, clock, inbox), ChannelFaults(each.id))
            for each in settings.sensors
        }
        for monitored in self._sensors.values():
            self._open_sensor(monitored, clock.monotonic_ms())

    @property
    def health(self) -> dict[str, SensorHealth]:
        """The health of each sensor, by id."""
        return {name: monitored.health for name, monitored in self._sensors.items()}

    @property
    def failed_channels(self) -> dict[str, list[EventKind]]:
        """The failed channels of sensors that still work in part, by sensor id."""
        return {name: failed for name, monitored in self._sensors.items() if (failed := monitored.failed_channels)}

    def handle_reading(self, reading: SensorReading) -> list[PendingEvent]:
        """Process one reading."""
        monitored = self._sensors[reading.sensor]
        if monitored.open is None:
            return []  # it was queued before its sensor failed
        channel = monitored.channel_of(reading.part)
        kind = monitored.open.channels[channel]
        if not kind.low <= reading.value <= kind.high:
            problem = f"{kind} is {reading.value:g}; possible values lie between {kind.low:g} and {kind.high:g}"
            self._record_failure(monitored, channel, problem, reading.at_ms)
            return []
        if monitored.is_silent:
            log.info('sensor "%s" is reporting again', reading.sensor)
        monitored.is_silent, monitored.last_reading_ms = False, max(monitored.last_reading_ms, reading.at_ms)
        monitored.failing_channels -= {channel, WHOLE_SENSOR}
        return self._record_events(monitored, monitored.open.process_reading(reading), reading.at_ms)

    def handle_fault(self, fault: SensorFault) -> None:
        """Record that a sensor could not be read."""
        monitored = self._sensors[fault.sensor]
        self._record_failure(monitored, monitored.channel_of(fault.part), fault.text, fault.at_ms)

    def advance_time(self, now_ms: int) -> list[PendingEvent]:
        """Advance the time: debounce levels, send heartbeats, retry failed sensors, notice silent ones."""
        events = []
        for monitored in self._sensors.values():
            for log_line in monitored.faults.remove_recovered(monitored.failing_channels, now_ms):
                log.info(log_line)
            if monitored.open is not None:
                events += self._record_events(monitored, monitored.open.advance_time(now_ms), now_ms)
                self._check_silence(monitored, now_ms)
            elif now_ms >= monitored.last_event_ms + self._heartbeat_ms:
                self._open_sensor(monitored, now_ms)
        return events + self._build_due_heartbeats(now_ms)

    def next_wake_ms(self) -> int | None:
        """Return when `advance_time` has something to do; None if there are no sensors."""
        wake_times_ms = []
        for monitored in self._sensors.values():
            wake_times_ms.append(self._heartbeat_due_ms(monitored))
            if monitored.open is not None and (wake_ms := monitored.open.next_wake_ms()) is not None:
                wake_times_ms.append(wake_ms)
        return min(wake_times_ms, default=None)

    def close(self) -> None:
        """Close every sensor."""
        for monitored in self._sensors.values():
            if monitored.open is not None:
                monitored.open.close()

    def _open_sensor(self, monitored: _MonitoredSensor, now_ms: int) -> None:
        monitored.last_event_ms = monitored.last_reading_ms = now_ms
        try:
            monitored.open = open_sensor(monitored.settings, self._factory, monitored.queue)
        except Exception as fault:  # noqa: BLE001 - drivers raise anything: a busy pin, no GPIO chip, a missing file
            self._record_failure(monitored, WHOLE_SENSOR, str(fault) or type(fault).__name__, now_ms)

    def _record_failure(self, monitored: _MonitoredSensor, channel: str, problem: str, now_ms: int) -> None:
        monitored.failing_channels.add(channel)
        if log_line := monitored.faults.add_problem(channel, problem, now_ms):
            log.error(log_line)

    def _record_events(
        self, monitored: _MonitoredSensor, new_events: Iterable[PendingEvent], now_ms: int
    ) -> list[PendingEvent]:
        """Record when the sensor last had events."""
        events = list(new_events)
        if events:
            monitored.last_event_ms = now_ms
        return events

    def _check_silence(self, monitored: _MonitoredSensor, now_ms: int) -> None:
        """Mark a polled sensor as silent if it has had no reading for too long."""
        every_ms = monitored.open.every_ms if monitored.open is not None else 0
        if (
            not every_ms
            or monitored.is_silent
            or now_ms < monitored.last_reading_ms + SILENT_AFTER_HEARTBEATS * max(every_ms, self._heartbeat_ms)
        ):
            return
        monitored.is_silent = True
        if not monitored.failing_channels:
            silent_s = (now_ms - monitored.last_reading_ms) // 1000
            log.warning(
                'sensor "%s" has had no reading for %d s: silent until the next', monitored.settings.id, silent_s
            )

    def _heartbeat_due_ms(self, monitored: _MonitoredSensor) -> int:
        """Return when its next heartbeat is due; a sensor polled about as often gets time for a reading first."""
        every_ms = monitored.open.every_ms if monitored.open is not None else 0
        return monitored.last_event_ms + self._heartbeat_ms + (every_ms // 2 if every_ms <= self._heartbeat_ms else 0)

    def _build_due_heartbeats(self, now_ms: int) -> list[PendingEvent]:
        opened = [monitored for monitored in self._sensors.values() if monitored.open is not None]
        if not any(self._heartbeat_due_ms(monitored) <= now_ms for monitored in opened):
            return []
        events = []
        for monitored in opened:
            if self._heartbeat_due_ms(monitored) <= now_ms + self._heartbeat_ms // HEARTBEAT_BATCH_DIVISOR:
                events += self._build_heartbeat(monitored, now_ms)
        return events

    def _build_heartbeat(self, monitored: _MonitoredSensor, now_ms: int) -> list[PendingEvent]:
        """Return its present level if it is reliable; also read its pins again in case an edge was lost."""
        if monitored.open is None:
            return []
        monitored.last_event_ms = now_ms
        try:
            monitored.open.reread_pins()
        except Exception as fault:  # noqa: BLE001 - as in `_open`
            self._record_failure(monitored, WHOLE_SENSOR, str(fault) or type(fault).__name__, now_ms)
            monitored.open.close()
            monitored.open = None  # the next heartbeat opens it again
            return []
        level, level_channel = monitored.open.heartbeat_level(), next(iter(monitored.open.channels))
        if level is None or monitored.health is not SensorHealth.HEALTHY or level_channel in monitored.failing_channels:
            return []
        return self._record_events(
            monitored, [create_event(monitored.settings.id, EventKind.HEARTBEAT, level, now_ms)], now_ms
        )
