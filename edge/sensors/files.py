"""Sensors that Linux shows as files: power meters (hwmon), air sensors (IIO).

In:    files that hold one number each.
Out:   `power_w` when it moved by a step; `co2_ppm`, `temperature_c`, `humidity_pct` at each reading.
Never: a reading that is no number.
"""

import math
from pathlib import Path

from gpiozero import Factory

from edge.message import Kind
from edge.sensors.polled import Deadband, Polling
from edge.sensors.sensor import Post, Reading, Told
from edge.settings import AirSettings, PowerSettings

MAX_CHARACTERS = 64


class PowerSensor:
    """A meter; its heartbeat repeats the last reading."""

    def __init__(self, settings: PowerSettings, _factory: Factory, post: Post) -> None:
        self.every_ms = settings.every_ms
        self._deadband = Deadband(settings.step_w)
        self._watts: float | None = None
        path, scale = settings.path, settings.scale
        self._polling = Polling(lambda: post.tell(read_number(path) * scale), settings.every_ms, post)

    def take(self, reading: Reading) -> list[Told]:
        self._watts = round(reading.value, 1)
        if not self._deadband.moved(self._watts):
            return []
        return [Told(reading.at_ms, Kind.POWER_W, self._watts)]

    def wake(self, now_ms: int) -> list[Told]:  # noqa: ARG002 - only a reading changes it
        return []

    def next_wake(self) -> int | None:
        return None

    def level(self) -> float | None:
        return self._watts

    def look(self) -> None:
        """Its thread looks by itself."""

    def close(self) -> None:
        self._polling.close()


class AirSensor:
    """An air sensor; every reading is told, and should readings be rare, its heartbeat repeats the CO2."""

    def __init__(self, settings: AirSettings, _factory: Factory, post: Post) -> None:
        self.every_ms = settings.every_ms
        self._co2: float | None = None
        self._files = [(Kind.CO2_PPM, settings.co2_path, settings.co2_scale)]
        if settings.temperature_path is not None:
            self._files.append((Kind.TEMPERATURE_C, settings.temperature_path, settings.temperature_scale))
        if settings.humidity_path is not None:
            self._files.append((Kind.HUMIDITY_PCT, settings.humidity_path, settings.humidity_scale))
        self._polling = Polling(lambda: self._read(post), settings.every_ms, post)

    def take(self, reading: Reading) -> list[Told]:
        kind = Kind(reading.part)  # type: ignore[call-arg] # looks a member up; mypy sees the constructor
        if kind is Kind.CO2_PPM:
            self._co2 = round(reading.value)
            return [Told(reading.at_ms, kind, self._co2)]
        return [Told(reading.at_ms, kind, round(reading.value, 1))]

    def wake(self, now_ms: int) -> list[Told]:  # noqa: ARG002 - only a reading changes it
        return []

    def next_wake(self) -> int | None:
        return None

    def level(self) -> float | None:
        return self._co2

    def look(self) -> None:
        """Its thread looks by itself."""

    def close(self) -> None:
        self._polling.close()

    def _read(self, post: Post) -> None:
        for kind, path, scale in self._files:
            post.tell(read_number(path) * scale, kind)


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
        raise ValueError(f"{path} holds {text!r}, which is no number")
    return number
