"""Random events of a space: what sensors report and lose, and when they are silent, at difficult moments.

In:    hypothesis' draws.
Out:   cases: a site with one space, and its events in canonical order.
Never: what a space makes of them.
"""

from itertools import count

from hypothesis import strategies as st

from collector.occupancy.evidence import StoredEvent
from collector.site.occupancy_rules import OccupancyRules
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import UNKNOWN_OUTPUT, OutputTimes, Sensor
from collector.site.spaces import Space, SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.room import DEFAULTS, HOUR, MINUTE, NOON_MS, SECOND, plan

KINDS = {
    SensorKind.PIR: EventKind.MOTION,
    SensorKind.PRESSURE: EventKind.PRESSURE,
    SensorKind.DISTANCE: EventKind.PRESENCE,
    SensorKind.POWER: EventKind.POWER_W,
    SensorKind.CONTACT: EventKind.CONTACT_OPEN,
    SensorKind.PEOPLE: EventKind.PEOPLE,
    SensorKind.SOUND: EventKind.SOUND_DB,
}
PIR, PRESSURE, CONTACT = SensorKind.PIR, SensorKind.PRESSURE, SensorKind.CONTACT
SPACES: tuple[tuple[SensorKind, ...], ...] = (
    (PIR,),
    (PIR, PIR),
    (PIR, PRESSURE),
    (PIR, CONTACT),
    (PIR, PIR, CONTACT),
    (CONTACT, PRESSURE),
    (PIR, CONTACT, CONTACT),
    (SensorKind.POWER,),
    (SensorKind.DISTANCE, SensorKind.POWER, PIR),
    (SensorKind.PEOPLE, PIR),
    (PIR, SensorKind.SOUND),
)
STEPS_MS = (0, 1, SECOND, 2 * SECOND, 29_999, 30 * SECOND, 31 * SECOND, 59_999, 60 * SECOND, 61 * SECOND, 75 * SECOND)
LONG_STEPS_MS = (119_999, 2 * MINUTE, 120_001, 3 * MINUTE, 7 * MINUTE, 10 * MINUTE, 11 * MINUTE)
HEARTBEATS_MS = (30 * SECOND, 4 * MINUTE)
"""Silent after 60 s, or only after the hold of a PIR, so that both live and silent sensors are covered."""
SLOW = OccupancyRules(lone_motion_hold_ms=5 * MINUTE, second_motion_ms=30 * SECOND)
"""The hold of a lone motion is longer than the wait for a second one."""
HELD_OUTPUT = OutputTimes(held_ms=45 * SECOND, blind_ms=30 * SECOND)

Case = tuple[SitePlan, list[StoredEvent]]


def build_plan(
    kinds: tuple[SensorKind, ...],
    heartbeat_ms: int = HEARTBEATS_MS[0],
    rules: OccupancyRules = DEFAULTS,
    held: int | None = None,
) -> SitePlan:
    """Build a site with one space; the output of sensor number `held` stays high for a while, and it is then blind."""
    sensors = [
        Sensor(
            device=f"pi-{index % 2}",
            id=f"{kind}-{index}",
            kind=kind,
            space="space",
            heartbeat_ms=heartbeat_ms,
            output=HELD_OUTPUT if index == held else UNKNOWN_OUTPUT,
        )
        for index, kind in enumerate(kinds)
    ]
    space = Space(id="space", name="S", kind=SpaceKind.ROOM, zone="loft", x_m=0, y_m=0)
    return plan(space, sensors=sensors, rules=rules)


