"""A space whose sensors lose messages: calm, right, and unknown soon after a sensor died. Minutes count from noon."""

from random import Random

import pytest

from collector.contract.states import Occupancy, SilenceTuning
from collector.occupancy.evaluate import apply_event, fold_events
from collector.occupancy.evidence import EMPTY_EVIDENCE, StoredEvent
from collector.occupancy.published_tuning import build_tuning
from collector.occupancy.space_rules import SpaceRules, build_space_rules, silence_limit_ms
from collector.site.occupancy_rules import LearningSwitch, OccupancyRules
from collector.site.site_plan import MAX_LOSSY_HEARTBEATS, MAX_LOSSY_SILENCE_MS
from collector.site.spaces import SpaceKind
from edge.contract.message import EventKind
from edge.contract.sensor_kinds import SensorKind
from tests.support.collector.minutes import a, at, since_noon, watched
from tests.support.collector.room import (
    HOUR,
    MINUTE,
    NOON_MS,
    SECOND,
    beats,
    event_of,
    numbered,
    plan,
    pulse,
    sensor,
)

VACANT, OCCUPIED, AWAY, UNKNOWN = Occupancy.VACANT, Occupancy.OCCUPIED, Occupancy.AWAY, Occupancy.UNKNOWN
PIR = watched(SensorKind.PIR)
ROOM = watched(SensorKind.PIR, SensorKind.CONTACT, space=a(SpaceKind.ROOM))
BEFORE_MS = NOON_MS - 4 * HOUR


def lossy_beats(name: str, until_min: float, lost_share: float = 0.2, seed: int = 5) -> list[StoredEvent]:
    """Create the heartbeats that arrive from four hours before noon on."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    return [beat for beat in beats(name, BEFORE_MS, at(until_min)) if generator.random() >= lost_share]


def learned_limit_ms(rules: SpaceRules, events: list[StoredEvent]) -> int:
    (known,) = fold_events(EMPTY_EVIDENCE, numbered(events), rules)[0].sensor_states
    assert known is not None
    return silence_limit_ms(known, rules.sensors[0])


def test_a_vacant_space_stays_vacant_though_a_fifth_of_the_messages_is_lost() -> None:
    assert since_noon(PIR, lossy_beats("pir", 60), until_min=60) == []


def test_without_learning_a_lost_message_makes_it_unknown() -> None:
    rules = watched(SensorKind.PIR, rules=OccupancyRules(learning=LearningSwitch.OFF))
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(lossy_beats("pir", 60)), rules)
    assert evidence.state is UNKNOWN


@pytest.mark.parametrize("lost_share", [0.05, 0.2, 0.5, 0.8])
def test_a_dead_sensor_is_known_within_the_stated_bound_however_much_it_loses(lost_share: float) -> None:
    events = lossy_beats("pir", 0, lost_share)
    limit_ms = learned_limit_ms(PIR, events)
    assert 2 * 30 * SECOND < limit_ms <= MAX_LOSSY_SILENCE_MS
    last_ms = events[-1].at_ms
    assert since_noon(PIR, events)[-1] == (pytest.approx((last_ms + limit_ms - NOON_MS) / MINUTE), UNKNOWN)


def test_the_bound_of_a_sensor_with_rare_heartbeats_counts_heartbeats() -> None:
    slow = build_space_rules(plan(a(), sensors=[sensor(SensorKind.PIR, heartbeat_ms=HOUR)]), "space")
    generator = Random(2)  # noqa: S311 - repeatable, no secret
    days = [beat for beat in beats("pir", NOON_MS - 900 * HOUR, NOON_MS, every_ms=HOUR) if generator.random() >= 0.5]
    assert learned_limit_ms(slow, days) == MAX_LOSSY_HEARTBEATS * HOUR


def test_a_sensor_that_loses_nothing_is_silent_after_two_heartbeats_as_before() -> None:
    events = lossy_beats("pir", 0, lost_share=0)
    assert learned_limit_ms(PIR, events) == 60 * SECOND


def test_the_end_of_a_movement_shows_that_its_beginning_was_lost() -> None:
    events = [*lossy_beats("pir", 60), event_of(at(1) + SECOND, "pir", EventKind.MOTION, 0)]
    assert since_noon(PIR, events)[0] == (pytest.approx(1 + 1 / 60), OCCUPIED)
    reliable = [*lossy_beats("pir", 60, lost_share=0), event_of(at(1) + SECOND, "pir", EventKind.MOTION, 0)]
    assert since_noon(PIR, reliable) == []


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_end_of_a_movement_holds_the_space_no_longer_than_the_next_heartbeat(lost: int) -> None:
    events = [*lossy_beats("pir", 60), pulse("pir", at(1) + SECOND)[lost]]
    (taken_min, taken), (free_min, free) = since_noon(PIR, events)
    assert (taken, free) == (OCCUPIED, VACANT)
    assert free_min - taken_min <= 2 + 0.1, "a lone motion"


def test_a_room_is_not_locked_by_an_opening_whose_beginning_was_lost() -> None:
    inside = [event for minute in (1, 1.5, 2) for event in pulse("pir", at(minute) + SECOND, SECOND)]
    came = [
        event_of(at(0.8), "contact", EventKind.CONTACT_OPEN, 1),
        event_of(at(0.9), "contact", EventKind.CONTACT_OPEN, 0),
    ]
    left = [event_of(at(20), "contact", EventKind.CONTACT_OPEN, 0)]
    events = [*lossy_beats("pir", 60), *lossy_beats("contact", 60, seed=6), *inside, *came, *left]
    assert since_noon(ROOM, events)[-2:] == [(20, AWAY), (30, VACANT)]


def test_what_is_lost_is_published_with_the_limit_that_follows() -> None:
    evidence, _ = fold_events(EMPTY_EVIDENCE, numbered(lossy_beats("pir", 0)), PIR)
    tuning = build_tuning(evidence, PIR)
    assert tuning is not None
    assert tuning.silences == [SilenceTuning("pi", "pir", 0.2, 8 * 30 * SECOND)]
    reliable, _ = fold_events(EMPTY_EVIDENCE, numbered(lossy_beats("pir", 0, lost_share=0)), PIR)
    found = build_tuning(reliable, PIR)
    assert found is not None
    assert found.silences == []


def test_single_steps_and_any_fold_learn_the_same() -> None:
    generator = Random(1)  # noqa: S311 - repeatable, no secret
    motions = [
        event for minute in range(0, 200, 7) for event in pulse("pir", BEFORE_MS + minute * MINUTE + 11 * SECOND)
    ]
    doors = [
        event
        for minute in range(0, 200, 31)
        for event in pulse("contact", BEFORE_MS + minute * MINUTE, kind=EventKind.CONTACT_OPEN)
    ]
    sent = [*motions, *doors, *lossy_beats("pir", 60, 0), *lossy_beats("contact", 60, 0)]
    events = numbered([event for event in sent if generator.random() >= 0.2])
    stepped = EMPTY_EVIDENCE
    for event in events:
        stepped, _ = apply_event(stepped, event, ROOM)
    folded, place = EMPTY_EVIDENCE, 0
    while place < len(events):
        size = generator.randint(1, 40)
        folded, _ = fold_events(folded, events[place : place + size], ROOM)
        place += size
    assert folded.sensor_states == stepped.sensor_states
    assert all(known is not None and known.losses is not None for known in folded.sensor_states)
