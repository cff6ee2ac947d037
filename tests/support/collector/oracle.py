"""The rules of a space implemented a second time, slow and simple: all evidence is kept and evaluated from the start.

It shares no decisions with the collector. So the two agree only where both are right, or where both misread the rules
in the same way.
"""

from collections.abc import Iterable

from collector.contract.states import Occupancy
from collector.occupancy.evidence import StoredEvent
from collector.occupancy.space_rules import SensorRules, SpaceRules
from edge.contract.message import EventKind
from edge.contract.sensor_traits import LearningMethod, SensorRole

FULL_HOLD_AFTER_MS = 20_000
BEHIND_DOOR_MS = 4 * 3_600_000
QUICK_MS = 180_000


def excess_ms(rules: SensorRules) -> int:
    """How much longer a declared output is than those with which the holds were measured."""
    return max(0, (rules.held_ms or 0) - 2_500)


class OracleStretch:
    """A sensor was high from `start` until `end`; None: it still is."""

    def __init__(self, start: int, begun: int, *, full: bool) -> None:
        self.start = start
        self.begun = begun
        """The start of its run of motions."""
        self.end: int | None = None
        self.full = full


class SensorTrack:
    """Everything that one sensor sent."""

    def __init__(self, rules: SensorRules) -> None:
        self.rules = rules
        self.event_times: list[int] = []
        self.since = 0
        self.closed_at: int | None = None
        self.stretches: list[OracleStretch] = []

    def alive(self, now: int) -> bool:
        return bool(self.event_times) and now - self.event_times[-1] < self.rules.silent_after_ms

    def high(self) -> bool:
        return bool(self.stretches) and self.stretches[-1].end is None

    def evidence(self, now: int) -> Iterable[tuple[int, bool, bool]]:
        """For each stretch: its end as known now, whether it is full, whether it continues."""
        for stretch in self.stretches:
            goes_on = stretch.end is None and self.alive(now)
            end = now if goes_on else self.event_times[-1] if stretch.end is None else stretch.end
            detected = max(stretch.start, end - excess_ms(self.rules)) if stretch.end is None else end
            long = self.rules.role is SensorRole.MOTION and detected - stretch.begun >= FULL_HOLD_AFTER_MS
            yield end, stretch.full or long, goes_on


