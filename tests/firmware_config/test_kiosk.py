"""The shipped unit of the screen in the foyer: an existing page, and nothing on the memory card."""

import configparser
from urllib.parse import urlsplit

from flask import Flask

from dashboard.wall.wall_pages import routes
from tests.support.servers import ROOT

UNIT = ROOT / "firmware-config" / "kiosk" / "ledig-wall.service"


def service() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys keep their case
    parser.read(UNIT)
    return parser["Service"]


def test_screen_shows_an_existing_page() -> None:
    name, _, address = service()["Environment"].partition("=")
    pages = Flask("pages")
    pages.register_blueprint(routes)
    assert urlsplit(address).path in {rule.rule for rule in pages.url_map.iter_rules()}
    for line in ("ExecStart", "ExecStartPre"):
        assert f"${name}" in service()[line].replace("{", "").replace("}", "")


def test_browser_fills_the_screen_and_keeps_its_profile_in_memory() -> None:
    arguments = service()["ExecStart"].split()
    assert "--kiosk" in arguments
    assert f"--user-data-dir=/run/{service()['RuntimeDirectory']}/profile" in arguments


def test_screen_is_always_restarted() -> None:
    assert service()["Restart"] == "always"
