"""The site file: valid settings are read, and all faults are reported at once."""

import contextlib
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from collector.site.opening_spans import OpeningSpan, RedDays
from collector.site.spaces import SpaceKind, Tenure
from edge.configuration.device_settings import ClockSource
from edge.contract.pin_sensor_kinds import DistanceSettings, PirSettings
from edge.contract.sensor_kinds import SensorKind
from ledig.site.installation import find_installation_faults
from ledig.site.site_file import SiteRejected, read_site_file
from tests.support.servers import ROOT
from tests.support.valid_site import EXAMPLE, VALID_SITE, read_faults, write_site_file

INSTALLERS_EXAMPLE = ROOT / "firmware-config" / "site.example.toml"


def test_dates_are_read_as_strings_and_as_toml_dates(tmp_path: Path) -> None:
    days = 'red_days = "closed"\nclosed = ["2026-12-23", 2027-01-05]\nmonday ='
    plan = read_site_file(write_site_file(tmp_path, VALID_SITE.replace("monday =", days))).plan
    assert plan.closed == {date(2026, 12, 23), date(2027, 1, 5)}
    assert (plan.country, plan.red_days) == ("SE", RedDays.CLOSED)


def test_valid_file_is_read_completely(tmp_path: Path) -> None:
    site = read_site_file(write_site_file(tmp_path, VALID_SITE))
    assert site.plan.opening_hours == {0: (OpeningSpan(opens_min=420, closes_min=1320),)}
    assert site.storage == tmp_path / "data", "relative paths are relative to the file's folder"
    assert site.collector.journal_path == tmp_path / "data" / "journal.sqlite"
    assert site.collector.broker.port == site.dashboard.broker.port == 1884
    device = site.device["pi-1"]
    assert (device.site, device.clock, device.outbox_path) == (
        "mill",
        ClockSource.NETWORK,
        tmp_path / "data" / "outbox-pi-1.sqlite",
    )
    assert device.sensors[0] == PirSettings(id="desk-1-pir", pin=4)
    assert isinstance(device.sensors[2], DistanceSettings)
    assert site.plan.sensor_by_key["pi-1", "beams"].door == "front"


def test_agents_keep_raw_events_no_longer_than_the_collector(tmp_path: Path) -> None:
    shorter = VALID_SITE.replace("[broker]", "[retention]\nraw_hours = 48\n[broker]")
    site = read_site_file(write_site_file(tmp_path, shorter))
    assert {device.raw_hours for device in site.devices} == {site.collector.retention.raw_hours} == {48}


SENSOR = '[[device.sensor]]\nkind = "pir"\nid = "desk-1-pir"\n'

AIR = '[[device.sensor]]\nkind = "air"\nid = "air"\nco2_path = "/co2"\nzone = "hall"\n'

