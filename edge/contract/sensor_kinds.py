"""The table of sensor kinds: one row for each kind, with everything that the software must know about it.

In:    nothing.
Out:   `SensorKind`, whose members carry their rows; the quantities of the wire contract.
Never: how a sensor is read: its settings class is in `edge.configuration.device_settings`, its opener in
       `edge.sensors.openers`.

A row has: quantities with their bounds and units; what the sensor may watch; its role in occupancy, its threshold, hold
and what it learns; the limits of sensor health, such as from how many changes an hour it flaps; the texts of pages and
register; how it is simulated.

The allowed events and their bounds, the checks of the site file, occupancy, sensor health, the pages, the register,
the impact assessment, AsyncAPI, the simulation and the replay follow from this table. docs/adding/sensor-kind.md
adds a kind as an example.
"""

from collections.abc import Mapping
from enum import StrEnum
from math import inf
from typing import Final, Self, TypeVar

from edge.contract.sensor_traits import (
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
    label=mark_translatable("presence"),
    meaning="1 when somebody is near, 0 when not",
    check=None,
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
                    label=mark_translatable("movement"),
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
                label=mark_translatable("Movement sensor"),
                records=mark_translatable(
                    "When something warm starts to move in front of it and when it stops: yes or no, no picture."
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
                    label=mark_translatable("door open"),
                    meaning="1 when a door opens, 0 when it closes",
                    check=None,
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
            health=HealthTraits(
                role=HealthRole.DOOR, flaps_above_rises_per_hour=_MAX_DOOR_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=mark_translatable("Door contact"),
                records=mark_translatable("When the door is opened and closed."),
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
                    label=mark_translatable("pressure"),
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
                flaps_above_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR,
                stuck_remedy=mark_translatable("Check for a bag on the mat, or a mat that does not spring back."),
            ),
            texts=SensorTexts(
                label=mark_translatable("Seat mat"),
                records=mark_translatable("When somebody sits down and gets up: yes or no, no weight."),
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
                label=mark_translatable("level"),
                meaning="remaining supply, per cent",
                check=None,
            ),
            watches=SEATS | {WatchTarget.SUPPLY},
            role=SensorRole.LEVEL,
            reason="presence",
            high_above=0.5,
            hold=HoldRule.LEVEL,
            learning=LearningMethod.NOTHING,
            sees_people=True,
            health=HealthTraits(
                role=HealthRole.DIRECT, flaps_above_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=mark_translatable("Distance sensor"),
                records=mark_translatable("When something comes close to the seat and when it goes away: yes or no."),
            ),
            supply_texts=SensorTexts(
                label=mark_translatable("Level sensor"),
                records=mark_translatable("How much is left, as a percentage."),
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
                    label=mark_translatable("people passing"),
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
                label=mark_translatable("Door counter"),
                records=mark_translatable(
                    "One person in or one person out, with the time. It cannot distinguish one person from another."
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
                    label=mark_translatable("power"),
                    meaning="watts",
                    check=ReadingCheck(
                        plausible_low=-5,  # a meter without load reads up to a few watts of noise
                        plausible_high=100_000,
                        unchanging_days=None,  # a machine may be off for weeks
                        resting_high=inf,
                        remedy=mark_translatable(
                            "Check which way round it is connected: a machine does not feed power back."
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
                role=HealthRole.MACHINE, flaps_above_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=mark_translatable("Power meter"),
                records=mark_translatable("How much power the machine draws, in watts."),
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
                    label=mark_translatable("CO₂"),
                    meaning="parts per million",
                    check=ReadingCheck(
                        plausible_low=350,  # outdoor air has 425; meters may be wrong by 50 ppm and 5 %
                        plausible_high=10_000,  # the Swedish short-term limit at work (AFS 2023:14)
                        unchanging_days=1,  # people breathe, and air that nobody breathes becomes fresh
                        resting_high=500,  # fresh air; some meters show no less than 400
                        remedy=mark_translatable(
                            "Calibrate it in outdoor air and restart it; replace it if that does not help."
                        ),
                    ),
                ),
                Quantity(
                    name="temperature_c",
                    low=-39,  # the coldest unheated hall
                    high=70,  # a sensor in the sun
                    is_whole=False,
                    unit="°C",
                    label=mark_translatable("temperature"),
                    meaning="degrees Celsius",
                    check=ReadingCheck(
                        plausible_low=-30,  # an unheated hall in a cold winter
                        plausible_high=55,  # an attic in summer
                        unchanging_days=7,  # a thermostat may hold whole degrees for days
                        resting_high=inf,
                        remedy=mark_translatable(
                            "Check that neither the sun nor a heater warms it and restart it; replace it if that"
                            " does not help."
                        ),
                    ),
                ),
                Quantity(
                    name="humidity_pct",
                    low=1,  # air of 0 % does not exist in a building
                    high=110,  # a wet sensor may exceed 100; an SHT reports a fault as 119
                    is_whole=False,
                    unit="%",
                    label=mark_translatable("humidity"),
                    meaning="relative humidity, per cent",
                    check=ReadingCheck(
                        plausible_low=2,  # outdoor air of -30 degrees, heated to 21, has this
                        plausible_high=100,
                        unchanging_days=3,  # it follows the weather and the people
                        resting_high=inf,
                        remedy=mark_translatable(
                            "Check that it is dry and restart it; replace it if that does not help."
                        ),
                    ),
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
                role=HealthRole.UNCHECKED, flaps_above_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=mark_translatable("Air sensor"),
                records=mark_translatable("Carbon dioxide, temperature and humidity."),
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
                role=HealthRole.DIRECT, flaps_above_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=mark_translatable("Presence sensor"),
                records=mark_translatable(
                    "When somebody is near, even sitting still, and when nobody is: yes or no, no picture."
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
                    label=mark_translatable("people"),
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
                flaps_above_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR,
                stuck_remedy=mark_translatable(
                    "It has miscounted: reset it, and check that it covers the whole doorway."
                ),
            ),
            texts=SensorTexts(
                label=mark_translatable("People counter"),
                records=mark_translatable("How many people are there: a number, and nothing about who."),
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
                    label=mark_translatable("sound level"),
                    meaning="the loudest level of a span of time, decibels; never sound itself",
                    check=ReadingCheck(
                        plausible_low=-100,
                        plausible_high=140,
                        unchanging_days=3,  # people make sounds; a meter may show no less than its own noise
                        resting_high=inf,
                        remedy=mark_translatable("Check its cable and restart it; replace it if that does not help."),
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
                role=HealthRole.INDIRECT, flaps_above_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=mark_translatable("Sound level meter"),
                records=mark_translatable(
                    "The loudest level over a short period: one number in decibels. No sound is recorded."
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
                    label=mark_translatable("light"),
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
                role=HealthRole.UNCHECKED, flaps_above_rises_per_hour=_MAX_HUMAN_RISES_PER_HOUR, stuck_remedy=None
            ),
            texts=SensorTexts(
                label=mark_translatable("Light sensor"),
                records=mark_translatable("How bright it is, in lux."),
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
