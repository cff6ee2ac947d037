"""The columns of the table of sensor kinds: what the software must know about a kind of sensor.

In:    nothing.
Out:   the types of the columns, all mandatory: a row that lacks one fails when the table is imported.
Never: the rows (see sensor_kinds.py), what a kind's sensors do. Each package acts by the columns, not by the kind.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from edge.contract.sensor_settings import SensorSettings


def mark_translatable(text: str, *, sv: str) -> str:  # noqa: ARG001 - read from the source, as the catalogue's texts are
    """Return the English text unchanged, and mark it for the catalogue, from which pages and commands translate it.

    `make contract` writes the Swedish text into the catalogue (ledig/contract/table_translations.py). All other
    languages are in their catalogues alone.
    """
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCheck:
    """Which readings of a quantity a sound sensor never has in a building, although they are possible."""

    plausible_low: float
    """Readings below this are implausible."""
    plausible_high: float
    """Readings above this are implausible."""
    unchanging_days: int | None
    """A sound sensor's readings change within this many days; None: they may stay the same for weeks."""
    resting_high: float
    """Up to this value the readings may stay the same for as long as nobody is there; `inf`: at any value."""
    remedy: str
    """What to do about such readings."""

    def is_plausible(self, value: float) -> bool:
        """Return whether a sound sensor may have this reading."""
        return self.plausible_low <= value <= self.plausible_high


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What an event's value measures."""

    name: str
    """On the wire; it contains the unit."""
    low: float
    """The lowest possible value; lower ones are rejected."""
    high: float
    """The highest possible value; higher ones are rejected."""
    is_whole: bool
    """Whether only whole numbers are possible."""
    unit: str
    """After a value on a page; empty: none."""
    label: str
    """What is measured, within a sentence."""
    meaning: str
    """Its line in firmware-config/contract.md."""
    check: ReadingCheck | None
    """Which possible readings cause a finding; None: none."""


class WatchTarget(StrEnum):
    """What a sensor can watch: a door, a zone, or a space of one of the kinds of `SpaceKind`."""

    DESK = "desk"
    BOOTH = "booth"
    ROOM = "room"
    EQUIPMENT = "equipment"
    SUPPLY = "supply"
    DOOR = "door"
    ZONE = "zone"


SEATS: Final = frozenset({WatchTarget.DESK, WatchTarget.BOOTH, WatchTarget.ROOM})
"""Where people sit. A machine may run unattended."""


ENCLOSED_SPACES: Final = frozenset({WatchTarget.BOOTH, WatchTarget.ROOM})
"""Spaces with a door and air of their own."""


class SensorRole(StrEnum):
    """How a sensor affects the state of its space."""

    MOTION = "motion"
    """High for moments. Two motions are needed for the full hold."""
    LEVEL = "level"
    """High while somebody is there."""
    CONTACT = "contact"
    """A door, high while open."""
    SUPPLY = "supply"
    """Remaining amount, in per cent."""
    CROSSINGS = "crossings"
    """It counts people at a door and has no space."""


class HoldRule(StrEnum):
    """Which hold follows the evidence of a sensor, if the sensor has no hold of its own."""

    MOTION = "motion"
    """The hold after motion, which is learned."""
    LEVEL = "level"
    """`level_hold_ms` of the site file."""
    NONE = "none"
    """None: its evidence does not end when people leave, or it is no evidence of people."""


class LearningMethod(StrEnum):
    """What a sensor learns from its readings."""

    NOTHING = "nothing"
    THRESHOLD = "threshold"
    """The level above which it indicates somebody, learned from direct sensors of the space."""
    LEVELS = "levels"
    """The power that its machine draws idle and in use; nothing if the space has `in_use_above_w`."""
    CO2_TREND = "breath"
    """The trend of CO2: rising CO2 indicates somebody; any other trend is no evidence."""


class HealthRole(StrEnum):
    """Which health rules apply to a sensor; the first four detect that a person is present."""

    MOVEMENT = "movement"
    """It detects movement; other sensors can contradict it."""
    DIRECT = "direct"
    """It stays on while a person is present and does not react to neighbours."""
    INDIRECT = "indirect"
    """It reacts to people, and perhaps to neighbours. It may contradict a movement sensor."""
    COUNT = "count"
    """Its reading stays on until it changes. It drifts, so it may not contradict a movement sensor (decision 0016)."""
    DOOR = "door"
    """It watches the door of a space."""
    MACHINE = "machine"
    """It watches a machine, which may run for long."""
    CROSSINGS = "crossings"
    """It counts people at a door of the site."""
    UNCHECKED = "unchecked"
    """Its readings do not depend on people alone; only silence, its battery and implausible readings are checked."""


