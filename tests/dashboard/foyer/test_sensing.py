"""The page of the register: whole without JavaScript, in both languages, and it says who has looked."""

import re
from html import unescape

import pytest
from flask import Flask

from dashboard.house_rules import house_rules
from dashboard.settings import DashboardSettings
from dashboard.words import LANGUAGES, Words
from tests.dashboard.conftest import NAME
from tests.dashboard.house import PLAN
from tests.dashboard.test_routes import log_in


def test_the_page_names_every_sensor_and_what_it_records(app: Flask) -> None:
    page = app.test_client().get("/sensing").text
    for sensor in PLAN.sensors:
        assert re.search(rf"\b{sensor.id}\b", page)
    assert "Rörelsesensor" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("language", "words"), [("sv", "Vad sensorerna registrerar"), ("en", "What the sensors record")]
)
def test_the_page_has_a_language_and_a_description(app: Flask, language: str, words: str) -> None:
    page = app.test_client().get(f"/sensing?lang={language}").text
    assert words in page
    assert '<meta name="description"' in page


def test_every_link_on_the_page_leads_somewhere(app: Flask) -> None:
    page = app.test_client().get("/sensing").text
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors


def test_who_has_looked_is_told_without_a_name(app: Flask) -> None:
    public, host = app.test_client(), app.test_client()
    assert "Ingen än så länge." in public.get("/sensing").text
    log_in(host)
    host.get("/manage", base_url="https://localhost")
    page = public.get("/sensing").text
    assert "Ingen än så länge." not in page
    assert "En administratör</td>" in page
    assert re.search(rf"\b{NAME}\b", page) is None


def test_the_page_asks_for_no_session(app: Flask) -> None:
    assert "Set-Cookie" not in app.test_client().get("/sensing").headers


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_of_the_house_stands_on_the_page(app: Flask, settings: DashboardSettings, language: str) -> None:
    page = unescape(app.test_client().get(f"/sensing?lang={language}").text)
    for rule in house_rules(PLAN, settings, Words.of(language)):
        assert f'id="{rule.anchor}"' in page
        for sentence in rule.sentences:
            assert page.count(f"<li>{sentence}</li>") == 1
