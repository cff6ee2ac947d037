"""Requests every page and every feed, with every parameter that names a place."""

import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from flask import Flask
from flask.testing import FlaskClient

from collector.contract.states import CollectorStatus, encode
from collector.history.measures import (
    MEASURES,
)
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind
from dashboard.live.snapshot import BrokerMessage
from dashboard.manager.use_pages import EXPORTED_SHEETS
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from edge.timekeeping.durations import DAY_MS
from tests.support.dashboard import site
from tests.support.dashboard.site import MONDAY_10_MS

HOME = "https://localhost"

GONE = {"desk-30", "desk-31", "desk-32"}

SPARSE_PLAN = replace(
    site.PLAN,
    spaces=tuple(space for space in site.PLAN.spaces if space.id not in GONE),
    sensors=tuple(sensor for sensor in site.PLAN.sensors if sensor.space not in GONE),
)
"""The loft has two desks, too few for a history; therefore the quiet room has no history either."""

BEGIN_MS = MONDAY_10_MS - 9 * DAY_MS
DESK = SpaceKind.DESK.value


def report_collector(live: LiveView) -> None:
    """Let the collector report now, so that no page finds it silent, however long all pages take."""
    live.inbox.append(
        BrokerMessage(
            topics.COLLECTOR_STATUS.topic(SPARSE_PLAN.id), encode(CollectorStatus(online=True)), retained=False
        )
    )
    live.tick(time.monotonic())


ZONES = (WHOLE_SITE, *SPARSE_PLAN.zone_by_id)

LAST = f"from={BEGIN_MS}&to={MONDAY_10_MS}"

ASKED: dict[str, list[str]] = {
    "api.history": [
        f"measure={measure.name}&{LAST}{tag}"
        for measure in MEASURES
        for tag in ("", *(f"&zone={zone}" for zone in ZONES), *(f"&space={space}" for space in ("desk-1", "desk-24")))
    ],
    "api.forecast": [f"zone={zone}&kind={kind}" for zone in ZONES for kind in (DESK, "people", "room")],
    "pages.home": [
        "need=window",
        "at=13:00",
        *(
            f"kind={kind}&zone={zone}&at=13:00&day=2025-11-25"
            for kind in (DESK, "room")
            for zone in ("", *SPARSE_PLAN.zone_by_id)
        ),
        "at=13:00&need=window",
        *(f"spot={space}" for space in ("desk-1", "desk-24", "desk-28", "booth-1")),
    ],
    "forecast.page": [f"zone={zone}&kind={DESK}&days={days}" for zone in ZONES for days in (1, 7)],
    "growth.page": ["members=60"],
    "growth.export": ["members=60"],
    "use.page": [f"zone={zone}&kind={DESK}&last=7&with=before" for zone in ZONES],
    "use.export": [
        f"zone={zone}&kind={DESK}&last=7&{form}"
        for zone, form in product(
            ZONES,
            ("format=xlsx", *(f"format=csv&sheet={sheet}" for sheet in sorted(EXPORTED_SHEETS))),
        )
    ],
}
"""Query parameters of pages."""

PLACES = {"space": ("desk-1", "desk-24", "desk-28", "booth-1"), "zone": ("loft", "hall")}

PART = re.compile(r"<(?:[^:<>]+:)?(\w+)>")
"""A placeholder in a rule, such as `<space>`."""

NOISE = re.compile(
    r'name="csrf_token" value="[^"]*"|nonce="[^"]*"|"age_s":\s*[\d.]+|\d+ s (?:ago|sedan)|data-shift="\d+"'
    r'|name="session" value="[^"]*"|för \d+ s'
)


def list_requests(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield each request for each route: its endpoint and a URL."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
            continue
        names = PART.findall(rule.rule)
        for values in product(*(PLACES.get(name, ("x",)) for name in names)):
            path = fill_rule(rule.rule, values)
            for query in ("", *ASKED.get(rule.endpoint, [])):
                yield rule.endpoint, f"{path}?{query}" if query else path


def fill_rule(rule: str, values: tuple[str, ...]) -> str:
    left = iter(values)
    return PART.sub(lambda _part: next(left), rule)


def fetch_page(client: FlaskClient, url: str) -> tuple[int, str]:
    """Return status and body of a response, without parts that differ each time."""
    live: LiveView = client.application.extensions["ledig"].live
    report_collector(live)
    with client.get(url, base_url=HOME) as answer:
        if answer.mimetype == "text/event-stream":
            chunks = iter(answer.response)
            next(chunks)
            live.tick(time.monotonic())  # the first frame for a manager
            body = next(chunks)
        else:
            body = answer.data
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in sorted(book.namelist()) if "docProps" not in name)
    return answer.status_code, NOISE.sub("", body.decode("utf-8", "replace"))
