"""Sensors whose readings are in files: power meters (hwmon), air and light (IIO), levels of sound, counts of people.

In:    files that hold one number each.
Out:   `power_w` and `people` when they changed; the loudest `sound_db` of a while; `light_lux`, `co2_ppm`,
       `temperature_c`, `humidity_pct` at each reading.
Never: a reading that is no number; sound itself: a level of a while is all that is ever told of it.
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
    """What all of them share: a thread reads, and nothing but a reading says something."""

    channels: Mapping[str, Kind]

    def __init__(self, read: Callable[[], None], every_ms: int, post: Post) -> None:
        self.every_ms = every_ms
        self._last: float | None = None
        self._polling = Polling(read, every_ms, post)

    def wake(self, now_ms: int) -> list[Told]:  # noqa: ARG002 - only a reading changes it
        return []

    def next_wake(self) -> int | None:
        return None

    def level(self) -> float | None:
        return self._last

    def look(self) -> None:
        """Its thread looks by itself."""

    def close(self) -> None:
        self._polling.close()


class PowerSensor(_FileSensor):
    """A meter; its heartbeat repeats the last reading."""

    channels: Mapping[str, Kind] = {"": Kind.POWER_W}

    def __init__(self, settings: PowerSettings, _factory: Factory, post: Post) -> None:
        self._deadband = Deadband(settings.step_w)
        super().__init__(_reader(settings.path, settings.scale, post), settings.every_ms, post)

    def take(self, reading: Reading) -> list[Told]:
        self._last = round(reading.value, 1)
        return [Told(reading.at_ms, Kind.POWER_W, self._last)] if self._deadband.moved(self._last) else []


class PeopleSensor(_FileSensor):
    """A counter of people in view; its heartbeat repeats the last count."""

    channels: Mapping[str, Kind] = {"": Kind.PEOPLE}

    def __init__(self, settings: PeopleSettings, _factory: Factory, post: Post) -> None:
        path = settings.path
        super().__init__(lambda: post.tell(read_whole_number(path)), settings.every_ms, post)

    def take(self, reading: Reading) -> list[Told]:
        count = int(reading.value)
        if count == self._last:
            return []
        self._last = count
        return [Told(reading.at_ms, Kind.PEOPLE, count)]


class SoundSensor(_FileSensor):
    """A level meter; of the levels of a while the loudest is told, and the others are forgotten."""

    channels: Mapping[str, Kind] = {"": Kind.SOUND_DB}

    def __init__(self, settings: SoundSettings, _factory: Factory, post: Post) -> None:
        self._tell_ms, self._next_ms = settings.tell_ms, 0
        self._loudest: float | None = None
        super().__init__(_reader(settings.path, settings.scale, post), settings.every_ms, post)
        self.every_ms = settings.tell_ms  # the agent asks how often it speaks

    def take(self, reading: Reading) -> list[Told]:
        self._loudest = reading.value if self._loudest is None else max(self._loudest, reading.value)
        if reading.at_ms < self._next_ms:
            return []
        self._next_ms, self._last, self._loudest = reading.at_ms + self._tell_ms, round(self._loudest, 1), None
        return [Told(reading.at_ms, Kind.SOUND_DB, self._last)]


class LightSensor(_FileSensor):
    """A light sensor; every reading is told."""

    channels: Mapping[str, Kind] = {"": Kind.LIGHT_LUX}

    def __init__(self, settings: LightSettings, _factory: Factory, post: Post) -> None:
        super().__init__(_reader(settings.path, settings.scale, post), settings.every_ms, post)

    def take(self, reading: Reading) -> list[Told]:
        self._last = round(reading.value, 1)
        return [Told(reading.at_ms, Kind.LIGHT_LUX, self._last)]


class AirSensor(_FileSensor):
    """An air sensor; every reading is told, and should readings be rare, its heartbeat repeats the CO2."""

    def __init__(self, settings: AirSettings, _factory: Factory, post: Post) -> None:
        self._files = [(Kind.CO2_PPM, settings.co2_path, settings.co2_scale)]
        if settings.temperature_path is not None:
            self._files.append((Kind.TEMPERATURE_C, settings.temperature_path, settings.temperature_scale))
        if settings.humidity_path is not None:
            self._files.append((Kind.HUMIDITY_PCT, settings.humidity_path, settings.humidity_scale))
        self.channels = {kind.value: kind for kind, _path, _scale in self._files}
        super().__init__(lambda: self._read(post), settings.every_ms, post)

    def take(self, reading: Reading) -> list[Told]:
        kind = self.channels[reading.part]
        if kind is Kind.CO2_PPM:
            self._last = round(reading.value)
            return [Told(reading.at_ms, kind, self._last)]
        return [Told(reading.at_ms, kind, round(reading.value, 1))]

    def _read(self, post: Post) -> None:
        """Read each file by itself: one that cannot be read does not stop the others."""
        for kind, path, scale in self._files:
            try:
                post.tell(read_number(path) * scale, kind)
            except (OSError, ValueError) as fault:
                post.fail(str(fault), kind)


def _reader(path: Path, scale: float, post: Post) -> Callable[[], None]:
    return lambda: post.tell(read_number(path) * scale)


def read_number(path: Path) -> float:
    """The one number that a file holds.

    Raises:
        OSError: it cannot be read.
        ValueError: what it holds is no finite number; the text quotes it.
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
    """The one whole number that a file holds, 0 or above; raises like `read_number`."""
    number = read_number(path)
    if number < 0 or not number.is_integer():
        raise ValueError(f"{path} holds {number:g}; a count of people is a whole number, 0 or above")
    return int(number)
