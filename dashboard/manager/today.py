"""Formats adjustments for the today page, and the errors that it shows for invalid forms.

In:    adjustments, a command, the texts of a language.
Out:   texts.
Never: clocks, forms.
"""

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date

from collector.site.adjustments import MAX_DATES, MAX_DAYS_AHEAD, AdjustmentCommand, Adjustments, SetHours, SetNotice
from collector.site.spaces import Space
from dashboard.text.page_texts import PageTexts


@dataclass(frozen=True, slots=True)
class AdjustedDateRow:
    """One date with its own opening hours."""

    date: str
    """ISO format, as in a form: `2026-12-24`."""
    name: str
    hours: str


def build_date_rows(adjustments: Adjustments, today: date, texts: PageTexts) -> list[AdjustedDateRow]:
    """Return the dates from today on that have their own hours, the nearest first."""
    closed = texts.gettext("Closed")
    return [
        AdjustedDateRow(
            day,
            str(format_date(date.fromisoformat(day), "EEEE d MMMM", locale=texts.language)),
            ", ".join(text.replace("-", "\u2013") for text in spans) or closed,
        )
        for day, spans in adjustments.hours.items()
        if date.fromisoformat(day) >= today
    ]


def can_be_taken_out(space: Space, adjustments: Adjustments) -> bool:
    """Return whether the form offers to take a space out of use."""
    return space.is_offered and not space.disabled and space.id not in adjustments.out_of_use


def is_applied(now: Adjustments, command: AdjustmentCommand, wanted: Adjustments) -> bool:
    """Return whether the collector has applied a command.

    Args:
        now: the adjustments that the collector publishes.
        command: the command that was sent.
        wanted: the adjustments that the dashboard expects after the command.
    """
    if isinstance(command, SetNotice):
        return now.notice == wanted.notice
    if isinstance(command, SetHours):
        day = date.fromisoformat(command.date).isoformat()
        return now.hours.get(day) == wanted.hours.get(day)
    return (command.space in now.out_of_use) is command.out_of_use


def explain_collector_away(texts: PageTexts) -> str:
    """Return the error for a collector that is not there: nothing was changed."""
    _ = texts.gettext
    return _("The collector is not running or not connected, so changes cannot be saved. Try again once it is back.")


def explain_unconfirmed(texts: PageTexts) -> str:
    """Return the error for a change that was sent but not confirmed."""
    _ = texts.gettext
    return _("The collector has not confirmed the change. Check below whether it was saved; if not, save it again.")


def explain_long_notice(most: int, texts: PageTexts) -> str:
    """Return the error for a notice that is too long."""
    return texts.gettext("The notice is too long. Shorten it to at most {n} characters.").format(n=most)


def explain_changed_notice(now: str, texts: PageTexts) -> str:
    """Return the error for a notice that somebody else changed after the form was opened."""
    _ = texts.gettext
    if not now:
        return _("Somebody has removed the notice since you opened this page. Save again to show yours.")
    return _(
        "Somebody has changed the notice since you opened this page. It is now: “{notice}”. Save again to replace it."
    ).format(notice=now)


def explain_invalid_hours(text: str, texts: PageTexts) -> str:
    """Return the error for opening hours that cannot be parsed."""
    _ = texts.gettext
    shown = text[:40]
    return _("“{hours}” are not opening hours. Write for example 09:00-15:00, or 08:00-12:00, 13:00-17:00.").format(
        hours=shown
    )


def explain_rejected_command(command: AdjustmentCommand, texts: PageTexts) -> str:
    """Return the error for a command that the collector would reject."""
    _ = texts.gettext
    if isinstance(command, SetHours):
        template = _(
            "Choose a date from yesterday to {days} days ahead; at most {n} dates can have hours of their own."
        )
        return template.format(days=MAX_DAYS_AHEAD, n=MAX_DATES)
    if isinstance(command, SetNotice):
        return _("The notice has a character that cannot be shown. Write it again with letters, digits and signs.")
    return _("This change is not possible. Reload the page.")


def format_log_span(command: AdjustmentCommand) -> str:
    """Format a command for the access log."""
    if isinstance(command, SetNotice):
        return "notice" if command.notice.strip() else "no notice"
    if isinstance(command, SetHours):
        hours = "usual" if command.hours is None else ",".join(command.hours) or "closed"
        return f"hours {command.date} {hours}"
    return f"{command.space} {'out of use' if command.out_of_use else 'in use'}"
