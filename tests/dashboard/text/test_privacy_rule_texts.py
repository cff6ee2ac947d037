"""The privacy rules as text: derived from the settings, and correct for other sites too."""

from dataclasses import replace

import pytest
from flask import Flask

from collector.configuration.collector_settings import RetentionSettings
from collector.site.site_plan import SitePlan
from collector.site.spaces import Tenure
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.text.page_texts import LANGUAGES, PageTexts
from dashboard.text.privacy_rule_texts import build_privacy_sections
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN

EN = PageTexts.load("en")


def build_rule_texts(settings: DashboardSettings, plan: SitePlan = PLAN) -> dict[str, str]:
    return {section.anchor: " ".join(section.sentences) for section in build_privacy_sections(plan, settings, EN)}


def test_retention_periods_follow_the_settings(settings: DashboardSettings) -> None:
    kept = build_rule_texts(settings)["kept"]
    for text in (
        "72 hours",
        "hour: 35 days",
        "machine: 13 months",
        "spaces or more: 13 months",
        "without times: 14 days",
        "exported figures: 13 months",
    ):
        assert text in kept
    shorter = replace(settings, retention=RetentionSettings(raw_hours=1, desk_hours_days=1, series_days=90))
    kept = build_rule_texts(shorter)["kept"]
    for text in ("1 hour.", "hour: 1 day.", "machine: 13 months", "spaces or more: 90 days"):
        assert text in kept


def test_dedicated_desks_are_counted_and_zones_without_history_named(settings: DashboardSettings) -> None:
    nobody = build_rule_texts(settings)["nobody"]
    assert "4 desks are dedicated, each to one member" in nobody
    assert "History is not shown" not in nobody
    assert "fewer than 5 booths, rooms or machines, only their use over 4 weeks" in nobody
    assert "1 to 4 spaces that were taken are shown as “under 5”" in nobody
    few = replace(PLAN, spaces=tuple(s for s in PLAN.spaces if s.zone != "loft" or s.id in {"desk-28", "booth-1"}))
    nobody = build_rule_texts(settings, few)["nobody"]
    assert "1 desk is dedicated to one member" not in nobody
    assert "History is not shown for the desks of Tysta rummet, Loftet." in nobody


def test_a_dedicated_room_hides_the_history_of_its_kind(settings: DashboardSettings) -> None:
    own = tuple(replace(s, tenure=Tenure.DEDICATED) if s.id == "room-1" else s for s in PLAN.spaces)
    assert "for the rooms of Loftet together" in build_rule_texts(settings, replace(PLAN, spaces=own))["nobody"]


def test_a_site_that_never_closes_mentions_no_closed_hours(settings: DashboardSettings) -> None:
    assert "outside opening hours" in build_rule_texts(settings)["seen"]
    seen = build_rule_texts(settings, replace(PLAN, opening_hours={}))["seen"]
    assert "The site never closes" in seen
    assert "outside opening hours" not in seen


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_has_an_unfilled_placeholder(settings: DashboardSettings, language: str) -> None:
    for section in build_privacy_sections(PLAN, settings, PageTexts.load(language)):
        assert section.sentences
        assert not any("{" in sentence for sentence in section.sentences)


def test_the_page_shows_every_rule(app: Flask, settings: DashboardSettings) -> None:
    client = app.test_client()
    log_in(client)
    page = client.get("/manage/rules?lang=sv", base_url="https://localhost").text
    assert "Så skyddar Spinneriet din integritet" in page
    assert page.count("<section") == len(build_privacy_sections(PLAN, settings, EN))
