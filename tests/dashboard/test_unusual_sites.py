"""Sites unlike the example: very small, very large, without what most sites have."""

import time
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from collector.contract.states import CollectorStatus, Occupancy, encode
from collector.site.privacy_settings import PrivacySettings, StrangersWhenFew
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.live.snapshot import BrokerConnection, BrokerMessage
from dashboard.subscriber.subscriber import LiveView
from edge.contract import topics
from edge.contract.sensor_kinds import SensorKind
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN
from tests.support.dashboard.stage import build_state

DESK = Space(id="desk-1", name="Skrivbord 1", kind=SpaceKind.DESK, zone="hall", x_m=2, y_m=2)
SMALL = replace(PLAN, floors=PLAN.floors[:1], zones=PLAN.zones[:1], spaces=(DESK,), doors=(), sensors=())
OWN = replace(DESK, tenure=Tenure.DEDICATED)
BOOTH = replace(DESK, id="booth-1", name="Båset", kind=SpaceKind.BOOTH)
MANY = tuple(replace(DESK, id=f"desk-{n}", name=f"Skrivbord {n}") for n in range(1, 501))


def client(plan: SitePlan, settings: DashboardSettings, shown: Occupancy | None) -> FlaskClient:
    live = LiveView(plan, lambda: MONDAY_10_MS)
    live.inbox.append(BrokerConnection.CONNECTED)
    for space in plan.spaces:
        if shown is not None:
            payload = encode(build_state(shown, space=space.id))
            live.inbox.append(BrokerMessage(topics.SPACE_STATE.topic(plan.id, space.id), payload, retained=True))
    live.inbox.append(
        BrokerMessage(topics.COLLECTOR_STATUS.topic(plan.id), encode(CollectorStatus(online=True)), retained=False)
    )
    live.tick(time.monotonic())
    return create_app(settings, plan, live, Accounts(settings.accounts_path)).test_client()


def answer(page: str) -> str:
    text = page.split('<span class="of" id="of">')
    return text[0].rsplit(">", 2)[1].split("<")[0] + " " + text[1].split("<")[0]


@pytest.mark.parametrize(
    ("spaces", "shown", "sv", "en"),
    [
        ((DESK,), Occupancy.VACANT, "1 av 1 skrivbord ledigt", "1 of 1 desk free"),
        ((DESK,), Occupancy.OCCUPIED, "0 av 1 skrivbord ledigt", "0 of 1 desk free"),
        ((DESK,), None, "? av 1 skrivbord ledigt", "? of 1 desk free"),
        ((DESK,), Occupancy.DISABLED, "0 av 0 skrivbord lediga", "0 of 0 desks free"),
        ((OWN, BOOTH), Occupancy.VACANT, "1 av 1 telefonbås ledigt", "1 of 1 phone booth free"),
        (MANY, Occupancy.VACANT, "500 av 500 skrivbord lediga", "500 of 500 desks free"),
        (MANY, Occupancy.AWAY, "0 av 500 skrivbord lediga", "0 of 500 desks free"),
        (MANY, None, "? av 500 skrivbord lediga", "? of 500 desks free"),
    ],
)
def test_any_site_gets_a_correct_answer(
    settings: DashboardSettings, spaces: tuple[Space, ...], shown: Occupancy | None, sv: str, en: str
) -> None:
    reader = client(replace(SMALL, spaces=spaces), settings, shown)
    assert answer(reader.get("/?lang=sv").text) == sv
    assert answer(reader.get("/?lang=en").text) == en
    log_in(reader)
    assert reader.get("/manage", base_url="https://localhost").status_code == 200
    assert reader.get("/api/v1/states").status_code == reader.get("/api/v1/summary").status_code == 200


@pytest.mark.parametrize(
    ("shown", "mode", "number", "capacity"),
    [
        (Occupancy.VACANT, StrangersWhenFew.LEVEL, "496–500", 500),  # noqa: RUF001 - a range has an en dash
        (Occupancy.VACANT, StrangersWhenFew.NOTHING, "?", 500),
        (Occupancy.VACANT, StrangersWhenFew.ALL, "500", 500),
        (Occupancy.OCCUPIED, StrangersWhenFew.LEVEL, "0", 500),
        (Occupancy.DISABLED, StrangersWhenFew.LEVEL, "0", 0),
    ],
)
def test_a_site_that_never_closes_shows_what_its_privacy_setting_allows(
    settings: DashboardSettings, shown: Occupancy, mode: StrangersWhenFew, number: str, capacity: int
) -> None:
    site = replace(SMALL, spaces=MANY, opening_hours={}, privacy=PrivacySettings(strangers_when_few=mode))
    reader = client(site, settings, shown)
    assert answer(reader.get("/?lang=sv").text) == f"{number} av {capacity} skrivbord lediga"
    assert reader.get("/api/v1/summary").json["kinds"]["desk"]["capacity"] == capacity


def test_a_site_without_offered_spaces_shows_its_name_and_no_counts(settings: DashboardSettings) -> None:
    reader = client(replace(SMALL, spaces=(OWN,)), settings, Occupancy.VACANT)
    page = reader.get("/?lang=sv").text
    assert "<h1>Spinneriet</h1>" in page
    assert reader.get("/api/v1/summary").json["kinds"] == {}
    assert reader.get("/api/v1/states").json["spaces"] == []
    log_in(reader)
    assert reader.get("/manage", base_url="https://localhost").status_code == 200


def test_one_sensor_is_written_in_the_singular(settings: DashboardSettings) -> None:
    pir = Sensor(device="pi-1", id="desk-1-pir", kind=SensorKind.PIR, space="desk-1")
    reader = client(replace(SMALL, sensors=(pir,)), settings, None)
    log_in(reader)
    assert (
        "1 sensor påverkas tills den startar"
        in reader.get("/manage/devices?lang=sv", base_url="https://localhost").text
    )
    assert (
        "1 sensor affected until it starts" in reader.get("/manage/devices?lang=en", base_url="https://localhost").text
    )


@pytest.mark.parametrize(("space", "is_stated"), [(OWN, True), (BOOTH, False)])
def test_only_a_zone_with_desks_is_called_dedicated(settings: DashboardSettings, space: Space, is_stated: bool) -> None:
    spaces = (DESK, replace(space, id="other", zone="workshop"))
    reader = client(replace(SMALL, zones=PLAN.zones[:2], spaces=spaces), settings, Occupancy.VACANT)
    log_in(reader)
    for page in ("/?lang=en", "/manage?lang=en"):
        assert ("dedicated only" in reader.get(page, base_url="https://localhost").text) is is_stated
