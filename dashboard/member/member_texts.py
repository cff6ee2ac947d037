"""Texts used only by the member page, in Swedish and English.

In:    the texts of a language.
Out:   text templates as in the dashboard's texts, for the page and its script.
Never: HTML; a reason that exposes the time of an event at one desk.
"""

from functools import cache
from typing import Final

from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.spaces import SpaceAttribute, SpaceKind, ZoneCharacter
from dashboard.live.frame import FreeCount
from dashboard.text.page_texts import PageTexts, PluralForms, list_count_values
from dashboard.text.text_cases import Values, select_text

SCRIPT_PREFIXES: Final = ("need.", "one.", "because.", "no_data.", "only", "none", "like", "connection_lost.", "space.")
"""Key prefixes of the texts that the page's script also needs."""
SHARED_PREFIXES: Final = (
    *("answer.", "ago.", "ahead.", "air.", "at", "all_known", "hour", "data_away.", "opens."),
    *("people", "row", "state.", "supply", "some_unknown", "free."),
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


class MemberTexts:
    """Texts that the member page and its script both select."""

    def __init__(self, texts: PageTexts) -> None:
        self._own: Final = get_member_texts(texts.language)
        self._texts: Final = texts

    def format_matching(self, count: FreeCount, *, is_filtered: bool) -> str:
        """Format how many of how many are free, among those that match the chosen needs."""
        free = self._texts.format_free_count(count)
        return self._select("row", {**list_count_values(count), "is_filtered": int(is_filtered), "free": free})

    def describe_missing(self, zone: str, count: FreeCount, since: str | None) -> str:
        """Describe how many spaces of a zone are unknown, or since when all are; empty if none is."""
        at = self._texts.format_time(since) if since else ""
        return self._select(
            "no_data", {**list_count_values(count), "has_time": int(bool(since)), "zone": zone, "at": at}
        )

    def explain(self, code: str, kind: SpaceKind, *, is_hidden: bool) -> str:
        """Return the reason of a state, without a time."""
        return self._select("because", {"code": code, "kind": kind, "is_hidden": int(is_hidden)})

    def _select(self, name: str, values: Values) -> str:
        key, _ = select_text(name, values, {*self._own, *self._texts.script_templates})
        if key in self._own:
            return self._own[key].format(**values)
        return self._texts.select_and_format(name, values)


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
        "because.hidden.u": _("not shown while fewer than {n} people are here").format(n=MIN_SHOWN_GROUP),
        "because.d": _("not in use at the moment"),
        "because.v.equipment": _("it draws no power"),
        "because.o.equipment": _("it draws power"),
        "because.a.equipment": _("it has just stopped and may start again"),
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
        "space.state": _("{state}: {because}"),
    }
