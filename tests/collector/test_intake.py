"""What is taken of what devices say, and what is said of the rest."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.intake import STREAMS_PER_DEVICE, Delivery, Gap, Intake, Limits, Loss, Roster, StreamKey, take_in
from edge.message import Kind, SensorEvent
from tests.collector.houses import HOUR_MS, NOON_MS, house_of, message, motion, motions

LIMITS = Limits(Roster(house_of(2)), NOON_MS - HOUR_MS, NOON_MS + HOUR_MS)
S = ("pi-1", "s")


def taken(*payloads: bytes, stored: dict[StreamKey, int] | None = None, device: str = "pi-1") -> Intake:
    return take_in([Delivery(device, payload) for payload in payloads], stored or {}, LIMITS)


def seqs(into: Intake) -> list[int]:
    return [event.seq for event in into.accepted]


def test_a_new_stream_begins_at_its_first_event() -> None:
    into = taken(motions([1, 2]))
    assert seqs(into) == [1, 2]
    assert (into.marks, into.spoke, into.gaps) == ({S: 2}, {S: 2}, [])


def test_a_repeat_is_dropped_and_owed_its_receipt() -> None:
    into = taken(motions([1, 2, 3]), stored={S: 2})
    assert (seqs(into), into.marks) == ([3], {S: 3})
    into = taken(motions([1, 2]), stored={S: 2})
    assert (seqs(into), into.marks, into.spoke) == ([], {}, {S: 2})


def test_nothing_beyond_a_hole_is_taken_and_the_receipt_says_where_to_go_back_to() -> None:
    into = taken(motions([4, 5]), stored={S: 2})
    assert (seqs(into), into.marks, into.spoke, into.gaps) == ([], {}, {S: 2}, [])


def test_what_left_the_outbox_unstored_is_a_gap_to_the_event() -> None:
    into = taken(motions([7, 8], oldest=6), motions([6, 7, 8], oldest=6), stored={S: 2})
    assert into.gaps == [Gap("pi-1", "s", 3, 5, Loss.DROPPED)]
    assert (seqs(into), into.marks) == ([6, 7, 8], {S: 8})


@pytest.mark.parametrize(
    ("event", "loss"),
    [
        (motion(2, sensor="desk-9-pir"), Loss.UNKNOWN_SENSOR),
        (motion(2, NOON_MS - 2 * HOUR_MS), Loss.TOO_OLD),
        (motion(2, NOON_MS + 2 * HOUR_MS), Loss.FUTURE),
        (SensorEvent(seq=2, sensor="desk-0-pir", at_ms=NOON_MS, kind=Kind.CO2_PPM, value=400), Loss.UNFIT_KIND),
    ],
)
def test_one_bad_event_is_refused_alone_and_recorded_exactly(event: SensorEvent, loss: Loss) -> None:
    into = taken(message([motion(1), event, motion(3)]))
    assert (seqs(into), into.marks) == ([1, 3], {S: 3})
    assert into.gaps == [Gap("pi-1", "s", 2, 2, loss)]
    assert [refused.reason for refused in into.refused] == [loss]


def test_neighbours_that_are_refused_for_one_reason_are_one_gap() -> None:
    into = taken(message([motion(n, NOON_MS - 2 * HOUR_MS) for n in (1, 2, 3)]))
    assert into.gaps == [Gap("pi-1", "s", 1, 3, Loss.TOO_OLD)]


def test_an_event_without_a_trusted_clock_is_stored_and_not_judged() -> None:
    lost = SensorEvent(seq=1, sensor="desk-0-pir", at_ms=0, kind=Kind.MOTION, value=1, synchronised=False)
    into = taken(message([lost]))
    assert (into.accepted, [event.seq for event in into.undated], into.gaps) == ([], [1], [])


def test_a_device_speaks_for_its_own_sensors_only() -> None:
    roster = Roster(house_of(2, devices=2))  # desk-1-pir hangs on pi-2
    into = take_in([Delivery("pi-1", message([motion(1, sensor="desk-1-pir")]))], {}, LIMITS._replace(roster=roster))
    assert into.gaps[0].reason is Loss.UNKNOWN_SENSOR


def test_a_stranger_gets_no_receipt_and_no_stream() -> None:
    into = taken(motions([1]), device="pi-9")
    assert (into.spoke, into.marks) == ({}, {})
    assert into.refused[0].reason == "no device 'pi-9' in the site file"


def test_a_device_cannot_begin_streams_without_end() -> None:
    known = {("pi-1", f"s{n}"): 1 for n in range(STREAMS_PER_DEVICE)}
    into = taken(motions([1], stream="one-more"), stored=known)
    assert into.spoke == {}
    assert "its outbox does not last" in into.refused[0].reason


def test_a_broken_payload_is_refused_with_its_reason() -> None:
    into = taken(b'{"stream": 1}')
    assert "Expected `str`" in into.refused[0].reason


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """(first, last, oldest) of messages as any network may hand them over: lost, repeated, in any order.

    `oldest` may lie above what is stored: the outbox was full.
    """
    found = []
    for _ in range(draw(st.integers(1, 12))):
        first = draw(st.integers(1, 20))
        found.append((first, draw(st.integers(first, first + 5)), draw(st.integers(1, first))))
    return found


@settings(max_examples=500)
@given(deliveries())
def test_every_seq_up_to_the_mark_is_stored_once_or_in_one_gap(arrived: list[tuple[int, int, int]]) -> None:
    stored: dict[StreamKey, int] = {}
    events: list[int] = []
    gone: list[int] = []
    for first, last, oldest in arrived:
        into = taken(motions(range(first, last + 1), oldest=oldest), stored=stored)
        stored |= into.marks
        events += seqs(into)
        gone += [seq for gap in into.gaps for seq in range(gap.first, gap.last + 1)]
        assert into.spoke == {S: stored.get(S, 0)}
    assert sorted(events + gone) == list(range(1, stored.get(S, 0) + 1))
    assert events == sorted(events)


@settings(max_examples=300)
@given(st.lists(deliveries(), min_size=1, max_size=3))
def test_one_batch_or_many_come_to_the_same(batches: list[list[tuple[int, int, int]]]) -> None:
    payloads = [motions(range(a, b + 1), oldest=c) for batch in batches for a, b, c in batch]
    together = taken(*payloads)
    stored: dict[StreamKey, int] = {}
    apart: list[int] = []
    for payload in payloads:
        into = taken(payload, stored=stored)
        stored |= into.marks
        apart += seqs(into)
    assert (seqs(together), together.marks) == (apart, stored)


WORDS = st.sampled_from(["stream", "oldest", "events", "seq", "sensor", "at", "kind", "value", "sync", "s", "motion"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {
        "stream": st.just("s") | JSON,
        "oldest": st.just(1) | JSON,
        "events": st.lists(
            st.fixed_dictionaries(
                {
                    "seq": st.integers(0, 3) | JSON,
                    "sensor": st.just("desk-0-pir") | JSON,
                    "at": st.just(NOON_MS) | JSON,
                    "kind": st.just("motion") | WORDS | JSON,
                    "value": st.integers(-1, 2) | JSON,
                }
            ),
            max_size=3,
        ),
    }
)
POISON = st.one_of(
    st.binary(max_size=200),
    JSON.map(lambda value: json.dumps(value).encode()),
    NEARLY.map(lambda value: json.dumps(value).encode()),
    st.tuples(st.just(motions([1, 2])), st.integers(0, 200), st.binary(min_size=1, max_size=3)).map(
        lambda cut: cut[0][: cut[1]] + cut[2] + cut[0][cut[1] :]
    ),
)


@settings(max_examples=500)
@given(st.lists(POISON, min_size=20, max_size=20))
def test_no_payload_breaks_the_intake_or_hides_a_valid_one(payloads: list[bytes]) -> None:
    """Ten thousand payloads, from noise to messages that are right but for one byte."""
    mixed = [part for n, payload in enumerate(payloads) for part in (payload, motions([n + 1], stream="valid"))]
    into = taken(*mixed)
    assert [event.seq for event in into.accepted if event.stream == "valid"] == list(range(1, 21))
    assert all(refused.reason for refused in into.refused)
