"""The site snapshot: retained messages in; counts, link status and the public frame out."""

import json

import msgspec
import pytest

from collector.contract.states import (
    AirBand,
    AirTrend,
    CollectorStatus,
    HoldTuning,
    Occupancy,
    PeopleCount,
    SpaceState,
    Summary,
    Tuning,
    ZoneAir,
    encode,
)
from collector.site.spaces import SpaceKind
from dashboard.live.frame import FreeCount, LinkStatus, classify_air_quality, hide_when_closed
from dashboard.live.snapshot import COLLECTOR_SILENT_S, BrokerConnection, BrokerMessage, SiteSnapshot
from dashboard.manager_rows.manager_frame import manager_frame
from dashboard.subscriber.subscriber import KEEP_ALIVE_FRAME_S, LiveView
from dashboard.text.page_texts import LANGUAGES, PageTexts
from edge.contract import topics
from edge.contract.message import DeviceStatus
from edge.contract.message import encode as encode_status
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import build_morning_states, build_state

ALIVE = BrokerMessage(topics.COLLECTOR_STATUS.topic(PLAN.id), encode(CollectorStatus(online=True)), retained=False)


def apply_messages(*messages: BrokerMessage | BrokerConnection, at_s: float = 0) -> SiteSnapshot:
    picture = SiteSnapshot(PLAN)
    for one in messages:
        picture.apply(one, at_s, MONDAY_10_MS)
    return picture


def apply_live(*messages: BrokerMessage) -> SiteSnapshot:
    """Return a snapshot with these messages over a live link."""
    return apply_messages(BrokerConnection.CONNECTED, ALIVE, *messages)


def space_message(space: str, what: SpaceState) -> BrokerMessage:
    return BrokerMessage(topics.SPACE_STATE.topic(PLAN.id, space), encode(what), retained=True)


def test_a_site_without_messages_is_unknown_and_nothing_counts_as_free() -> None:
    frame = SiteSnapshot(PLAN).build_frame(0, MONDAY_10_MS)
    assert set(frame.spaces) == {"u"}
    assert frame.kinds[SpaceKind.DESK] == FreeCount(least=0, most=28, capacity=28)
    assert frame.link is LinkStatus.BROKER_AWAY
    assert frame.age_s is None


def test_the_frame_has_one_character_per_offered_space_in_plan_order() -> None:
    picture = apply_messages(
        space_message("desk-2", build_state(Occupancy.VACANT)), space_message("laser", build_state(Occupancy.OCCUPIED))
    )
    spaces = picture.build_frame(0, MONDAY_10_MS).spaces
    offered = [space.id for space in PLAN.spaces if space.is_offered]
    assert len(spaces) == len(offered) == 34
    assert (spaces[offered.index("desk-2")], spaces[offered.index("laser")]) == ("v", "o")
    assert "desk-24" not in offered  # one member's own


def test_counts_range_from_vacant_to_not_taken_spaces() -> None:
    frame = apply_messages(
        *(space_message(space, known) for space, known in build_morning_states().items())
    ).build_frame(0, MONDAY_10_MS)
    assert frame.kinds[SpaceKind.DESK] == FreeCount(least=6, most=8, capacity=28)
    assert frame.kinds[SpaceKind.EQUIPMENT] == FreeCount(least=0, most=0, capacity=1)  # the other one is out of use
    assert frame.zones["hall"][SpaceKind.DESK] == FreeCount(least=3, most=4, capacity=15)


def test_the_public_frame_has_no_time_and_no_reason_of_any_space() -> None:
    frame = apply_messages(
        *(space_message(space, known) for space, known in build_morning_states().items())
    ).build_frame(0, MONDAY_10_MS)
    text = msgspec.json.encode(frame).decode()
    assert "pir" not in text
    assert "motion" not in text
    assert str(MONDAY_10_MS)[:6] not in text


def test_the_frame_of_the_example_site_is_small() -> None:
    frame = apply_messages(
        *(space_message(space, known) for space, known in build_morning_states().items())
    ).build_frame(0, MONDAY_10_MS)
    assert len(msgspec.json.encode(frame)) < 800


@pytest.mark.parametrize(
    ("messages", "after_s", "link"),
    [
        ([], 0, LinkStatus.BROKER_AWAY),
        ([BrokerConnection.CONNECTED], 0, LinkStatus.COLLECTOR_AWAY),
        ([BrokerConnection.CONNECTED, ALIVE], 15, LinkStatus.LIVE),
        ([BrokerConnection.CONNECTED, ALIVE], 15.1, LinkStatus.COLLECTOR_AWAY),
        ([BrokerConnection.CONNECTED, ALIVE, BrokerConnection.DISCONNECTED], 0, LinkStatus.BROKER_AWAY),
        (
            [BrokerConnection.CONNECTED, ALIVE, BrokerConnection.DISCONNECTED, BrokerConnection.CONNECTED],
            0,
            LinkStatus.COLLECTOR_AWAY,
        ),
        (
            [
                BrokerConnection.CONNECTED,
                ALIVE,
                BrokerMessage(ALIVE.topic, encode(CollectorStatus(online=False)), retained=False),
            ],
            0,
            LinkStatus.COLLECTOR_AWAY,
        ),
    ],
)
def test_the_link_is_live_only_while_the_collector_reports(
    messages: list[BrokerMessage | BrokerConnection], after_s: float, link: LinkStatus
) -> None:
    assert apply_messages(*messages).evaluate_link(after_s) is link


