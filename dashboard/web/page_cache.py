"""Cache of the member page as bytes, plain and gzipped: requests within one second share one rendering.

In:    the values that the page depends on, and a function that renders it.
Out:   its bytes.
Never: a page for one visitor; a page older than a second.
"""

import gzip
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

MAX_AGE_S: Final = 1.0
MAX_PAGES: Final = 64
"""Limit of cached pages: two languages times a site's few host names; more keys come from invented host names."""


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """One page, plain and gzipped."""

    plain: bytes
    gzipped: bytes

    @classmethod
    def from_text(cls, text: str) -> "RenderedPage":
        """Compress a page; it contains no secret that its length could reveal (BREACH)."""
        plain = text.encode()
        return cls(plain, gzip.compress(plain, 6, mtime=0))


class PageCache:
    """Rendered pages by key, each for one second."""

    def __init__(self) -> None:
        self._pages: dict[Hashable, tuple[float, RenderedPage]] = {}

    def get_page(self, key: Hashable, now_s: float, make: Callable[[], str]) -> RenderedPage:
        """Return the cached page; render it if there is none or it is older than a second."""
        found = self._pages.get(key)
        if found is not None and now_s - found[0] < MAX_AGE_S:
            return found[1]
        if len(self._pages) >= MAX_PAGES:
            self._pages.clear()
        page = RenderedPage.from_text(make())
        self._pages[key] = (now_s, page)
        return page
