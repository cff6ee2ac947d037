"""Addresses of alert destinations, one file each, so that the site file contains none; and `ledig alerts test`.

In:    the alert settings of the site file.
Out:   the settings with addresses; a test message to each destination.
Never: an address in a message or a log: anybody who has it can send messages there.
"""

from dataclasses import replace
from pathlib import Path

import click

from collector.alerts.delivery_errors import try_delivery
from collector.alerts.notification_sender import is_valid_address
from collector.alerts.notifications import write_test_notification
from collector.configuration.alert_settings import AlertSettings
from edge.timekeeping.machine_clock import unix_ms
from ledig.site.settings_files import SettingsFileAway, is_world_accessible, read_settings_text
from ledig.site.site_file import read_site_file


class AddressRejected(ValueError):
    """The file of an address is missing, empty, readable by others, or invalid."""


class DestinationAway(ConnectionError):
    """A destination did not accept a message; it may accept it later."""


def add_addresses(settings: AlertSettings) -> AlertSettings:
    """Return the settings with the address of each destination.

    Raises:
        AddressRejected: a file cannot be used; the message names it and the remedy.
        SettingsFileAway: a file exists but cannot be read now.
    """
    found = tuple(replace(one, url=_read_address(one.url_file)) for one in settings.destinations)
    return replace(settings, destinations=found)


def send_test_messages(path: Path) -> None:
    """Send a test message to each destination of a site file and show the results.

    Raises:
        SiteRejected, AddressRejected: nothing was sent.
        DestinationAway: at least one destination did not accept it.
    """
    site = read_site_file(path)
    settings = add_addresses(site.collector.alerts)
    if not settings.destinations:
        raise AddressRejected(f"{path.name}: no [[alerts.destination]]; give one with a name and a url_file")
    failed = []
    for destination in settings.destinations:
        message = write_test_notification(destination, settings, site.plan, unix_ms())
        reason = try_delivery(destination.url, message.title, message.body)
        click.echo(
            f"{destination.name}: {f'test message not accepted: {reason}' if reason else 'test message accepted'}"
        )
        if reason:
            failed.append(destination)
    if failed:
        names = ", ".join(f"{one.name} ({one.url_file})" for one in failed)
        raise DestinationAway(f"not delivered to {names}; check the address and the network of this machine")


def _read_address(file: Path) -> str:
    remedy = "put one line there: an apprise URL"
    try:
        text = read_settings_text(file).strip()
        exposed = is_world_accessible(file)
    except SettingsFileAway:
        raise
    except OSError as fault:
        raise AddressRejected(f"{file}: {(fault.strerror or str(fault)).lower()}; {remedy}") from fault
    except UnicodeDecodeError:
        raise AddressRejected(f"{file}: not UTF-8 text; {remedy}") from None
    if exposed:
        raise AddressRejected(f"{file}: readable by every user of this machine; run: chmod o= {file}")
    if not text or "\n" in text:
        raise AddressRejected(f"{file}: {'more than one line' if text else 'empty'}; {remedy}")
    if not is_valid_address(text):
        raise AddressRejected(f"{file}: not a valid Apprise URL; see Apprise's documentation for the form")
    return text
