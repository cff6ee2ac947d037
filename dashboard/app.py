"""Creates the web application: routes, request handling and response headers.

In:    settings, the plan, the live view, the accounts.
Out:   a Flask application that any WSGI server can run.
Never: a socket of its own, internal details on an error page.
"""

import logging
import re
import secrets
from typing import Any

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from collector.site.site_plan import SitePlan
from dashboard.account_pages import accounts_pages, login_pages
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.faults import AccountsAway
from dashboard.charts.plan_drawing import draw_floors
from dashboard.configuration.base_path import BasePathMiddleware, cookie_name, root_path
from dashboard.configuration.dashboard_settings import DashboardSettings
from dashboard.feeds import api
from dashboard.live.broadcast import StreamSlots
from dashboard.manager import (
    alerts_pages,
    devices_pages,
    forecast_pages,
    growth_pages,
    learned_pages,
    rules_pages,
    today_pages,
    use_pages,
)
from dashboard.manager import overview_pages as manager
from dashboard.member import member_pages
from dashboard.register import register_pages
from dashboard.shown_limits import SHOWN_LIMITS
from dashboard.subscriber.subscriber import LiveView
from dashboard.text import language_selection
from dashboard.truth import codes_pages, report_pages, round_pages
from dashboard.wall import wall_pages
from dashboard.web import compression, problems, routes
from dashboard.web.app_context import AppContext

MAX_FORM_BYTES = 16 * 1024
_log = logging.getLogger(__name__)
_RAW = re.compile(rb"[\x80-\xff]")


def create_app(settings: DashboardSettings, plan: SitePlan, live: LiveView, accounts: Accounts) -> Flask:
    """Create the application. It serves what `live` holds, and neither starts nor stops `live`.

    Args:
        settings: the dashboard's settings.
        plan: the site.
        live: the site snapshot and its streams.
        accounts: the accounts, sessions and access log.
    """
    app = Flask(__name__)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["limits"] = SHOWN_LIMITS
    app.config.update(
        SECRET_KEY=_read_form_secret(accounts),
        APPLICATION_ROOT=root_path(settings.base_path),  # the cookie's path
        SESSION_COOKIE_NAME=cookie_name(
            settings.base_path, "ledig-form"
        ),  # Flask's own session: the CSRF token of the forms, nothing else
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        TRUSTED_HOSTS=list(settings.hosts) or None,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
    )
    app.request_class = _TolerantRequest
    app.session_interface = _FormSessionInterface()
    app.extensions["ledig"] = AppContext(settings, live, accounts, StreamSlots(settings.max_streams), draw_floors(plan))
    CSRFProtect(app)
    logging.getLogger("flask_wtf.csrf").setLevel(logging.WARNING)  # problems.py logs refused forms with their address
    language_selection.install_languages(app, settings.language)
    for blueprint in (
        member_pages.routes,
        wall_pages.routes,
        register_pages.routes,
        api.routes,
        manager.routes,
        use_pages.routes,
        forecast_pages.routes,
        growth_pages.routes,
        devices_pages.routes,
        learned_pages.routes,
        alerts_pages.routes,
        today_pages.routes,
        report_pages.routes,
        codes_pages.routes,
        round_pages.routes,
        rules_pages.routes,
        accounts_pages.routes,
        login_pages.routes,
    ):
        app.register_blueprint(blueprint)
    routes.install_access_control(app, problems.respond_accounts_away)
    app.before_request(_draw_nonce)
    app.after_request(_set_security_headers)
    if not settings.base_path:  # on a shared host the transport policy is not ours to set
        app.after_request(_require_https)
    compression.install_compression(app)
    problems.install_error_handlers(app)
    if settings.base_path:
        app.wsgi_app = BasePathMiddleware(app.wsgi_app, settings.base_path)  # type: ignore[method-assign]
    if settings.proxies:
        depth = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=depth, x_proto=depth, x_host=depth)  # type: ignore[method-assign]
    return app


def _read_form_secret(accounts: Accounts) -> str:
    """Return the key that signs forms; a key of this process alone while the accounts cannot be read."""
    try:
        return accounts.form_secret
    except AccountsAway as unavailable:
        _log.error("%s; the public pages work, and nobody can log in until this is resolved", unavailable)
        return secrets.token_hex(32)


class _TolerantRequest(Request):
    """A request; raw non-ASCII bytes in its query are read as if they were escaped, instead of causing an error."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if not self.query_string.isascii():
            self.query_string = _RAW.sub(lambda byte: b"%%%02X" % byte[0][0], self.query_string)


class _FormSessionInterface(SecureCookieSessionInterface):
    """Flask's session; skips deriving a signing key for requests without a cookie: a sixth of the first page's work."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def _draw_nonce() -> None:
    g.nonce = secrets.token_urlsafe(16)


def _set_security_headers(response: Response) -> Response:
    """Add headers that restrict the browser to what the page needs."""
    styles = f"'self' 'nonce-{g.nonce}'" if g.get("charts") else "'self'"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self'; style-src {styles}; img-src 'self' data:; connect-src 'self';"
        " manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none';"
        " frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"  # the CSRF check needs the referrer over https
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if request.is_secure:  # without TLS a browser ignores it and logs a warning on every page
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _require_https(response: Response) -> Response:
    """Make browsers use only https for this host for a year; subdomains may belong to others and are left out."""
    if request.is_secure:  # without TLS a browser ignores the header
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
