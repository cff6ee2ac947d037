"""The public page: is there a spot for me? And whether this process is well.

In:    the live picture, forecasts, what a form asks.
Out:   one page that is right without JavaScript, and knows how to stay right with it.
Never: a moment or a past of any space; a session; a memory of who asked what.
"""

import json
import time
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.languages import chosen, words
from dashboard.live.frame import Link
from dashboard.member import home as first
from dashboard.member import installed
from dashboard.member.ready import Page
from dashboard.packing import takes_gzip
from dashboard.serving import serving
from dashboard.why import Reader
from dashboard.words import LANGUAGES

routes = Blueprint("pages", __name__)

SCRIPTS: Final = ("home.js", "say.js", "link.js", "floors.js", "needs.js")
PARTS: Final = ("board.css", *SCRIPTS, "icon.svg")
"""What the page is made of, and what an installed one keeps."""
PLAIN: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",  # going back to it must not show what was free an hour ago
    "Vary": "Accept-Language, Cookie, Accept-Encoding",
}
PACKED: Final = PLAIN | {"Content-Encoding": "gzip"}


@routes.get("/")
@routes.get("/sv", defaults={"language": "sv"})
@routes.get("/en", defaults={"language": "en"})
def home(language: str | None = None) -> ResponseReturnValue:
    """The answer, how sure and how old, what comes, kinds and zones, the plan, when it is calm, if I come."""
    here, now_s = serving(), time.monotonic()
    if not request.args:
        key = (request.scheme, request.host, language, chosen(), here.live.mark(now_s))
        return _deliver(here.ready.page(key, now_s, lambda: _draw(language)[0]))
    text, refused = _draw(language)
    return _deliver(Page.of(text), refused=refused)


def _draw(language: str | None) -> tuple[str, bool]:
    """The page as it is now, and whether it refuses what its form asked."""
    here = serving()
    frame, now_ms, ask = here.live.frame(time.monotonic()), here.live.now_ms(), here.live.picture.outlook
    house = first.House(
        frame, Reader(here.plan, now_ms, words()), lambda zone, kind: ask(zone, kind, now_ms), request.args
    )
    values = first.shown_while_closed(house) if frame.closed else first.shown(house)
    answer = values.get("answer")
    return _render(house, values, language), answer is not None and bool(answer.fault)


def _render(house: first.House, values: dict[str, object], language: str | None) -> str:
    urls = {"stream": url_for("api.stream"), "frame": url_for("api.frame"), "worker": url_for("pages.worker")}
    return render_template(
        "home.html",
        plan=house.reader.plan,
        frame=house.frame,
        drawings=serving().drawings,
        language=language,
        scripts=SCRIPTS,
        page=first.for_page(house, values, urls),
        **values,
    )


def _deliver(page: Page, *, refused: bool = False) -> Response:
    packs = takes_gzip()
    head = PACKED if packs else PLAIN
    return Response(page.packed if packs else page.plain, HTTPStatus.BAD_REQUEST if refused else HTTPStatus.OK, head)


@routes.get("/sv/manifest.webmanifest", defaults={"language": "sv"})
@routes.get("/en/manifest.webmanifest", defaults={"language": "en"})
def manifest(language: str) -> ResponseReturnValue:
    """What a phone needs to know to install the page, in one language."""
    icons = {size: url_for("static", filename=f"icon-{size}.png") for size in installed.SIZES}
    start = url_for("pages.home", language=language)
    body = json.dumps(
        installed.manifest(serving().plan, words(), f"{request.root_path}/", start, icons), ensure_ascii=False
    )
    return Response(body, mimetype="application/manifest+json", headers={"Cache-Control": "no-cache"})


@routes.get("/service-worker.js")
def worker() -> ResponseReturnValue:
    """The service worker; from here it may answer for every page, and does for this one only."""
    parts = [url_for("static", filename=name) for name in PARTS]
    pages = [f"{request.root_path}/", *(url_for("pages.home", language=language) for language in LANGUAGES)]
    body = installed.worker(parts, pages)
    return Response(body, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@routes.get("/healthz")
def health() -> ResponseReturnValue:
    """Whether what we show is live: 200 or 503, also while every stream is taken."""
    here = serving()
    now_s = time.monotonic()
    link = here.live.picture.link(now_s)
    body = jsonify(
        link=link,
        age_s=here.live.picture.age_s(now_s),
        fault=here.live.picture.fault,
        streams=here.seats.taken,
        max_streams=here.seats.capacity,
        rejected_messages=here.live.picture.rejected,
    )
    return body, 200 if link is Link.LIVE else 503
