"""Texts for the list of alert rules: durations, numbers of events and of desks.

In:    settings, the texts of a language.
Out:   texts.
Never: evaluation.
"""

from collector.configuration.alert_settings import AlertSettings
from collector.site.site_plan import SitePlan
from collector.text.languages import Catalogue


def format_silence(texts: Catalogue, plan: SitePlan, minutes: int) -> str:
    """Return after how much silence an alert begins."""
    text = texts.ngettext(
        "no report for {intervals} report intervals and another {n} minute",
        "no report for {intervals} report intervals and another {n} minutes",
        minutes,
    )
    return text.format(intervals=format_number(texts, plan.rules.silent_after_heartbeats), n=minutes)


def format_number(texts: Catalogue, value: float) -> str:
    """Return a number in the format of the language."""
    return f"{value:g}".replace(".", texts.pgettext("decimal separator", "."))


def format_duration(texts: Catalogue, minutes: int) -> str:
    """Return for how long a condition must hold."""
    return texts.ngettext("for {n} minute", "for {n} minutes", minutes).format(n=minutes)


def format_losses(texts: Catalogue, count: int) -> str:
    """Return how many lost events are too many."""
    return texts.ngettext("{n} event within an hour", "{n} events within an hour", count).format(n=count)


def format_few_free(texts: Catalogue, settings: AlertSettings) -> str:
    """Return how few free desks are too few."""
    count = settings.free_desks_below
    text = texts.ngettext("fewer than {n} free desk", "fewer than {n} free desks", count)
    return f"{text.format(n=count)}, {format_duration(texts, settings.free_desks_min)}"