def test_a_retained_status_does_not_prove_that_the_collector_runs() -> None:
    remembered = BrokerMessage(ALIVE.topic, ALIVE.payload, retained=True)
    assert apply_messages(BrokerConnection.CONNECTED, remembered).evaluate_link(0) is LinkStatus.COLLECTOR_AWAY


def test_an_invalid_or_cleared_state_is_unknown() -> None:
    topic = topics.SPACE_STATE.topic(PLAN.id, "desk-1")
    for payload in (b"{", b"", b'{"state": "asleep"}'):
        picture = apply_messages(
            space_message("desk-1", build_state(Occupancy.VACANT)), BrokerMessage(topic, payload, retained=False)
        )
        assert picture.build_frame(0, MONDAY_10_MS).spaces[0] == "u"
    assert apply_messages(BrokerMessage(topic, b"{", retained=False)).rejected_count == 1


def test_learned_values_are_shown_to_managers_until_cleared() -> None:
    learned = Tuning(hold=HoldTuning(hold_ms=480_000, start_ms=600_000, least_ms=300_000, most_ms=900_000))
    topic = topics.TUNING.topic(PLAN.id, "desk-1")
    messages = (
        space_message("desk-1", build_state(Occupancy.OCCUPIED)),
        BrokerMessage(topic, encode(learned), retained=True),
    )
    for taken_back in (False, True):
        picture = apply_messages(*messages, *[BrokerMessage(topic, b"", retained=False)][: int(taken_back)])
        frame = manager_frame(picture, picture.build_frame(0, MONDAY_10_MS), MONDAY_10_MS, PageTexts.load("en"))
        assert ("hold time 8 min after movement, learned here" in frame.spaces["desk-1"].why) is not taken_back


def test_a_space_outside_the_plan_changes_nothing() -> None:
    picture = apply_messages(space_message("desk-99", build_state(Occupancy.VACANT)))
    assert picture.version == 0
    assert picture.build_frame(0, MONDAY_10_MS) == SiteSnapshot(PLAN).build_frame(0, MONDAY_10_MS)


def test_a_repeated_message_is_no_change() -> None:
    picture = apply_messages(space_message("desk-1", build_state(Occupancy.VACANT)))
    before = picture.version
    picture.apply(space_message("desk-1", build_state(Occupancy.VACANT)), 1, MONDAY_10_MS)
    assert picture.version == before


@pytest.mark.parametrize("band", AirBand)
@pytest.mark.parametrize("trend", [None, *AirTrend])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_air_band_and_trend_has_its_own_text(band: AirBand, trend: AirTrend | None, language: str) -> None:
    air = ZoneAir(900, band=band, trend=trend)
    message = BrokerMessage(topics.ZONE_SUMMARY.topic(PLAN.id, "hall"), encode(Summary(0, {}, air)), retained=True)
    texts = PageTexts.load(language)
    frame = apply_live(message).build_frame(0, MONDAY_10_MS)
    assert texts.describe_air(frame.air["hall"]) == texts.templates[f"air.{classify_air_quality(air)}"]
    moves = trend in {AirTrend.RISING, AirTrend.FALLING} and (band, trend) != (AirBand.FRESH, AirTrend.FALLING)
    assert (frame.air["hall"] != band) is moves


def test_air_without_co2_has_no_level() -> None:
    message = BrokerMessage(
        topics.ZONE_SUMMARY.topic(PLAN.id, "hall"), encode(Summary(0, {}, ZoneAir(humidity_pct=40))), retained=True
    )
    assert apply_live(message).build_frame(0, MONDAY_10_MS).air == {}


def test_people_are_a_range_that_is_never_negative() -> None:
    message = BrokerMessage(
        topics.SITE_SUMMARY.topic(PLAN.id), encode(Summary(0, {}, people=PeopleCount(1, 0, 4))), retained=True
    )
    assert apply_live(message).build_frame(0, MONDAY_10_MS).people == (0, 4)


def test_the_frame_states_whether_the_site_was_known_to_be_empty() -> None:
    def is_from_zero(people: PeopleCount) -> bool:
        message = BrokerMessage(
            topics.SITE_SUMMARY.topic(PLAN.id), encode(Summary(0, {}, people=people)), retained=True
        )
        return apply_messages(message).build_frame(0, MONDAY_10_MS).from_zero

    assert is_from_zero(PeopleCount(9, 8, 11, MONDAY_10_MS))
    assert not is_from_zero(PeopleCount(9, 8, 11))


