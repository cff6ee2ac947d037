"""Sentences of alerts that differ by the alert's reason or value.

In:    an alert, the texts of a language.
Out:   sentences whose placeholders are not filled in yet.
Never: evaluation, clocks.
"""

import math

from collector.contract.alerts import AT_MOST, NO_BACKUP, Alert
from collector.contract.findings import FindingKind
from collector.contract.loss_reasons import LossReason
from collector.text.languages import Catalogue


def count_of(alert: Alert) -> int:
    """Return the number that chooses the plural form."""
    return math.ceil(alert.value or 0)


def describe_battery(texts: Catalogue, alert: Alert) -> str:
    """Return the level, or that the battery will be empty soon."""
    if alert.value is None:
        return texts.gettext("The battery of {name} will soon be empty.")
    return texts.gettext("The battery of {name} is at {value}%.")


def describe_stuck(texts: Catalogue, alert: Alert) -> str:
    """Return how the sensor is stuck; an unknown finding counts as a sensor that detects nothing."""
    if alert.reason == FindingKind.STUCK_ON:
        return texts.gettext("{name} has been active without a break for longer than anybody stays.")
    if alert.reason == FindingKind.NEVER_TRIGGERED:
        return texts.gettext("{name} has never detected anything although its space is used.")
    return texts.gettext("{name} detects nothing although its space is used.")


def remedy_stuck(texts: Catalogue, alert: Alert) -> str:
    """Return what to check."""
    if alert.reason == FindingKind.STUCK_ON:
        return texts.gettext("Check for something in front of it, and check its wiring.")
    return texts.gettext("Walk up to it and see whether it responds. If not, check its wiring.")


def describe_losses(texts: Catalogue, alert: Alert) -> str:
    """Return how many events are lost."""
    return texts.ngettext(
        "{value} event from {name} was lost at {since}.",
        "{value} events from {name} have been lost since {since}.",
        count_of(alert),
    )


def remedy_losses(texts: Catalogue, alert: Alert) -> str:
    """Return the remedy for the reason; an unknown reason counts as a full queue."""
    _ = texts.gettext
    reason = LossReason(alert.reason) if alert.reason in set(LossReason) else LossReason.DROPPED
    wrong_sensor = _(
        "The site file does not list this sensor, or lists it as another kind: correct the site file and restart."
    )
    known = {
        LossReason.DROPPED: _(
            "Its queue was full: check that it reaches the broker, and how long it was disconnected."
        ),
        LossReason.UNKNOWN_SENSOR: wrong_sensor,
        LossReason.UNFIT_KIND: wrong_sensor,
        LossReason.FUTURE: _("Its clock is fast: check that it reaches a time server."),
        LossReason.TOO_OLD: _("They arrived too late to be stored: check how long it was disconnected, and its clock."),
        LossReason.JOURNAL_DAMAGED: _("They were stored before the database was damaged: check the disk."),
    }
    return known.get(reason, _("It sends data that the collector cannot use: see the devices page for details."))


def describe_few_free(texts: Catalogue, alert: Alert) -> str:
    """Return how many desks are free."""
    if not alert.value:
        return texts.gettext("No desk has been free since {since}.")
    if alert.reason == AT_MOST:
        return texts.gettext("At most {value} of the desks are free; fewer than {limit} since {since}.")
    return texts.ngettext(
        "{value} desk is free; fewer than {limit} since {since}.",
        "{value} desks are free; fewer than {limit} since {since}.",
        count_of(alert),
    )


def describe_restored(texts: Catalogue, alert: Alert) -> str:
    """Return what is missing after the journal was restored."""
    if alert.reason == NO_BACKUP:
        return texts.gettext("The database was damaged and there was no backup: all data before {fired} is missing.")
    return texts.gettext(
        "The database was damaged and has been restored from a backup: events from {since} to {fired} are missing."
    )
