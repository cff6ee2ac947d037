"""What the page of today shows of adjustments, and what it replies to a form that cannot be used.

In:    adjustments, a request, the words of a language.
Out:   texts.
Never: clocks, forms.
"""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from collector.adjustments import AdjustCommand, Adjustments, SetHours, SetNotice
from dashboard.words import Words


@dataclass(frozen=True, slots=True)
class DateRow:
    """One date with hours of its own."""

    date: str
    """As in a form: `2026-12-24`."""
    name: str
    hours: str


def date_rows(adjustments: Adjustments, today: date, words: Words) -> list[DateRow]:
    """The dates from today on that have hours of their own, the nearest first."""
    closed = words.gettext("Closed")
    return [
        DateRow(
            day,
            str(format_date(date.fromisoformat(day), "EEEE d MMMM", locale=words.language)),
            ", ".join(text.replace("-", "\u2013") for text in texts) or closed,
        )
        for day, texts in adjustments.hours.items()
        if date.fromisoformat(day) >= today
    ]


def hours_problem(text: str, words: Words) -> str:
    """Why the hours in a form cannot be used."""
    _ = words.gettext
    shown = text[:40]
    return _("“{hours}” are not opening hours. Write for example 09:00-15:00, or 08:00-12:00, 13:00-17:00.").format(
        hours=shown
    )


def request_problem(asked: AdjustCommand, words: Words) -> str:
    """Why a request cannot be used."""
    _ = words.gettext
    if isinstance(asked, SetHours):
        return _("Choose a date from today to a year ahead.")
    if isinstance(asked, SetNotice):
        return _("The notice has a character that cannot be shown. Write it again with letters, digits and signs.")
    return _("This change is not possible. Reload the page.")


def logged(asked: AdjustCommand) -> str:
    """What the access log keeps of a change."""
    if isinstance(asked, SetNotice):
        return "notice" if asked.notice.strip() else "no notice"
    if isinstance(asked, SetHours):
        hours = "usual" if asked.hours is None else ",".join(asked.hours) or "closed"
        return f"hours {asked.date} {hours}"
    return f"{asked.space} {'out of use' if asked.out_of_use else 'in use'}"
