"""The sensor kinds that are read from GPIO pins: the settings and the row of each.

In:    nothing.
Out:   settings classes; the rows, which `sensor_kinds.py` makes members of `SensorKind`.
Never: pins, drivers: the opener that a row names reads the sensor.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from edge.contract.sensor_settings import PinSettings, SensorSettings, check_pin
from edge.contract.sensor_traits import (
    ENCLOSED_SPACES,
    MAX_HUMAN_RISES_PER_HOUR,
    SEATS,
    HealthRole,
    HealthTraits,
    HoldRule,
    LearningMethod,
    PinWiring,
    Quantity,
    SensorRole,
    SensorTexts,
    SensorTraits,
    Simulation,
    SimulationModel,
    WatchTarget,
    mark_translatable,
)
from edge.contract.settings_rejected import SettingsRejected
from edge.timekeeping.durations import MINUTE_MS

_MAX_MOVEMENT_RISES_PER_HOUR: Final = 700
"""A movement sensor that resets after 5 s and detects somebody all the time changes 650 times."""
_MAX_DOOR_RISES_PER_HOUR: Final = 120
_MAX_CROSSINGS_PER_HOUR: Final = 3600

_PRESENCE: Final = Quantity(
    name="presence",
    low=0,
    high=1,
    is_whole=True,
    unit="",
    label=mark_translatable("presence", sv="närvaro"),
    meaning="1 when somebody is near, 0 when not",
    check=None,
)
SUPPLY_LEVEL: Final = Quantity(
    name="level_pct",
    low=0,
    high=100,
    is_whole=False,
    unit="%",
    label=mark_translatable("level", sv="nivå"),
    meaning="remaining supply, per cent",
    check=None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PirSettings(PinSettings):
    """A passive infrared sensor whose output is high while it detects movement. Publishes `motion`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSettings(PinSettings):
    """A reed contact to ground, pulled up: closed reads low, a cut wire reads open. Publishes `contact_open`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureSettings(PinSettings):
    """A mat that closes to ground, pulled up, while somebody sits on it. Publishes `pressure`."""

    is_low_when_active: ClassVar[bool] = True

    debounce_ms: int = 120
    """A mat rebounds for about 40 ms after someone stands up; three times that is safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceSettings(PinSettings):
    """A radar (mmWave), or any sensor whose output is high while somebody is there. Publishes `presence`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceSettings(SensorSettings):
    """An ultrasonic ranger (HC-SR04).

    Publishes `presence` below `near_mm`, or `level_pct` between `empty_mm` and `full_mm`.
    """

    echo_pin: int
    """GPIO number (BCM) of the echo, behind a divider to 3.3 V."""
    trigger_pin: int
    """GPIO number (BCM) of the trigger."""
    near_mm: int | None = None
    """The seat counts as taken when the distance is below this."""
    empty_mm: int | None = None
    """The distance to the bottom of an empty container."""
    full_mm: int | None = None
    """The distance to the top of the content of a full container."""
    every_ms: int = 1000
    """How often the distance is measured."""

    def __post_init__(self) -> None:
        check_pin(self.echo_pin, "echo_pin")
        check_pin(self.trigger_pin, "trigger_pin")
        level = (self.empty_mm, self.full_mm)
        if (self.near_mm is None) == (None in level) or (self.near_mm is not None and level != (None, None)):
            raise SettingsRejected(("", "give either near_mm (a seat), or both empty_mm and full_mm (a container)"))
        if self.empty_mm is not None and self.full_mm is not None and not 0 <= self.full_mm < self.empty_mm <= 4000:
            raise SettingsRejected(
                ("", f"0 <= full_mm < empty_mm <= 4000 must hold, got {self.full_mm} and {self.empty_mm}")
            )
        if self.near_mm is not None and not 20 <= self.near_mm <= 4000:
            raise SettingsRejected(("near_mm", f"must lie between 20 and 4000, got {self.near_mm}"))
        if not 100 <= self.every_ms <= MINUTE_MS:
            raise SettingsRejected(("every_ms", f"must lie between 100 and 60000, got {self.every_ms}"))

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.echo_pin, self.trigger_pin)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamPairSettings(SensorSettings):
    """Two light beams across a door; the beam that breaks first gives the direction.

    Publishes `crossing`: +1 in, -1 out. Each receiver pulls its pin low while its beam is broken.
    """

    outer_pin: int
    """GPIO number (BCM) of the beam nearer to the outside."""
    inner_pin: int
    """GPIO number (BCM) of the beam nearer to the inside."""
    within_ms: int = 2000
    """A person passes both beams within this time."""

    def __post_init__(self) -> None:
        check_pin(self.outer_pin, "outer_pin")
        check_pin(self.inner_pin, "inner_pin")
        if self.outer_pin == self.inner_pin:
            raise SettingsRejected(("", f"outer_pin and inner_pin must differ, both are {self.outer_pin}"))
        if not 100 <= self.within_ms <= 10_000:
            raise SettingsRejected(("within_ms", f"must lie between 100 and 10000, got {self.within_ms}"))

    @property
    def pins(self) -> tuple[int, ...]:
        return (self.outer_pin, self.inner_pin)


PIN_SENSOR_KINDS: Final[Mapping[str, SensorTraits]] = {
    "pir": SensorTraits(
        quantities=(
            Quantity(
                name="motion",
                low=0,
                high=1,
                is_whole=True,
                unit="",
                label=mark_translatable("movement", sv="rörelse"),
                meaning="1 when movement begins, 0 when it ends",
                check=None,
            ),
        ),
        supply_quantity=None,
        watches=SEATS | {WatchTarget.EQUIPMENT},
        role=SensorRole.MOTION,
        reason="motion",
        high_above=0.5,
        hold=HoldRule.MOTION,
        learning=LearningMethod.NOTHING,
        sees_people=True,
        health=HealthTraits(
            role=HealthRole.MOVEMENT, flaps_above_rises_per_hour=_MAX_MOVEMENT_RISES_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Movement sensor", sv="Rörelsesensor"),
            records=mark_translatable(
                "When something warm starts to move in front of it and when it stops: yes or no, no picture.",
                sv="När något varmt börjar röra sig framför den och när det slutar: ja eller nej, ingen bild.",
            ),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.MOVEMENT, resting=0, active=1),
        settings=PirSettings,
        opener="edge.sensors.digital.open_pir",
        wiring=PinWiring(pins=1, at_rest="low", active="high", pull="down"),
    ),
    "contact": SensorTraits(
        quantities=(
            Quantity(
                name="contact_open",
                low=0,
                high=1,
                is_whole=True,
                unit="",
                label=mark_translatable("door open", sv="öppen dörr"),
                meaning="1 when a door opens, 0 when it closes",
                check=None,
            ),
        ),
        supply_quantity=None,
        watches=ENCLOSED_SPACES,
        role=SensorRole.CONTACT,
        reason="door_closed",
        high_above=0.5,
        hold=HoldRule.NONE,
        learning=LearningMethod.NOTHING,
        sees_people=False,
        health=HealthTraits(
            role=HealthRole.DOOR, flaps_above_rises_per_hour=_MAX_DOOR_RISES_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Door contact", sv="Dörrkontakt"),
            records=mark_translatable("When the door is opened and closed.", sv="När dörren öppnas och stängs."),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.DOOR, resting=1, active=0),
        settings=ContactSettings,
        opener="edge.sensors.digital.open_contact",
        wiring=PinWiring(pins=1, at_rest="low (closed)", active="high (open, or the wire is cut)", pull="up"),
    ),
    "pressure": SensorTraits(
        quantities=(
            Quantity(
                name="pressure",
                low=0,
                high=1,
                is_whole=True,
                unit="",
                label=mark_translatable("pressure", sv="tryck"),
                meaning="1 when somebody sits down on a mat, 0 when they get up",
                check=None,
            ),
        ),
        supply_quantity=None,
        watches=SEATS,
        role=SensorRole.LEVEL,
        reason="pressure",
        high_above=0.5,
        hold=HoldRule.LEVEL,
        learning=LearningMethod.NOTHING,
        sees_people=True,
        health=HealthTraits(
            role=HealthRole.DIRECT,
            flaps_above_rises_per_hour=MAX_HUMAN_RISES_PER_HOUR,
            stuck_remedy=mark_translatable(
                "Check for a bag on the mat, or a mat that does not spring back.",
                sv="Kontrollera om en väska ligger på mattan, eller om mattan inte fjädrar tillbaka.",
            ),
        ),
        texts=SensorTexts(
            label=mark_translatable("Seat mat", sv="Sittmatta"),
            records=mark_translatable(
                "When somebody sits down and gets up: yes or no, no weight.",
                sv="När någon sätter sig och reser sig: ja eller nej, ingen vikt.",
            ),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.SEAT, resting=0, active=1),
        settings=PressureSettings,
        opener="edge.sensors.digital.open_pressure_mat",
        wiring=PinWiring(pins=1, at_rest="high", active="low", pull="up"),
    ),
    "distance": SensorTraits(
        quantities=(_PRESENCE,),
        supply_quantity=SUPPLY_LEVEL,
        watches=SEATS | {WatchTarget.SUPPLY},
        role=SensorRole.LEVEL,
        reason="presence",
        high_above=0.5,
        hold=HoldRule.LEVEL,
        learning=LearningMethod.NOTHING,
        sees_people=True,
        health=HealthTraits(
            role=HealthRole.DIRECT, flaps_above_rises_per_hour=MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Distance sensor", sv="Avståndssensor"),
            records=mark_translatable(
                "When something comes close to the seat and when it goes away: yes or no.",
                sv="När något kommer nära sitsen och när det försvinner: ja eller nej.",
            ),
        ),
        supply_texts=SensorTexts(
            label=mark_translatable("Level sensor", sv="Nivåsensor"),
            records=mark_translatable("How much is left, as a percentage.", sv="Hur mycket som är kvar, i procent."),
        ),
        simulation=Simulation(model=SimulationModel.SEAT, resting=0, active=1),
        settings=DistanceSettings,
        opener="edge.sensors.distance.open_ranger",
        wiring=PinWiring(pins=2, at_rest="echo low, trigger low", active="-", pull="none"),
    ),
    "beam_pair": SensorTraits(
        quantities=(
            Quantity(
                name="crossing",
                low=-1,
                high=1,
                is_whole=True,
                unit="",
                label=mark_translatable("people passing", sv="passager"),
                meaning="+1 when a person enters, -1 when a person leaves, 0 when nobody passed",
                check=None,
            ),
        ),
        supply_quantity=None,
        watches=frozenset({WatchTarget.DOOR}),
        role=SensorRole.CROSSINGS,
        reason=None,
        high_above=0.5,
        hold=HoldRule.NONE,
        learning=LearningMethod.NOTHING,
        sees_people=False,
        health=HealthTraits(
            role=HealthRole.CROSSINGS, flaps_above_rises_per_hour=_MAX_CROSSINGS_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Door counter", sv="Dörräknare"),
            records=mark_translatable(
                "One person in or one person out, with the time. It cannot distinguish one person from another.",
                sv="En person in eller en person ut, med klockslag. Den kan inte skilja en person från en annan.",
            ),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.PASSAGES, resting=0, active=0),
        settings=BeamPairSettings,
        opener="edge.sensors.beam_pair.BeamPair",
        wiring=PinWiring(pins=2, at_rest="high", active="low (beam broken)", pull="up"),
    ),
    "presence": SensorTraits(  # a radar that detects people who sit still
        quantities=(_PRESENCE,),
        supply_quantity=None,
        watches=SEATS | {WatchTarget.EQUIPMENT},
        role=SensorRole.LEVEL,
        reason="presence",
        high_above=0.5,
        hold=HoldRule.LEVEL,
        learning=LearningMethod.NOTHING,
        sees_people=True,
        health=HealthTraits(
            role=HealthRole.DIRECT, flaps_above_rises_per_hour=MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
        ),
        texts=SensorTexts(
            label=mark_translatable("Presence sensor", sv="Närvarosensor"),
            records=mark_translatable(
                "When somebody is near, even sitting still, and when nobody is: yes or no, no picture.",
                sv="När någon är nära, även stillasittande, och när ingen är det: ja eller nej, ingen bild.",
            ),
        ),
        supply_texts=None,
        simulation=Simulation(model=SimulationModel.SEAT, resting=0, active=1),
        settings=PresenceSettings,
        opener="edge.sensors.digital.open_radar",
        wiring=PinWiring(pins=1, at_rest="low", active="high", pull="down"),
    ),
}
"""The rows of sensors on pins, by the name of their kind."""