FAULTS = [
    # text that is replaced, replacement, expected fault
    ('kind = "pir"', 'kind = "pirr"', 'sensor "desk-1-pir": no kind "pirr"; known kinds: air, beam_pair, contact,'),
    ('kind = "pir"', 'kind = "presure"', '; did you mean "pressure"?'),
    ('kind = "pir"\n', "", 'sensor "desk-1-pir": kind is missing; give one of: air, beam_pair, contact,'),
    (
        "port = 1884",
        "prot = 1884",
        'broker: no setting "prot"; known settings: ca_file, host, password_directory, port;',
    ),
    ("port = 1884", "prot = 1884", 'did you mean "port"?'),
    ("port = 1884", 'port = "1884"', 'broker: port is "1884"; it must be a whole number'),
    ("port = 1884", "port = true", "broker: port is true; it must be a whole number"),
    ("port = 1884", "port = 99999", "broker: port must lie between 1 and 65535, got 99999"),
    (
        "port = 1884",
        'host = "mqtt://ledig.local"',
        'broker: host "mqtt://ledig.local" is more than a host name or address; write only',
    ),
    (
        "port = 1884",
        'host = "ledig.local:1883"',
        'broker: host "ledig.local:1883" is more than a host name or address; write only',
    ),
    (
        "port = 1884",
        'host = "[::1]"',
        'broker: host "[::1]" is more than a host name or address; write only: "::1"',
    ),
    ("port = 1884", 'host = ""', 'broker: host "" is not a host name or address; write it as "ledig.local"'),
    ("port = 1884", 'host = "my server"', 'broker: host "my server" is not a host name or address'),
    ("port = 1884", 'host = "192.168.1"', 'broker: host "192.168.1" is not a host name or address'),
    (
        "[storage]",
        '[dashboard]\nhost = "0.0.0.0:80"\n[storage]',
        'dashboard: host "0.0.0.0:80" is more than a host name or address',
    ),
    (
        "[storage]",
        '[dashboard]\nhosts = ["https://ledig.example.se/"]\n[storage]',
        'hosts has a wrong entry: "https://ledig.example.se/" is more than a host name or address; write',
    ),
    ("[storage]", '[history.influxdb]\nurl = "localhost:8086"\n[storage]', "url must be the address of a server, such"),
    ("[storage]", '[history.influxdb]\nurl = "http://"\n[storage]', "history.influxdb: url must be the address of a"),
    ('directory = "data"', 'directory = "~/ledig"', 'storage: directory is "~/ledig"; it must be the whole path'),
    (
        'directory = "data"',
        'directory = "$HOME/ledig"',
        'storage: directory is "$HOME/ledig"; it must be the whole path',
    ),
    (
        "port = 1884",
        'ca_file = "~/ca.pem"',
        'broker: ca_file is "~/ca.pem"; it must be the whole path: ~ and variables',
    ),
    (
        "width_m = 20\ndepth_m = 10\n\n[[zone]]",
        "depth_m = 10\n\n[[zone]]",
        "width_m is missing; give it: width_m = 1.0",
    ),
    ("depth_m = 10\n\n[[zone]]", "depth_m = inf\n\n[[zone]]", "depth_m is inf; it must be a number"),
    ("depth_m = 10\n\n[[zone]]", "depth_m = 0\n\n[[zone]]", 'floor "ground": it is 20 by 0 m; each side must lie'),
    ('id = "mill"', 'id = "The Mill"', 'site: id "The Mill" is not allowed; use at most 64 lowercase letters'),
    ('id = "desk-1"', 'id = "desk--1"', 'space "desk--1": id "desk--1" is not allowed'),
    ('id = "desk-1"', f'id = "{"a" * 65}"', "is not allowed; use at most 64"),
    ('id = "desk-1"', "id = 1", "space number 1: id is 1; give it: id ="),
    ('id = "desk-1"\n', "", 'space number 1: id is missing; give it: id = "space-1"'),
    ('id = "room-1"', 'id = "desk-1"', 'space "desk-1": this id is given twice; each space needs its own'),
    ('id = "beams"', 'id = "desk-1-pir"', 'device "pi-1", sensor "desk-1-pir": this id is given twice'),
    ('floor = "ground"\nx_m = 0\ny_m = 0', 'floor = "grund"\nx_m = 0\ny_m = 0', 'zone "hall": no floor "grund"; known'),
    ('zone = "hall"', 'zone = "hal"', 'space "desk-1": no zone "hal"; known zones: hall; did you mean "hall"?'),
    ('space = "desk-1"\npin', 'space = "desk-2"\npin', 'sensor "desk-1-pir": no space "desk-2"; known spaces: beans,'),
    ('door = "front"', 'door = "back"', 'sensor "beams": no door "back"; known doors: front'),
    ('door = "front"', 'space = "room-1"', 'it watches space; kind "beam_pair" watches one door: door ='),
    ('door = "front"\n', "", 'sensor "beams": it watches nothing; kind "beam_pair" watches one door'),
    ('space = "desk-1"\npin', 'space = "desk-1"\nzone = "hall"\npin', 'kind "pir" watches one space'),
    ('space = "desk-1"\npin', 'space = "beans"\npin', 'a pir cannot watch supply "beans"; it can watch: booth, desk,'),
    (SENSOR, AIR + 'space = "desk-1"\n' + SENSOR, 'cannot watch desk "desk-1"; it can watch: booth, room'),
    (SENSOR, AIR + 'space = "room-2"\n' + SENSOR, 'sensor "air": no space "room-2"; known spaces:'),
    ("empty_mm = 300\nfull_mm = 50", "near_mm = 500", '"beans" is a supply; give empty_mm and full_mm for it'),
    ('space = "beans"\necho', 'space = "desk-1"\necho', '"desk-1" is a desk; give near_mm for it'),
    ("full_mm = 50", "full_mm = 400", 'sensor "jar": 0 <= full_mm < empty_mm <= 4000 must hold, got 400 and 300'),
    ("pin = 4", "pin = 40", 'sensor "desk-1-pir": pin must be a GPIO number from 0 to 27, got 40'),
    (
        "pin = 4",
        "pin = 6",
        'device "pi-1": pin 6 is used by sensor "desk-1-pir" and by sensor "beams"; give each its own',
    ),
    ("pin = 4", "pin = 20", 'device "pi-1": pin 20 is used by sensor "desk-1-pir" and by the lamp'),
    ("inner_pin = 6", "inner_pin = 5", 'sensor "beams": outer_pin and inner_pin must differ, both are 5'),
    ('lamp_space = "desk-1"', 'lamp_space = "desk-9"', 'device "pi-1": lamp_space: no space "desk-9"; known spaces:'),
    ('lamp_space = "desk-1"\n', "", 'device "pi-1": lamp_pin and lamp_space go together: give both or neither'),
    (
        'id = "pi-1"',
        'id = "collector"',
        'device "collector": collector is already a user of the broker; choose another',
    ),
    ('id = "pi-1"', 'id = "pi-1"\nclock = "netwrk"', 'clock is "netwrk"; it must be one of: network, host; did you'),
    (
        "x_m = 2.0",
        "x_m = 21.0",
        'space "desk-1": it is at x 21, y 2; its zone "hall" spans x 0 to 20 and y 0 to 10',
    ),
    ("x_m = 0\ny_m = 0", "x_m = 1\ny_m = 0", 'zone "hall": it spans x 1 to 21 and y 0 to 10; its floor "ground" spans'),
    ("x_m = 0\ny_m = 5", "x_m = -1\ny_m = 5", 'door "front": it is at x -1, y 5; its floor "ground" spans'),
    ('floor = "ground"\nx_m = 0\ny_m = 5', 'floor = "roof"\nx_m = 0\ny_m = 5', 'door "front": no floor "roof"'),
    ('id = "hall"', 'id = "site"', 'zone "site": this id is reserved for the whole site; choose another'),
    ('name = "The mill"', 'name = "M"\ntime_zone = "Europe/Stokholm"', 'site: no time zone "Europe/Stokholm"; give an'),
    ('name = "The mill"', 'name = "M"\ntime_zone = "../etc"', 'site: no time zone "../etc"; give an IANA name'),
    ('name = "The mill"', 'name = "M"\nlanguage = "de"', 'site.toml, site: language must be "sv" or "en", got "de"'),
    (
        '"07:00-22:00"',
        '"7-22"',
        'opening_hours, monday: found "7-22"; write it as "07:00-22:00", "18:00-02:00", "24/7" or [',
    ),
    ('"07:00-22:00"', '"07:00-07:00"', 'opening_hours, monday: found "07:00-07:00"; write it as'),
    ('"07:00-22:00"', '"07:00-24:30"', 'opening_hours, monday: found "07:00-24:30"; write it as'),
    ('"07:00-22:00"', "[]", "opening_hours, monday: found nothing; write it as"),
    (
        '"07:00-22:00"',
        '["07:00-12:00", "11:00-17:00"]',
        'opening_hours, monday: "07:00-12:00", "11:00-17:00" overlap; write',
    ),
    ('"07:00-22:00"', '["01:00-12:00", "18:00-02:00"]', '"18:00-02:00" overlap their own start on the next day'),
    (
        "monday =",
        'sunday = "18:00-08:00"\nmonday =',
        "opening_hours, sunday: its hours overlap those of monday; end them before monday opens",
    ),
    ("monday =", 'dates = "24/7"\nmonday =', "opening_hours, dates: found '24/7'; write a table: dates = {"),
    ("monday =", 'dates = { "24/12" = "09:00-13:00" }\nmonday =', 'dates: found "24/12", which is not a date; write'),
    (
        "monday =",
        'dates = { "2026-12-24" = "9-13" }\nmonday =',
        'opening_hours, dates, "2026-12-24": found "9-13"; write',
    ),
    (
        "monday =",
        'dates = { "2026-12-24" = "09:00-13:00" }\nclosed = ["2026-12-24"]\nmonday =',
        "opening_hours, closed: 2026-12-24 has hours under dates too; leave it out of one of them",
    ),
    (
        "monday =",
        "munday =",
        'opening_hours: no setting "munday"; known settings: closed, dates, friday, monday, red_days, saturday,',
    ),
    (
        "monday =",
        'red_days = "shut"\nmonday =',
        'opening_hours: red_days is "shut"; it must be one of: sunday, closed, open',
    ),
    ("monday =", "closed = 1\nmonday =", "opening_hours, closed: found 1; write a list of days"),
    (
        "monday =",
        'closed = ["2026-12-24", "2026-02-30"]\nmonday =',
        'opening_hours, closed: found "2026-02-30", which is not a date; write each as "2026-12-24"',
    ),
    ("monday =", "closed = [[24]]\nmonday =", "opening_hours, closed: found a list, which is not a date"),
    (
        'name = "The mill"',
        'name = "M"\ncountry = "XX"',
        'site: no public holidays are known for country "XX"; give two letters',
    ),
    (
        'name = "The mill"',
        'name = "M"\ncountry = "sweden"',
        'site: no public holidays are known for country "sweden"; give two',
    ),
    ("[broker]", "[brokr]", 'site.toml: no setting "brokr"; known settings: alerts, broker, dashboard, device,'),
    ("[site]", 'rules = "x"\n[site]', 'rules: found "x"; write it as a table: [rules]'),
    ("[[door]]", "[door]", "door: found a table; write each as a table of its own: [[door]]"),
    ('[site]\nid = "mill"\nname = "The mill"\n', "", "table [site] is missing; give it with an id and a name"),
    ("[broker]", "[rules]\nmotion_hold_ms = 5\n[broker]", "rules: motion_hold_ms must lie between lone_motion_hold_ms"),
    (
        "[broker]",
        "[rules]\nmotion_hold_least_ms = 60000\n[broker]",
        "rules: motion_hold_least_ms must lie between lone_motion_hold_ms (120000) and 7200000, got 60000",
    ),
    (
        "[broker]",
        "[rules]\nmotion_hold_most_ms = 240000\n[broker]",
        "rules: motion_hold_most_ms must lie between motion_hold_least_ms (300000) and 7200000, got 240000",
    ),
    ("[broker]", '[rules]\nlearning = "maybe"\n[broker]', 'rules: learning is "maybe"; it must be one of: on, off'),
    (
        'kind = "equipment"',
        'kind = "equipment"\nmotion_hold_ms = 7200001',
        "motion_hold_ms must lie between 1000 and 7200000, got 7200001",
    ),
    ('kind = "pir"', 'kind = "pir"\nheld_ms = -1', "held_ms must lie between 0 and 3600000, got -1"),
    ('kind = "pir"', 'kind = "pir"\nheld_ms = true', "held_ms is true; it must be a whole number"),
    (
        'kind = "pir"',
        'kind = "pir"\nblind_ms = 60000',
        "blind_ms needs held_ms as well: how long the output stays high after somebody moved",
    ),
    ('kind = "pir"', 'kind = "pir"\nheld = true', 'no setting "held"'),
    ("[broker]", "[retention]\nraw_hours = 73\n[broker]", "retention: raw_hours must lie between 1 and 72, got 73"),
    (
        "[broker]",
        '[history]\nkind = "influx"\n[broker]',
        'history: kind is "influx"; it must be one of: sqlite, influxdb',
    ),
    ("[broker]", "[history.influxdb]\nurl = 1\n[broker]", "history.influxdb: url is 1; it must be text in quotes"),
    ("[broker]", '[dashboard]\nhosts = "a"\n[broker]', 'dashboard: hosts is "a"; it must be a list: ["..."]'),
    (
        "[broker]",
        "[dashboard]\nhosts = [1]\n[broker]",
        'hosts is a list; its entry 1 is wrong: it must be text in quotes: "1"',
    ),
    (
        "[broker]",
        "[dashboard]\nmax_streams = 1\n[broker]",
        "dashboard: max_streams must lie between 10 and 10000, got 1",
    ),
    (
        'kind = "desk"',
        'kind = "desk"\nattributes = ["screan"]',
        "it must be one of: standing, screen, quiet, window, near_power",
    ),
    ("[[zone]]", '[[zone]]\ncharacter = "livly"', 'character is "livly"; it must be one of: quiet, lively, workshop'),
    ('kind = "supply"', 'kind = "supply"\ntenure = "dedicated"', 'space "beans": a supply cannot be dedicated'),
    ('kind = "supply"', 'kind = "supply"\nlow_below_pct = 100', "low_below_pct must lie between 0 and 100, got 100"),
    ('kind = "equipment"', 'kind = "equipment"\nin_use_above_w = 0', "in_use_above_w must lie between 0 and 100000"),
    (
        "port = 1884",
        "port 1884",
        "site.toml, line 10, column 6: expected '=' after a key in a key/value pair; write it as",
    ),
    (
        "port = 1884",
        "port = 1884\nport = 1885",
        "site.toml, line 11, column 12: a key or a table is given twice; give each key once",
    ),
]


