"""Selects Swedish or English for a request, and stores the choice in a plain cookie.

In:    the language in the path (`/sv`), `?lang=`, the cookie, Accept-Language, the site's default, in this order.
Out:   "sv" or "en", and its texts.
Never: a session; the public page has none.
"""

from functools import lru_cache, partial
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, current_app, request
from flask_babel import Babel
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from collector.text.languages import TRANSLATIONS
from dashboard.text.duration_texts import format_days, format_duration
from dashboard.text.page_texts import LANGUAGES, PageTexts
from edge.timekeeping.durations import DAY_S

LANGUAGE_COOKIE: Final = "lang"
COOKIE_MAX_AGE_S: Final = 365 * DAY_S


def install_languages(app: Flask, default: str) -> None:
    """Make the templates and pages of `app` use the language of each request."""
    app.config["LEDIG_LANGUAGE"] = default
    Babel(
        app,
        default_locale="en",  # the language of the code; `locale_selector` applies `default`
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=select_language,
    )
    app.after_request(_store_choice)
    app.context_processor(_list_template_values)


def _list_template_values() -> dict[str, object]:
    texts = get_texts()
    return {
        "texts": texts,
        "languages": LANGUAGES,
        "link_to_language": link_to_language,
        "format_duration": partial(format_duration, texts=texts),
        "format_days": partial(format_days, texts=texts),
    }


def select_language() -> str:
    """Return the language of this request."""
    for language in (_read_requested(), request.cookies.get(LANGUAGE_COOKIE)):
        if language in LANGUAGES:
            return language
    return _match_accept_language(request.headers.get("Accept-Language", "")) or str(
        current_app.config["LEDIG_LANGUAGE"]
    )


@lru_cache(maxsize=256)
def _match_accept_language(header: str) -> str | None:
    """Return the best match among our languages; cached, since browsers send few different headers."""
    return parse_accept_header(header, LanguageAccept).best_match(list(LANGUAGES))


def _read_requested() -> str | None:
    """Return the language that the URL names."""
    named: str | None = (request.view_args or {}).get("language")
    return named or request.args.get("lang")


def get_texts() -> PageTexts:
    """Return the texts of this request's language."""
    return PageTexts.load(select_language())


def vary_by_language(page: str) -> Response:
    """Return a response that caches keep once for each language and cookie."""
    response = Response(page)
    response.vary.update(["Accept-Language", "Cookie"])
    return response


def link_to_language(language: str) -> str:
    """Return a link to the current page with the same query in another language."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"?{urlencode([*arguments, ('lang', language)])}"


def _store_choice(response: Response) -> Response:
    language = _read_requested()
    path = str(current_app.config["APPLICATION_ROOT"])
    if language in LANGUAGES and request.cookies.get(LANGUAGE_COOKIE) != language:
        response.set_cookie(
            LANGUAGE_COOKIE,
            str(language),
            max_age=COOKIE_MAX_AGE_S,
            samesite="Lax",
            httponly=True,
            secure=request.is_secure,
            path=path,
        )
    return response
