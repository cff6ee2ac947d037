"""Retained messages of the collector: states of spaces, summaries, learned values, and its own status.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that keep the contract.
Never: sockets, clocks.

Source: firmware-config/contract.md, version 1. An instant is Unix milliseconds, UTC.
"""

from enum import StrEnum
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, field, structs

from collector.contract.collector_faults import CollectorFault
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.spaces import SpaceKind
from edge.contract.message import MessageRejected
from edge.timekeeping.durations import MINUTE_MS


class Occupancy(StrEnum):
    """State of a space. A supply is `stocked`, `low` or `unknown`; every other space has one of the other states."""

    VACANT = "vacant"
    OCCUPIED = "occupied"
    AWAY = "away"
    """The evidence ended and the hold runs: counts as taken."""
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    STOCKED = "stocked"
    LOW = "low"


TAKEN_STATES: Final = frozenset({Occupancy.OCCUPIED, Occupancy.AWAY})


class Reason(StrEnum):
    """Reason for the state of a space."""

    MOTION = "motion"
    PRESSURE = "pressure"
    PRESENCE = "presence"
    POWER = "power"
    PEOPLE = "people"
    SOUND = "sound"
    LIGHT = "light"
    AIR = "air"
    """CO2 rises, so somebody is breathing."""
    DOOR_CLOSED = "door_closed"
    """Its door has been closed since somebody was detected, so they are still inside; unknown after four hours."""
    DOOR_OPENED = "door_opened"
    """Its door opened, so people inside may have left; one hold runs from then."""
    QUIET = "quiet"
    """Every sensor has been quiet for its own hold."""
    SILENT = "silent"
    """A sensor has been silent for too long."""
    NEVER_REPORTED = "never_reported"
    """A sensor has not sent any event yet."""
    WARMING_UP = "warming_up"
    """A sensor has only just started to report; the space cannot be vacant until one hold has passed."""
    LEVEL = "level"
    """By the level of a supply."""
    DISABLED = "disabled"
    """Disabled in the site file, or out of use."""
    CORRECTED = "corrected"
    """Somebody reported it, and its sensors have brought no news since."""
    NO_SENSOR = "no_sensor"
    """The site file has no sensor for it."""