@pytest.mark.parametrize(("found", "replacement", "expected"), FAULTS)
def test_fault_is_reported_with_place_problem_and_remedy(
    tmp_path: Path, found: str, replacement: str, expected: str
) -> None:
    assert found in VALID_SITE
    faults = read_faults(tmp_path, VALID_SITE.replace(found, replacement, 1))
    assert any(expected in fault for fault in faults), faults
    assert all(fault.startswith("site.toml") for fault in faults)


def test_air_sensor_may_watch_a_room_of_its_own_zone_only(tmp_path: Path) -> None:
    plan = read_site_file(
        write_site_file(tmp_path, VALID_SITE.replace(SENSOR, AIR + 'space = "room-1"\n' + SENSOR))
    ).plan
    assert plan.sensor_by_key["pi-1", "air"] in plan.sensors_of("room-1")
    assert plan.sensor_by_key["pi-1", "air"].zone == "hall"
    loft = '[[zone]]\nid = "loft"\nname = "Loft"\nfloor = "ground"\nx_m = 1\ny_m = 1\nwidth_m = 2\ndepth_m = 2\n\n'
    text = VALID_SITE.replace("[[space]]", f"{loft}[[space]]", 1).replace(
        SENSOR, AIR.replace("hall", "loft") + 'space = "room-1"\n' + SENSOR
    )
    (fault,) = read_faults(tmp_path, text)
    assert 'sensor "air": "room-1" is in zone "hall", not in "loft"; give the zone that it is in' in fault


