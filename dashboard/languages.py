"""Chooses Swedish or English for a request, and remembers the choice in a plain cookie.

In:    an address of its own (`/sv`), `?lang=`, the cookie, Accept-Language, the house's default, in this order.
Out:   "sv" or "en", and its words.
Never: a session; the public page has none.
"""

from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, current_app, request
from flask_babel import Babel
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from dashboard.words import LANGUAGES, TRANSLATIONS, Words

COOKIE: Final = "lang"
YEAR_S: Final = 365 * 24 * 3600


def install(app: Flask, default: str) -> None:
    """Let the templates and pages of `app` speak the language of each request."""
    app.config["LEDIG_LANGUAGE"] = default
    Babel(
        app,
        default_locale="en",  # the language of the code; what nobody chose is `default`, by `chosen`
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=chosen,
    )
    app.after_request(_remember)
    app.context_processor(lambda: {"words": words(), "languages": LANGUAGES, "same_in": same_in})


def chosen() -> str:
    """The language of this request."""
    for wish in (_asked(), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return _best(request.headers.get("Accept-Language", "")) or str(current_app.config["LEDIG_LANGUAGE"])


@lru_cache(maxsize=256)
def _best(wishes: str) -> str | None:
    """Which of our languages somebody likes best; browsers bring few different wishes, and thousands of times."""
    return parse_accept_header(wishes, LanguageAccept).best_match(list(LANGUAGES))


def _asked() -> str | None:
    """The language that the address names."""
    named: str | None = (request.view_args or {}).get("language")
    return named or request.args.get("lang")


def words() -> Words:
    """The words of this request."""
    return Words.of(chosen())


def same_in(language: str) -> str:
    """The address of the same question in another language, as a link of its own page."""
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"?{urlencode([*asked, ('lang', language)])}"


def _remember(response: Response) -> Response:
    wish = _asked()
    path = str(current_app.config["APPLICATION_ROOT"])
    if wish in LANGUAGES and request.cookies.get(COOKIE) != wish:
        response.set_cookie(
            COOKIE, str(wish), max_age=YEAR_S, samesite="Lax", httponly=True, secure=request.is_secure, path=path
        )
    return response
