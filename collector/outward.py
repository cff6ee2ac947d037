"""What the collector tells the world, retained: states of spaces, summaries, and that it lives.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that keep the contract.
Never: sockets, clocks.

Source: firmware-config/contract.md, version 1. An instant is Unix milliseconds, UTC.
"""

from enum import StrEnum
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, field, structs

from collector.plan import SpaceKind
from collector.privacy import FEW
from edge.message import MessageRejected


class Occupancy(StrEnum):
    """What a space is now. A supply is `stocked`, `low` or `unknown`; every other space is one of the rest."""

    VACANT = "vacant"
    OCCUPIED = "occupied"
    AWAY = "away"
    """The evidence stopped and the hold runs: counts as taken."""
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    STOCKED = "stocked"
    LOW = "low"


TAKEN: Final = frozenset({Occupancy.OCCUPIED, Occupancy.AWAY})


class Reason(StrEnum):
    """Why a space is what it is."""

    MOTION = "motion"
    PRESSURE = "pressure"
    PRESENCE = "presence"
    POWER = "power"
    PEOPLE = "people"
    SOUND = "sound"
    LIGHT = "light"
    AIR = "air"
    """CO2 rises: somebody breathes."""
    DOOR_CLOSED = "door_closed"
    """Its door has been closed since somebody was seen: he or she is still inside; nobody knows after four hours."""
    DOOR_OPENED = "door_opened"
    """Its door opened and let go of who was inside; one hold runs from there."""
    QUIET = "quiet"
    """Every sensor has been quiet for its own hold."""
    SILENT = "silent"
    """A sensor was not heard for too long."""
    NEVER_HEARD = "never_heard"
    """A sensor has not been heard yet."""
    SETTLING = "settling"
    """A sensor has only just been heard; it cannot vouch for vacancy until one hold has passed."""
    LEVEL = "level"
    """A supply's level says so."""
    DISABLED = "disabled"
    """The site file takes it out of use."""
    NO_SENSOR = "no_sensor"
    """The site file gives it no sensor."""