def test_all_faults_are_reported_together_and_each_once(tmp_path: Path) -> None:
    text = VALID_SITE
    for found, replacement in (
        ("port = 1884", "port = 0"),
        ('zone = "hall"', 'zone = "loft"'),
        ('kind = "pir"', 'kind = "radar"'),
        ("inner_pin = 6", "inner_pin = 5"),
        ("[storage]", "[stores]"),
    ):
        text = text.replace(found, replacement, 1)
    faults = read_faults(tmp_path, text)
    assert len(faults) == len(set(faults)) == 5


def test_fault_hides_no_other_fault_of_its_table(tmp_path: Path) -> None:
    faults = read_faults(tmp_path, VALID_SITE + '[dashboard]\nhots = "x"\nport = 0\nmax_streams = 1\n')
    assert [fault.split(": ")[1].split()[0] for fault in faults] == ["no", "port", "max_streams"]


def test_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(VALID_SITE, encoding="utf-8-sig")
    assert read_site_file(tmp_path / "site.toml").plan.id == "mill"


@pytest.mark.parametrize("value", ["1", '"x"', '""', "[]", "[[1]]", "{}", "true", "nan", "-0.5", "1979-05-27"])
def test_unexpected_values_are_always_rejected_or_read(tmp_path: Path, value: str) -> None:
    lines = VALID_SITE.splitlines()
    for number, line in enumerate(lines):
        if " = " not in line:
            continue
        changed = [*lines[:number], f"{line.split(' = ')[0]} = {value}", *lines[number + 1 :]]
        with contextlib.suppress(SiteRejected):  # any other exception is a bug
            read_site_file(write_site_file(tmp_path, "\n".join(changed)))


