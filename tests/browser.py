"""The real Chromium that tests open pages in: Debian's, headless, and quiet on the network."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

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
