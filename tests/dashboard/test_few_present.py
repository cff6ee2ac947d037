"""A site that never closes shows strangers no single space while fewer than five people are in it."""

import re
import time
from dataclasses import replace

import pytest

from collector.outward import CollectorStatus, Occupancy, encode
from collector.plan import Privacy, SpaceKind, StrangersWhenFew
from dashboard.accounts import Accounts
from dashboard.app import create_app
from dashboard.live.following import Live
from dashboard.live.picture import Broker, Message
from dashboard.settings import DashboardSettings
from edge import topics
from tests.dashboard.house import MONDAY_10_MS, PLAN
from tests.dashboard.stage import morning, state

NOISE = re.compile(r'nonce="[^"]*"|"age_s":\s*[\d.]+|name="csrf_token" value="[^"]*"|data-shift="\d+"|för \d+ s')
DESKS = [f"desk-{number}" for number in range(1, 20)]


def always_open(taken: list[str], mode: StrangersWhenFew) -> Live:
    plan = replace(PLAN, opening_hours={}, privacy=Privacy(strangers_when_few=mode))
    live = Live(plan, lambda: MONDAY_10_MS)
    live.inbox.append(Broker.HERE)
    for space in morning(plan):
        seen = Occupancy.OCCUPIED if space in taken else Occupancy.VACANT
        if space != "beans":
            live.inbox.append(Message(topics.space(plan.id, space), encode(state(seen, space=space)), retained=True))
    live.inbox.append(Message(topics.collector(plan.id), encode(CollectorStatus(online=True)), retained=False))
    live.tick(time.monotonic())
    return live


@pytest.mark.parametrize("mode", [StrangersWhenFew.LEVEL, StrangersWhenFew.NOTHING])
@pytest.mark.parametrize("address", ["/", "/wall", "/api/v1/states", "/api/v1/summary", "/api/v1/frame"])
def test_no_open_page_or_feed_tells_which_of_few_spaces_are_taken(
    settings: DashboardSettings, mode: StrangersWhenFew, address: str
) -> None:
    def seen(taken: list[str]) -> str:
        live = always_open(taken, mode)
        client = create_app(settings, live.picture.plan, live, Accounts(settings.accounts_path)).test_client()
        client.get(address, base_url="https://localhost")
        answer = client.get(address, base_url="https://localhost")
        return NOISE.sub("", answer.text)

    assert seen(DESKS[:1]) == seen(DESKS[4:8]) == seen([])


def test_a_level_is_all_but_four_and_five_people_bring_the_spaces_back() -> None:
    now_s = time.monotonic()
    few = always_open(DESKS[:4], StrangersWhenFew.LEVEL).frame(now_s)
    desks = few.kinds[SpaceKind.DESK]
    assert (desks.least, desks.most) == (desks.capacity - 4, desks.capacity)
    assert set(few.spaces) == {"u"}
    assert not few.closed
    assert "o" in always_open(DESKS[:5], StrangersWhenFew.LEVEL).frame(now_s).spaces
    assert "o" in always_open(DESKS[:4], StrangersWhenFew.ALL).frame(now_s).spaces
    nothing = always_open(DESKS[:4], StrangersWhenFew.NOTHING).frame(now_s).kinds[SpaceKind.DESK]
    assert (nothing.least, nothing.most) == (0, nothing.capacity)


def test_who_comes_and_goes_among_few_moves_no_public_frame() -> None:
    live = always_open([], StrangersWhenFew.LEVEL)
    before = live.mark(time.monotonic()).version
    for number in range(4):
        live.inbox.append(
            Message(
                topics.space(PLAN.id, DESKS[number]),
                encode(state(Occupancy.OCCUPIED, space=DESKS[number])),
                retained=False,
            )
        )
        live.tick(time.monotonic())
    assert live.mark(time.monotonic()).version == before