def test_fault_in_a_zone_causes_no_fault_in_its_spaces(tmp_path: Path) -> None:
    assert len(read_faults(tmp_path, VALID_SITE.replace('name = "Hall"', "name = 1"))) == 1


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("absent.toml", None, "no such file"),
        ("latin.toml", 'name = "Vävsalen"'.encode("latin-1"), "is not UTF-8; save the file as UTF-8"),
        ("empty.toml", b"", "table [site] is missing"),
        ("deep.toml", b"a = " + b"[" * 5000, "too deeply"),
        (".", None, "cannot be read: is a directory"),
    ],
)
def test_file_that_is_not_a_site_file_is_rejected(
    tmp_path: Path, name: str, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SiteRejected, match=re.escape(expected)):
        read_site_file(tmp_path / name)


def test_example_site_has_the_required_spaces_and_sensors() -> None:
    plan = read_site_file(EXAMPLE).plan
    kinds = Counter(space.kind for space in plan.spaces)
    desks = Counter(space.tenure for space in plan.spaces if space.kind is SpaceKind.DESK)
    assert (len(plan.floors), len(plan.zones), len(plan.doors)) == (2, 4, 1)
    assert kinds == {
        SpaceKind.DESK: 32,
        SpaceKind.BOOTH: 2,
        SpaceKind.ROOM: 2,
        SpaceKind.EQUIPMENT: 2,
        SpaceKind.SUPPLY: 1,
    }
    assert desks == {Tenure.SHARED: 28, Tenure.DEDICATED: 4}
    assert {sensor.zone for sensor in plan.sensors if sensor.kind == "air"} == set(plan.zone_by_id)
    assert {sensor.kind for sensor in plan.sensors} == set(SensorKind) - {"presence", "sound", "light", "people"}
    assert all(plan.sensors_of(space.id) for space in plan.spaces), "no space is without a sensor"
    for space in plan.spaces:
        watching = sorted(sensor.kind for sensor in plan.sensors_of(space.id))
        if space.kind is SpaceKind.BOOTH:
            assert watching == ["contact", "pir"]
        if space.kind is SpaceKind.ROOM:
            assert watching == ["contact", "pir", "pir"]