MAX_HUMAN_RISES_PER_HOUR: Final = 60
"""A person who sits down and gets up once a minute causes this many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthTraits:
    """How the health of a sensor is checked."""

    role: HealthRole
    flaps_above_rises_per_hour: int
    """It flaps if it turns on more often: more changes than a person causes."""
    stuck_remedy: str | None
    """What to do when it is stuck; None: the general remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorTexts:
    """What the pages call a sensor, and what it records."""

    label: str
    records: str
    """One or two sentences of the register, true for every sensor of the kind."""


class SimulationModel(StrEnum):
    """How the readings of a sensor are simulated."""

    MOVEMENT = "movement"
    """Active for seconds, again and again, while somebody is there."""
    SEAT = "seat"
    """Active while somebody is there."""
    DOOR = "door"
    """Active while nobody is there."""
    LAMP = "lamp"
    """About the active value while somebody is there."""
    SPEECH = "speech"
    """Noise around the resting value; around the active value now and then while somebody is there."""
    COUNT = "count"
    """The number of people."""
    PASSAGES = "passages"
    """One signal for each person that passes the door."""
    MACHINE = "machine"
    """A multiple of the threshold while the machine runs."""
    AIR = "air"
    """CO2, temperature and humidity of the zone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """How a sensor is simulated."""

    model: SimulationModel
    resting: float
    """The reading while nobody is there; 0 if the model computes it."""
    active: float
    """The reading while somebody is there; 0 if the model computes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinWiring:
    """A line of the table of kinds in firmware-config/pins.md."""

    pins: int
    """How many GPIO pins the sensor uses."""
    at_rest: str
    """The level of the pins at rest."""
    active: str
    """The level while the sensor's value is 1; "-" for a sensor that has no such level."""
    pull: str
    """Where the Pi's resistor pulls an unconnected pin: up, down or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorTraits:
    """One row of the table: everything that depends on the kind of a sensor."""

    quantities: tuple[Quantity, ...]
    """What its events measure; the first is its level, which a heartbeat repeats."""
    supply_quantity: Quantity | None
    """What its events measure when it watches a supply; None: it cannot."""
    watches: frozenset[WatchTarget]
    role: SensorRole
    reason: str | None
    """The `Reason` of a state that it causes; None: it causes none."""
    high_above: float
    """It is high when its level is above this; 0.5 for 0 and 1."""
    hold: HoldRule
    learning: LearningMethod
    sees_people: bool
    """It detects people directly: it proves that somebody is behind a closed door, and that a space is vacant."""
    health: HealthTraits
    texts: SensorTexts
    supply_texts: SensorTexts | None
    """Its texts when it watches a supply."""
    simulation: Simulation
    settings: type[SensorSettings]
    """Its settings in the site file."""
    opener: str
    """What opens such a sensor: the full name of a function or a class with the arguments of `SensorOpener` in
    `edge/sensors/openers.py`. Only an agent imports it: reading a site file must not import GPIO drivers."""
    wiring: PinWiring | None
    """How it is wired; None: it uses no pin."""

    def __post_init__(self) -> None:
        is_supply = {
            WatchTarget.SUPPLY in self.watches,
            self.supply_quantity is not None,
            self.supply_texts is not None,
        }
        if len(is_supply) > 1:
            raise ValueError("a kind that watches supplies needs supply_quantity and supply_texts; others have neither")
        if not self.quantities or not self.watches:
            raise ValueError("quantities or watches is empty")

    @property
    def level(self) -> Quantity:
        """What carries its level at a space, a door or a zone."""
        return self.quantities[0]

    @property
    def all_quantities(self) -> tuple[Quantity, ...]:
        """Everything that its events can measure, whatever it watches."""
        return self.quantities if self.supply_quantity is None else (*self.quantities, self.supply_quantity)

    @property
    def checked_quantities(self) -> tuple[tuple[Quantity, ReadingCheck], ...]:
        """The quantities whose readings are checked, each with its check."""
        return tuple((one, one.check) for one in self.quantities if one.check is not None)
