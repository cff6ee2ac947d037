"""A site that never closes shows the public no single space while fewer than five people are inside."""

import re
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from collector.contract.states import CollectorStatus, Occupancy, encode
from collector.site.opening_spans import read_hours
from collector.site.privacy_settings import PrivacySettings, StrangersWhenFew
from collector.site.spaces import SpaceKind
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.frame import PublicFrame
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import build_morning_states, build_state

NOISE = re.compile(r'nonce="[^"]*"|"age_s":\s*[\d.]+|name="csrf_token" value="[^"]*"|data-shift="\d+"|för \d+ s')
DESKS = [f"desk-{number}" for number in range(1, 20)]


MONDAY = date(2025, 11, 24)
OFFICE = {weekday: read_hours(["08:00-18:00"]) for weekday in range(7)}
ALWAYS_OPEN: dict[str, dict[str, Any]] = {
    "no hours": {"opening_hours": {}},
    "24/7 on each weekday": {"opening_hours": {weekday: read_hours(["24/7"]) for weekday in range(7)}},
    "24/7 on this weekday": {"opening_hours": {**OFFICE, 0: read_hours(["24/7"])}},
    "all hours on this date": {"opening_hours": OFFICE, "hours_on": {MONDAY: read_hours(["00:00-24:00"])}},
    "two spans": {"opening_hours": {**OFFICE, 0: read_hours(["00:00-09:30", "09:30-24:00"])}},
    "since yesterday": {"opening_hours": {**OFFICE, 6: read_hours(["08:00-07:00"]), 0: read_hours(["07:00-06:00"])}},
    "but for a minute": {"opening_hours": {**OFFICE, 0: read_hours(["00:00-23:59"])}},
}


def always_open(
    taken: list[str], mode: StrangersWhenFew, how: str = "no hours", clock: list[int] | None = None
) -> LiveView:
    """A site that is open for the whole Monday; `clock` holds its time if that changes."""
    plan = replace(PLAN, privacy=PrivacySettings(strangers_when_few=mode), **ALWAYS_OPEN[how])
    time_ms = clock or [MONDAY_10_MS]
    live = LiveView(plan, lambda: time_ms[0])
    live.inbox.append(BrokerConnection.CONNECTED)
    for space in build_morning_states(plan):
        seen = Occupancy.OCCUPIED if space in taken else Occupancy.VACANT
        if space != "beans":
            live.inbox.append(
                BrokerMessage(
                    topics.SPACE_STATE.topic(plan.id, space), encode(build_state(seen, space=space)), retained=True
                )
            )
    live.inbox.append(
        BrokerMessage(topics.COLLECTOR_STATUS.topic(plan.id), encode(CollectorStatus(online=True)), retained=False)
    )
    live.tick(time.monotonic())
    return live


@pytest.mark.parametrize(
    ("mode", "how"),
    [(StrangersWhenFew.NOTHING, "no hours"), *((StrangersWhenFew.LEVEL, how) for how in ALWAYS_OPEN)],
)
@pytest.mark.parametrize("address", ["/", "/wall", "/api/v1/states", "/api/v1/summary", "/api/v1/frame"])
def test_no_public_page_or_feed_reveals_which_of_few_spaces_are_taken(
    settings: DashboardSettings, mode: StrangersWhenFew, how: str, address: str
) -> None:
    def seen(taken: list[str]) -> str:
        live = always_open(taken, mode, how)
        client = create_app(settings, live.snapshot.plan, live, Accounts(settings.accounts_path)).test_client()
        client.get(address, base_url="https://localhost")
        answer = client.get(address, base_url="https://localhost")
        return NOISE.sub("", answer.text)

    assert seen(DESKS[:1]) == seen(DESKS[4:8]) == seen([])


