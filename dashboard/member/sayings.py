"""Words of the member page alone, in Swedish and English.

In:    the words of a language.
Out:   templates as in dashboard/words.py, for the page and for its script.
Never: HTML, a reason that would tell a moment of one desk.
"""

from functools import cache
from typing import Final

from collector.plan import Attribute, Character, SpaceKind
from dashboard.words import Words

FOR_SCRIPT: Final = ("need.", "one.", "because.", "unheard.", "only", "none", "like", "lost", "spot.")
"""Beginnings of the sentences that the page's script makes as well."""
FROM_WORDS: Final = (
    *("answer.", "ago.", "ahead.", "air.", "at", "heard", "hour", "lost", "opens."),
    *("people", "row", "state.", "supply", "unheard"),
)
"""Beginnings of those that it shares with other pages."""


@cache
def sayings(language: str) -> dict[str, str]:
    """The templates of "sv" or "en"."""
    words = Words.of(language)
    return {**_needs(words), **_reasons(words), **_lines(words)}


def for_script(language: str) -> dict[str, str]:
    """What the page's script needs of all words."""
    own = {key: text for key, text in sayings(language).items() if key.startswith(FOR_SCRIPT)}
    shared = Words.of(language).page.items()
    return {key: text for key, text in shared if key.startswith(FROM_WORDS)} | own


def _needs(words: Words) -> dict[str, str]:
    _, pgettext = words.gettext, words.pgettext
    return {
        f"need.{Attribute.STANDING}": pgettext("need", "Standing"),
        f"need.{Attribute.SCREEN}": pgettext("need", "Screen"),
        f"need.{Attribute.QUIET}": pgettext("need", "Quiet"),
        f"need.{Attribute.WINDOW}": pgettext("need", "Window"),
        f"need.{Attribute.NEAR_POWER}": pgettext("need", "Near a socket"),
        f"character.{Character.QUIET}": pgettext("character", "quiet"),
        f"character.{Character.LIVELY}": pgettext("character", "lively"),
        f"character.{Character.WORKSHOP}": pgettext("character", "workshop"),
        f"one.{SpaceKind.DESK}": _("Desk in {zone}"),
        f"one.{SpaceKind.BOOTH}": _("Phone booth in {zone}"),
        f"one.{SpaceKind.ROOM}": _("Room in {zone}"),
        f"one.{SpaceKind.EQUIPMENT}": _("Machine in {zone}"),
    }


def _reasons(words: Words) -> dict[str, str]:
    _ = words.gettext
    return {
        "because.v": _("no sensor detects anybody"),
        "because.o": _("its sensors detect somebody"),
        "because.a": _("somebody has just left it; it becomes free if they do not return"),
        "because.u": _("not all its sensors are reporting"),
        "because.d": _("not in use at the moment"),
        "because.v.machine": _("it draws no power"),
        "because.o.machine": _("it draws power"),
        "because.a.machine": _("it has just stopped and may start again"),
    }


def _lines(words: Words) -> dict[str, str]:
    _ = words.gettext
    return {
        "unheard.zone": _("{zone}: {n} of {of} unknown"),
        "unheard.since": _("{zone}: no data since {at}"),
        "only": _("Only {needs}"),
        "only.more": _("Show {n} more"),
        "only.whole": _("All zones: {ahead}"),
        "like": _(
            "“{needs}”: {n} of {of}. The chance is {odds} if they are as popular as the others, lower if "
            "they are more popular."
        ),
        "none.like": _("none match"),
        "lost.since": _("Connection lost. Figures from {at}; the page reconnects by itself."),
        "spot.state": _("{state}: {because}"),
        "usual.zone": _("Usually {n} of {capacity} free in {zone} at this hour."),
        "usual.zone.one": _("Usually one of {capacity} free in {zone} at this hour."),
        "usual.house": _("Usually {n} of {capacity} free in all zones together at this hour."),
        "usual.house.one": _("Usually one of {capacity} free in all zones together at this hour."),
    }
