"""Parts of the list of alert rules: durations, numbers of events and desks.

In:    settings, the texts of a language.
Out:   texts.
Never: evaluation.
"""

from collector.configuration.alert_settings import AlertSettings
from collector.text.languages import Catalogue


def format_silence(texts: Catalogue, minutes: int) -> str:
    """Return after how much silence an alert begins."""
    text = texts.ngettext(
        "two missed reports and another {n} minute", "two missed reports and another {n} minutes", minutes
    )
    return text.format(n=minutes)


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
