"""The table of sensor kinds: one row for each kind, with everything that the software must know about it.

In:    nothing.
Out:   `SensorKind`, whose members carry their rows; the quantities of the wire contract.
Never: how a sensor is read: its settings class is in `edge.configuration.settings`, its opener in
       `edge.sensors.openers`.

The allowed events and their bounds, the checks of the site file, occupancy, sensor health, the pages, the register,
the impact assessment, AsyncAPI, the simulation and the replay follow from this table. docs/adding/sensor-kind.md
adds a kind as an example.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Self, TypeVar

from edge.contract.sensor_traits import (
    SEATS,
    HealthRole,
    HealthTraits,
    HoldRule,
    LearningMethod,
    Quantity,
    SensorRole,
    SensorTexts,
    SensorTraits,
    Simulation,
    SimulationModel,
    Translated,
    WatchTarget,
)

_ROOMS: Final = frozenset({WatchTarget.BOOTH, WatchTarget.ROOM})
_MAX_HUMAN_RISES_PER_HOUR: Final = 60
"""A person who sits down and gets up once a minute causes this many."""
_MAX_MOVEMENT_RISES_PER_HOUR: Final = 700
"""A movement sensor that resets after 5 s and detects somebody all the time changes 650 times."""
_MAX_DOOR_RISES_PER_HOUR: Final = 120
_MAX_CROSSINGS_PER_HOUR: Final = 3600
_DEFAULT_IN_USE_W: Final = 10.0
"""Equipment with no setting and no learned levels is in use above this, in watts."""

_PRESENCE: Final = Quantity(
    name="presence",
    low=0,
    high=1,
    is_whole=True,
    unit="",
    label=Translated(en="presence", sv="närvaro"),
    meaning="1 when somebody is near, 0 when not",
)


class SensorKind(StrEnum):
    """Kind of a sensor; `traits` is its row."""

    traits: SensorTraits

    def __new__(cls, name: str, traits: SensorTraits) -> Self:
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.traits = traits
        return kind

    PIR = (
        "pir",
        SensorTraits(
            quantities=(
                Quantity(
                    name="motion",
                    low=0,
                    high=1,
                    is_whole=True,
                    unit="",
                    label=Translated(en="movement", sv="rörelse"),
                    meaning="1 when movement begins, 0 when it ends",
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
                role=HealthRole.MOVEMENT, max_rises_per_hour=_MAX_MOVEMENT_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=Translated(en="Movement sensor", sv="Rörelsesensor"),
                records=Translated(
                    en="When something warm starts to move in front of it and when it stops: yes or no, no picture.",
                    sv="När något varmt börjar röra sig framför den och när det slutar: ja eller nej, ingen bild.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.MOVEMENT, resting=0, active=1),
        ),
    )
    CONTACT = (
        "contact",
        SensorTraits(
            quantities=(
                Quantity(
                    name="contact_open",
                    low=0,
                    high=1,
                    is_whole=True,
                    unit="",
                    label=Translated(en="door open", sv="öppen dörr"),
                    meaning="1 when a door opens, 0 when it closes",
                ),
            ),
            supply_quantity=None,
            watches=_ROOMS,
            role=SensorRole.CONTACT,
            reason="door_closed",
            high_above=0.5,
            hold=HoldRule.NONE,
            learning=LearningMethod.NOTHING,
            sees_people=False,
            health=HealthTraits(role=HealthRole.DOOR, max_rises_per_hour=_MAX_DOOR_RISES_PER_HOUR, stuck_remedy=None),
            texts=SensorTexts(
                label=Translated(en="Door contact", sv="Dörrkontakt"),
                records=Translated(
                    en="When the door is opened and closed.",
                    sv="När dörren öppnas och stängs.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.DOOR, resting=1, active=0),
        ),
    )
    PRESSURE = (
        "pressure",
        SensorTraits(
            quantities=(
                Quantity(
                    name="pressure",
                    low=0,
                    high=1,
                    is_whole=True,
                    unit="",
                    label=Translated(en="pressure", sv="tryck"),
                    meaning="1 when somebody sits down on a mat, 0 when they get up",
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
                max_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR,
                stuck_remedy=Translated(
                    en="Check for a bag on the mat, or a mat that does not spring back.",
                    sv="Kontrollera om en väska ligger på mattan, eller om mattan inte fjädrar tillbaka.",
                ),
            ),
            texts=SensorTexts(
                label=Translated(en="Seat mat", sv="Sittmatta"),
                records=Translated(
                    en="When somebody sits down and gets up: yes or no, no weight.",
                    sv="När någon sätter sig och reser sig: ja eller nej, ingen vikt.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.SEAT, resting=0, active=1),
        ),
    )
    DISTANCE = (
        "distance",
        SensorTraits(
            quantities=(_PRESENCE,),
            supply_quantity=Quantity(
                name="level_pct",
                low=0,
                high=100,
                is_whole=False,
                unit="%",
                label=Translated(en="level", sv="nivå"),
                meaning="remaining supply, per cent",
            ),
            watches=SEATS | {WatchTarget.SUPPLY},
            role=SensorRole.LEVEL,
            reason="presence",
            high_above=0.5,
            hold=HoldRule.LEVEL,
            learning=LearningMethod.NOTHING,
            sees_people=True,
            health=HealthTraits(
                role=HealthRole.DIRECT, max_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=Translated(en="Distance sensor", sv="Avståndssensor"),
                records=Translated(
                    en="When something comes close to the seat and when it goes away: yes or no.",
                    sv="När något kommer nära sitsen och när det försvinner: ja eller nej.",
                ),
            ),
            supply_texts=SensorTexts(
                label=Translated(en="Level sensor", sv="Nivåsensor"),
                records=Translated(
                    en="How much is left, as a percentage.",
                    sv="Hur mycket som är kvar, i procent.",
                ),
            ),
            simulation=Simulation(model=SimulationModel.SEAT, resting=0, active=1),
        ),
    )
    BEAM_PAIR = (
        "beam_pair",
        SensorTraits(
            quantities=(
                Quantity(
                    name="crossing",
                    low=-1,
                    high=1,
                    is_whole=True,
                    unit="",
                    label=Translated(en="people passing", sv="passager"),
                    meaning="+1 when a person enters, -1 when a person leaves, 0 when nobody passed",
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
                role=HealthRole.CROSSINGS, max_rises_per_hour=_MAX_CROSSINGS_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=Translated(en="Door counter", sv="Dörräknare"),
                records=Translated(
                    en="One person in or one person out, with the time. It cannot distinguish one person from another.",
                    sv="En person in eller en person ut, med klockslag. Den kan inte skilja en person från en annan.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.PASSAGES, resting=0, active=0),
        ),
    )
    POWER = (
        "power",
        SensorTraits(
            quantities=(
                Quantity(
                    name="power_w",
                    low=-100_000,  # negative if power is fed back, or if the meter is wired the wrong way round
                    high=100_000,
                    is_whole=False,
                    unit="W",
                    label=Translated(en="power", sv="effekt"),
                    meaning="watts",
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
                role=HealthRole.MACHINE, max_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=Translated(en="Power meter", sv="Effektmätare"),
                records=Translated(
                    en="How much power the machine draws, in watts.",
                    sv="Hur mycket effekt maskinen drar, i watt.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.MACHINE, resting=0, active=0),
        ),
    )
    AIR = (
        "air",
        SensorTraits(
            quantities=(
                Quantity(
                    name="co2_ppm",
                    low=200,  # outdoor air has about 420 ppm; a sensor that needs calibration may show half of that
                    high=20_000,  # such air is unfit for work, and above that most sensors are saturated
                    is_whole=False,
                    unit="ppm",
                    label=Translated(en="CO₂", sv="CO₂"),
                    meaning="parts per million",
                ),
                Quantity(
                    name="temperature_c",
                    low=-39,  # the coldest unheated hall
                    high=70,  # a sensor in the sun
                    is_whole=False,
                    unit="°C",
                    label=Translated(en="temperature", sv="temperatur"),
                    meaning="degrees Celsius",
                ),
                Quantity(
                    name="humidity_pct",
                    low=1,  # air of 0 % does not exist in a building
                    high=100,
                    is_whole=False,
                    unit="%",
                    label=Translated(en="humidity", sv="luftfuktighet"),
                    meaning="relative humidity, per cent",
                ),
            ),
            supply_quantity=None,
            watches=_ROOMS | {WatchTarget.ZONE},
            role=SensorRole.LEVEL,
            reason="air",
            high_above=0.5,
            hold=HoldRule.NONE,  # CO2 stays in a room
            learning=LearningMethod.CO2_TREND,
            sees_people=False,
            health=HealthTraits(
                role=HealthRole.UNCHECKED, max_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=Translated(en="Air sensor", sv="Luftsensor"),
                records=Translated(
                    en="Carbon dioxide, temperature and humidity.",
                    sv="Koldioxid, temperatur och luftfuktighet.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.AIR, resting=0, active=0),
        ),
    )
    PRESENCE = (
        "presence",  # a radar that detects people who sit still
        SensorTraits(
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
                role=HealthRole.DIRECT, max_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=Translated(en="Presence sensor", sv="Närvarosensor"),
                records=Translated(
                    en="When somebody is near, even sitting still, and when nobody is: yes or no, no picture.",
                    sv="När någon är nära, även stillasittande, och när ingen är det: ja eller nej, ingen bild.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.SEAT, resting=0, active=1),
        ),
    )
    PEOPLE = (
        "people",  # counts the people in a space, which is taken while the count is above 0
        SensorTraits(
            quantities=(
                Quantity(
                    name="people",
                    low=0,
                    high=10_000,
                    is_whole=True,
                    unit="",
                    label=Translated(en="people", sv="personer"),
                    meaning="number of people in view",
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
                max_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR,
                stuck_remedy=Translated(
                    en="It has miscounted: reset it, and check that it covers the whole doorway.",
                    sv="Den har räknat fel: nollställ den och kontrollera att den täcker hela dörröppningen.",
                ),
            ),
            texts=SensorTexts(
                label=Translated(en="People counter", sv="Personräknare"),
                records=Translated(
                    en="How many people are there: a number, and nothing about who.",
                    sv="Hur många som är där: ett antal, ingenting om vilka.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.COUNT, resting=0, active=0),
        ),
    )
    SOUND = (
        "sound",
        SensorTraits(
            quantities=(
                Quantity(
                    name="sound_db",
                    low=-100,  # a meter may measure relative to its full scale, below 0
                    high=140,  # the threshold of pain
                    is_whole=False,
                    unit="dB",
                    label=Translated(en="sound level", sv="ljudnivå"),
                    meaning="the loudest level of a span of time, decibels; never sound itself",
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
                role=HealthRole.INDIRECT, max_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=Translated(en="Sound level meter", sv="Ljudnivåmätare"),
                records=Translated(
                    en="The loudest level over a short period: one number in decibels. No sound is recorded.",
                    sv="Den högsta ljudnivån under en kort stund: ett tal i decibel. Inget ljud spelas in.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.SPEECH, resting=34, active=58),
        ),
    )
    LIGHT = (
        "light",
        SensorTraits(
            quantities=(
                Quantity(
                    name="light_lux",
                    low=0,
                    high=150_000,  # the sun at noon has about 120,000 lux
                    is_whole=False,
                    unit="lux",
                    label=Translated(en="light", sv="ljus"),
                    meaning="lux",
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
                role=HealthRole.UNCHECKED, max_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=Translated(en="Light sensor", sv="Ljussensor"),
                records=Translated(
                    en="How bright it is, in lux.",
                    sv="Hur ljust det är, i lux.",
                ),
            ),
            supply_texts=None,
            simulation=Simulation(model=SimulationModel.LAMP, resting=12, active=480),
        ),
    )


SENSOR_KIND_BY_NAME: Final = {kind.value: kind for kind in SensorKind}
QUANTITIES: Final = tuple(dict.fromkeys(quantity for kind in SensorKind for quantity in kind.traits.all_quantities))
"""Every quantity of the table, each once."""

_T = TypeVar("_T")


def check_every_kind(table: Mapping[SensorKind, _T]) -> Mapping[SensorKind, _T]:
    """Return a table that has every kind; raise TypeError with the missing kinds, so that importing it fails."""
    if missing := ", ".join(kind for kind in SensorKind if kind not in table):
        raise TypeError(f"no entry for sensor kind {missing}")
    return table
