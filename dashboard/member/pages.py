"""Routes of the public member page, its web app manifest and service worker, and the health check.

In:    the site snapshot, forecasts, form parameters.
Out:   one page that works without JavaScript and stays up to date with it.
Never: times or history of a single space; a session; a record of requests.
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
"""The page's static files; the service worker caches them."""
PLAIN: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",  # the back button must not show what was free an hour ago
    "Vary": "Accept-Language, Cookie, Accept-Encoding",
}
PACKED: Final = PLAIN | {"Content-Encoding": "gzip"}


@routes.get("/")
@routes.get("/sv", defaults={"language": "sv"})
@routes.get("/en", defaults={"language": "en"})
def home(language: str | None = None) -> ResponseReturnValue:
    """Render the member page: free spaces now, forecast, kinds and zones, plan, quiet hours, arrival odds."""
    context, now_s = serving(), time.monotonic()
    if not request.args:
        key = (request.scheme, request.host, language, chosen(), context.live.mark(now_s))
        return _build_response(context.ready.page(key, now_s, lambda: _render_current(language)[0]))
    text, rejected = _render_current(language)
    return _build_response(Page.of(text), rejected=rejected)


def _render_current(language: str | None) -> tuple[str, bool]:
    """Render the current page; the second value is whether the form's query is rejected."""
    context = serving()
    frame, now_ms, outlook = context.live.frame(time.monotonic()), context.live.now_ms(), context.live.picture.outlook
    inputs = first.House(
        frame, Reader(context.plan, now_ms, words()), lambda zone, kind: outlook(zone, kind, now_ms), request.args
    )
    values = first.shown_while_closed(inputs) if frame.closed else first.shown(inputs)
    answer = values.get("answer")
    return _render(inputs, values, language), answer is not None and bool(answer.fault)


def _render(inputs: first.House, values: dict[str, object], language: str | None) -> str:
    urls = {"stream": url_for("api.stream"), "frame": url_for("api.frame"), "worker": url_for("pages.worker")}
    return render_template(
        "home.html",
        plan=inputs.reader.plan,
        frame=inputs.frame,
        drawings=serving().drawings,
        language=language,
        scripts=SCRIPTS,
        page=first.for_page(inputs, values, urls),
        **values,
    )


def _build_response(page: Page, *, rejected: bool = False) -> Response:
    gzipped = takes_gzip()
    headers = PACKED if gzipped else PLAIN
    status = HTTPStatus.BAD_REQUEST if rejected else HTTPStatus.OK
    return Response(page.packed if gzipped else page.plain, status, headers)


@routes.get("/sv/manifest.webmanifest", defaults={"language": "sv"})
@routes.get("/en/manifest.webmanifest", defaults={"language": "en"})
def manifest(language: str) -> ResponseReturnValue:
    """Return the web app manifest in one language."""
    icons = {size: url_for("static", filename=f"icon-{size}.png") for size in installed.SIZES}
    start = url_for("pages.home", language=language)
    body = json.dumps(
        installed.manifest(serving().plan, words(), f"{request.root_path}/", start, icons), ensure_ascii=False
    )
    return Response(body, mimetype="application/manifest+json", headers={"Cache-Control": "no-cache"})


@routes.get("/service-worker.js")
def worker() -> ResponseReturnValue:
    """Return the service worker. Its scope is the whole site, but it handles the member page only."""
    parts = [url_for("static", filename=name) for name in PARTS]
    pages = [f"{request.root_path}/", *(url_for("pages.home", language=language) for language in LANGUAGES)]
    body = installed.worker(parts, pages)
    return Response(body, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@routes.get("/healthz")
def health() -> ResponseReturnValue:
    """Health check: 200 if the shown state is live, else 503. Works while all SSE streams are in use."""
    context = serving()
    now_s = time.monotonic()
    link = context.live.picture.link(now_s)
    body = jsonify(
        link=link,
        age_s=context.live.picture.age_s(now_s),
        fault=context.live.picture.fault,
        streams=context.seats.taken,
        max_streams=context.seats.capacity,
        rejected_messages=context.live.picture.rejected,
    )
    return body, 200 if link is Link.LIVE else 503