def test_installers_example_describes_the_same_site() -> None:
    installers, example = read_site_file(INSTALLERS_EXAMPLE), read_site_file(EXAMPLE)
    for part in ("floors", "zones", "spaces", "doors", "sensors", "opening_hours", "rules"):
        assert getattr(installers.plan, part) == getattr(example.plan, part)
    assert [device.sensors for device in installers.devices] == [device.sensors for device in example.devices]


def test_defaults_in_the_installers_example_are_true(tmp_path: Path) -> None:
    text = INSTALLERS_EXAMPLE.read_text(encoding="utf-8")
    uncommented, lines = re.subn(r"(?m)^#(\w+ = )", r"\1", text)
    assert lines > 35
    beside = write_site_file(tmp_path, text)
    as_it_stands = read_site_file(beside)
    beside.write_text(uncommented, encoding="utf-8")
    assert read_site_file(beside) == as_it_stands


def test_password_in_an_address_is_never_quoted(tmp_path: Path) -> None:
    text = VALID_SITE.replace("[storage]", '[history.influxdb]\nurl = "http://anna:hemligt@localhost:8086"\n[storage]')
    (fault,) = read_faults(tmp_path, text)
    assert "hemligt" not in fault
    assert fault.endswith("url must not hold a user or a password; put user:password into the token_file")


@pytest.mark.parametrize("host", ["localhost", "ledig.local", "192.168.10.5", "::1", "fe80::1", "pi_4", "ledig.se."])
def test_host_names_and_addresses_are_valid_hosts(tmp_path: Path, host: str) -> None:
    site = read_site_file(write_site_file(tmp_path, VALID_SITE.replace("port = 1884", f'host = "{host}"')))
    assert site.collector.broker.host == host