class Because(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The evidence behind a state: the reason, and the sensor and moment it rests on if there are such."""

    reason: Reason
    device: str = ""
    sensor: str = ""
    at_ms: int = field(name="at", default=0)


class Lapse(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The state that silence alone will bring, and when."""

    state: Occupancy
    at_ms: int = field(name="at")


class Says(StrEnum):
    """What one more sensor of a space says to its state."""

    TAKEN = "taken"
    """Its evidence keeps the space taken too."""
    SILENT = "silent"
    """Nothing; it was not heard for too long."""
    UNHEARD = "unheard"
    """Nothing; it has not been heard yet."""
    SETTLING = "settling"
    """It cannot vouch for vacancy yet: it has only just been heard."""


class Voice(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """What one sensor says beside the reason for a state."""

    device: str
    sensor: str
    says: Says
    at_ms: int = field(name="at", default=0)
    """When it last saw somebody, was last heard, or was first heard again."""
    until_ms: int = field(name="until", default=0)
    """Until when it keeps the space taken, or cannot vouch; 0: as long as it goes on."""


class Health(StrEnum):
    """How far a space's sensors can be trusted now."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """Some sensor is silent, or something was found about one."""
    OFFLINE = "offline"
    """Every sensor is silent, or there is none."""


class SpaceState(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The retained state of one space. `at_ms` is the moment of the newest evidence used."""

    state: Occupancy
    since_ms: int = field(name="since")
    because: Because
    health: Health
    at_ms: int = field(name="at")
    lapse: Lapse | None = None
    level_pct: float | None = None
    voices: tuple[Voice, ...] = ()
    """What the other sensors say, where it matters: three at most."""


EXACT_MS: Final = 72 * 3_600_000
"""Later, no moment of a space is known more finely than COARSE_MS (design of privacy, docs/decisions/0033)."""
COARSE_MS: Final = 300_000


def with_coarse_moments(state: SpaceState, now_ms: int) -> SpaceState:
    """A state whose moments from before the last 72 hours are rounded down to five minutes: one may be a departure."""
    exact_from_ms = now_ms - EXACT_MS
    if state.since_ms >= exact_from_ms and state.because.at_ms >= exact_from_ms and not state.voices:
        return state

    def coarse(at_ms: int) -> int:
        return coarse_moment(at_ms, now_ms)

    return structs.replace(
        state,
        since_ms=coarse(state.since_ms),
        at_ms=coarse(state.at_ms),
        because=structs.replace(state.because, at_ms=coarse(state.because.at_ms)),
        voices=tuple(structs.replace(voice, at_ms=coarse(voice.at_ms)) for voice in state.voices),
    )


def coarse_moment(at_ms: int, now_ms: int) -> int:
    """A moment, rounded down to five minutes if it is from before the last 72 hours."""
    return at_ms if at_ms >= now_ms - EXACT_MS else at_ms - at_ms % COARSE_MS


def coarsened_from_ms(state: SpaceState) -> int | None:
    """From when on a state is published with one moment less that is exact; None: it has none."""
    moments = (state.since_ms, state.at_ms, state.because.at_ms, *(voice.at_ms for voice in state.voices))
    exact = [at_ms for at_ms in moments if at_ms % COARSE_MS]
    return min(exact) + EXACT_MS + 1 if exact else None


class HoldTuning(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """How long a space stays taken after its last movement, in milliseconds, and how often it flipped.

    A flip is a space shown free and taken again so soon that somebody was there all along. Shares are of 0 to 1, of
    about the last 200 times that nobody was seen for longer than the hold; None: there were too few.
    """

    hold_ms: int = field(name="hold")
    """What it has learnt."""
    start_ms: int = field(name="start")
    """What it began with."""
    least_ms: int = field(name="least")
    """It never learns a shorter one; the same as `most`: it is pinned."""
    most_ms: int = field(name="most")
    flip_share: float | None = None
    """With the hold as it was each time."""
    start_flip_share: float | None = None
    """Of the same time, had the hold stayed what it began with."""


class SensorTuning(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Above which reading one sensor speaks for somebody, in the unit of its own kind."""

    device: str
    sensor: str
    takes_above: float
    """It takes a space that was not taken."""
    keeps_above: float
    """It keeps one that is."""
    agreement: float | None = None
    """How often it says what better sensors of the space say: 0.5 is chance, 1 is always; None: it needs none."""


class Tuning(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """What one space has learnt from its own events."""

    hold: HoldTuning | None = None
    """None: no motion sensor watches it."""
    sensors: list[SensorTuning] = []


class Count(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Offered spaces of one kind. `free_min` counts the vacant, `free_max` the unknown as well."""

    capacity: int
    free_min: int
    free_max: int
    taken: int
    unknown: int
    disabled: int


class AirBand(StrEnum):
    """How good air is, by its CO2."""

    FRESH = "fresh"
    FAIR = "fair"
    STALE = "stale"
    BAD = "bad"


class Trend(StrEnum):
    """Where CO2 has been going for the last 15 to 20 minutes."""

    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


class Air(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The newest readings of a zone's air that are not too old, each None if there is none."""

    co2_ppm: float | None = None
    temperature_c: float | None = None
    humidity_pct: float | None = None
    band: AirBand | None = None
    """Of the last minutes, so that one reading does not change it."""
    trend: Trend | None = None
    """None: too few readings for one."""


class People(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """People on the site by its doors, and the range that holds nine tenths of what may be."""

    count: int | None
    """None: fewer than five; so it is published (`with_few_hidden`), and never computed."""
    least: int
    most: int
    zero_ms: int | None = field(name="zero", default=None)
    """When the house was last known to be empty; None: not yet."""


class Summary(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A zone, or the whole site: counts by kind (supplies have none), air of a zone, people of the site."""

    at_ms: int = field(name="at")
    kinds: dict[SpaceKind, Count]
    air: Air | None = None
    people: People | None = None


def with_few_hidden(summary: Summary) -> Summary:
    """A summary in which fewer than five people are no number, whoever reads its topic.

    Of so few, `most` is rounded up to 4, 9, 14 ...: it grows with each of them.
    """
    people = summary.people
    if people is None:
        return summary
    least = 0 if people.least < FEW else people.least
    if people.count is not None and people.count >= FEW:
        return structs.replace(summary, people=structs.replace(people, least=least))
    most = people.most + FEW - 1 - people.most % FEW
    return structs.replace(summary, people=structs.replace(people, count=None, least=0, most=most))


class CollectorStatus(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Whether the collector works: sent every five real seconds; its will is `CollectorStatus(online=False)`."""

    online: bool
    """False also while its journal cannot be written: nobody judges then, and what was told grows old."""
    at_ms: int = field(name="at", default=0)
    fault: str = ""
    """What the collector cannot do now, in plain words, such as "the journal's disk is full"; empty: nothing."""
    instance: str = ""
    """Which collector it is: the same after a restart, another one for another machine or journal."""
    since_ms: int = field(name="since", default=0)
    """Since when it collects; of two, the later one stops."""


_encoder = msgspec.json.Encoder()
_T = TypeVar("_T")
_DECODERS: dict[type, "msgspec.json.Decoder[object]"] = {
    kind: msgspec.json.Decoder(kind) for kind in (SpaceState, Summary, Tuning, CollectorStatus)
}


def encode(message: SpaceState | Summary | Tuning | CollectorStatus) -> bytes:
    """The message as UTF-8 JSON, keys in the order of its type."""
    return _encoder.encode(message)


def decode(payload: bytes, kind: type[_T]) -> _T:
    """Read a retained message of the collector.

    Raises:
        MessageRejected: the contract is broken; the text names the field.
    """
    try:
        return _DECODERS[kind].decode(payload)  # type: ignore[return-value]  # the table's own key gives the type
    except (ValueError, RecursionError) as fault:
        raise MessageRejected(str(fault)) from fault
