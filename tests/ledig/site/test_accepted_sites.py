"""What `ledig check` accepts can be built: pipeline, sensors, pages, register and rules."""

import re
import tempfile
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.engine.pipeline import Pipeline
from collector.store.journal import Journal
from dashboard.accounts.accounts import Accounts
from dashboard.app import create_app
from dashboard.foyer.register import build_register
from dashboard.subscriber.subscriber import LiveView
from dashboard.text.privacy_rules import build_privacy_sections
from dashboard.text.texts import LANGUAGES, PageTexts
from edge.sensors.openers import open_sensor
from edge.sensors.sensor import ReadingQueue
from edge.timekeeping.clock import HostClock
from ledig.runtime.mock_pins import create_mock_factory
from ledig.site.site_file import SiteFile, SiteRejected, read_site_file
from tests.support.collector.random_sites import NOON_MS
from tests.support.servers import ROOT

SHIPPED = ("firmware-config/site.example.toml", "ledig/example.toml")


def read_blocks(name: str) -> list[str]:
    """The tables of a shipped site file, each with its settings; those in comments are set."""
    text = re.sub(r"(?m)^#(?=\w+ = )", "", (ROOT / name).read_text())
    return re.split(r"(?m)^(?=\[)", text)


def build_everything(site: SiteFile, folder: Path) -> None:
    with_alerts = site.collector.alerts
    journal = Journal(folder / "journal.sqlite")
    try:
        Pipeline(site.plan, journal, site.collector.retention, NOON_MS, with_alerts)
    finally:
        journal.close()
    for device in site.devices:
        factory = create_mock_factory()
        for sensor in device.sensors:
            open_sensor(sensor, factory, ReadingQueue(sensor.id, HostClock(), SimpleQueue())).close()
    live = LiveView(site.plan, lambda: NOON_MS)
    assert create_app(site.dashboard, site.plan, live, Accounts(folder / "accounts.sqlite"))
    for language in LANGUAGES:
        texts = PageTexts.load(language)
        assert build_register(site.plan, site.dashboard.retention, texts) or not site.plan.sensors
        assert build_privacy_sections(site.plan, site.dashboard, texts)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_site_can_be_built(tmp_path: Path, name: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text("".join(read_blocks(name)))
    build_everything(read_site_file(path), tmp_path)


@pytest.mark.parametrize("name", SHIPPED)
def test_site_with_fewer_tables_is_rejected_or_can_be_built(name: str) -> None:
    blocks = read_blocks(name)
    accepted = 0

    @settings(max_examples=40, deadline=None)
    @given(st.sets(st.integers(1, len(blocks) - 1), max_size=4))
    def check(dropped: set[int]) -> None:
        nonlocal accepted
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "site.toml"
            path.write_text("".join(block for place, block in enumerate(blocks) if place not in dropped))
            try:
                site = read_site_file(path)
            except SiteRejected:
                return
            accepted += 1
            build_everything(site, Path(folder))

    check()
    assert accepted
