"""Sensors whose readings are in files: power meters (hwmon), air and light (IIO), sound levels, people counters.

In:    files that hold one number each.
Out:   `power_w` and `people` when they have changed; the loudest `sound_db` of each span; `light_lux`, `co2_ppm`,
       `temperature_c`, `humidity_pct` at each reading.
Never: a reading that is not a number; a recording of sound: only the level of a span leaves this module.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from gpiozero import Factory

from edge.contract.file_sensor_kinds import AirSettings, LightSettings, PeopleSettings, PowerSettings, SoundSettings
from edge.contract.message import EVENT_KIND_BY_NAME, EventKind
from edge.contract.sensor_kinds import get_sensor_kind
from edge.outbox import PendingEvent, create_event
from edge.sensors.polled import Deadband, PollingThread
from edge.sensors.sensor import ReadingQueue, SensorReading

MAX_FILE_CHARACTERS = 64


class FileSensor:
    """Code shared by all file sensors: a thread polls, and only readings cause events."""

    channels: Mapping[str, EventKind]

    def __init__(self, read: Callable[[], None], every_ms: int, queue: ReadingQueue) -> None:
        self.every_ms = every_ms
        self._last: float | None = None
        self._sensor = queue.sensor
        self._polling = PollingThread(read, every_ms, queue)

    def advance_time(self, now_ms: int) -> list[PendingEvent]:  # noqa: ARG002 - only a reading causes an event
        return []

    def next_wake_ms(self) -> int | None:
        return None

    def heartbeat_level(self) -> float | None:
        return self._last

    def reread_pins(self) -> None:
        """Do nothing: the thread polls by itself."""

    def close(self) -> None:
        self._polling.close()


class PowerSensor(FileSensor):
    """A power meter; its heartbeat repeats the last reading. Its events have the first quantity of its sensor kind."""

    def __init__(self, settings: PowerSettings, _factory: Factory, queue: ReadingQueue) -> None:
        self._kind = EVENT_KIND_BY_NAME[get_sensor_kind(settings).traits.quantities[0].name]
        self.channels = {"": self._kind}
        self._deadband = Deadband(settings.step_w)
        super().__init__(create_reader(settings.path, settings.scale, queue), settings.every_ms, queue)

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        self._last = round(reading.value, 1)
        return (
            [create_event(self._sensor, self._kind, self._last, reading.at_ms)]
            if self._deadband.accept_change(self._last)
            else []
        )


class PeopleSensor(FileSensor):
    """A counter of people in view; its heartbeat repeats the last count."""

    channels: Mapping[str, EventKind] = {"": EventKind.PEOPLE}

    def __init__(self, settings: PeopleSettings, _factory: Factory, queue: ReadingQueue) -> None:
        path = settings.path
        super().__init__(lambda: queue.put_reading(read_whole_number(path)), settings.every_ms, queue)

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        count = int(reading.value)
        if count == self._last:
            return []
        self._last = count
        return [create_event(self._sensor, EventKind.PEOPLE, count, reading.at_ms)]


class SoundSensor(FileSensor):
    """A sound level meter; the loudest level of each span is published, the others are discarded."""

    channels: Mapping[str, EventKind] = {"": EventKind.SOUND_DB}

    def __init__(self, settings: SoundSettings, _factory: Factory, queue: ReadingQueue) -> None:
        self._report_ms, self._next_ms = settings.send_every_ms, 0
        self._loudest: float | None = None
        super().__init__(create_reader(settings.path, settings.scale, queue), settings.every_ms, queue)
        self.every_ms = settings.send_every_ms  # the agent expects events, not readings, at this interval

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        self._loudest = reading.value if self._loudest is None else max(self._loudest, reading.value)
        if reading.at_ms < self._next_ms:
            return []
        self._next_ms, self._last, self._loudest = reading.at_ms + self._report_ms, round(self._loudest, 1), None
        return [create_event(self._sensor, EventKind.SOUND_DB, self._last, reading.at_ms)]


class LightSensor(FileSensor):
    """A light sensor; every reading is published."""

    channels: Mapping[str, EventKind] = {"": EventKind.LIGHT_LUX}

    def __init__(self, settings: LightSettings, _factory: Factory, queue: ReadingQueue) -> None:
        super().__init__(create_reader(settings.path, settings.scale, queue), settings.every_ms, queue)

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        self._last = round(reading.value, 1)
        return [create_event(self._sensor, EventKind.LIGHT_LUX, self._last, reading.at_ms)]


class AirSensor(FileSensor):
    """An air sensor; every reading is published, and if readings are rare, its heartbeat repeats the CO2."""

    def __init__(self, settings: AirSettings, _factory: Factory, queue: ReadingQueue) -> None:
        self._files = [(EventKind.CO2_PPM, settings.co2_path, settings.co2_scale)]
        if settings.temperature_path is not None:
            self._files.append((EventKind.TEMPERATURE_C, settings.temperature_path, settings.temperature_scale))
        if settings.humidity_path is not None:
            self._files.append((EventKind.HUMIDITY_PCT, settings.humidity_path, settings.humidity_scale))
        self.channels = {kind.value: kind for kind, _path, _scale in self._files}
        super().__init__(lambda: self._read_files(queue), settings.every_ms, queue)

    def process_reading(self, reading: SensorReading) -> list[PendingEvent]:
        kind = self.channels[reading.part]
        if kind is EventKind.CO2_PPM:
            self._last = round(reading.value)
            return [create_event(self._sensor, kind, self._last, reading.at_ms)]
        return [create_event(self._sensor, kind, round(reading.value, 1), reading.at_ms)]

    def _read_files(self, queue: ReadingQueue) -> None:
        """Read each file separately: one that cannot be read does not stop the others."""
        for kind, path, scale in self._files:
            try:
                queue.put_reading(read_number(path) * scale, kind)
            except (OSError, ValueError) as fault:
                queue.put_fault(str(fault), kind)


def create_reader(path: Path, scale: float, queue: ReadingQueue) -> Callable[[], None]:
    """Return a function that queues the number in a file, times `scale`."""
    return lambda: queue.put_reading(read_number(path) * scale)


def read_number(path: Path) -> float:
    """Read the one number that a file holds.

    Raises:
        OSError: the file cannot be read.
        ValueError: its content is not a finite number; the text quotes it.
    """
    with path.open(encoding="ascii", errors="replace") as file:
        text = file.read(MAX_FILE_CHARACTERS).strip()
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{path} holds {text!r}, which is not a number")
    return number


def read_whole_number(path: Path) -> int:
    """Read the one whole number, 0 or above, that a file holds; raise like `read_number`."""
    number = read_number(path)
    if number < 0 or not number.is_integer():
        raise ValueError(f"{path} holds {number:g}; a count of people is a whole number, 0 or above")
    return int(number)
