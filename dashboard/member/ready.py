"""Keeps the first page ready as bytes, plain and packed: whoever asks in the same second gets the same page.

In:    what the page depends on, and a way to make it.
Out:   its bytes.
Never: a page that belongs to one reader, or one that is older than a second.
"""

import gzip
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

KEPT_S: Final = 1.0
MOST: Final = 64
"""Pages in two languages, under the few names that a house has; more are names that somebody made up."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page, as it is sent to who can unpack it and to who cannot."""

    plain: bytes
    packed: bytes

    @classmethod
    def of(cls, text: str) -> "Page":
        """Pack a page; it holds no secret that the length could tell of."""
        plain = text.encode()
        return cls(plain, gzip.compress(plain, 6, mtime=0))


class Ready:
    """The pages of this second."""

    def __init__(self) -> None:
        self._pages: dict[Hashable, tuple[float, Page]] = {}

    def page(self, key: Hashable, now_s: float, make: Callable[[], str]) -> Page:
        """The page, made anew if it is older than a second or there is none."""
        found = self._pages.get(key)
        if found is not None and now_s - found[0] < KEPT_S:
            return found[1]
        if len(self._pages) >= MOST:
            self._pages.clear()
        page = Page.of(make())
        self._pages[key] = (now_s, page)
        return page
