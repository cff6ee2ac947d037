"""What the page of today shows of adjustments, and what it replies to a form that cannot be used.

In:    adjustments, a request, the words of a language.
Out:   texts.
Never: clocks, forms.
"""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from collector.adjustments import MOST_DATES, AdjustCommand, Adjustments, SetHours, SetNotice
from collector.plan import Space
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


def can_be_taken_out(space: Space, adjustments: Adjustments) -> bool:
    """Whether the form offers to take a space out of use."""
    return space.offered and not space.disabled and space.id not in adjustments.out_of_use


def shows(now: Adjustments, asked: AdjustCommand, wanted: Adjustments) -> bool:
    """Whether the collector has done what was asked; `wanted` are the adjustments after it, as this dashboard knows."""
    if isinstance(asked, SetNotice):
        return now.notice == wanted.notice
    if isinstance(asked, SetHours):
        day = date.fromisoformat(asked.date).isoformat()
        return now.hours.get(day) == wanted.hours.get(day)
    return (asked.space in now.out_of_use) is asked.out_of_use


def away_problem(words: Words) -> str:
    """That nothing was changed, because nobody is there to change it."""
    _ = words.gettext
    return _("The collector is not running or not connected, so changes cannot be saved. Try again once it is back.")


def unconfirmed_problem(words: Words) -> str:
    """That a change was sent, and nothing came of it."""
    _ = words.gettext
    return _("The collector has not confirmed the change. Check below whether it was saved; if not, save it again.")


def long_notice_problem(most: int, words: Words) -> str:
    """That a notice is too long."""
    return words.gettext("The notice is too long. Shorten it to at most {n} characters.").format(n=most)


def changed_notice_problem(now: str, words: Words) -> str:
    """That somebody else has changed the notice since the form was opened."""
    _ = words.gettext
    if not now:
        return _("Somebody has removed the notice since you opened this page. Save again to show yours.")
    return _(
        "Somebody has changed the notice since you opened this page. It is now: “{notice}”. Save again to replace it."
    ).format(notice=now)


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
        text = _("Choose a date from yesterday to a year ahead; at most {n} dates can have hours of their own.")
        return text.format(n=MOST_DATES)
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
