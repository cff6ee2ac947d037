"""The browser of the tests: Debian's Chromium, headless, without background network traffic."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

BROWSER_TIMEOUT_MS = 30_000
"""A loaded machine with two cores may take this long for what usually takes a second."""

_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser; it is closed when the `with` block ends."""
    expect.set_options(timeout=BROWSER_TIMEOUT_MS)  # its default is 5 s, and a context's timeout does not apply to it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_QUIET)
        yield browser
        browser.close()


@contextmanager
def open_page(running: Browser, port: int, *, expected: str | None = None, **context: object) -> Iterator[Page]:
    """Open a page in a new context: by default a phone with Swedish as its language.

    At the end, no script may have thrown, and the console must contain no errors except those with the text `expected`.

    Args:
        running: the browser.
        port: the port of the dashboard on localhost.
        expected: text of allowed console errors; "" allows all.
        context: options of the browser context.
    """
    options = {"locale": "sv-SE", "viewport": {"width": 390, "height": 844}, **context}
    browser_context = running.new_context(base_url=f"http://localhost:{port}", **options)  # type: ignore[arg-type]
    browser_context.set_default_timeout(BROWSER_TIMEOUT_MS)
    page = browser_context.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda fault: thrown.append(str(fault)))
    console_errors: list[str] = []
    page.on("console", lambda line: console_errors.append(line.text) if line.type == "error" else None)
    yield page
    page.goto("about:blank")  # otherwise a pending request of a click would prevent closing
    browser_context.close()
    assert thrown == []
    assert [line for line in console_errors if expected is None or expected not in line] == []