def sensor_event(sensor: Sensor, at_ms: int, seq: int, kind: EventKind, level: int) -> StoredEvent:
    value = level * (50.0 if sensor.kind is SensorKind.POWER else 1.0)
    return StoredEvent(at_ms, sensor.device, f"stream-{sensor.device}", seq, sensor.id, kind, value)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a space and events of its sensors: changes, heartbeats, lost changes, silence, at difficult moments.

    In half of the cases, every sensor repeats its level with each heartbeat, so that spaces become vacant.
    One in four times a sensor stays active alone for a while.
    """
    heartbeat_ms = draw(st.sampled_from(HEARTBEATS_MS))
    rules, held = draw(st.sampled_from((DEFAULTS, SLOW))), draw(st.sampled_from((None, None, 0, 1)))
    site = build_plan(draw(st.sampled_from(SPACES)), heartbeat_ms, rules, held)
    steps = st.sampled_from(STEPS_MS * 2 + LONG_STEPS_MS)
    seqs = count(1)
    at_ms = NOON_MS
    levels = dict.fromkeys(site.sensors, 0)
    lively = draw(st.booleans())
    events: list[StoredEvent] = []
    for _ in range(draw(st.integers(1, 20))):
        until_ms = at_ms + draw(steps)
        while lively and at_ms + heartbeat_ms <= until_ms:
            at_ms += heartbeat_ms
            events += [
                sensor_event(sensor, at_ms, next(seqs), EventKind.HEARTBEAT, level) for sensor, level in levels.items()
            ]
        at_ms = until_ms
        sensor = draw(st.sampled_from(site.sensors))
        for _ in range(draw(st.sampled_from((1, 1, 1, 6)))):
            kind = draw(
                st.sampled_from((KINDS[sensor.kind],) * 5 + (EventKind.HEARTBEAT,) * 2 + (EventKind.BATTERY_PCT,))
            )
            level = draw(st.sampled_from((0, 1)))
            levels[sensor] = levels[sensor] if kind is EventKind.BATTERY_PCT else level
            events.append(sensor_event(sensor, at_ms, next(seqs), kind, level))
            at_ms += draw(st.sampled_from(STEPS_MS))
    return site, sorted(events, key=lambda event: event.key)


ROOMS: tuple[tuple[SensorKind, ...], ...] = (
    (PIR, CONTACT),
    (PIR, CONTACT, CONTACT),
    (SensorKind.DISTANCE, CONTACT),
    (PIR, SensorKind.DISTANCE, CONTACT),
    (PIR, SensorKind.POWER, CONTACT),
)


@st.composite
def rooms(draw: st.DrawFn) -> Case:
    """Draw people who come, close doors, move, sit still for hours, and leave; sensors are silent now and then."""
    heartbeat_ms = draw(st.sampled_from((4 * MINUTE, 40 * MINUTE)))
    site = build_plan(draw(st.sampled_from(ROOMS)), heartbeat_ms, held=draw(st.sampled_from((None, None, 0))))
    doors = [sensor for sensor in site.sensors if sensor.kind is CONTACT]
    people = [sensor for sensor in site.sensors if sensor.kind is not CONTACT]
    waits: tuple[int, ...] = (SECOND, 6 * SECOND, 25 * SECOND, MINUTE, 3 * MINUTE, 5 * MINUTE, 11 * MINUTE)
    waits += (5 * HOUR,) if heartbeat_ms > 10 * MINUTE else ()
    seqs = count(1)
    at_ms = NOON_MS
    levels = dict.fromkeys(site.sensors, 0)
    events: list[StoredEvent] = []

    def add_event(sensor: Sensor, level: int) -> None:
        levels[sensor] = level
        events.append(sensor_event(sensor, at_ms, next(seqs), KINDS[sensor.kind], level))

    for sensor in site.sensors:
        add_event(sensor, 0)
    for _ in range(draw(st.integers(3, 16))):
        act = draw(st.sampled_from(("door", "move", "move", "stay", "wait")))
        if act == "door":
            sensor = draw(st.sampled_from(doors))
            add_event(sensor, 1 - levels[sensor])
        elif act == "move":
            sensor = draw(st.sampled_from(people))
            add_event(sensor, 1)
            at_ms += SECOND
            add_event(sensor, 0)
        elif act == "stay":
            sensor = draw(st.sampled_from(people))
            add_event(sensor, 1 - levels[sensor])
        until_ms = at_ms + draw(st.sampled_from(waits))
        lost = draw(st.sampled_from((None, None, None, *site.sensors)))
        while at_ms + heartbeat_ms <= until_ms:
            at_ms += heartbeat_ms
            alive = (sensor for sensor in site.sensors if sensor is not lost)
            events += [sensor_event(sensor, at_ms, next(seqs), EventKind.HEARTBEAT, levels[sensor]) for sensor in alive]
        at_ms = until_ms
    return site, sorted(events, key=lambda event: event.key)


QUIETS_MIN = (3, 7.9, 8, 8.1, 9.5, 10, 10.1, 12.9, 13, 13.1, 14, 16.5, 60)


@st.composite
def stays(draw: st.DrawFn) -> Case:
    """Draw a space that is used repeatedly: two motions, then quiet for a while, so that it learns."""
    heartbeat_ms = draw(st.sampled_from(HEARTBEATS_MS))
    site = build_plan(draw(st.sampled_from(((PIR,), (PIR, PIR), (PIR, CONTACT), (PIR, PRESSURE)))), heartbeat_ms)
    watch = [sensor for sensor in site.sensors if sensor.kind is PIR]
    seqs = count(1)
    at_ms = NOON_MS
    events: list[StoredEvent] = []
    for quiet_min in draw(st.lists(st.sampled_from(QUIETS_MIN), min_size=3, max_size=9)):
        for _ in range(draw(st.integers(1, 2))):
            pir = draw(st.sampled_from(watch))
            events += [
                sensor_event(pir, at_ms, next(seqs), EventKind.MOTION, 1),
                sensor_event(pir, at_ms + SECOND, next(seqs), EventKind.MOTION, 0),
            ]
            at_ms += 30 * SECOND
        until_ms = at_ms + round(quiet_min * MINUTE)
        events += [
            sensor_event(sensor, beat_ms, next(seqs), EventKind.HEARTBEAT, 0)
            for beat_ms in range(at_ms, until_ms, heartbeat_ms)
            for sensor in site.sensors
        ]
        at_ms = until_ms
    return site, sorted(events, key=lambda event: event.key)
