"""Forecasts as JSON, and rejected queries."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from collector.contract.forecast_points import ChanceScore, ForecastScore, Lead
from collector.contract.forecasts import Forecast, ForecastScores, Outlook, encode
from collector.site.calendar import to_local_time
from collector.site.site_plan import WHOLE_SITE
from collector.site.spaces import SpaceKind, Tenure
from dashboard.history.queries import QueryRejected
from dashboard.live.snapshot import BrokerMessage
from dashboard.member.arrival import build_forecast_json, read_arrival_query
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from edge.timekeeping.durations import HOUR_MS
from tests.support.dashboard.outlooks import build_outlook
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

SCORES = ForecastScores(
    {Lead.HOUR: ForecastScore(40, 1.1, 0.4, 0.79, 3.2)}, (*(None,) * 9, ChanceScore(31, 0.95, 0.97))
)
OUTLOOK = Outlook(at_ms=MONDAY_10_MS, capacity=28, days=30, hours=build_outlook(0.2, 6, 8).hours, scores=SCORES)


def query(now_ms: int = MONDAY_10_MS, outlook: Outlook | None = OUTLOOK, **args: str):
    return build_forecast_json(read_arrival_query(args, PLAN), outlook, now_ms)


def test_each_coming_hour_has_band_and_odds() -> None:
    body = query()
    assert (body["zone"], body["kind"], body["capacity"], body["made_at"]) == ("site", "desk", 28, MONDAY_10_MS)
    assert body["hours"][0] == {"at": MONDAY_10_MS, "usual": 0.0, "low": 0.2, "middle": 0.2, "high": 0.2, "odds": 0.1}
    assert [hour["at"] for hour in body["hours"]] == [MONDAY_10_MS + n * HOUR_MS for n in range(3)]
    assert body["scores"]["leads"]["1h"]["error"] == 1.1
    later = query(MONDAY_10_MS + 61 * 60_000)
    assert later["hours"][0]["at"] == MONDAY_10_MS + HOUR_MS


def test_arrival_odds_include_their_hit_rate() -> None:
    arrival = to_local_time(PLAN, MONDAY_10_MS) + timedelta(minutes=90)
    body = query(at=arrival.isoformat(), at_least="2")
    assert body["hour"]["at"] == MONDAY_10_MS + HOUR_MS
    assert body["odds"] > 0.9
    assert body["hit_rate"] == {"forecasts": 31, "mean_chance": 0.95, "hit_rate": 0.97}
    assert query(at=arrival.isoformat(), at_least="28")["odds"] < 0.1
    assert query(at=str(MONDAY_10_MS))["hit_rate"] is None, "no earlier forecast had such odds"


def test_missing_days_are_reported_and_unknown_without_outlook() -> None:
    assert query(outlook=Outlook(at_ms=MONDAY_10_MS, missing_days=9)) == {
        "zone": "site",
        "kind": "desk",
        "missing_days": 9,
        "hours": [],
    }
    assert query(outlook=None)["missing_days"] is None


def test_people_have_no_odds_and_counts_of_1_to_4_are_hidden() -> None:
    people = build_outlook(3, 9, capacity=None)
    body = build_forecast_json(read_arrival_query({"kind": "people"}, PLAN), people, MONDAY_10_MS)
    assert body["hours"][0] == {"at": MONDAY_10_MS, "usual": 0.0, "low": None, "middle": None, "high": None}
    assert body["hours"][1]["middle"] == 9
    asked = read_arrival_query({"kind": "people", "at": str(MONDAY_10_MS)}, PLAN)
    assert "odds" not in build_forecast_json(asked, people, MONDAY_10_MS)


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"zone": "cellar"}, "zone: no 'cellar'; give one of hall, loft, quiet, site, workshop"),
        ({"zone": "workshop", "kind": "desk"}, "kind: no forecast of 'desk' in 'workshop'; give one of equip"),
        ({"kind": "sofa"}, "kind: no forecast of 'sofa' in 'site'; give one of desk, booth,"),
        ({"at_least": "0"}, "at_least: '0' is not a number of spaces"),
        ({"at_least": "²"}, "at_least: '²' is not a number of spaces"),
        ({"at_least": "0" * 8 + "1" * 5000}, "is not a number of spaces"),
        ({"kind": "people", "at_least": "2"}, "at_least: does not apply to people"),
        ({"at": "soon"}, "at: 'soon' is not a time"),
        ({"at": str(MONDAY_10_MS - 1)}, "at: closed then"),
        ({"at": str(MONDAY_10_MS + 3 * HOUR_MS)}, "give a time during opening hours"),
        ({"hour": "13"}, "hour: unknown parameter; known parameters: zone, kind, at, at_least"),
    ],
)
def test_invalid_query_is_rejected_with_place_problem_and_remedy(args: dict[str, str], text: str) -> None:
    with pytest.raises(QueryRejected) as refused:
        query(**args)
    assert text in str(refused.value)


def test_forecast_hour_that_has_passed_is_rejected() -> None:
    with pytest.raises(QueryRejected, match="give a time during opening hours"):
        query(MONDAY_10_MS + HOUR_MS, at=str(MONDAY_10_MS))
    assert query(MONDAY_10_MS + HOUR_MS - 1, at=str(MONDAY_10_MS))["hour"]["at"] == MONDAY_10_MS


def test_zone_without_forecast_is_rejected() -> None:
    own = tuple(replace(s, tenure=Tenure.DEDICATED) if s.zone == "loft" else s for s in PLAN.spaces)
    with pytest.raises(QueryRejected, match="it has too few spaces"):
        read_arrival_query({"zone": "loft"}, replace(PLAN, spaces=own))


def test_api_returns_published_forecast(app: Flask, live: LiveView) -> None:
    public = app.test_client()
    assert public.get("/api/v1/forecast").json == {
        "site": PLAN.id,
        "zone": "site",
        "kind": "desk",
        "missing_days": None,
        "hours": [],
        "closed": False,
        "opens": None,
    }
    topic = topics.FORECAST.topic(PLAN.id, WHOLE_SITE)
    live.inbox.append(BrokerMessage(topic, encode(Forecast(kinds={SpaceKind.DESK: OUTLOOK})), retained=True))
    live.tick(1.0)
    assert len(public.get("/api/v1/forecast").json["hours"]) == 3
    assert public.get(f"/api/v1/forecast?at={MONDAY_10_MS + HOUR_MS}").json["odds"] > 0.9
    refused = public.get("/api/v1/forecast?zone=cellar")
    assert (refused.status_code, refused.json["type"]) == (400, "urn:ledig:problem:question")
    assert "Brukar vara fullt till kl. 11." in public.get("/?lang=sv").text
    live.inbox.append(BrokerMessage(topic, b"", retained=False))
    live.tick(2.0)
    assert public.get("/api/v1/forecast").json["hours"] == []
    assert "Brukar vara fullt" not in public.get("/?lang=sv").text.split("<script")[0]
    live.inbox.append(BrokerMessage(topic, b'{"kinds":1}', retained=True))
    live.tick(3.0)
    assert live.snapshot.rejected_count == 1
