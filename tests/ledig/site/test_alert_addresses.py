"""Addresses of alert destinations: read from their files, never shown, testable."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collector.alerts.alert_kinds import get_hours
from collector.configuration.alert_settings import AlertSettings, Destination
from collector.contract.alerts import AlertKind, Severity
from collector.text.languages import Language
from ledig.site.alert_addresses import AddressRejected, add_addresses
from ledig.site.site_file import read_site_file
from ledig.up.up_command import UpOptions, _choose_alerts
from tests.support.collector.notification_receivers import NotificationReceiver, run_receiver
from tests.support.command import read_error_lines, run_ledig
from tests.support.servers import find_free_port
from tests.support.valid_site import VALID_SITE, read_faults, write_site_file

TABLES = """
[alerts]
co2_above_ppm = 1200
quiet_hours = "22:00-07:00"

[alerts.when]
stuck = "open"

[[alerts.destination]]
name = "phone"
url_file = "phone"

[[alerts.destination]]
name = "night"
url_file = "night"
least = "urgent"
"""


@pytest.fixture
def phone() -> Iterator[NotificationReceiver]:
    with run_receiver() as made:
        yield made


def write_address(folder: Path, text: str, name: str = "phone", mode: int = 0o600) -> Destination:
    file = folder / name
    file.write_text(text)
    file.chmod(mode)
    return Destination(name=name, url_file=file)


def test_alert_settings_are_read_from_the_site_file(tmp_path: Path) -> None:
    site = read_site_file(
        write_site_file(
            tmp_path, VALID_SITE.replace('name = "The mill"', 'name = "The mill"\nlanguage = "en"') + TABLES
        )
    )
    alerts = site.collector.alerts
    assert (alerts.co2_above_ppm, alerts.quiet_hours, alerts.language) == (1200, "22:00-07:00", Language.EN)
    assert get_hours(alerts, AlertKind.STUCK) == "open"
    assert [(one.name, one.url_file, one.least, one.url) for one in alerts.destinations] == [
        ("phone", tmp_path / "phone", Severity.NOTICE, ""),
        ("night", tmp_path / "night", Severity.URGENT, ""),
    ]
    assert site.dashboard.alerts == alerts


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[alerts]\nco2_above_ppm = 300", "alerts: co2_above_ppm must lie between 600 and 10000, got 300"),
        ("[alerts]\nfree_desks_below = 9", "alerts: free_desks_below must lie between 0 and 1, as many shared desks"),
        ("[alerts]\nco2 = 1", 'alerts: no setting "co2"; known settings: '),
        ('[alerts.when]\nco2 = "open"', 'alerts.when: no alert "co2"; known alerts: '),
        ("[alerts.when]\nco2_high = 1", 'alerts.when: co2_high is 1; write it in quotes: co2_high = "always"'),
        ('[alerts.when]\nco2_high = "noon"', 'alerts: when, co2_high must be "always", "open", "off" or hours such as'),
        ('[[alerts.destination]]\nname = "a"', 'alerts, destination "a": url_file is missing; give it: '),
        (
            '[[alerts.destination]]\nname = "A"\nurl_file = "a"',
            'alerts, destination "A": name must be lowercase letters',
        ),
        (
            '[[alerts.destination]]\nname = "a"\nurl_file = "a"\nurl = "json://secret"',
            'alerts, destination "a": no setting "url"; known settings: ',
        ),
        (
            '[[alerts.destination]]\nname = "a"\nurl_file = "a"\n' * 2,
            'alerts, destination "a": this name is given twice',
        ),
    ],
)
def test_invalid_alert_settings_are_reported_with_their_bounds(tmp_path: Path, text: str, fault: str) -> None:
    faults = read_faults(tmp_path, f"{VALID_SITE}\n{text}\n")
    assert [line for line in faults if line.startswith(f"site.toml, {fault}")], faults
    assert "secret" not in "".join(faults)


def test_address_is_read_from_its_file(tmp_path: Path) -> None:
    settings = AlertSettings(destinations=(write_address(tmp_path, "json://localhost/secret\n"),))
    filled = add_addresses(settings)
    assert filled.destinations[0].url == "json://localhost/secret"
    assert replace(filled.destinations[0], url="") == settings.destinations[0]
    assert "secret" not in repr(filled)


@pytest.mark.parametrize(
    ("content", "mode", "text"),
    [
        (b"json://secret", 0o604, "readable by every user of this machine; run: chmod o= "),
        (b"", 0o600, "empty; put one line there: an apprise URL"),
        (b"json://secret\njson://b\n", 0o600, "more than one line; put one line there: an apprise URL"),
        (b"\xff\xfe", 0o600, "not UTF-8 text; put one line there: an apprise URL"),
        (b"nonsense://secret", 0o600, "not a valid Apprise URL; see Apprise's documentation for the form"),
    ],
)
def test_unusable_address_file_is_reported_without_its_content(
    tmp_path: Path, content: bytes, mode: int, text: str
) -> None:
    destination = write_address(tmp_path, "", mode=mode)
    destination.url_file.write_bytes(content)
    with pytest.raises(AddressRejected) as rejected:
        add_addresses(AlertSettings(destinations=(destination,)))
    assert str(rejected.value).startswith(f"{destination.url_file}: {text}")
    assert "secret" not in str(rejected.value)


def test_missing_address_file_is_reported_with_a_remedy(tmp_path: Path) -> None:
    missing = Destination(name="phone", url_file=tmp_path / "phone")
    with pytest.raises(AddressRejected, match="no such file or directory; put one line there: an apprise URL"):
        add_addresses(AlertSettings(destinations=(missing,)))


def test_test_message_reaches_its_server_and_failures_are_named(tmp_path: Path, phone: NotificationReceiver) -> None:
    site = write_site_file(tmp_path, VALID_SITE + TABLES)
    write_address(tmp_path, phone.url)
    write_address(tmp_path, f"json://127.0.0.1:{find_free_port()}/secret", "night")
    ran = run_ledig("alerts", "test", site)
    taken, refused = ran.stdout.splitlines()
    assert taken == "phone: test message accepted"
    assert refused.startswith("night: test message not accepted: ")
    assert refused.endswith("(connection refused)")
    assert ran.returncode == 3
    assert read_error_lines(ran) == [
        f"not delivered to night ({tmp_path / 'night'}); check the address and the network of this machine"
    ]
    assert phone.received == [
        ("The mill: testmeddelande", "Det här är ett testmeddelande från The mill. Ingenting är fel.")
    ]
    assert "secret" not in ran.stdout + ran.stderr


def test_simulated_site_has_no_destinations(tmp_path: Path) -> None:
    path = write_site_file(tmp_path, VALID_SITE + TABLES)
    write_address(tmp_path, "json://localhost/secret")
    write_address(tmp_path, "json://localhost/secret", "night")
    site = read_site_file(path)
    assert _choose_alerts(site, UpOptions(site=path, simulate=True)).destinations == ()
    real = _choose_alerts(site, UpOptions(site=path, device="pi-1")).destinations
    assert [one.url for one in real] == ["json://localhost/secret"] * 2


def test_missing_destinations_are_reported(tmp_path: Path) -> None:
    ran = run_ledig("alerts", "test", write_site_file(tmp_path, VALID_SITE))
    assert (ran.returncode, read_error_lines(ran)) == (
        2,
        ["site.toml: no [[alerts.destination]]; give one with a name and a url_file"],
    )


def test_collector_without_an_address_file_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    ran = run_ledig("collector", write_site_file(tmp_path, VALID_SITE + TABLES))
    assert ran.returncode == 2
    assert read_error_lines(ran) == [
        f"{tmp_path / 'phone'}: no such file or directory; put one line there: an apprise URL"
    ]
