"""Texts used only by the member page, in Swedish and English.

In:    the texts of a language.
Out:   text templates as in the dashboard's texts, for the page and its script.
Never: HTML; a reason that exposes the time of an event at one desk.
"""

from functools import cache
from typing import Final

from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.spaces import SpaceAttribute, SpaceKind, ZoneCharacter
from dashboard.text.page_texts import PageTexts, PluralForms

SCRIPT_PREFIXES: Final = ("need.", "one.", "because.", "no_data.", "only", "none", "like", "connection_lost.", "spot.")
"""Key prefixes of the texts that the page's script also needs."""
SHARED_PREFIXES: Final = (
    *("answer.", "ago.", "ahead.", "air.", "at", "all_known", "hour", "data_away.", "opens."),
    *("people", "row", "state.", "supply", "some_unknown"),
)
"""Key prefixes of the texts that the script shares with other pages."""


@cache
def get_member_texts(language: str) -> dict[str, str]:
    """Return the templates for "sv" or "en"."""
    texts = PageTexts.load(language)
    return {**_need_texts(texts), **_reason_texts(texts), **_line_texts(texts)}


def get_script_texts(language: str) -> dict[str, str | PluralForms]:
    """Return the templates that the page's script needs."""
    own = {key: text for key, text in get_member_texts(language).items() if key.startswith(SCRIPT_PREFIXES)}
    shared = PageTexts.load(language).script_templates.items()
    return {key: text for key, text in shared if key.startswith(SHARED_PREFIXES)} | own


def describe_usual_free(free: int, capacity: int, zone: str | None, texts: PageTexts) -> str:
    """Describe how many spaces are usually free in a zone; None: in all zones together."""
    if zone is None:
        template = texts.ngettext(
            "Usually one of {capacity} free in all zones together at this hour.",
            "Usually {n} of {capacity} free in all zones together at this hour.",
            free,
        )
    else:
        template = texts.ngettext(
            "Usually one of {capacity} free in {zone} at this hour.",
            "Usually {n} of {capacity} free in {zone} at this hour.",
            free,
        )
    return template.format(n=free, capacity=capacity, zone=zone)


def _need_texts(texts: PageTexts) -> dict[str, str]:
    _, pgettext = texts.gettext, texts.pgettext
    return {
        f"need.{SpaceAttribute.STANDING}": pgettext("need", "Standing"),
        f"need.{SpaceAttribute.SCREEN}": pgettext("need", "Screen"),
        f"need.{SpaceAttribute.QUIET}": pgettext("need", "Quiet"),
        f"need.{SpaceAttribute.WINDOW}": pgettext("need", "Window"),
        f"need.{SpaceAttribute.NEAR_POWER}": pgettext("need", "Near a socket"),
        f"character.{ZoneCharacter.QUIET}": pgettext("character", "quiet"),
        f"character.{ZoneCharacter.LIVELY}": pgettext("character", "lively"),
        f"character.{ZoneCharacter.WORKSHOP}": pgettext("character", "workshop"),
        f"one.{SpaceKind.DESK}": _("Desk in {zone}"),
        f"one.{SpaceKind.BOOTH}": _("Phone booth in {zone}"),
        f"one.{SpaceKind.ROOM}": _("Room in {zone}"),
        f"one.{SpaceKind.EQUIPMENT}": _("Machine in {zone}"),
    }


def _reason_texts(texts: PageTexts) -> dict[str, str]:
    _ = texts.gettext
    return {
        "because.v": _("no sensor detects anybody"),
        "because.o": _("its sensors detect somebody"),
        "because.a": _("somebody has just left it; it becomes free if they do not return"),
        "because.u": _("not all its sensors are reporting"),
        "because.few": _("not shown while fewer than {n} people are here").format(n=MIN_SHOWN_GROUP),
        "because.d": _("not in use at the moment"),
        "because.v.machine": _("it draws no power"),
        "because.o.machine": _("it draws power"),
        "because.a.machine": _("it has just stopped and may start again"),
    }


def _line_texts(texts: PageTexts) -> dict[str, str]:
    _ = texts.gettext
    return {
        "no_data.zone": _("{zone}: {n} of {of} unknown"),
        "no_data.few": _("Single spaces are not shown while fewer than {n} people are here.").format(n=MIN_SHOWN_GROUP),
        "no_data.since": _("{zone}: no data since {at}"),
        "only": _("Only {needs}"),
        "only.more": _("Show {n} more"),
        "only.whole": _("All zones: {ahead}"),
        "like": _(
            "“{needs}”: {n} of {of}. The chance is {odds} if they are as popular as the others, lower if "
            "they are more popular."
        ),
        "none.like": _("none match"),
        "connection_lost.since": _("Connection lost. Figures from {at}; the page reconnects by itself."),
        "spot.state": _("{state}: {because}"),
    }