class Because(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Evidence behind a state: the reason, and its sensor and time where they exist."""

    reason: Reason
    device: str = ""
    sensor: str = ""
    at_ms: int = field(name="at", default=0)


class Lapse(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The next state if no event arrives, and when it begins."""

    state: Occupancy
    at_ms: int = field(name="at")


class OtherSensorStatus(StrEnum):
    """How another sensor of a space relates to its state."""

    KEEPS_TAKEN = "taken"
    """Its evidence keeps the space taken too."""
    SILENT = "silent"
    """It has been silent for too long."""
    NEVER_REPORTED = "never_reported"
    """It has not sent any event yet."""
    WARMING_UP = "warming_up"
    """It has only just started to report, so the space cannot be vacant yet."""


class OtherSensor(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Contribution of one sensor besides the reason of a state."""

    device: str
    sensor: str
    status: OtherSensorStatus
    at_ms: int = field(name="at", default=0)
    """When it last detected somebody, last reported, or started to report again."""
    until_ms: int = field(name="until", default=0)
    """How long it keeps the space taken or prevents vacancy; 0: as long as that lasts."""


class SpaceHealth(StrEnum):
    """How reliable a space's sensors are now."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """A sensor is silent or has a finding."""
    OFFLINE = "offline"
    """Every sensor is silent, or there is none."""


class SpaceState(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Retained state of one space. `at_ms` is the time of the newest evidence."""

    state: Occupancy
    since_ms: int = field(name="since")
    because: Because
    health: SpaceHealth
    at_ms: int = field(name="at")
    lapse: Lapse | None = None
    level_pct: float | None = None
    other_sensors: tuple[OtherSensor, ...] = ()
    """Other sensors that matter for the state, at most three."""


COARSE_STEP_MS: Final = 5 * MINUTE_MS
"""Moments older than the retention of raw events are known only to this (privacy rule, docs/decisions/0033)."""


def coarsen_state(state: SpaceState, now_ms: int, exact_for_ms: int) -> SpaceState:
    """Round moments older than `exact_for_ms` down to five minutes: one may be a departure."""
    exact_from_ms = now_ms - exact_for_ms
    if state.since_ms >= exact_from_ms and state.because.at_ms >= exact_from_ms and not state.other_sensors:
        return state

    def coarse(at_ms: int) -> int:
        return coarsen_moment(at_ms, now_ms, exact_for_ms)

    return structs.replace(
        state,
        since_ms=coarse(state.since_ms),
        at_ms=coarse(state.at_ms),
        because=structs.replace(state.because, at_ms=coarse(state.because.at_ms)),
        other_sensors=tuple(structs.replace(other, at_ms=coarse(other.at_ms)) for other in state.other_sensors),
    )


def coarsen_moment(at_ms: int, now_ms: int, exact_for_ms: int) -> int:
    """Round a moment down to five minutes if it is older than `exact_for_ms`."""
    return at_ms if at_ms >= now_ms - exact_for_ms else at_ms - at_ms % COARSE_STEP_MS


def next_coarsening_ms(state: SpaceState, exact_for_ms: int) -> int | None:
    """Return when the next exact moment of a state becomes coarse; None: all are coarse."""
    moments = (state.since_ms, state.at_ms, state.because.at_ms, *(other.at_ms for other in state.other_sensors))
    exact = [at_ms for at_ms in moments if at_ms % COARSE_STEP_MS]
    return min(exact) + exact_for_ms + 1 if exact else None


FLIP_PERIOD_MS: Final = 180_000
"""In a space that is taken again within this time after a full hold, somebody probably was there all along."""


class HoldTuning(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Hold of a space after the newest evidence of one kind, in milliseconds, and how often the space flips.

    Shares are 0 to 1, of the quiet spans of the last weeks that were longer than the hold; None: too few.
    """

    hold_ms: int = field(name="hold")
    """The learned hold."""
    start_ms: int = field(name="start")
    """The initial hold."""
    least_ms: int = field(name="least")
    """Lower bound; equal to `most`: the hold is fixed."""
    most_ms: int = field(name="most")
    flip_share: float | None = None
    """Estimated share in which somebody was there all along."""
    start_flip_share: float | None = None
    """The same with the initial hold."""


class SensorTuning(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Readings above which a sensor indicates somebody, in the unit of its kind."""

    device: str
    sensor: str
    takes_above: float
    """Above this it makes a vacant space taken."""
    keeps_above: float
    """Above this it keeps a taken space taken."""
    agreement: float | None = None
    """Agreement with the space's direct sensors: 0.5 is chance, 1 is always; None: not needed."""


class SilenceTuning(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """How many messages of a sensor are lost, and after how long without one it counts as silent."""

    device: str
    sensor: str
    lost_share: float
    """Share of its heartbeats that are lost, 0 to 1; coarse, so that it does not change with every message."""
    silent_after_ms: int = field(name="silent_after")


class Tuning(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Values that one space has learned from its own events."""

    hold: HoldTuning | None = None
    """After motion. None: no motion sensor watches the space."""
    sensors: list[SensorTuning] = []
    silences: list[SilenceTuning] = []
    """Of sensors that lose messages."""
    level_hold: HoldTuning | None = None
    """After the level of a sensor that reports somebody for as long as they are there. None: no such sensor."""


class SpaceCounts(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Offered spaces of one kind. `free_min` counts vacant spaces, `free_max` also unknown ones."""

    capacity: int
    free_min: int
    free_max: int
    taken: int
    unknown: int
    disabled: int


class AirBand(StrEnum):
    """Air quality, by CO2."""

    FRESH = "fresh"
    FAIR = "fair"
    STALE = "stale"
    BAD = "bad"


class AirTrend(StrEnum):
    """Trend of CO2 over the last 15 to 20 minutes."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


class ZoneAir(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Newest current readings of a zone's air; None where there is none."""

    co2_ppm: float | None = None
    temperature_c: float | None = None
    humidity_pct: float | None = None
    band: AirBand | None = None
    """From the last minutes, so that a single reading does not change it."""
    trend: AirTrend | None = None
    """None: too few readings."""


class PeopleCount(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """People on the site as counted at its doors, with the range that covers 90 % of the probability."""

    count: int | None
    """None: fewer than five. Only published messages hide it (`hide_few_people`)."""
    least: int
    most: int
    last_empty_ms: int | None = field(name="zero", default=None)
    """When the site was last known to be empty; None: never yet."""


class Summary(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Summary of a zone or the whole site: counts by kind (without supplies), air of a zone, people of the site."""

    at_ms: int = field(name="at")
    kinds: dict[SpaceKind, SpaceCounts]
    air: ZoneAir | None = None
    people: PeopleCount | None = None


def hide_few_people(summary: Summary) -> Summary:
    """Hide a people count below five.

    For so few, `most` is rounded up to 4, 9, 14, …: it would grow with each person.
    """
    people = summary.people
    if people is None:
        return summary
    least = 0 if people.least < MIN_SHOWN_GROUP else people.least
    if people.count is not None and people.count >= MIN_SHOWN_GROUP:
        return structs.replace(summary, people=structs.replace(people, least=least))
    most = people.most + MIN_SHOWN_GROUP - 1 - people.most % MIN_SHOWN_GROUP
    return structs.replace(summary, people=structs.replace(people, count=None, least=0, most=most))


class CollectorStatus(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Status of the collector, sent every five real seconds. Its will is `CollectorStatus(online=False)`."""

    online: bool
    """False also while its journal cannot be written: then no states are evaluated, and published ones age."""
    at_ms: int = field(name="at", default=0)
    faults: tuple[CollectorFault, ...] = ()
    """What it cannot do at present."""
    instance: str = ""
    """Identifies the collector: the same after a restart, another for another machine or journal."""
    since_ms: int = field(name="since", default=0)
    """When it started to collect; of two collectors, the later one stops."""


_encoder = msgspec.json.Encoder()
_T = TypeVar("_T")
_DECODERS: dict[type, "msgspec.json.Decoder[object]"] = {
    kind: msgspec.json.Decoder(kind) for kind in (SpaceState, Summary, Tuning, CollectorStatus)
}


def encode(message: SpaceState | Summary | Tuning | CollectorStatus) -> bytes:
    """Encode a message as UTF-8 JSON, with keys in the order of the type's fields."""
    return _encoder.encode(message)


def decode(payload: bytes, kind: type[_T]) -> _T:
    """Decode a retained message of the collector.

    Raises:
        MessageRejected: the payload breaks the contract; the text names the field.
    """
    try:
        return _DECODERS[kind].decode(payload)  # type: ignore[return-value]  # the table is keyed by the result type
    except (ValueError, RecursionError) as fault:
        raise MessageRejected(str(fault)) from fault
