"""Content of a recording: spaces, sensors with the columns that drive them, and rows.

In:    what recording.py read.
Out:   frozen values; the changes of sensor values in one span, oldest first.
Never: files, clocks, pins.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log10
from typing import Final
from zoneinfo import ZoneInfo

from collector.site.site_sensor import OutputTimes
from collector.site.spaces import SpaceKind
from edge.contract.file_sensor_kinds import AirSettings
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from edge.contract.sensor_settings import FileSettings, PinSettings
from edge.contract.sensor_traits import Quantity
from edge.contract.settings_rejected import SettingsRejected
from ledig.replay.recorded_rows import RecordedColumn, RecordedRow
from ledig.site.ids import find_id_fault

PIN_KINDS: Final = frozenset(kind for kind in SensorKind if issubclass(kind.traits.settings, PinSettings))
"""Kinds that are driven by a pin's level; the others are read from files."""
RECORDABLE_KINDS: Final = PIN_KINDS | {
    kind for kind in SensorKind if issubclass(kind.traits.settings, FileSettings | AirSettings)
}
"""Kinds that a recording can drive."""
_AIR_QUANTITIES: Final = {
    "co2_column": EventKind.CO2_PPM,
    "temperature_column": EventKind.TEMPERATURE_C,
    "humidity_column": EventKind.HUMIDITY_PCT,
}
"""Quantities in the columns of an air sensor; only the first column is required."""
_MAX_VOLTS: Final = 1000.0
_MIN_VOLTS: Final = 0.001
"""Lower values are the noise of the amplifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSpace:
    """One space. `truth` is the column with the number of people in it, "" if there is none."""

    id: str
    kind: SpaceKind
    truth: str = ""

    def __post_init__(self) -> None:
        if fault := find_id_fault(self.id):
            raise SettingsRejected(("", fault))
        if self.kind is SpaceKind.SUPPLY:
            raise SettingsRejected(("kind", "supply is never free or taken; leave it out of the recording"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSensor:
    """One sensor and the columns that drive it."""

    id: str
    kind: SensorKind
    space: str = ""
    """The space that the sensor observes; "" for air, which belongs to the zone."""
    column: str = ""
    """For a sensor on a pin: 0 or 1. For others: watts, people, decibels or lux."""
    co2_column: str = ""
    temperature_column: str = ""
    humidity_column: str = ""
    pulse_ms: int = 0
    """Each row with a 1 is a pulse of this length; 0: the column is the level of the output."""
    held_ms: int | None = None
    """How long the recorded output stays high after a detection, as in a site file."""
    blind_ms: int = 0
    """How long the sensor then detects nothing, as in a site file."""
    volts: bool = False
    """The column of a sound sensor is the amplifier's output in volts; it is converted to decibels over one volt."""
    only: dict[str, str] = field(default_factory=dict)
    """Only rows with these texts in these columns drive the sensor, in addition to the recording's `only`."""

    def __post_init__(self) -> None:
        if fault := find_id_fault(self.id):
            raise SettingsRejected(("", fault))
        if self.kind not in RECORDABLE_KINDS:
            known = ", ".join(sorted(RECORDABLE_KINDS))
            raise SettingsRejected(("kind", f"{self.kind} cannot be driven by a recording; give one of: {known}"))
        air = self.kind is SensorKind.AIR
        for name in ("space", "column") if not air else ("co2_column",):
            if not getattr(self, name):
                raise SettingsRejected((name, f"is missing; a sensor of kind {self.kind} needs it"))
        for name in ("space", "column", "pulse_ms", "held_ms", "blind_ms") if air else _AIR_QUANTITIES:
            if getattr(self, name):
                raise SettingsRejected((name, f"does not apply to a sensor of kind {self.kind}; remove it"))
        if self.pulse_ms and (self.kind is not SensorKind.PIR or not 100 <= self.pulse_ms <= 600_000):
            raise SettingsRejected(
                ("pulse_ms", f"is only for a pir and must lie between 100 and 600000, got {self.pulse_ms}")
            )
        if self.volts and self.kind is not SensorKind.SOUND:
            raise SettingsRejected(("volts", f"does not apply to a sensor of kind {self.kind}; remove it"))
        self.create_output_times()

    def create_output_times(self) -> OutputTimes:
        """Return the declared times of its output."""
        return OutputTimes(held_ms=self.held_ms, blind_ms=self.blind_ms)

    def required_columns(self) -> Iterator[RecordedColumn]:
        """Yield the bounds of each column that drives the sensor."""
        for key, name in self.columns.items():
            quantity = self._quantity_of(key)
            low, high = (0, _MAX_VOLTS) if self.volts else (quantity.low, quantity.high)
            yield RecordedColumn(name, low, high, whole=quantity.is_whole, optional=True)

    def _quantity_of(self, key: str) -> Quantity:
        name = _AIR_QUANTITIES.get(key)
        return next((one for one in self.kind.traits.quantities if one.name == name), self.kind.traits.level)

    def convert_value(self, value: float) -> float:
        """Convert a value of the column to the sensor's reading."""
        return 20 * log10(max(value, _MIN_VOLTS)) if self.volts else value

    @property
    def value_names(self) -> dict[str, str]:
        """The names of the sensor's values in a row of the recording, by the mapping's key.

        They differ from the columns if the sensor has its own rows, because such sensors may share a column.
        """
        return {key: f"{self.id}.{name}" if self.only else name for key, name in self.columns.items()}

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are in use, by the mapping's key."""
        return {key: name for key in ("column", *_AIR_QUANTITIES) if (name := getattr(self, key))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording, row by row.

    A row is valid until the next row of its span; the last row of a span is valid for `step_ms`.
    """

    time_zone: ZoneInfo
    spaces: tuple[RecordedSpace, ...]
    sensors: tuple[RecordedSensor, ...]
    spans: tuple[tuple[RecordedRow, ...], ...]
    """Sequences of rows without a break. In a break the devices are off."""
    step_ms: int
    """The usual time from one row to the next."""
    rows_left_out: int = 0
    """Number of broken rows."""
    named_faults: tuple[str, ...] = ()
    """The first 20 broken rows: file, row number, finding."""

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return sum(map(len, self.spans))


@dataclass(frozen=True, slots=True)
class SensorChange:
    """At `at_ms`, the column `key` of a sensor changes to `value`."""

    at_ms: int
    sensor: str
    key: str
    value: float


def derive_changes(span: tuple[RecordedRow, ...], sensors: tuple[RecordedSensor, ...]) -> Iterator[SensorChange]:
    """Yield the changes of sensor values in one span, oldest first; pulses that touch are joined."""
    held_until: dict[str, int] = {}
    for row, following in zip(span, (*span[1:], None), strict=True):
        for sensor in sensors:
            for key, name in sensor.value_names.items():
                value = row.values.get(name)
                if value is None:
                    continue  # without a value the sensor keeps its last one
                if not sensor.pulse_ms:
                    yield SensorChange(row.at_ms, sensor.id, key, sensor.convert_value(value))
                elif value:
                    if sensor.id not in held_until:
                        yield SensorChange(row.at_ms, sensor.id, key, 1)
                    held_until[sensor.id] = row.at_ms + sensor.pulse_ms
        falls = sorted((end, sensor) for sensor, end in held_until.items())
        for end, sensor_id in falls:
            if following is None or end < following.at_ms:
                del held_until[sensor_id]
                yield SensorChange(end, sensor_id, "column", 0)