def test_the_level_is_all_but_four_and_five_people_show_the_spaces_again() -> None:
    now_s = time.monotonic()
    few = always_open(DESKS[:4], StrangersWhenFew.LEVEL).build_public_frame(now_s)
    desks = few.kinds[SpaceKind.DESK]
    assert (desks.least, desks.most) == (desks.capacity - 4, desks.capacity)
    assert set(few.spaces) == {"u"}
    assert not few.closed
    assert "o" in always_open(DESKS[:5], StrangersWhenFew.LEVEL).build_public_frame(now_s).spaces
    assert "o" in always_open(DESKS[:4], StrangersWhenFew.ALL).build_public_frame(now_s).spaces
    nothing = always_open(DESKS[:4], StrangersWhenFew.NOTHING).build_public_frame(now_s).kinds[SpaceKind.DESK]
    assert (nothing.least, nothing.most) == (0, nothing.capacity)


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        ("en", "unknown: not shown while fewer than 5 people are here"),
        ("sv", "okänt: visas inte när färre än 5 personer är här"),
    ],
)
def test_a_hidden_space_has_the_true_reason(settings: DashboardSettings, language: str, reason: str) -> None:
    def read_page(taken: list[str]) -> str:
        live = always_open(taken, StrangersWhenFew.LEVEL)
        client = create_app(settings, live.snapshot.plan, live, Accounts(settings.accounts_path)).test_client()
        return client.get(f"/{language}?spot=desk-9", base_url="https://localhost").text

    missing_sensor = {"en": "unknown: not all its sensors are reporting", "sv": "okänt: alla sensorer svarar inte"}
    few, many = read_page(DESKS[:4]), read_page(DESKS[:5])
    assert f">{reason}<" in few
    assert f"{reason.partition(': ')[2]}" not in many.partition("application/json")[0]
    assert missing_sensor[language] not in few + many
    listed = few.partition('<ul id="no-data">')[2].partition("</ul>")[0]
    assert listed.count("<li>") == 1, "no zone is named as one without data"


@pytest.mark.parametrize("mode", [StrangersWhenFew.LEVEL, StrangersWhenFew.NOTHING])
def test_a_space_out_of_use_is_shown_and_not_counted_whoever_sits_there(mode: StrangersWhenFew) -> None:
    """A manager sets it, not a sensor: it reveals nobody's state, and symbols and counts agree."""

    def few(taken: list[str], state_of_it: Occupancy) -> PublicFrame:
        live = always_open(taken, mode)
        live.inbox.append(
            BrokerMessage(
                topics.SPACE_STATE.topic(PLAN.id, "desk-1"),
                encode(build_state(state_of_it, space="desk-1")),
                retained=False,
            )
        )
        live.tick(time.monotonic())
        return live.build_public_frame(time.monotonic())

    out, whole = few([], Occupancy.DISABLED), few([], Occupancy.VACANT)
    place = [space.id for space in PLAN.spaces if space.is_offered].index("desk-1")
    assert (out.spaces[place], set(out.spaces[:place] + out.spaces[place + 1 :])) == ("d", {"u"})
    for counted, other in (
        (out.kinds[SpaceKind.DESK], whole.kinds[SpaceKind.DESK]),
        (out.zones["hall"][SpaceKind.DESK], whole.zones["hall"][SpaceKind.DESK]),
    ):
        assert (counted.most, counted.capacity) == (other.most - 1, other.capacity - 1)
        assert counted.least == max(0, other.least - 1)
    assert few(DESKS[4:8], Occupancy.DISABLED).spaces == out.spaces
    assert few(DESKS[4:8], Occupancy.DISABLED).kinds == out.kinds


@pytest.mark.parametrize("how", ALWAYS_OPEN)
def test_the_stream_shows_the_same_for_any_few_spaces(how: str) -> None:
    few = [always_open(taken, StrangersWhenFew.LEVEL, how).public.latest for taken in (DESKS[:1], DESKS[4:8], [])]
    assert len({re.sub(rb'"age_s":[\d.]+', b"", frame) for frame in few}) == 1
    assert few[0]


def test_a_site_with_office_hours_shows_its_spaces_the_day_after_an_open_night() -> None:
    clock = [MONDAY_10_MS]
    live = always_open(DESKS[:1], StrangersWhenFew.LEVEL, "24/7 on this weekday", clock)
    version = live.build_frame_key(time.monotonic()).version
    clock[0] += 24 * HOUR_MS
    live.tick(time.monotonic())
    assert "o" in live.build_public_frame(time.monotonic()).spaces
    assert live.build_frame_key(time.monotonic()).version > version


@pytest.mark.parametrize("how", ALWAYS_OPEN)
def test_arrivals_and_departures_of_few_people_send_no_public_frame(how: str) -> None:
    live = always_open([], StrangersWhenFew.LEVEL, how)
    before = live.build_frame_key(time.monotonic()).version
    for number in range(4):
        live.inbox.append(
            BrokerMessage(
                topics.SPACE_STATE.topic(PLAN.id, DESKS[number]),
                encode(build_state(Occupancy.OCCUPIED, space=DESKS[number])),
                retained=False,
            )
        )
        live.tick(time.monotonic())
    assert live.build_frame_key(time.monotonic()).version == before
