"""Texts about the people count: corrections with reasons, and the counting error of the doors over two weeks.

In:    rows of PEOPLE_CORRECTION and PEOPLE_FIVE_MIN, the plan, the page's texts.
Out:   one line for each correction, newest first; sentences.
Never: a count of 1 to 4 people, I/O.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from babel.dates import format_datetime
from babel.numbers import format_decimal

from collector.contract.states import PeopleCount
from collector.history.door_days import LEARNING_DAYS, MIN_ERROR_SCALE, DayTurns, DoorDay, learn_doors
from collector.history.measures import CorrectionReason, HistoryRow
from collector.site.calendar import to_local_time
from collector.site.privacy_limits import MIN_SHOWN_GROUP
from collector.site.site_plan import SitePlan
from collector.site.spaces import SEATING_KINDS
from dashboard.text.page_texts import PageTexts

MAX_CORRECTIONS: Final = 12
"""At most this many corrections are shown."""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One correction as texts."""

    at: str
    why: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PeopleCorrections:
    """How people are counted: learned door ratio, when the site was last empty, and the newest corrections."""

    doors: str
    last_empty: str
    crowded_warning: str
    """A warning that more people are counted than there are places; the count is not limited. Empty: not the case."""
    entries: tuple[CorrectionRow, ...]


def build_people_corrections(
    corrections: Sequence[HistoryRow],
    passed: Iterable[HistoryRow],
    people: PeopleCount | None,
    plan: SitePlan,
    texts: PageTexts,
) -> PeopleCorrections:
    """Return the texts about the people count.

    Args:
        corrections: rows of PEOPLE_CORRECTION.
        passed: rows of PEOPLE_FIVE_MIN.
        people: the current count; None: unknown.
        plan: the site.
        texts: the page's texts.
    """
    return PeopleCorrections(
        doors=describe_doors(passed, plan, texts),
        last_empty=_last_empty_text(people, plan, texts),
        crowded_warning=_crowded_warning(people, plan, texts),
        entries=build_correction_rows(corrections, plan, texts),
    )


def build_correction_rows(
    corrections: Sequence[HistoryRow], plan: SitePlan, texts: PageTexts
) -> tuple[CorrectionRow, ...]:
    """Return the newest corrections, without those between two counts of fewer than five people."""
    exposed = [row for row in corrections if not all(0 <= (value or 0) < MIN_SHOWN_GROUP for value in row.fields)]
    exposed.sort(key=lambda row: row.at_ms, reverse=True)
    reasons = _reasons(texts)
    return tuple(
        CorrectionRow(
            at=format_datetime(to_local_time(plan, row.at_ms), "EEE d MMM HH:mm", locale=texts.language),
            why=_quiet_inside_reason(row, texts)
            if row.tags[1] == CorrectionReason.STILL
            else reasons.get(row.tags[1], row.tags[1]),
            before=_count_text(row.fields[0], texts),
            after=_count_text(row.fields[1], texts),
        )
        for row in exposed[:MAX_CORRECTIONS]
    )


def describe_doors(passed: Iterable[HistoryRow], plan: SitePlan, texts: PageTexts) -> str:
    """Return how many people the doors count in for each person out, from the days before today."""
    turns, days = DayTurns(plan), dict[int, DoorDay]()
    for row in passed:
        day = turns.find_turn(row.at_ms).day
        known = days.get(day, DoorDay(day))
        days[day] = DoorDay(day, known.entries + int(row.fields[0] or 0), known.exits + int(row.fields[1] or 0))
    ended = [found for day in sorted(days)[:-1][-LEARNING_DAYS:] if (found := days[day]).entries or found.exits]
    _, ngettext = texts.gettext, texts.ngettext
    if not ended:
        return _("The doors have not counted a full day yet; typical counting errors are assumed.")
    learned = learn_doors(ended)
    ratio = learned.in_out_ratio
    if learned.error_scale < MIN_ERROR_SCALE:
        text = ngettext(
            "On the first day the doors counted almost exactly as many in as out, so their count is hardly corrected.",
            "Over {days} days the doors counted almost exactly as many in as out, so their count is hardly corrected.",
            len(ended),
        )
        return text.format(days=len(ended))
    if ratio == 1:
        text = ngettext(
            "On the first day the doors counted about as many in as out, so no correction is applied.",
            "Over {days} days the doors counted about as many in as out, so no correction is applied.",
            len(ended),
        )
        return text.format(days=len(ended))
    text = ngettext(
        "On the first day the doors counted {n} in for every 100 out, so each person out is counted as {ratio}.",
        "Over {days} days the doors counted {n} in for every 100 out, so each person out is counted as {ratio}.",
        len(ended),
    )
    decimal = format_decimal(ratio, "0.00", locale=texts.language)
    return text.format(days=len(ended), n=round(100 * ratio), ratio=decimal)


def _last_empty_text(people: PeopleCount | None, plan: SitePlan, texts: PageTexts) -> str:
    if people is None:
        return ""
    if people.last_empty_ms is None:
        return texts.gettext(
            "The site has not been certain to be empty yet, so anybody who was already inside is not counted."
        )
    at = format_datetime(to_local_time(plan, people.last_empty_ms), "EEE d MMM HH:mm", locale=texts.language)
    return texts.gettext("Last certain to be empty {at}.").format(at=at)


def _crowded_warning(people: PeopleCount | None, plan: SitePlan, texts: PageTexts) -> str:
    places = sum(space.kind in SEATING_KINDS for space in plan.spaces)
    if people is None or people.least <= max(places, MIN_SHOWN_GROUP):
        return ""
    text = texts.gettext(
        "More people are counted than there are desks, booths and rooms ({n}): either it is very "
        "full, or a door counter is wrong."
    )
    return text.format(n=places)


def _count_text(count: float | None, texts: PageTexts) -> str:
    people = int(count or 0)
    if 0 < people < MIN_SHOWN_GROUP:
        return texts.gettext("under {n}").format(n=MIN_SHOWN_GROUP)
    return str(people).replace("-", "\u2212")  # a minus, not a hyphen


def _quiet_inside_reason(row: HistoryRow, texts: PageTexts) -> str:
    _ = texts.gettext
    if (row.fields[1] or 0) < (row.fields[0] or 0):
        return _("fewer people left than the count would suggest")
    return _("more people left than the count would suggest")


def _reasons(texts: PageTexts) -> dict[str, str]:
    _ = texts.gettext
    return {
        CorrectionReason.NEGATIVE: _("more people left than were counted inside"),
        CorrectionReason.DOORS: _("usual counting errors of the doors"),
        CorrectionReason.SEEN: _("sensors inside detected this many people"),
        CorrectionReason.QUIET: _("no activity anywhere"),
        CorrectionReason.CLOSED: _("outside opening hours"),
        CorrectionReason.LEAST: _("quietest hour of a site that never closes"),
    }
