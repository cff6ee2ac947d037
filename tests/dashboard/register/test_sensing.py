"""The page of the sensor register: complete without JavaScript, in both languages, with the latest views."""

import re
from html import unescape

import pytest
from flask import Flask

from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.text.page_texts import LANGUAGES, PageTexts
from dashboard.text.privacy_rule_texts import build_privacy_sections
from tests.support.dashboard.login import log_in
from tests.support.dashboard.site import PLAN
from tests.support.dashboard.users import USER_NAME


def test_page_lists_every_sensor_and_what_it_records(app: Flask) -> None:
    page = app.test_client().get("/sensing").text
    for sensor in PLAN.sensors:
        assert re.search(rf"\b{sensor.id}\b", page)
    assert "Rörelsesensor" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("language", "text"), [("sv", "Vad sensorerna registrerar"), ("en", "What the sensors record")]
)
def test_page_has_a_language_and_a_description(app: Flask, language: str, text: str) -> None:
    page = app.test_client().get(f"/sensing?lang={language}").text
    assert text in page
    assert '<meta name="description"' in page


def test_every_link_on_the_page_has_a_target(app: Flask) -> None:
    page = app.test_client().get("/sensing").text
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


def test_views_are_listed_without_names(app: Flask) -> None:
    public, host = app.test_client(), app.test_client()
    assert "Ingen än så länge." in public.get("/sensing").text
    log_in(host)
    host.get("/manage", base_url="https://localhost")
    page = public.get("/sensing").text
    assert "Ingen än så länge." not in page
    assert "En administratör</td>" in page
    assert re.search(rf"\b{USER_NAME}\b", page) is None


def test_page_needs_no_session(app: Flask) -> None:
    assert "Set-Cookie" not in app.test_client().get("/sensing").headers


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_contains_every_privacy_rule(app: Flask, settings: DashboardSettings, language: str) -> None:
    page = unescape(app.test_client().get(f"/sensing?lang={language}").text)
    for rule in build_privacy_sections(PLAN, settings, PageTexts.load(language)):
        assert f'id="{rule.anchor}"' in page
        for sentence in rule.sentences:
            assert page.count(f"<li>{sentence}</li>") == 1
