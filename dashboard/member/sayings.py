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
    *("answer.", "ago.", "ahead.", "air.", "at", "heard", "lost", "opens."),
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
        f"need.{Attribute.NEAR_POWER}": pgettext("need", "Near power"),
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
        "because.v": _("all its sensors are quiet"),
        "because.o": _("its sensors notice somebody"),
        "because.a": _("it is kept for whoever just left it, and is free if nobody returns"),
        "because.u": _("not all its sensors are heard, and we do not guess"),
        "because.d": _("it is out of use"),
        "because.v.machine": _("it draws no power"),
        "because.o.machine": _("it draws power"),
        "because.a.machine": _("it has just stopped, and may go on"),
    }


def _lines(words: Words) -> dict[str, str]:
    _ = words.gettext
    return {
        "unheard.zone": _("{zone}: {n} of {of} not heard"),
        "unheard.since": _("{zone}: no word since {at}"),
        "only": _("Only: {needs}"),
        "only.whole": _("The whole house: {ahead}"),
        "like": _("Of “{needs}” alone, {n} of {of}: {odds} if liked as the others are, less if liked better."),
        "none.like": _("none like that"),
        "lost.since": _("This page lost its connection. Last heard {at}; it comes back by itself."),
        "spot.state": _("{state}: {because}"),
        "usual.zone": _("At this hour usually {n} of {capacity} are free in {zone}."),
        "usual.zone.one": _("At this hour usually one of {capacity} is free in {zone}."),
        "usual.house": _("At this hour usually {n} of {capacity} such are free in the house."),
        "usual.house.one": _("At this hour usually one of {capacity} such is free in the house."),
    }
