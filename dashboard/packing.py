"""Sends styles, scripts and drawings packed to whoever can unpack them; each is packed once.

In:    responses with files of our own.
Out:   the same, with gzip and our scripts without their comments: a third of the bytes, over a slow network the
       difference of a second.
Never: what one reader alone gets: its length could tell what is in it.
"""

import gzip
import re
from functools import lru_cache
from typing import Final

from flask import Flask, Response, request
from werkzeug.http import parse_accept_header

TYPES: Final = {"text/css", "text/javascript", "image/svg+xml", "application/manifest+json"}
MOST: Final = 64
"""Files that are kept packed: there are about twenty."""
OUR_SCRIPTS: Final = {"static", "pages.worker"}
"""Endpoints whose scripts are sent without comments; the chart library keeps its licence."""

_COMMENT = re.compile(
    r"""
    (?P<text> "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*` )
    | (?<!\S) (?: //[^\n]* | /\*.*?\*/ )
    """,
    re.VERBOSE | re.DOTALL,
)


def install(app: Flask) -> None:
    """Pack what `app` answers with, where that is worth it."""
    app.after_request(_pack)


@lru_cache(maxsize=MOST)
def packed(plain: bytes) -> bytes:
    """The bytes packed; the same bytes give the same."""
    return gzip.compress(plain, 9, mtime=0)


@lru_cache(maxsize=MOST)
def without_comments(script: bytes) -> bytes:
    """A script without comments and blank lines; what strings and templates hold stays.

    A comment begins a line or stands behind a space; regular expressions with two slashes hold none.
    """
    code = _COMMENT.sub(lambda found: found["text"] or "", script.decode())
    return "".join(f"{line.rstrip()}\n" for line in code.splitlines() if line.strip()).encode()


def takes_gzip() -> bool:
    """Whether who asks can unpack."""
    return _takes_gzip(request.headers.get("Accept-Encoding", ""))


@lru_cache(maxsize=MOST)
def _takes_gzip(wishes: str) -> bool:
    return parse_accept_header(wishes).best_match(["gzip"]) is not None


def _pack(response: Response) -> Response:
    if response.direct_passthrough:  # a file of ours: a slow reader must not keep it open
        file = response.response
        response.direct_passthrough = False
        response.set_data(response.get_data())
        if hasattr(file, "close"):
            file.close()
    if response.mimetype not in TYPES or response.status_code not in {200, 304}:
        return response
    if response.status_code == 200 and response.mimetype == "text/javascript" and request.endpoint in OUR_SCRIPTS:
        response.set_data(without_comments(response.get_data()))
    response.vary.add("Accept-Encoding")
    if response.status_code == 200 and takes_gzip() and not response.content_encoding:
        response.set_data(packed(response.get_data()))
        response.content_encoding = "gzip"
    return response
