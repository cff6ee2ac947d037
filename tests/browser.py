"""The real Chromium that tests open pages in: Debian's, headless, and quiet on the network."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect, sync_playwright

SLOW_MS = 30_000
"""A loaded machine with two cores may take this long for what is done in a second."""

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
    """A running browser; it is gone when the `with` ends."""
    expect.set_options(timeout=SLOW_MS)  # of itself it waits for 5 s, and a context's own timeout does not bear on it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_QUIET)
        yield browser
        browser.close()


@contextmanager
def page_of(running: Browser, port: int, *, expected: str | None = None, **context: object) -> Iterator[Page]:
    """A page of a new reader: a phone that speaks Swedish, unless its context says otherwise.

    At the end no script may have thrown, and its console may hold no error but those with the text `expected`; "": any.
    """
    options = {"locale": "sv-SE", "viewport": {"width": 390, "height": 844}, **context}
    reader = running.new_context(base_url=f"http://localhost:{port}", **options)  # type: ignore[arg-type]
    reader.set_default_timeout(SLOW_MS)
    page = reader.new_page()
    thrown: list[str] = []
    page.on("pageerror", lambda fault: thrown.append(str(fault)))
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    yield page
    page.goto("about:blank")  # what a click still waits for would keep the reader from closing, for ever
    reader.close()
    assert thrown == []
    assert [line for line in said if expected is None or expected not in line] == []
