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

from dashboard.live.frame import LinkStatus
from dashboard.member import home as first
from dashboard.member import installed
from dashboard.text.explanations import ExplanationContext
from dashboard.text.language_selection import get_texts, select_language
from dashboard.text.page_texts import LANGUAGES
from dashboard.web.app_context import get_app_context
from dashboard.web.compression import accepts_gzip
from dashboard.web.page_cache import RenderedPage

routes = Blueprint("pages", __name__)

SCRIPTS: Final = ("home.js", "texts.js", "link.js", "floors.js", "needs.js")
CACHED_FILES: Final = ("board.css", *SCRIPTS, "icon.svg")
"""The page's static files; the service worker caches them."""
HTML_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",  # the back button must not show what was free an hour ago
    "Vary": "Accept-Language, Cookie, Accept-Encoding",
}
GZIP_HEADERS: Final = HTML_HEADERS | {"Content-Encoding": "gzip"}


@routes.get("/")
@routes.get("/sv", defaults={"language": "sv"})
@routes.get("/en", defaults={"language": "en"})
def home(language: str | None = None) -> ResponseReturnValue:
    """Render the member page: free spaces now, forecast, kinds and zones, plan, quiet hours, arrival odds."""
    context, now_s = get_app_context(), time.monotonic()
    if not request.args:
        key = (request.scheme, request.host, language, select_language(), context.live.build_frame_key(now_s))
        return _build_response(context.page_cache.get_page(key, now_s, lambda: _render_current(language)[0]))
    text, rejected = _render_current(language)
    return _build_response(RenderedPage.from_text(text), rejected=rejected)


def _render_current(language: str | None) -> tuple[str, bool]:
    """Render the current page; the second value is whether the form's query is rejected."""
    context = get_app_context()
    frame, now_ms, outlook = (
        context.live.build_public_frame(time.monotonic()),
        context.live.now_ms(),
        context.live.snapshot.get_outlook,
    )
    inputs = first.MemberPageInput(
        frame,
        ExplanationContext(context.plan, now_ms, get_texts()),
        lambda zone, kind: outlook(zone, kind, now_ms),
        request.args,
    )
    values = first.build_closed_page(inputs) if frame.closed else first.build_open_page(inputs)
    answer = values.get("answer")
    return _render(inputs, values, language), answer is not None and bool(answer.fault)


def _render(inputs: first.MemberPageInput, values: dict[str, object], language: str | None) -> str:
    urls = {"stream": url_for("api.stream"), "frame": url_for("api.frame"), "worker": url_for("pages.worker")}
    return render_template(
        "home.html",
        plan=inputs.reader.plan,
        frame=inputs.frame,
        drawings=get_app_context().drawings,
        language=language,
        scripts=SCRIPTS,
        page=first.build_script_data(inputs, values, urls),
        **values,
    )


def _build_response(page: RenderedPage, *, rejected: bool = False) -> Response:
    gzipped = accepts_gzip()
    headers = GZIP_HEADERS if gzipped else HTML_HEADERS
    status = HTTPStatus.BAD_REQUEST if rejected else HTTPStatus.OK
    return Response(page.gzipped if gzipped else page.plain, status, headers)


@routes.get("/sv/manifest.webmanifest", defaults={"language": "sv"})
@routes.get("/en/manifest.webmanifest", defaults={"language": "en"})
def manifest(language: str) -> ResponseReturnValue:
    """Return the web app manifest in one language."""
    icons = {size: url_for("static", filename=f"icon-{size}.png") for size in installed.ICON_SIZES_PX}
    start = url_for("pages.home", language=language)
    body = json.dumps(
        installed.build_manifest(get_app_context().plan, get_texts(), f"{request.root_path}/", start, icons),
        ensure_ascii=False,
    )
    return Response(body, mimetype="application/manifest+json", headers={"Cache-Control": "no-cache"})


@routes.get("/service-worker.js")
def worker() -> ResponseReturnValue:
    """Return the service worker. Its scope is the whole site, but it handles the member page only."""
    parts = [url_for("static", filename=name) for name in CACHED_FILES]
    pages = [f"{request.root_path}/", *(url_for("pages.home", language=language) for language in LANGUAGES)]
    body = installed.build_service_worker(parts, pages)
    return Response(body, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@routes.get("/healthz")
def health() -> ResponseReturnValue:
    """Health check: 200 if the shown state is live, else 503. Works while all SSE streams are in use."""
    context = get_app_context()
    now_s = time.monotonic()
    link = context.live.snapshot.evaluate_link(now_s)
    body = jsonify(
        link=link,
        age_s=context.live.snapshot.compute_age_s(now_s),
        faults=[fault.kind for fault in context.live.snapshot.collector_faults],
        streams=context.stream_slots.open_count,
        max_streams=context.stream_slots.capacity,
        rejected_messages=context.live.snapshot.rejected_count,
    )
    return body, 200 if link is LinkStatus.LIVE else 503