def test_the_minimum_of_a_range_is_hidden_when_it_would_be_few_people() -> None:
    for people, shown in ((PeopleCount(6, 2, 8), (0, 8)), (PeopleCount(6, 5, 8), (5, 8))):
        message = BrokerMessage(
            topics.SITE_SUMMARY.topic(PLAN.id), encode(Summary(0, {}, people=people)), retained=True
        )
        assert apply_live(message).build_frame(0, MONDAY_10_MS).people == shown


def test_few_people_are_shown_as_few_in_every_feed() -> None:
    message = BrokerMessage(
        topics.SITE_SUMMARY.topic(PLAN.id), encode(Summary(0, {}, people=PeopleCount(1, 1, 1))), retained=True
    )
    assert apply_live(message).build_frame(0, MONDAY_10_MS).people == (0, 4)


def test_a_supply_has_its_level_and_whether_it_is_low() -> None:
    low = (
        apply_live(space_message("beans", build_state(Occupancy.LOW, level_pct=12.4)))
        .build_frame(0, MONDAY_10_MS)
        .supplies["beans"]
    )
    assert (low.level_pct, low.low) == (12, True)
    assert SiteSnapshot(PLAN).build_frame(0, MONDAY_10_MS).supplies["beans"].level_pct is None


@pytest.mark.parametrize(
    "gone", [BrokerConnection.DISCONNECTED, BrokerMessage(ALIVE.topic, encode(CollectorStatus(online=False)), False)]
)
def test_people_air_and_supplies_are_not_known_without_a_live_link(gone: BrokerConnection | BrokerMessage) -> None:
    messages = (
        BrokerMessage(
            topics.SITE_SUMMARY.topic(PLAN.id), encode(Summary(0, {}, people=PeopleCount(6, 5, 8))), retained=True
        ),
        BrokerMessage(
            topics.ZONE_SUMMARY.topic(PLAN.id, "hall"),
            encode(Summary(0, {}, ZoneAir(612, band=AirBand.FRESH))),
            retained=True,
        ),
        space_message("beans", build_state(Occupancy.STOCKED, level_pct=62)),
    )
    picture = apply_live(*messages)
    frame = picture.build_frame(0, MONDAY_10_MS)
    assert (frame.people, frame.air, frame.supplies["beans"].level_pct) == ((5, 8), {"hall": "fresh"}, 62)
    picture.apply(gone, 1, MONDAY_10_MS)
    for seen in (
        picture.build_frame(1, MONDAY_10_MS),
        apply_live(*messages).build_frame(COLLECTOR_SILENT_S + 1, MONDAY_10_MS),
    ):
        assert (seen.people, seen.air, seen.supplies["beans"].level_pct) == (None, {}, None)


def test_a_silent_device_keeps_the_time_of_its_last_report() -> None:
    topic = topics.DEVICE_STATUS.topic(PLAN.id, "pi-1")
    picture = apply_messages(
        BrokerMessage(topic, encode_status(DeviceStatus(online=True, at_ms=MONDAY_10_MS - 5000)), retained=False),
        BrokerMessage(topic, encode_status(DeviceStatus(online=False)), retained=False),
    )
    assert picture.devices["pi-1"].last_report_ms == MONDAY_10_MS - 5000
    assert not picture.devices["pi-1"].status.online


def test_a_frame_is_sent_on_change_and_as_keep_alive(live: LiveView) -> None:
    live.tick(0)
    first = live.public.latest
    live.tick(0.1)
    assert live.public.latest is first
    live.inbox.append(space_message("desk-1", build_state(Occupancy.VACANT)))
    live.tick(0.2)
    second = live.public.latest
    assert second is not first
    live.tick(0.2 + KEEP_ALIVE_FRAME_S - 0.1)
    assert live.public.latest is second
    live.tick(0.2 + KEEP_ALIVE_FRAME_S)
    assert json.loads(live.public.latest.removeprefix(b"data: "))["age_s"] == 5.2


def test_a_link_lost_by_silence_sends_a_frame(live: LiveView) -> None:
    live.tick(0)
    live.tick(12)
    live.tick(15.1)
    assert json.loads(live.public.latest.removeprefix(b"data: "))["link"] == "collector_away"


def test_only_a_whole_silent_zone_of_five_or_more_shows_since_when() -> None:
    picture = SiteSnapshot(PLAN)
    quiet = [space for space in PLAN.spaces if space.zone == "quiet" and space.is_offered]
    loft = [space for space in PLAN.spaces if space.zone == "loft" and space.kind is not SpaceKind.DESK]
    small = [space for space in PLAN.spaces if space.zone == "workshop"]
    for space in (*quiet, *loft, *small):
        picture.states[space.id] = build_state(Occupancy.UNKNOWN, space=space.id)
    frame = picture.build_frame(0, MONDAY_10_MS)
    assert frame.silent == {"quiet": "09:54"}
    assert hide_when_closed(frame).silent == {}
    picture.states[quiet[0].id] = build_state(Occupancy.VACANT, space=quiet[0].id)
    assert picture.build_frame(0, MONDAY_10_MS).silent == {}
    del picture.states[quiet[0].id]
    assert picture.build_frame(0, MONDAY_10_MS).silent == {}, "one of them was never received"