class SpaceOracle:
    """One space after some events."""

    def __init__(self, rules: SpaceRules, events: Iterable[StoredEvent]) -> None:
        self.rules = rules
        self.hold_ms = max((sensor.hold_ms for sensor in rules.sensors), default=0)
        used = (
            sensor for sensor in rules.sensors if sensor.learning_method is not LearningMethod.THRESHOLD
        )  # none has learned here
        self.tracks = {(sensor.device, sensor.sensor): SensorTrack(sensor) for sensor in used}
        self.people = [track for track in self.tracks.values() if track.rules.role is not SensorRole.CONTACT]
        self.presence_sensors = [track for track in self.people if track.rules.own_kind is not EventKind.POWER_W]
        self.doors = [track for track in self.tracks.values() if track.rules.role is SensorRole.CONTACT]
        self.inside = False
        self.opened: list[int] = []
        for event in events:
            if (event.device, event.sensor) in self.tracks:
                self._apply(event)

    def _apply(self, event: StoredEvent) -> None:
        track = self.tracks[event.device, event.sensor]
        now = event.at_ms
        known = event.kind is track.rules.own_kind or event.kind is EventKind.HEARTBEAT
        if not track.alive(now):
            if not known:
                return
            if track in self.doors:
                track.closed_at = now
                self._open_door(track.event_times[-1] if track.event_times else now)
            if not self._late_only(track, now):
                lost = track.high() and event.value <= track.rules.high_above
                if track.high():
                    track.stretches[-1].end = track.event_times[-1]
                track.since = now
                if lost:
                    self._lose_motion(track, now)
        if known:
            self._level(track, event, high=event.value > track.rules.high_above)
        track.event_times.append(now)

    def _lose_motion(self, track: SensorTrack, now: int) -> None:
        """A sensor that was high long after the door closed, and that adds its own hold, means somebody is inside."""
        closed = self._find_closed_ms(now)
        hold = track.rules.lone_hold_ms if track.rules.role is SensorRole.MOTION else track.rules.hold_ms
        if track in self.presence_sensors and self.doors and closed is not None:
            self.inside = self.inside or (hold > 0 and (track.stretches[-1].end or 0) >= closed + hold)

    def _late_only(self, track: SensorTrack, now: int) -> bool:
        """Whether a sensor was quiet for a hold at its last event and is back soon; never true for a door."""
        if track in self.doors or track.high() or not track.event_times:
            return False
        ended = [stretch.end or 0 for stretch in track.stretches[-1:]]
        quiet = all(end + track.rules.hold_ms <= track.event_times[-1] for end in [track.since, *ended])
        return quiet and now - track.event_times[-1] < 2 * track.rules.silent_after_ms

    def _level(self, track: SensorTrack, event: StoredEvent, *, high: bool) -> None:
        now, own = event.at_ms, event.kind is track.rules.own_kind
        if high and not track.high():
            begun = self._find_run_start(now) if own else now
            full = track.rules.role is not SensorRole.MOTION or self._is_held(now) or now - begun >= FULL_HOLD_AFTER_MS
            full = full or (own and now < track.since + track.rules.hold_ms)
            if (
                own
                and track in self.presence_sensors
                and (closed := self._find_closed_ms(now)) is not None
                and now > closed
            ):
                motions = [stretch for other in self.presence_sensors for stretch in other.stretches[-1:]]
                second = full and any(stretch.start > closed for stretch in motions)
                self.inside = self.inside or second or track.rules.role is SensorRole.LEVEL
            if track in self.doors:
                self._open_door(now if own or not track.event_times or track.since == now else track.event_times[-1])
            track.stretches.append(OracleStretch(now, begun, full=full))
        elif track.high() and not high:
            end = now if own or track in self.doors else track.event_times[-1]
            if track not in self.doors:
                end = max(track.stretches[-1].start, end - excess_ms(track.rules))
            track.stretches[-1].end = end
            track.closed_at = now
            self._lose_motion(track, now)

    def _open_door(self, at: int) -> None:
        if self.inside:
            self.inside = False
            self.opened.append(at)

    def _is_held(self, now: int) -> bool:
        if any(now < at + self.hold_ms for at in self.opened):
            return True
        for other in self.people:
            for end, full, goes_on in list(other.evidence(now))[-1:]:
                if full and (goes_on or now <= end + other.rules.hold_ms + QUICK_MS):
                    return True
        return False

    def _find_run_start(self, now: int) -> int:
        """The start of the run of motions that a motion at this moment continues."""
        begun = now
        for other in self.people:
            if other.rules.role is SensorRole.MOTION and other.stretches:
                (end, _, _) = list(other.evidence(now))[-1]
                if now - end <= self.rules.second_motion_ms + other.rules.undetected_ms:
                    begun = min(begun, other.stretches[-1].begun)
        return begun

    def _find_closed_ms(self, now: int) -> int | None:
        if not self.doors or any(not door.alive(now) or door.high() for door in self.doors):
            return None
        return max(door.closed_at or 0 for door in self.doors)

    def state(self, now: int) -> Occupancy:
        if not self.people:
            return Occupancy.UNKNOWN
        away = any(now < at + self.hold_ms for at in self.opened)
        for track in self.people:
            for end, full, goes_on in list(track.evidence(now))[-1:]:
                if goes_on or now < end + track.rules.lone_hold_ms:
                    return Occupancy.OCCUPIED
                away = away or (full and now < end + track.rules.hold_ms)
        if self.inside:
            if self._find_closed_ms(now) is not None:
                seen = max(end for track in self.people for end, _, _ in list(track.evidence(now))[-1:])
                if now < seen + BEHIND_DOOR_MS:
                    return Occupancy.OCCUPIED
                return Occupancy.AWAY if away else Occupancy.UNKNOWN
            silent = [door for door in self.doors if not door.alive(now)]
            away = away or all(now < door.event_times[-1] + self.hold_ms for door in silent)
        if away:
            return Occupancy.AWAY
        all_alive = all(track.alive(now) and now >= track.since + track.rules.hold_ms for track in self.tracks.values())
        return Occupancy.VACANT if all_alive else Occupancy.UNKNOWN


def compute_changes_slowly(rules: SpaceRules, events: list[StoredEvent], until_ms: int) -> list[tuple[int, Occupancy]]:
    """The changes of state, evaluated from the beginning at every moment at which one is possible."""
    longest = max((sensor.hold_ms for sensor in rules.sensors), default=0)
    spans = {0, longest, rules.second_motion_ms, BEHIND_DOOR_MS}
    spans |= {
        span for sensor in rules.sensors for span in (sensor.silent_after_ms, sensor.hold_ms, sensor.lone_hold_ms)
    }
    for sensor in rules.sensors:
        spans |= {span - excess_ms(sensor) for span in (sensor.hold_ms, sensor.lone_hold_ms)}
    moments = sorted({event.at_ms + max(0, span) for event in events for span in spans})
    changes: list[tuple[int, Occupancy]] = []
    state = Occupancy.UNKNOWN
    for moment in moments:
        if moment <= until_ms:
            found = SpaceOracle(rules, [event for event in events if event.at_ms <= moment]).state(moment)
            if found is not state:
                changes.append((moment, found))
                state = found
    return changes
