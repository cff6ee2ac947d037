"""The kinds of alerts: one row for each, with everything that differs between kinds.

In:    the settings, the plan, the texts of a language.
Out:   timing, hours, subjects and texts of every kind.
Never: what is wrong now: `conditions.py` finds that.
"""

from collections.abc import Mapping
from typing import Final

from collector.alerts import sentences_by_reason
from collector.alerts.alert_kind_columns import AlertKindRow
from collector.alerts.subjects import (
    find_counted_site,
    find_destinations,
    find_devices_and_site,
    find_site_with_desk_limit,
    find_sources,
    find_supplies,
    find_zones_with_air,
)
from collector.alerts.thresholds import format_duration, format_few_free, format_losses, format_silence
from collector.configuration.alert_settings import AlertSettings, count_places
from collector.contract.alerts import AlertKind, Severity

ALERT_KINDS: Final[Mapping[AlertKind, AlertKindRow]] = {
    AlertKind.DEVICE_SILENT: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda settings: settings.device_silent_min,
        clear_after_min=5,
        default_when="always",
        settings=("device_silent_min",),
        subjects=find_sources,
        name=lambda texts: texts.pgettext("alert", "Device offline"),
        threshold=lambda texts, settings, plan: format_silence(texts, plan, settings.device_silent_min),
        problem=lambda texts, _alert: texts.gettext("{name} has been offline since {since}: {sensors}."),
        remedy=lambda texts, _alert: texts.gettext("Check power and Wi-Fi of {device}."),
        end=lambda texts, _alert: texts.gettext(
            "{name} has been online again since {ended}; it was offline from {since}."
        ),
        many=None,
    ),
    AlertKind.SENSOR_SILENT: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda settings: settings.sensor_silent_min,
        clear_after_min=10,
        default_when="always",
        settings=("sensor_silent_min",),
        subjects=find_sources,
        name=lambda texts: texts.pgettext("alert", "Sensor not reporting"),
        threshold=lambda texts, settings, plan: format_silence(texts, plan, settings.sensor_silent_min),
        problem=lambda texts, _alert: texts.gettext(
            "{name} has not reported since {since}, although {device} is online."
        ),
        remedy=lambda texts, _alert: texts.gettext("Check its wiring, and its battery if it has one."),
        end=lambda texts, _alert: texts.gettext(
            "{name} has been reporting again since {ended}; it sent no data from {since}."
        ),
        many=lambda texts, n: texts.ngettext(
            "{n} sensor on {device} is not reporting: {names}.",
            "{n} sensors on {device} are not reporting: {names}.",
            n,
        ),
    ),
    AlertKind.BATTERY_LOW: AlertKindRow(
        severity=Severity.NOTICE,
        raise_after_min=lambda _settings: 0,
        clear_after_min=120,
        default_when="always",
        settings=(),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "Battery low"),
        threshold=lambda texts, _settings, _plan: texts.gettext("when the devices page lists the problem"),
        problem=sentences_by_reason.describe_battery,
        remedy=lambda texts, _alert: texts.gettext("Replace the battery."),
        end=lambda texts, _alert: texts.gettext("The battery of {name} is OK again."),
        many=lambda texts, n: texts.ngettext(
            "The battery of {n} sensor on {device} is low: {names}.",
            "The batteries of {n} sensors on {device} are low: {names}.",
            n,
        ),
    ),
    AlertKind.STUCK: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda _settings: 0,
        clear_after_min=120,
        default_when="always",
        settings=(),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "Sensor stuck"),
        threshold=lambda texts, _settings, _plan: texts.gettext("when the devices page lists the problem"),
        problem=sentences_by_reason.describe_stuck,
        remedy=sentences_by_reason.remedy_stuck,
        end=lambda texts, _alert: texts.gettext("{name} works again."),
        many=lambda texts, n: texts.ngettext(
            "{n} sensor on {device} is stuck: {names}.", "{n} sensors on {device} are stuck: {names}.", n
        ),
    ),
    AlertKind.LOST_EVENTS: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda _settings: 0,
        clear_after_min=0,
        default_when="always",
        settings=("lost_events",),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "Events lost"),
        threshold=lambda texts, settings, _plan: format_losses(texts, settings.lost_events),
        problem=sentences_by_reason.describe_losses,
        remedy=sentences_by_reason.remedy_losses,
        end=lambda texts, _alert: texts.gettext(
            "No more events from {name} were lost after {ended}; {value} in total."
        ),
        many=None,
    ),
    AlertKind.TWO_CLIENTS: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda _settings: 0,
        clear_after_min=10,
        default_when="always",
        settings=(),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "Two devices with one name"),
        threshold=lambda texts, _settings, _plan: texts.gettext("when the devices page lists the problem"),
        problem=lambda texts, _alert: texts.gettext("Two clients have signed in as {name} since {since}."),
        remedy=lambda texts, _alert: texts.gettext(
            "Look for a copied memory card or a second process; give each device its own name and password."
        ),
        end=lambda texts, _alert: texts.gettext("Only one client has signed in as {name} since {ended}."),
        many=None,
    ),
    AlertKind.OVER_CAPACITY: AlertKindRow(
        severity=Severity.URGENT,
        raise_after_min=lambda _settings: 5,
        clear_after_min=10,
        default_when="always",
        settings=("most_people",),
        subjects=find_counted_site,
        name=lambda texts: texts.pgettext("alert", "Over capacity"),
        threshold=lambda texts, settings, plan: texts.gettext("more than {n} people").format(
            n=count_places(plan, settings)
        ),
        problem=lambda texts, _alert: texts.gettext("There are {value} people here; the capacity is {limit}."),
        remedy=lambda texts, _alert: texts.gettext("Check on site. If the count is wrong, check the door counter."),
        end=lambda texts, _alert: texts.gettext("The number of people has been below capacity again since {ended}."),
        many=None,
    ),
    AlertKind.CO2_HIGH: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda settings: settings.co2_min,
        clear_after_min=10,
        default_when="open",
        settings=("co2_above_ppm", "co2_min"),
        subjects=find_zones_with_air,
        name=lambda texts: texts.pgettext("alert", "Poor air"),
        threshold=lambda texts, settings, _plan: (
            texts.gettext("more than {n} ppm CO₂").format(n=settings.co2_above_ppm)
            + ", "
            + format_duration(texts, settings.co2_min)
        ),
        problem=lambda texts, _alert: texts.gettext(
            "{name} has been above {limit} ppm CO₂ since {since} (now {value} ppm)."
        ),
        remedy=lambda texts, _alert: texts.gettext("Open a window, or check the ventilation."),
        end=lambda texts, _alert: texts.gettext("The air in {name} has been better since {ended}."),
        many=None,
    ),
    AlertKind.SUPPLY_LOW: AlertKindRow(
        severity=Severity.NOTICE,
        raise_after_min=lambda _settings: 10,
        clear_after_min=10,
        default_when="always",
        settings=(),
        subjects=find_supplies,
        name=lambda texts: texts.pgettext("alert", "Running low"),
        threshold=lambda texts, _settings, _plan: texts.gettext("below its own limit in the site file"),
        problem=lambda texts, _alert: texts.gettext("{name} is down to {value}%."),
        remedy=lambda texts, _alert: texts.gettext("Refill it."),
        end=lambda texts, _alert: texts.gettext("{name} has been refilled."),
        many=None,
    ),
    AlertKind.FEW_FREE: AlertKindRow(
        severity=Severity.NOTICE,
        raise_after_min=lambda settings: settings.free_desks_min,
        clear_after_min=15,
        default_when="open",
        settings=("free_desks_below", "free_desks_min"),
        subjects=find_site_with_desk_limit,
        name=lambda texts: texts.pgettext("alert", "Few desks free"),
        threshold=lambda texts, settings, _plan: format_few_free(texts, settings),
        problem=sentences_by_reason.describe_few_free,
        remedy=lambda texts, _alert: texts.gettext(
            "Let members know before they come, and point them to free booths and rooms."
        ),
        end=lambda texts, _alert: texts.gettext("Enough desks have been free again since {ended}."),
        many=None,
    ),
    AlertKind.DISK_NEARLY_FULL: AlertKindRow(
        severity=Severity.URGENT,
        raise_after_min=lambda _settings: 5,
        clear_after_min=5,
        default_when="always",
        settings=("disk_free_below_pct",),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "Disk nearly full"),
        threshold=lambda texts, settings, _plan: texts.gettext("free space below {n}%").format(
            n=f"{settings.disk_free_below_pct:g}"
        ),
        problem=lambda texts, _alert: texts.gettext("The free space on the collector's disk is down to {value}%."),
        remedy=lambda texts, _alert: texts.gettext(
            "Free some disk space: when the disk is full, nothing more is stored."
        ),
        end=lambda texts, _alert: texts.gettext("The collector's disk has had enough space again since {ended}."),
        many=None,
    ),
    AlertKind.JOURNAL_AWAY: AlertKindRow(
        severity=Severity.URGENT,
        raise_after_min=lambda _settings: 0,
        clear_after_min=0,
        default_when="always",
        settings=(),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "Data not being stored"),
        threshold=lambda texts, _settings, _plan: texts.gettext("the database cannot be written"),
        problem=lambda texts, _alert: texts.gettext("The collector has not been able to store data since {since}."),
        remedy=lambda texts, _alert: texts.gettext(
            "Free some disk space or make the disk writable; the collector then continues by itself."
        ),
        end=lambda texts, _alert: texts.gettext("The collector has been storing data again since {ended}."),
        many=None,
    ),
    AlertKind.JOURNAL_RESTORED: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda _settings: 0,
        clear_after_min=0,
        default_when="always",
        settings=(),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "Database restored"),
        threshold=lambda texts, _settings, _plan: texts.gettext("a damaged database was replaced"),
        problem=sentences_by_reason.describe_restored,
        remedy=lambda texts, _alert: texts.gettext(
            "Check the disk: a memory card that damages one file soon damages others."
        ),
        end=lambda texts, _alert: texts.gettext("The database has not been damaged again since it was restored."),
        many=None,
    ),
    AlertKind.HISTORY_AWAY: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda _settings: 15,
        clear_after_min=10,
        default_when="always",
        settings=(),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "History not copied"),
        threshold=lambda texts, _settings, _plan: (
            texts.gettext("InfluxDB rejects part of the history") + ", " + format_duration(texts, 15)
        ),
        problem=lambda texts, _alert: texts.gettext("InfluxDB has rejected part of the history since {since}."),
        remedy=lambda texts, _alert: texts.gettext(
            "See the staff page and the collector's log for the reason. Nothing is lost."
        ),
        end=lambda texts, _alert: texts.gettext("InfluxDB has accepted all of the history again since {ended}."),
        many=None,
    ),
    AlertKind.NOT_DELIVERED: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda _settings: 0,
        clear_after_min=0,
        default_when="always",
        settings=(),
        subjects=find_destinations,
        name=lambda texts: texts.pgettext("alert", "Messages not delivered"),
        threshold=lambda texts, _settings, _plan: texts.gettext("a message was not accepted"),
        problem=lambda texts, _alert: texts.gettext("Messages to {name} have not been delivered since {since}."),
        remedy=lambda texts, _alert: texts.gettext("Check the address, and test it with “ledig alerts test”."),
        end=lambda texts, _alert: texts.gettext("Messages to {name} have been delivered again since {ended}."),
        many=None,
    ),
    AlertKind.CLOCK_DOUBTED: AlertKindRow(
        severity=Severity.WARNING,
        raise_after_min=lambda _settings: 2,
        clear_after_min=10,
        default_when="always",
        settings=(),
        subjects=find_devices_and_site,
        name=lambda texts: texts.pgettext("alert", "Server clock not trusted"),
        threshold=lambda texts, _settings, _plan: texts.gettext("a jump of the clock has not been confirmed"),
        problem=lambda texts, _alert: texts.gettext(
            "The server's clock jumped at {since}, and neither time synchronisation nor the devices confirm the new "
            "time. The site keeps its own time."
        ),
        remedy=lambda texts, _alert: texts.gettext(
            "Turn on the server's time synchronisation (timedatectl set-ntp true) and check its clock."
        ),
        end=lambda texts, _alert: texts.gettext("The server's clock has been right again since {ended}."),
        many=None,
    ),
}

if missing := set(AlertKind) - set(ALERT_KINDS):
    raise ImportError(f"collector/alerts/alert_kinds.py has no row for {', '.join(sorted(missing))}")


def get_hours(settings: AlertSettings, kind: AlertKind) -> str:
    """Return when a kind is evaluated."""
    return settings.when.get(kind, ALERT_KINDS[kind].default_when)