def test_missing_id_hides_no_other_fault(tmp_path: Path) -> None:
    """Each kind of table loses its ids and has another fault too."""
    wrong = ("x_m = 0\ny_m = 0", 'kind = "desk"', "y_m = 5", "lamp_pin = 20", 'kind = "distance"')
    sound = VALID_SITE
    for line in wrong:
        sound = sound.replace(line, f"colour = 1\n{line}", 1)
    before = read_faults(tmp_path, sound)
    assert len(before) == len(wrong)
    without = "\n".join(line for line in sound.splitlines() if not line.startswith("id = ") or "mill" in line)
    after = read_faults(tmp_path, without)
    assert sum('no setting "colour"' in fault for fault in after) == len(wrong)
    assert sum(": id is missing; give it" in fault for fault in after) == VALID_SITE.count("\nid = ") - 1


def test_large_file_with_many_faults_lists_few_known_names(tmp_path: Path) -> None:
    space = '[[space]]\nid = "extra-{n}"\nname = "E"\nkind = "desk"\nzone = "hall"\nx_m = 2.0\ny_m = 2.0\n'
    sensor = '[[device.sensor]]\nkind = "pir"\nid = "extra-{n}"\nspace = "missing-{n}"\npin = 9\n'
    text = VALID_SITE.replace("[[door]]", "".join(space.format(n=n) for n in range(1000)) + "[[door]]", 1)
    faults = read_faults(tmp_path, text + "".join(sensor.format(n=n) for n in range(1000)))
    assert len(faults) == 1000
    assert max(map(len, faults)) < 1000
    assert faults[0].endswith("more")


def test_site_that_never_closes_is_configured_in_one_line(tmp_path: Path) -> None:
    table = VALID_SITE[VALID_SITE.index("[opening_hours]") : VALID_SITE.index("[broker]")]
    plan = read_site_file(write_site_file(tmp_path, 'opening_hours = "24/7"\n' + VALID_SITE.replace(table, ""))).plan
    assert (plan.opening_hours, plan.red_days) == ({}, RedDays.OPEN)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ('"18:00-02:00"', [(1080, 1560)]),
        ('"07:00-24:00"', [(420, 1440)]),
        ('"24/7"', [(0, 1440)]),
        ('["13:00-17:00", "08:00-12:00"]', [(480, 720), (780, 1020)]),
    ],
)
def test_day_may_have_several_hours_and_pass_midnight(tmp_path: Path, text: str, spans: list[tuple[int, int]]) -> None:
    expected = tuple(OpeningSpan(opens_min=opens, closes_min=closes) for opens, closes in spans)
    plan = read_site_file(write_site_file(tmp_path, VALID_SITE.replace('"07:00-22:00"', text))).plan
    assert plan.opening_hours == {0: expected}
    plan = read_site_file(
        write_site_file(tmp_path, VALID_SITE.replace("monday =", f'dates = {{ "2026-12-24" = {text} }}\nmonday ='))
    ).plan
    assert plan.hours_on == {date(2026, 12, 24): expected}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_broker_on_localhost_is_rejected_for_several_devices(tmp_path: Path, host: str) -> None:
    text = VALID_SITE.replace("port = 1884", f'host = "{host}"')
    site = read_site_file(write_site_file(tmp_path, text))
    assert find_installation_faults(site, "site.toml") == ()
    site = read_site_file(write_site_file(tmp_path, text + '[[device]]\nid = "pi-2"\n'))
    (fault,) = find_installation_faults(site, "site.toml")
    assert fault.startswith(
        f'site.toml, broker: host is "{host}", which means the device itself on each of the 2 devices;'
    )
    assert fault.endswith("; if all run on this machine, its host name")
    elsewhere = read_site_file(
        write_site_file(tmp_path, text.replace(host, "ledig.local") + '[[device]]\nid = "pi-2"\n')
    )
    assert find_installation_faults(elsewhere, "site.toml") == ()


@pytest.mark.parametrize(
    ("table", "key"),
    [("storage", "directory"), ("broker", "ca_file"), ("broker", "password_directory")],
)
def test_path_with_nul_is_reported(tmp_path: Path, table: str, key: str) -> None:
    text = re.sub("directory =.*", "", VALID_SITE).replace(f"[{table}]", f'[{table}]\n{key} = "a\\u0000b"')
    (fault,) = read_faults(tmp_path, text)
    assert fault.startswith(f"site.toml, {table}: {key} is ")
    assert fault.endswith("a path cannot contain the character NUL")


