"""Faults of the collector are shown to staff as sentences in the page's language."""

import pytest
from flask import Flask

from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.contract.states import CollectorStatus, encode
from dashboard.live.snapshot import BrokerMessage
from dashboard.manager_rows.collector_faults import describe_fault
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.page_texts import PageTexts
from edge.contract import topics
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import MONDAY_10_MS, PLAN

EN, SV = PageTexts.load("en"), PageTexts.load("sv")


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_has_a_sentence_in_both_languages(kind: FaultKind) -> None:
    fault = CollectorFault(kind, ("one", "two"), rows=1, off_s=60)
    english, swedish = (describe_fault(fault, texts) for texts in (EN, SV))
    assert english != swedish
    assert all(text.endswith(".") and "{" not in text for text in (english, swedish))


@pytest.mark.parametrize(
    ("fault", "english", "swedish"),
    [
        (
            CollectorFault(FaultKind.CLOCK_OFF, off_s=-2 * 86_400),
            "The server's clock is 2 days fast. Neither",
            "Serverns klocka går 2 dagar före. Varken",
        ),
        (
            CollectorFault(FaultKind.CLOCK_OFF, off_s=86_400),
            "The server's clock is 24 hours slow. Neither",
            "Serverns klocka går 24 timmar efter. Varken",
        ),
        (
            CollectorFault(FaultKind.CLOCK_OFF, off_s=10),
            "The server's clock is 2 min slow. Neither",
            "Serverns klocka går 2 min efter. Varken",
        ),
        (
            CollectorFault(FaultKind.ROWS_REJECTED, rows=1),
            "InfluxDB rejects 1 row of history.",
            "InfluxDB avvisar 1 rad av historiken.",
        ),
        (
            CollectorFault(FaultKind.MANY_ROWS_REJECTED, rows=1000),
            "InfluxDB rejects 1000 rows of history or more.",
            "InfluxDB avvisar 1000 rader av historiken eller fler.",
        ),
        (
            CollectorFault(FaultKind.UNKNOWN_DEVICES, ("pi-8", "pi-9")),
            "Events of pi-8, pi-9 are rejected: the site file has no such device.",
            "Händelser från pi-8, pi-9 avvisas: enheten finns inte i konfigurationsfilen.",
        ),
    ],
)
def test_a_fault_is_described_with_its_details(fault: CollectorFault, english: str, swedish: str) -> None:
    assert describe_fault(fault, EN).startswith(english)
    assert describe_fault(fault, SV).startswith(swedish)


def test_the_staff_page_and_the_health_check_show_the_faults(app: Flask, live: LiveView) -> None:
    manager = app.test_client()
    assert log_in(manager).status_code == 303
    faults = (CollectorFault(FaultKind.INFLUXDB_SILENT), CollectorFault(FaultKind.UNKNOWN_DEVICES, ("pi-9",)))
    status = encode(CollectorStatus(online=True, faults=faults))
    live.snapshot.apply(BrokerMessage(topics.COLLECTOR_STATUS.topic(PLAN.id), status, retained=False), 0, MONDAY_10_MS)
    page = manager.get("/manage?lang=sv", base_url="https://localhost").text
    assert "InfluxDB svarar inte. Händelser från pi-9 avvisas" in page
    health = manager.get("/healthz", base_url="https://localhost").json
    assert health is not None
    assert health["faults"] == ["influxdb_silent", "unknown_devices"]


def test_alerts_page_shows_a_fault_while_it_lasts(app: Flask, live: LiveView) -> None:
    """A collector that cannot store anything cannot store an alert either."""
    manager = app.test_client()
    log_in(manager)
    for faults in ((CollectorFault(FaultKind.JOURNAL_FULL),), ()):
        status = encode(CollectorStatus(online=not faults, faults=faults))
        topic = topics.COLLECTOR_STATUS.topic(PLAN.id)
        live.snapshot.apply(BrokerMessage(topic, status, retained=False), 0, MONDAY_10_MS)
        page = manager.get("/manage/alerts?lang=en", base_url="https://localhost").text
        remedy = "disk is full. Free some space there; the collector then continues by itself."
        assert (remedy in page) is bool(faults)
