"""Sensors whose readings are in files: power meters (hwmon), air and light (IIO), sound levels, people counters.

In:    files that hold one number each.
Out:   `power_w` and `people` when they have changed; the loudest `sound_db` of each span; `light_lux`, `co2_ppm`,
       `temperature_c`, `humidity_pct` at each reading.
Never: a reading that is not a number; sound itself: only the level of a span leaves this module.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

from gpiozero import Factory

from edge.message import Kind
from edge.sensors.polled import Deadband, Polling
from edge.sensors.sensor import Post, Reading, Told
from edge.settings import AirSettings, LightSettings, PeopleSettings, PowerSettings, SoundSettings

MAX_CHARACTERS = 64


class _FileSensor:
    """Code shared by all file sensors: a thread polls, and only readings cause events."""

    channels: Mapping[str, Kind]

    def __init__(self, read: Callable[[], None], every_ms: int, queue: Post) -> None:
        self.every_ms = every_ms
        self._last: float | None = None
        self._polling = Polling(read, every_ms, queue)

    def wake(self, now_ms: int) -> list[Told]:  # noqa: ARG002 - only a reading causes an event
        return []

    def next_wake(self) -> int | None:
        return None

    def level(self) -> float | None:
        return self._last

    def look(self) -> None:
        """Do nothing: the thread polls by itself."""

    def close(self) -> None:
        self._polling.close()


class PowerSensor(_FileSensor):
    """A power meter; its heartbeat repeats the last reading."""

    channels: Mapping[str, Kind] = {"": Kind.POWER_W}

    def __init__(self, settings: PowerSettings, _factory: Factory, queue: Post) -> None:
        self._deadband = Deadband(settings.step_w)
        super().__init__(_create_reader(settings.path, settings.scale, queue), settings.every_ms, queue)

    def take(self, reading: Reading) -> list[Told]:
        self._last = round(reading.value, 1)
        return [Told(reading.at_ms, Kind.POWER_W, self._last)] if self._deadband.moved(self._last) else []


class PeopleSensor(_FileSensor):
    """A counter of people in view; its heartbeat repeats the last count."""

    channels: Mapping[str, Kind] = {"": Kind.PEOPLE}

    def __init__(self, settings: PeopleSettings, _factory: Factory, queue: Post) -> None:
        path = settings.path
        super().__init__(lambda: queue.tell(read_whole_number(path)), settings.every_ms, queue)

    def take(self, reading: Reading) -> list[Told]:
        count = int(reading.value)
        if count == self._last:
            return []
        self._last = count
        return [Told(reading.at_ms, Kind.PEOPLE, count)]


class SoundSensor(_FileSensor):
    """A sound level meter; the loudest level of each span is published, the others are discarded."""

    channels: Mapping[str, Kind] = {"": Kind.SOUND_DB}

    def __init__(self, settings: SoundSettings, _factory: Factory, queue: Post) -> None:
        self._report_ms, self._next_ms = settings.tell_ms, 0
        self._loudest: float | None = None
        super().__init__(_create_reader(settings.path, settings.scale, queue), settings.every_ms, queue)
        self.every_ms = settings.tell_ms  # the agent expects events, not readings, at this interval

    def take(self, reading: Reading) -> list[Told]:
        self._loudest = reading.value if self._loudest is None else max(self._loudest, reading.value)
        if reading.at_ms < self._next_ms:
            return []
        self._next_ms, self._last, self._loudest = reading.at_ms + self._report_ms, round(self._loudest, 1), None
        return [Told(reading.at_ms, Kind.SOUND_DB, self._last)]


class LightSensor(_FileSensor):
    """A light sensor; every reading is published."""

    channels: Mapping[str, Kind] = {"": Kind.LIGHT_LUX}

    def __init__(self, settings: LightSettings, _factory: Factory, queue: Post) -> None:
        super().__init__(_create_reader(settings.path, settings.scale, queue), settings.every_ms, queue)

    def take(self, reading: Reading) -> list[Told]:
        self._last = round(reading.value, 1)
        return [Told(reading.at_ms, Kind.LIGHT_LUX, self._last)]


class AirSensor(_FileSensor):
    """An air sensor; every reading is published, and if readings are rare, its heartbeat repeats the CO2."""

    def __init__(self, settings: AirSettings, _factory: Factory, queue: Post) -> None:
        self._files = [(Kind.CO2_PPM, settings.co2_path, settings.co2_scale)]
        if settings.temperature_path is not None:
            self._files.append((Kind.TEMPERATURE_C, settings.temperature_path, settings.temperature_scale))
        if settings.humidity_path is not None:
            self._files.append((Kind.HUMIDITY_PCT, settings.humidity_path, settings.humidity_scale))
        self.channels = {kind.value: kind for kind, _path, _scale in self._files}
        super().__init__(lambda: self._read_files(queue), settings.every_ms, queue)

    def take(self, reading: Reading) -> list[Told]:
        kind = self.channels[reading.part]
        if kind is Kind.CO2_PPM:
            self._last = round(reading.value)
            return [Told(reading.at_ms, kind, self._last)]
        return [Told(reading.at_ms, kind, round(reading.value, 1))]

    def _read_files(self, queue: Post) -> None:
        """Read each file separately: one that cannot be read does not stop the others."""
        for kind, path, scale in self._files:
            try:
                queue.tell(read_number(path) * scale, kind)
            except (OSError, ValueError) as fault:
                queue.fail(str(fault), kind)


def _create_reader(path: Path, scale: float, queue: Post) -> Callable[[], None]:
    return lambda: queue.tell(read_number(path) * scale)


def read_number(path: Path) -> float:
    """Read the one number that a file holds.

    Raises:
        OSError: the file cannot be read.
        ValueError: its content is not a finite number; the text quotes it.
    """
    with path.open(encoding="ascii", errors="replace") as file:
        text = file.read(MAX_CHARACTERS).strip()
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