MANY_FAULTS = {
    "alerts": (
        'lost_events = 1.5\nco2_min = -1\nquiet_hours = "x"\ndisk_free_below_pct = 200',
        ("lost_events", "co2_min", "quiet_hours", "disk_free_below_pct"),
    ),
    "rules": (
        'level_hold_ms = "1"\nlone_motion_hold_ms = 1\nsilent_after_heartbeats = 0.5',
        ("level_hold_ms", "lone_motion_hold_ms", "silent_after_heartbeats"),
    ),
    "dashboard": (
        'port = "a"\nproxies = 9\nmax_streams = 1\nbase_path = "x/"\nhosts = ["a/b"]',
        ("port", "proxies", "max_streams", "base_path", "hosts"),
    ),
    "history.influxdb": ('organisation = 1\nurl = "x"', ("organisation", "url")),
}


@pytest.mark.parametrize("table", MANY_FAULTS)
def test_wrong_type_does_not_hide_other_faults_of_the_table(tmp_path: Path, table: str) -> None:
    lines, keys = MANY_FAULTS[table]
    faults = read_faults(tmp_path, VALID_SITE.replace("[storage]", f"[{table}]\n{lines}\n[storage]"))
    for key in keys:
        assert [each for each in faults if each.startswith(f"site.toml, {table}: {key} ")], (key, faults)
    assert len(faults) == len(keys)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("\n[site]", 'opening_hours = "25/7"\n[site]', 'opening_hours: found "25/7"; write "24/7", or'),
        ("monday =", "closed = [5]\nmonday =", 'closed: found 5, which is not a date; write each as "2026-12-24"'),
        ("[broker]", "[privacy]\ninformed_on = 2026-11-23\n[broker]", 'it must be text in quotes: "2026-11-23"'),
        ("[broker]", '[privacy]\ninformed_on = "2999-11-23"\n[broker]', 'informed_on must be a day such as "2026-'),
        ("[broker]", '[dashboard]\nhosts = ["a.b", 5]\n[broker]', "hosts is a list; its entry 5 is wrong: it must be"),
    ],
)
def test_remedy_fits_the_value(tmp_path: Path, before: str, after: str, text: str) -> None:
    always_open = VALID_SITE.replace('[opening_hours]\nmonday = "07:00-22:00"\n', "")
    site = always_open if "25/7" in after else VALID_SITE
    assert any(text in fault for fault in read_faults(tmp_path, site.replace(before, after)))


UNSHOWN = {
    "nothing": "",
    "spaces": "   ",
    "NUL": "a\\u0000b",
    "ESC": "a\\u001b[31mb",
    "newline": "a\\nb",
    "override of direction": "a\\u202Eb",
    "many characters": "a" * 100_000,
}


@pytest.mark.parametrize("what", UNSHOWN)
@pytest.mark.parametrize("name", ["The mill", "Ground", "Hall", "Desk 1", "Front"])
def test_name_that_cannot_be_shown_is_rejected(tmp_path: Path, name: str, what: str) -> None:
    (fault,) = read_faults(tmp_path, VALID_SITE.replace(f'name = "{name}"', f'name = "{UNSHOWN[what]}"'))
    assert ": name is " in fault
    assert len(fault) < 300


@pytest.mark.parametrize("what", ["NUL", "ESC", "newline", "override of direction", "many characters"])
@pytest.mark.parametrize(("table", "key"), [("site", "notice"), ("privacy", "contact"), ("history.influxdb", "bucket")])
def test_text_that_cannot_be_shown_is_rejected(tmp_path: Path, table: str, key: str, what: str) -> None:
    text = VALID_SITE if f"[{table}]" in VALID_SITE else VALID_SITE.replace("[storage]", f"[{table}]\n[storage]")
    (fault,) = read_faults(tmp_path, text.replace(f"[{table}]", f'[{table}]\n{key} = "{UNSHOWN[what]}"'))
    assert fault.startswith(f"site.toml, {table}: {key} is ")
