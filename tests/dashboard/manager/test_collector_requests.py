"""Commands of managers to the collector: none is sent while it is offline, because the broker keeps none."""

import re
import time

import pytest
from flask import Flask

from collector.contract.states import CollectorStatus, encode
from dashboard.live.snapshot import BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from tests.support.dashboard.commands import CommandConnection
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN
from tests.support.servers import ROOT

HOME = "https://localhost"
REQUESTS = {
    "/manage/findings": {"answer": "ignore", "device": "pi-1", "finding": "flapping", "sensor": "desk-1-pir"},
    "/manage/alerts/mute": {"command": "mute", "kind": "co2_high", "until": "hour"},
    "/manage/today/notice": {"notice": "Fika at three"},
    "/manage/today/hours": {"how": "closed"},
    "/manage/today/space": {"space": "desk-1", "out_of_use": "1"},
}


@pytest.mark.parametrize("address", REQUESTS)
def test_command_is_rejected_while_the_collector_is_offline(
    app: Flask, live: LiveView, commands: CommandConnection, address: str
) -> None:
    sent = commands.record()
    client = app.test_client()
    assert log_in(client).status_code == 303
    token = client.get("/manage/today", base_url=HOME).text.partition('name="csrf_token" value="')[2].partition('"')[0]

    def ask() -> int:
        data = {"csrf_token": token, "shown": "", **REQUESTS[address]}
        return client.post(address, data=data, base_url=HOME, headers={"Referer": f"{HOME}/manage/today"}).status_code

    goodbye = BrokerMessage(
        topics.COLLECTOR_STATUS.topic(PLAN.id), encode(CollectorStatus(online=False)), retained=False
    )
    live.inbox.append(goodbye)
    live.tick(time.monotonic())
    assert (ask(), sent) == (503, [])


def test_every_command_to_the_collector_uses_the_checked_function() -> None:
    """A form that publishes directly would lose its command without an error while the collector is offline."""
    found = {
        path.relative_to(ROOT / "dashboard").as_posix()
        for path in (ROOT / "dashboard").rglob("*.py")
        if re.search(r"\blive\.publish\(", path.read_text())
    }
    assert found == {
        "manager/devices_pages.py",  # to a device, whose own status is checked
        "web/collector_requests.py",
    }
