"""The texts of the pages, in Swedish and English.

In:    counts, states, link status, ages.
Out:   sentences, and the templates from which the page's script makes the same sentences.
Never: HTML, clocks. A template's placeholders are in braces: `{free} of {capacity}`.

English is in the code; other languages are in collector/translations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, Self

from babel import Locale
from babel.numbers import format_percent

from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.spaces import SpaceKind
from collector.text.languages import LANGUAGE_TABLE, Catalogue, Language, load_catalogue
from dashboard.live.full_hours import DaySentence
from dashboard.text.text_cases import TEXT_CASES, Values, select_text

if TYPE_CHECKING:  # live imports this module
    from dashboard.live.frame import FreeCount, LinkStatus, PublicFrame, SupplyLevel

LANGUAGES: Final = {code.value: row.own_name for code, row in LANGUAGE_TABLE.items()}
"""Own name of each language by its code."""
NO_VALUE: Final = "–"  # noqa: RUF001 - an empty table cell
PluralForms = Mapping[str, str]
"""The forms of a text that depends on its number `n`, by plural category of CLDR: `one`, `other`."""
_SAMPLE_NUMBERS: Final = range(200)
"""Have every plural category that a language has for whole numbers."""
_ROUNDING_ERROR: Final = 1e-6
"""Floating point makes 100 * 0.29 less than 29."""


def floor_hundredths(share: float) -> int:
    """Round a share down to whole hundredths."""
    return math.floor(share * 100 + _ROUNDING_ERROR)


def list_count_values(count: FreeCount) -> dict[str, int | str]:
    """Return the values of a count for `select_text`; texts.js lists the same."""
    least, most, capacity = count.least, count.most, count.capacity
    unknown = most - least
    return {"least": least, "capacity": capacity, "unknown": unknown, "most": most, "n": unknown, "of": capacity}


class PageTexts:
    """The texts of one language."""

    def __init__(self, language: str, catalogue: Catalogue) -> None:
        self.language: Final = language
        self.catalogue: Final = catalogue
        self.gettext: Final[Callable[[str], str]] = catalogue.gettext
        self.ngettext: Final[Callable[[str, str, int], str]] = catalogue.ngettext
        self.pgettext: Final[Callable[[str, str], str]] = catalogue.pgettext
        self._plural_category: Final = Locale.parse(language).plural_form
        self.templates: Final = {
            **self._states(),
            **self._counts(),
            **self._times(),
            **self._lines(),
            **self._days_ahead(),
        }
        self.plurals: Final = {**self._plural_counts(), **self._plural_days_ahead()}
        self.script_templates: Final[Mapping[str, str | PluralForms]] = {**self.templates, **self.plurals}
        """Every template, as the pages' scripts receive them."""
        self.cases: Final = TEXT_CASES
        """Which template describes what, as the pages' scripts receive it."""

    @classmethod
    @cache
    def load(cls, language: str) -> Self:
        """Return the texts of a language, by its code."""
        return cls(language, load_catalogue(Language(language)))

    def format_template(self, key: str, n: int = 0, **values: object) -> str:
        """Format one of the page's templates; `n` selects the form of one with plural forms."""
        forms = self.plurals.get(key)
        template = self.templates[key] if forms is None else forms[self._plural_category(n)]
        return template.format(n=n, **values)

    def select_and_format(self, name: str, values: Values, **shown: object) -> str:
        """Format the text that describes the values, empty for none.

        Args:
            name: a key of TEXT_CASES.
            values: for `select_text` and the template.
            shown: further values that the template shows.
        """
        key, n = select_text(name, values, self.script_templates)
        others = {name: value for name, value in values.items() if name != "n"}
        return self.format_template(key, n, **others, **shown) if key else ""

    def build_plural_forms(self, singular: str, plural: str) -> PluralForms:
        """Return the catalogue's forms of a text by plural category, from which a browser chooses too."""
        return {self._plural_category(n): self.ngettext(singular, plural, n) for n in _SAMPLE_NUMBERS}

    def get_state_label(self, code: str, kind: SpaceKind) -> str:
        """Return the label of a state; `code` as in `STATE_CODES` of live/frame.py."""
        return self.select_and_format("state", {"code": code, "kind": kind})

    def format_percentage(self, share: float) -> str:
        """Format a share in whole per cent."""
        return str(format_percent(share, locale=self.language))

    def format_percentage_floor(self, share: float) -> str:
        """Format a share in whole per cent, rounded down: odds are never shown higher than they are."""
        return self.format_percentage(floor_hundredths(share) / 100)

    def format_free_count(self, count: FreeCount) -> str:
        """Format the number of free spaces: `7`, `7–9`, `?` if unknown."""  # noqa: RUF002 - a range has an en dash
        return self.select_and_format("free", list_count_values(count))

    def format_free_of_capacity(self, count: FreeCount) -> str:
        """Format how many of how many are free; if none of the kind is in use, that."""
        values = {**list_count_values(count), "is_filtered": 0}
        return self.select_and_format("row", values, free=self.format_free_count(count))

    def describe_free(self, kind: SpaceKind, count: FreeCount) -> str:
        """Return the text after the number of free spaces."""
        return self.select_and_format("answer", {**list_count_values(count), "kind": kind, "n": count.most})

    def describe_coverage(self, count: FreeCount) -> str:
        """Format whether all sensors report, or how many spaces are unknown."""
        return self.select_and_format("coverage", list_count_values(count))

    def format_age(self, age_s: float | None) -> str:
        """Format the age of something, in real time; empty if there is none."""
        return "" if age_s is None else self.select_and_format("age", {"n": int(age_s)})

    def format_time(self, clock: str) -> str:
        """Format `HH:MM` as the language writes it in running text."""
        hours, minutes = clock.split(":")
        return self.format_template("at", h=hours, m=minutes)

    def format_hour(self, clock: str) -> str:
        """Format an hour like `13` or `13:30` as the language writes it after "from" or in a span."""
        hours, _, minutes = clock.partition(":")
        return self.format_template("hour", h=f"{int(hours):02}", m=minutes or "00") if clock else ""

    def describe_lost_link(self, link: LinkStatus, since: str | None) -> str:
        """Describe that the data is old; empty while the link is live."""
        return self._describe_away("data_away", link, since)

    def describe_lost_link_briefly(self, link: LinkStatus, since: str | None) -> str:
        """Describe the same in few words, for the wall screen."""
        return self._describe_away("wall_away", link, since)

    def _describe_away(self, name: str, link: LinkStatus, since: str | None) -> str:
        values = {"is_live": int(link == "live"), "has_time": int(since is not None)}
        return self.select_and_format(name, values, at=self.format_time(since) if since else "")

    def describe_closed(self, frame: PublicFrame) -> str:
        """Describe that the site is closed, and when it opens if that is known; empty while it is open."""
        days, weekday, time = frame.opens or (0, 0, "")
        values = {"is_closed": int(frame.closed), "has_time": int(bool(time)), "weekday": weekday, "n": days}
        return self.select_and_format("closed", values, at=self.format_time(time) if time else "")

    def describe_closing_time(self, at: str | None) -> str:
        """Describe until when an open site is open; empty if it is closed or does not close today."""
        return "" if at is None else self.format_template("closes", at=self.format_time(at))

    def describe_supply(self, left: SupplyLevel) -> str:
        """Describe the level of a supply."""
        values = {"is_known": int(left.level_pct is not None), "is_low": int(left.low), "n": left.level_pct or 0}
        return self.select_and_format("supply", values)

    def describe_air(self, word: str | None) -> str:
        """Describe a zone's air by the result of `classify_air_quality` (live/frame.py); empty if it is not known."""
        return self.templates[f"air.{word}"] if word else ""

    def describe_people(self, frame: PublicFrame) -> str:
        """Describe how many people are on site, or were counted so far; empty if nobody counts them."""
        if frame.people is None:
            return ""
        least, most = frame.people
        values = {"least": least, "most": most, "is_from_zero": int(frame.from_zero), "n": most}
        return self.select_and_format("people", values)

    def describe_day_ahead(self, parts: tuple[DaySentence, ...]) -> str:
        """Describe the rest of the day; empty without a forecast."""
        return " ".join(
            self.format_template(key, begin=self.format_hour(begin), end=self.format_hour(end), n=n)
            for key, begin, end, n in parts
        )

    def first_kind(self, frame: PublicFrame) -> SpaceKind | None:
        """Return the kind of space that the page shows first: desks, or another kind; None if the site offers none."""
        return frame.first_kind

    def _states(self) -> dict[str, str]:
        _, pgettext = self.gettext, self.pgettext
        return {
            "state.v": _("free"),
            "state.o": _("taken"),
            "state.a": _("taken, away"),
            "state.u": _("unknown"),
            "state.d": _("out of use"),
            "state.v.equipment": pgettext("machine", "free"),
            "state.o.equipment": pgettext("machine", "in use"),
            "state.a.equipment": pgettext("machine", "in use, paused"),
            "state.u.equipment": _("unknown"),
            "state.d.equipment": pgettext("machine", "out of use"),
            "air.fresh": _("fresh air"),
            "air.fresh.rising": _("fresh air, getting worse"),
            "air.fair": _("acceptable air"),
            "air.fair.rising": _("acceptable air, getting worse"),
            "air.fair.falling": _("acceptable air, improving"),
            "air.stale": _("stuffy, open a window"),
            "air.stale.rising": _("stuffy and getting worse, open a window"),
            "air.stale.falling": _("stuffy, improving"),
            "air.bad": _("poor air, open a window"),
            "air.bad.rising": _("poor air and getting worse, open a window"),
            "air.bad.falling": _("poor air, improving"),
        }

    def _days_ahead(self) -> dict[str, str]:
        _ = self.gettext
        return {
            "ahead.full.usual": _("Usually full {begin}–{end}."),  # noqa: RUF001 - a span has an en dash
            "ahead.full.usual.until": _("Usually full until {end}."),
            "ahead.full.likely": _("Probably full {begin}–{end}."),  # noqa: RUF001
            "ahead.full.likely.until": _("Probably full until {end}."),
        }

    def _plural_days_ahead(self) -> dict[str, PluralForms]:
        ngettext = self.build_plural_forms
        return {
            "ahead.from": ngettext("About one free from {begin}.", "About {n} free from {begin}."),
            "ahead.least": ngettext(
                "Busiest around {begin}: about one free.", "Busiest around {begin}: about {n} free."
            ),
        }

    def _plural_counts(self) -> dict[str, PluralForms]:
        """Return the texts after the number `n` of free spaces."""
        ngettext = self.build_plural_forms
        return {
            "answer.desk": ngettext("of {capacity} desks free", "of {capacity} desks free"),
            "answer.booth": ngettext("of {capacity} phone booths free", "of {capacity} phone booths free"),
            "answer.room": ngettext("of {capacity} rooms free", "of {capacity} rooms free"),
            "answer.equipment": ngettext("of {capacity} machines free", "of {capacity} machines free"),
        }

    def _counts(self) -> dict[str, str]:
        _ = self.gettext
        return {
            "answer.desk.single": _("of 1 desk free"),
            "answer.booth.single": _("of 1 phone booth free"),
            "answer.room.single": _("of 1 room free"),
            "answer.equipment.single": _("of 1 machine free"),
            "kind.desk": _("Desks"),
            "kind.booth": _("Phone booths"),
            "kind.room": _("Rooms"),
            "kind.equipment": _("Machines"),
            "free.unknown": "?",
            "free.exact": "{least}",
            "free.range": "{least}–{most}",  # noqa: RUF001
            "row": _("{free} of {capacity}"),
            "supply": _("{n}%"),
            "supply.low": _("{n}%, running out"),
            "people": _("{n} people here"),
            "people.range": _("{least}–{most} people here"),  # noqa: RUF001
            "people.most": _("At most {n} people here"),
            "people.few": _("Fewer than {n} people here").format(n=MIN_SHOWN_GROUP),
            "people.so_far": _("{n} people counted so far"),
            "people.so_far.range": _("{least}–{most} people counted so far"),  # noqa: RUF001
            "people.so_far.most": _("At most {n} people counted so far"),
            "people.so_far.few": _("Fewer than {n} people counted so far").format(n=MIN_SHOWN_GROUP),
        }

    def _times(self) -> dict[str, str]:
        _, pgettext = self.gettext, self.pgettext
        return {
            "at": _("{h}:{m}"),
            "hour": pgettext("hour", "{h}:{m}"),
            "ago.s": _("{n} s ago"),
            "ago.min": _("{n} min ago"),
            "ago.h": _("{n} h ago"),
            "opens.today": _("Closed. Opens at {at}"),
            "opens.tomorrow": _("Closed. Opens tomorrow at {at}"),
            "opens.0": _("Closed. Opens on Monday at {at}"),
            "opens.1": _("Closed. Opens on Tuesday at {at}"),
            "opens.2": _("Closed. Opens on Wednesday at {at}"),
            "opens.3": _("Closed. Opens on Thursday at {at}"),
            "opens.4": _("Closed. Opens on Friday at {at}"),
            "opens.5": _("Closed. Opens on Saturday at {at}"),
            "opens.6": _("Closed. Opens on Sunday at {at}"),
            "opens.unknown": _("Closed until further notice"),
            "closes": _("Open until {at}"),
            "opens.later": _("Closed. Opens in {n} days at {at}"),
        }

    def _lines(self) -> dict[str, str]:
        _ = self.gettext
        return {
            "fewest": _("Fewest free today: {n} at {at}"),
            "all_known": _("All sensors reporting"),
            "some_unknown": _("{n} of {of} unknown"),
            "data_away.since": _("No data since {at}. Ask at reception or look again in 5 minutes."),
            "data_away.never": _("No data yet. Ask at reception or look again in 5 minutes."),
            "wall.away.since": _("No data since {at}"),
            "wall.away.never": _("No data yet"),
            "wall.page_away": _("No connection since {at}"),
            "connection_lost": _("Connection lost. Check your network; the page reconnects by itself."),
        }
