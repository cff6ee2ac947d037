"""The sensor kinds whose readings are numbers in files: the settings and the row of each.

In:    nothing.
Out:   settings classes; the rows, which `sensor_kinds.py` makes members of `SensorKind`.
Never: files: the opener that a row names reads the sensor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final

from edge.contract.sensor_settings import FileSettings, SensorSettings
from edge.contract.sensor_traits import (
    ENCLOSED_SPACES,
    MAX_HUMAN_RISES_PER_HOUR,
    SEATS,
    HealthRole,
    HealthTraits,
    HoldRule,
    LearningMethod,
    Quantity,
    ReadingCheck,
    SensorRole,
    SensorTexts,
    SensorTraits,
    Simulation,
    SimulationModel,
    WatchTarget,
    mark_translatable,
)
from edge.contract.settings_rejected import SettingsRejected

_DEFAULT_IN_USE_W: Final = 10.0
"""Equipment with no setting and no learned levels is in use above this, in watts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSettings(FileSettings):
    """A meter that Linux exposes as a file (hwmon: power1_input, in microwatts). Publishes `power_w`."""

    path: Path
    """The file that holds one number, for example /sys/class/hwmon/hwmon0/power1_input."""
    scale: float = 0.000_001
    """Watts per unit of the file."""
    every_ms: int = 5000
    """How often the file is read; a reading is sent when it has changed by `step_w`, and as a heartbeat."""
    step_w: float = 5.0
    """The smallest change that is published, in watts."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= 600_000:
            raise SettingsRejected(("every_ms", f"must lie between 100 and 600000, got {self.every_ms}"))
        if self.step_w <= 0:
            raise SettingsRejected(("step_w", f"must be above 0, got {self.step_w:g}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class AirSettings(SensorSettings):
    """An air sensor that Linux exposes as files (IIO: scd4x, scd30).

    Publishes `co2_ppm`, `temperature_c` and `humidity_pct`.
    """

    co2_path: Path
    """The file that holds the CO2 concentration."""
    co2_scale: float = 1.0
    """ppm per unit of the file."""
    temperature_path: Path | None = None
    """The file that holds the temperature; None: there is none."""
    temperature_scale: float = 0.001
    """Degrees Celsius per unit of the file."""
    humidity_path: Path | None = None
    """The file that holds the relative humidity; None: there is none."""
    humidity_scale: float = 0.001
    """Per cent per unit of the file."""
    every_ms: int = 30_000
    """How often the files are read; each reading is sent."""

    def __post_init__(self) -> None:
        if not 1000 <= self.every_ms <= 600_000:
            raise SettingsRejected(("every_ms", f"must lie between 1000 and 600000, got {self.every_ms}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSettings(FileSettings):
    """A sound level meter that writes levels to a file, and never a recording. Publishes `sound_db`."""

    path: Path
    """The file that holds the level as one number."""
    scale: float = 1.0
    """Decibels per unit of the file."""
    every_ms: int = 1000
    """How often the file is read."""
    send_every_ms: int = 30_000
    """The loudest level of each span of this length is published, and nothing else."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= self.send_every_ms <= 600_000:
            raise SettingsRejected(
                (
                    "",
                    (
                        f"100 <= every_ms <= send_every_ms <= 600000 must hold, got every_ms = {self.every_ms}"
                        f" and send_every_ms = {self.send_every_ms}"
                    ),
                )
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LightSettings(FileSettings):
    """A light sensor that Linux exposes as a file (IIO: in_illuminance_raw). Publishes `light_lux`."""

    path: Path
    """The file that holds the illuminance as one number."""
    scale: float = 1.0
    """Lux per unit of the file."""
    every_ms: int = 30_000
    """How often the file is read; each reading is sent."""

    def __post_init__(self) -> None:
        if not 1000 <= self.every_ms <= 600_000:
            raise SettingsRejected(("every_ms", f"must lie between 1000 and 600000, got {self.every_ms}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSettings(FileSettings):
    """A counter that writes only the number of people in view to a file. Publishes `people`."""

    path: Path
    """The file that holds one whole number."""
    every_ms: int = 5000
    """How often the file is read; a count is sent when it has changed, and as a heartbeat."""

    def __post_init__(self) -> None:
        if not 100 <= self.every_ms <= 600_000:
            raise SettingsRejected(("every_ms", f"must lie between 100 and 600000, got {self.every_ms}"))


FILE_SENSOR_KINDS: Final[Mapping[str, SensorTraits]] = {
    "power": SensorTraits(
        quantities=(
            Quantity(
                name="power_w",
                low=-100_000,  # negative if power is fed back, or if the meter is wired the wrong way round
                high=100_000,
                is_whole=False,
                unit="W",
                label=mark_translatable("power", sv="effekt"),
                meaning="watts",
                check=ReadingCheck(
                    plausible_low=-5,  # a meter without load reads up to a few watts of noise
                    plausible_high=100_000,
                    unchanging_days=None,  # a machine may be off for weeks
                    resting_high=inf,
                    remedy=mark_translatable(
                        "Check which way round it is connected: a machine does not feed power back.",
                        sv="Kontrollera åt vilket håll den är ansluten: en maskin matar inte ut effekt.",
                    ),
                ),
            ),
        ),
        supply_quantity=None,
        watches=frozenset({WatchTarget.EQUIPMENT}),
        role=SensorRole.LEVEL,
        reason="power",
        high_above=_DEFAULT_IN_USE_W,
        hold=HoldRule.LEVEL,
        learning=LearningMethod.LEVELS,
        sees_people=False,
        health=HealthTraits(
            role=HealthRole.MACHINE, flaps_above_rises_per_hour=MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Power meter", sv="Effektmätare"),
            records=mark_translatable(
                "How much power the machine draws, in watts.", sv="Hur mycket effekt maskinen drar, i watt."
            ),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.MACHINE, resting=0, active=0),
        settings=PowerSettings,
        opener="edge.sensors.files.PowerSensor",
        wiring=None,
    ),
    "air": SensorTraits(
        quantities=(
            Quantity(
                name="co2_ppm",
                low=200,  # outdoor air has about 420 ppm; a sensor that needs calibration may show half of that
                high=20_000,  # such air is unfit for work, and above that most sensors are saturated
                is_whole=False,
                unit="ppm",
                label=mark_translatable("CO₂", sv="CO₂"),
                meaning="parts per million",
                check=ReadingCheck(
                    plausible_low=350,  # outdoor air has 425; meters may be wrong by 50 ppm and 5 %
                    plausible_high=10_000,  # the Swedish short-term limit at work (AFS 2023:14)
                    unchanging_days=1,  # people breathe, and air that nobody breathes becomes fresh
                    resting_high=500,  # fresh air; some meters show no less than 400
                    remedy=mark_translatable(
                        "Calibrate it in outdoor air and restart it; replace it if that does not help.",
                        sv="Kalibrera den i uteluft och starta om den; byt den om det inte hjälper.",
                    ),
                ),
            ),
            Quantity(
                name="temperature_c",
                low=-39,  # the coldest unheated hall
                high=70,  # a sensor in the sun
                is_whole=False,
                unit="°C",
                label=mark_translatable("temperature", sv="temperatur"),
                meaning="degrees Celsius",
                check=ReadingCheck(
                    plausible_low=-30,  # an unheated hall in a cold winter
                    plausible_high=55,  # an attic in summer
                    unchanging_days=7,  # a thermostat may hold whole degrees for days
                    resting_high=inf,
                    remedy=mark_translatable(
                        "Check that neither the sun nor a heater warms it and restart it; replace it if that"
                        " does not help.",
                        sv="Kontrollera att varken sol eller element värmer den och starta om den; byt den om det inte"
                        " hjälper.",
                    ),
                ),
            ),
            Quantity(
                name="humidity_pct",
                low=1,  # air of 0 % does not exist in a building
                high=110,  # a wet sensor may exceed 100; an SHT reports a fault as 119
                is_whole=False,
                unit="%",
                label=mark_translatable("humidity", sv="luftfuktighet"),
                meaning="relative humidity, per cent",
                check=ReadingCheck(
                    plausible_low=2,  # outdoor air of -30 degrees, heated to 21, has this
                    plausible_high=100,
                    unchanging_days=3,  # it follows the weather and the people
                    resting_high=inf,
                    remedy=mark_translatable(
                        "Check that it is dry and restart it; replace it if that does not help.",
                        sv="Kontrollera att den är torr och starta om den; byt den om det inte hjälper.",
                    ),
                ),
            ),
        ),
        supply_quantity=None,
        watches=ENCLOSED_SPACES | {WatchTarget.ZONE},
        role=SensorRole.LEVEL,
        reason="air",
        high_above=0.5,
        hold=HoldRule.NONE,  # CO2 stays in a room
        learning=LearningMethod.CO2_TREND,
        sees_people=False,
        health=HealthTraits(
            role=HealthRole.UNCHECKED, flaps_above_rises_per_hour=MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Air sensor", sv="Luftsensor"),
            records=mark_translatable(
                "Carbon dioxide, temperature and humidity.", sv="Koldioxid, temperatur och luftfuktighet."
            ),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.AIR, resting=0, active=0),
        settings=AirSettings,
        opener="edge.sensors.files.AirSensor",
        wiring=None,
    ),
    "people": SensorTraits(  # counts the people in a space, which is taken while the count is above 0
        quantities=(
            Quantity(
                name="people",
                low=0,
                high=10_000,
                is_whole=True,
                unit="",
                label=mark_translatable("people", sv="personer"),
                meaning="number of people in view",
                check=None,
            ),
        ),
        supply_quantity=None,
        watches=SEATS,
        role=SensorRole.LEVEL,
        reason="people",
        high_above=0.5,
        hold=HoldRule.LEVEL,
        learning=LearningMethod.NOTHING,
        sees_people=True,
        health=HealthTraits(
            role=HealthRole.COUNT,
            flaps_above_rises_per_hour=MAX_HUMAN_RISES_PER_HOUR,
            stuck_remedy=mark_translatable(
                "It has miscounted: reset it, and check that it covers the whole doorway.",
                sv="Den har räknat fel: nollställ den och kontrollera att den täcker hela dörröppningen.",
            ),
        ),
        texts=SensorTexts(
            label=mark_translatable("People counter", sv="Personräknare"),
            records=mark_translatable(
                "How many people are there: a number, and nothing about who.",
                sv="Hur många som är där: ett antal, ingenting om vilka.",
            ),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.COUNT, resting=0, active=0),
        settings=PeopleSettings,
        opener="edge.sensors.files.PeopleSensor",
        wiring=None,
    ),
    "sound": SensorTraits(
        quantities=(
            Quantity(
                name="sound_db",
                low=-100,  # a meter may measure relative to its full scale, below 0
                high=140,  # the threshold of pain
                is_whole=False,
                unit="dB",
                label=mark_translatable("sound level", sv="ljudnivå"),
                meaning="the loudest level of a span of time, decibels; never sound itself",
                check=ReadingCheck(
                    plausible_low=-100,
                    plausible_high=140,
                    unchanging_days=3,  # people make sounds; a meter may show no less than its own noise
                    resting_high=inf,
                    remedy=mark_translatable(
                        "Check its cable and restart it; replace it if that does not help.",
                        sv="Kontrollera kabeln och starta om den; byt den om det inte hjälper.",
                    ),
                ),
            ),
        ),
        supply_quantity=None,
        watches=SEATS,
        role=SensorRole.MOTION,
        reason="sound",
        high_above=0.5,
        hold=HoldRule.MOTION,
        learning=LearningMethod.THRESHOLD,
        sees_people=False,
        health=HealthTraits(
            role=HealthRole.INDIRECT, flaps_above_rises_per_hour=MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Sound level meter", sv="Ljudnivåmätare"),
            records=mark_translatable(
                "The loudest level over a short period: one number in decibels. No sound is recorded.",
                sv="Den högsta ljudnivån under en kort stund: ett tal i decibel. Inget ljud spelas in.",
            ),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.SPEECH, resting=34, active=58),
        settings=SoundSettings,
        opener="edge.sensors.files.SoundSensor",
        wiring=None,
    ),
    "light": SensorTraits(
        quantities=(
            Quantity(
                name="light_lux",
                low=0,
                high=150_000,  # the sun at noon has about 120,000 lux
                is_whole=False,
                unit="lux",
                label=mark_translatable("light", sv="ljus"),
                meaning="lux",
                check=None,  # a lamp may burn for weeks in a room without windows
            ),
        ),
        supply_quantity=None,
        watches=SEATS,
        role=SensorRole.LEVEL,
        reason="light",
        high_above=0.5,
        hold=HoldRule.NONE,  # a lamp stays on until it is switched off
        learning=LearningMethod.THRESHOLD,
        sees_people=False,
        health=HealthTraits(
            role=HealthRole.UNCHECKED, flaps_above_rises_per_hour=MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Light sensor", sv="Ljussensor"),
            records=mark_translatable("How bright it is, in lux.", sv="Hur ljust det är, i lux."),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.LAMP, resting=12, active=480),
        settings=LightSettings,
        opener="edge.sensors.files.LightSensor",
        wiring=None,
    ),
}
"""The rows of sensors whose readings are in files, by the name of their kind."""
