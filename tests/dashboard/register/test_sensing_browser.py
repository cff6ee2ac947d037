"""The sensor register and the sign in Chromium, at several widths and on paper."""

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route

from tests.support.dashboard.fixture_types import OpenScreen
from tests.support.dashboard.stage import CollectorPublisher

pytestmark = pytest.mark.browser

AWAY = "https://ledig.spinneriet-i-den-gamla-fabriken.example"
"""A very long host name, as the target of the code."""


@pytest.mark.parametrize("width", [320, 390, 1440])
@pytest.mark.parametrize("path", ["/sensing", "/sensing/sign"])
def test_nothing_is_wider_than_the_window(
    opened: OpenScreen, site: tuple[object, CollectorPublisher], width: int, path: str
) -> None:
    with opened(site[0], viewport={"width": width, "height": 568}) as page:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sign_prints_on_one_sheet_in_black_on_white_with_its_code(chromium: Browser, app: Flask, theme: str) -> None:
    client = app.test_client()

    def answer(route: Route) -> None:
        with client.get(urlsplit(route.request.url).path, base_url=AWAY) as found:
            route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.data)

    with chromium.new_context(color_scheme=theme) as reader:  # type: ignore[arg-type]  # both are themes
        reader.route(f"{AWAY}/**", answer)
        page = reader.new_page()
        page.goto(f"{AWAY}/sensing/sign")
        sheets = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", sheets)) == 1
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 680, "height": 1009})  # A4 within its margins
        code = page.locator(".qr").bounding_box()
        assert code
        assert code["y"] + code["height"] <= 1009
        ground, ink = page.evaluate(
            "[getComputedStyle(document.querySelector('.qr .paper')).fill,"
            " getComputedStyle(document.querySelector('.qr path')).fill]"
        )
        assert (ground, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
        assert page.locator(".aside").is_hidden()
