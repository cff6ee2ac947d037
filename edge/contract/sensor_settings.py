"""What the settings of all sensor kinds have in common: an id, and pins or a file.

In:    nothing; the `ledig` command reads the site file and creates the settings of a kind.
Out:   base classes of the settings in `pin_sensor_kinds.py` and `file_sensor_kinds.py`.
Never: files, pins, defaults that hide a mistake.

Pins are GPIO numbers (BCM), as in gpiozero. Durations are milliseconds of site time.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from edge.contract.settings_rejected import SettingsRejected

GPIO_PINS = range(28)
"""GPIO0 to GPIO27: the pins of the 40-pin header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorSettings:
    """Settings common to all sensors."""

    id: str
    """The sensor's id on the wire, unique in its device."""

    @property
    def pins(self) -> tuple[int, ...]:
        """Every pin that the sensor uses; two sensors of a device must not share a pin."""
        return ()


def check_pin(pin: int, name: str = "pin") -> None:
    """Reject what is not a GPIO pin; `name` is the field."""
    if pin not in GPIO_PINS:
        raise SettingsRejected((name, f"must be a GPIO number from 0 to 27, got {pin}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PinSettings(SensorSettings):
    """A sensor on one pin that is high or low."""

    is_low_when_active: ClassVar[bool] = False
    """Whether the pin is low while the sensor is active."""

    pin: int
    """GPIO number (BCM)."""
    debounce_ms: int = 50
    """A level counts once it has been stable for this long."""

    def __post_init__(self) -> None:
        check_pin(self.pin)
        if not 0 <= self.debounce_ms <= 10_000:
            raise SettingsRejected(("debounce_ms", f"must lie between 0 and 10000, got {self.debounce_ms}"))

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.pin,)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings(SensorSettings):
    """A sensor whose reading is the one number in a file."""

    path: Path
    """The file."""
