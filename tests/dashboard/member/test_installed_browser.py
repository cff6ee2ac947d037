"""The installed page in Chromium: it opens without a network and marks its data as old."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.dashboard.fixture_types import OpenPhone, Served, ServedSite
from tests.support.dashboard.live_pages import expect_live_member_page
from tests.support.dashboard.site import MONDAY_10_MS
from tests.support.dashboard.stage import publish_everything, run_publisher
from tests.support.servers import Mosquitto

pytestmark = pytest.mark.browser


def wait_for_service_worker(page: Page) -> None:
    """Wait until the service worker is active and has cached the page."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("caches.match(location.pathname).then(found => !!found)")


def test_last_known_page_without_network_is_grey_with_its_time(site: ServedSite, phone: OpenPhone) -> None:
    with phone(site[0]) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        wait_for_service_worker(page)
        page.context.set_offline(True)
        page.reload()
        expect(page.locator("#link-status")).to_contain_text("Ingen anslutning. Uppgifterna är från kl. 10.00")
        expect(page.locator("body")).to_have_attribute("data-link", "page_away")
        expect(page.locator("#number")).to_have_text("6–8")  # noqa: RUF001 - a range has an en dash
        quiet = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--unknown')")
        assert page.locator(".mark").first.evaluate("one => getComputedStyle(one).getPropertyValue('--free')") == quiet
        page.goto("/")  # another URL of the page, which was never opened
        expect(page.locator("#link-status")).to_contain_text("Ingen anslutning. Uppgifterna är från kl. 10.00")
        page.context.set_offline(False)
        expect_live_member_page(page)


def test_cached_page_is_old_before_scripts_run(site: ServedSite, phone: OpenPhone) -> None:
    with phone(site[0]) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        wait_for_service_worker(page)
        kept = page.evaluate("caches.match('/sv').then(found => found.text())")
        assert 'data-link="page_away" data-saved="' in kept
        assert 'data-link="live"' not in kept


def test_form_answers_and_feeds_are_not_cached(site: ServedSite, phone: OpenPhone) -> None:
    with phone(site[0]) as page:
        page.goto("/sv")
        expect_live_member_page(page)
        wait_for_service_worker(page)
        page.goto("/sv?at=11:00&need=window")
        expect_live_member_page(page)
        paths = page.evaluate(
            "caches.keys().then(async names => (await Promise.all(names.map(async name =>"
            " (await (await caches.open(name)).keys()).map(one => new URL(one.url).pathname + new URL(one.url).search)"
            "))).flat())"
        )
        assert not [path for path in paths if "?" in path or "/api/" in path]


def test_old_page_after_closing_time_shows_only_that_the_site_is_closed(
    lasting_broker: Mosquitto, served: Served, phone: OpenPhone
) -> None:
    clock = [MONDAY_10_MS + 10 * 3_600_000 - 4_000]  # four seconds before eight in the evening
    with (
        run_publisher(lasting_broker.settings("observer")) as publisher,
        served(lasting_broker.settings("dashboard"), now_ms=lambda: clock[0]) as settings,
        phone(settings) as page,
    ):
        publish_everything(publisher)
        page.goto("/sv")
        expect_live_member_page(page)
        wait_for_service_worker(page)
        page.context.set_offline(True)
        page.reload()
        expect(page.locator("#opens")).to_have_text("Stängt. Öppnar på tisdag kl. 07.00")
        expect(page.locator("#board")).to_be_hidden()


@pytest.mark.parametrize(("path", "name"), [("/sv", "Spinneriet: lediga platser"), ("/en", "Spinneriet: free spaces")])
def test_page_is_installable_in_each_language(site: ServedSite, phone: OpenPhone, path: str, name: str) -> None:
    with phone(site[0]) as page:
        page.goto(path)
        address = page.locator("link[rel=manifest]").get_attribute("href")
        manifest = page.request.get(address or "").json()
        assert (manifest["name"], manifest["start_url"], manifest["display"]) == (name, path, "standalone")
        for icon in manifest["icons"]:
            size = page.evaluate(
                "src => new Promise(done => { const i = new Image(); i.onload = () => done(i.width); i.src = src; })",
                icon["src"],
            )
            assert icon["sizes"] == f"{size}x{size}"
        assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
