"""The shipped Mosquitto configuration keeps strangers out and one device from speaking as another."""

import os
import pwd
import queue
import re
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from edge import topics
from edge.broker import BrokerSettings, client
from edge.topics import DeviceTopic
from ledig import broker_rights
from tests.servers import SHIPPED_MOSQUITTO, Mosquitto, mosquitto, until
from tests.support.certificates import certify, shipped_with_tls

SITE = "spinneriet"
HEARD_S = 10
END = "ledig/v1/spinneriet/site"
"""Marks the end of what a test says: whoever hears it has heard all that came before."""


class Speaker:
    """One connected client: what it heard, and why it could not connect."""

    def __init__(self, settings: BrokerSettings, client_id: str, will: str | None) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.answers: queue.Queue[bool] = queue.Queue()
        self.granted: queue.Queue[list[bool]] = queue.Queue()
        self.acknowledged: queue.Queue[int] = queue.Queue()
        self.lost: queue.Queue[str] = queue.Queue()
        self.client = client(settings, client_id, will=None if will is None else (will, b"gone"))
        self.client.on_connect = lambda *said: self.answers.put(not said[3].is_failure)
        self.client.on_message = lambda _c, _u, message: self.heard.put((message.topic, message.payload))
        self.client.on_subscribe = lambda *said: self.granted.put([not code.is_failure for code in said[3]])
        self.client.on_publish = lambda *said: self.acknowledged.put(said[2])
        self.client.on_disconnect = lambda *said: self.lost.put(str(said[3]))

    def subscribe(self, *filters: str) -> None:
        self.client.subscribe([(one, 1) for one in filters])
        self.granted.get(timeout=HEARD_S)

    def say(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> None:
        """Publish and wait until the broker took it; one that the ACL denies is acknowledged as well."""
        self.client.publish(topic, payload, qos=1, retain=retain)
        self.acknowledged.get(timeout=HEARD_S)

    def topics_until_end(self) -> list[str]:
        found = []
        while (topic := self.heard.get(timeout=HEARD_S)[0]) != END:
            found.append(topic)
        return found


@contextmanager
def speaker(settings: BrokerSettings, client_id: str = "anyone", *, will: str | None = None) -> Iterator[Speaker]:
    made = Speaker(settings, client_id, will)
    made.client.connect(settings.host, settings.port)
    made.client.loop_start()
    try:
        yield made
    finally:
        made.client.disconnect()
        made.client.loop_stop()


@pytest.fixture(scope="module")
def house() -> Iterator[Mosquitto]:
    with mosquitto(site=SITE, devices=("pi-1", "pi-2")) as running:
        yield running


@contextmanager
def connected(house: Mosquitto, *users: str) -> Iterator[list[Speaker]]:
    with ExitStack() as stack:
        made = [stack.enter_context(speaker(house.settings(user))) for user in users]
        assert all(one.answers.get(timeout=HEARD_S) for one in made)
        yield made


@pytest.mark.parametrize(("user", "password"), [(None, None), ("pi-1", "wrong"), ("nobody", "secret-of-nobody")])
def test_a_stranger_is_refused(house: Mosquitto, user: str | None, password: str | None) -> None:
    with speaker(BrokerSettings(host=house.host, port=house.port, user=user, password=password)) as stranger:
        assert stranger.answers.get(timeout=HEARD_S) is False


def test_a_stolen_device_speaks_as_itself_only(house: Mosquitto) -> None:
    own = [topics.device(SITE, "pi-1", leaf) for leaf in (DeviceTopic.EVENTS, DeviceTopic.STATUS)]
    foreign = [
        *(topics.device(SITE, "pi-2", leaf) for leaf in DeviceTopic),
        *(
            topics.device(SITE, "pi-1", leaf)
            for leaf in (DeviceTopic.RECEIPT, DeviceTopic.COMMAND, DeviceTopic.FINDINGS)
        ),
        topics.space(SITE, "desk-1"),
        topics.zone(SITE, "hall"),
        topics.forecast(SITE, "hall"),
        topics.alerts(SITE),
        topics.site_summary(SITE),
        topics.collector(SITE),
        topics.collector_command(SITE),
        topics.adjustments_command(SITE),
        *(topics.device("another-site", "pi-1", leaf) for leaf in DeviceTopic),
        topics.space("another-site", "desk-1"),
        "homeassistant/sensor/x/config",
        "$CONTROL/dynamic-security/v1",
    ]
    with connected(house, "observer", "pi-1") as (observer, thief):
        observer.subscribe("ledig/v1/#")
        for topic in foreign + own:
            thief.say(topic)
        observer.say(END)
        assert observer.topics_until_end() == own


def test_a_stolen_device_hears_its_own_receipts_commands_and_what_its_lamp_needs_only(house: Mosquitto) -> None:
    allowed = [
        topics.device(SITE, "pi-1", DeviceTopic.RECEIPT),
        topics.device(SITE, "pi-1", DeviceTopic.COMMAND),
        topics.space(SITE, "desk-1"),
        topics.collector(SITE),
    ]
    denied = [
        *(topics.device(SITE, "pi-2", leaf) for leaf in DeviceTopic),
        topics.device(SITE, "pi-1", DeviceTopic.STATUS),
        topics.device(SITE, "pi-1", DeviceTopic.FINDINGS),
        topics.zone(SITE, "hall"),
        topics.forecast(SITE, "hall"),
        topics.alerts(SITE),
        topics.collector_command(SITE),
    ]
    with connected(house, "observer", "pi-1") as (observer, thief):
        thief.subscribe("#")
        for topic in denied + allowed:
            observer.say(topic)
        heard = [thief.heard.get(timeout=HEARD_S)[0] for _ in allowed]
        assert heard == allowed  # in order: had a denied one come through, it would stand before them
        thief.subscribe("$SYS/#")
        observer.say(allowed[0])
        assert thief.heard.get(timeout=HEARD_S)[0] == allowed[0]


def test_a_stolen_device_cannot_throw_out_another_by_its_client_id(house: Mosquitto) -> None:
    with connected(house, "pi-2") as (victim,), speaker(house.settings("pi-1"), client_id="pi-2") as thief:
        assert thief.answers.get(timeout=HEARD_S)
        victim.say(topics.device(SITE, "pi-2", DeviceTopic.EVENTS))
        assert victim.lost.empty()


def test_the_collector_hears_every_device_and_says_every_state(house: Mosquitto) -> None:
    said = [
        topics.device(SITE, "pi-1", DeviceTopic.RECEIPT),
        topics.device(SITE, "pi-1", DeviceTopic.FINDINGS),
        topics.space(SITE, "desk-1"),
        topics.zone(SITE, "hall"),
        topics.forecast(SITE, "hall"),
        topics.alerts(SITE),
        topics.collector(SITE),
    ]
    with connected(house, "observer", "collector", "pi-1") as (observer, collector, device):
        collector.subscribe(*(topics.every_device(SITE, leaf) for leaf in (DeviceTopic.EVENTS, DeviceTopic.STATUS)))
        device.say(topics.device(SITE, "pi-1", DeviceTopic.EVENTS))
        assert collector.heard.get(timeout=HEARD_S)[0] == topics.device(SITE, "pi-1", DeviceTopic.EVENTS)
        observer.subscribe("ledig/v1/#")
        for topic in [*said, END]:
            collector.say(topic)
        assert observer.topics_until_end() == said


def test_the_dashboard_adjusts_the_site_and_an_installer_does_not(house: Mosquitto) -> None:
    asked = topics.adjustments_command(SITE)
    with connected(house, "collector", "dashboard", "installer", "observer") as (
        collector,
        dashboard,
        installer,
        observer,
    ):
        collector.subscribe(asked)
        observer.subscribe("ledig/v1/#")
        installer.say(asked)
        installer.say(topics.collector_command(SITE))
        dashboard.say(asked)
        assert collector.heard.get(timeout=HEARD_S)[0] == asked
        observer.say(END)
        assert observer.topics_until_end() == [topics.collector_command(SITE), asked]


def test_the_collector_hears_what_it_is_asked_and_what_it_left_behind(house: Mosquitto) -> None:
    asked = topics.collector_command(SITE)
    left = [topics.device(SITE, "pi-1", DeviceTopic.FINDINGS)]
    left += [topic(SITE, "one") for topic in (topics.space, topics.tuning, topics.zone, topics.forecast)]
    with connected(house, "observer", "collector", "dashboard", "installer") as (observer, collector, *asking):
        collector.subscribe(asked, *left)
        for one in asking:
            one.say(asked)
            assert collector.heard.get(timeout=HEARD_S)[0] == asked
        for topic in left:
            observer.say(topic)
            assert collector.heard.get(timeout=HEARD_S)[0] == topic


def test_the_dashboard_hears_what_is_retained_and_asks_but_for_what_is_its_own(house: Mosquitto) -> None:
    heard = [
        topics.device(SITE, "pi-1", DeviceTopic.STATUS),
        topics.device(SITE, "pi-1", DeviceTopic.FINDINGS),
        topics.space(SITE, "desk-1"),
        topics.zone(SITE, "hall"),
        topics.forecast(SITE, "hall"),
        topics.alerts(SITE),
        topics.collector(SITE),
    ]
    with connected(house, "observer", "dashboard") as (observer, dashboard):
        dashboard.subscribe("ledig/v1/#")
        observer.say(topics.device(SITE, "pi-1", DeviceTopic.EVENTS))
        for topic in [*heard, END]:
            observer.say(topic)
        assert dashboard.topics_until_end() == heard
        observer.subscribe("ledig/v1/#")
        identify = topics.device(SITE, "pi-1", DeviceTopic.COMMAND)
        for topic in [*heard, identify]:
            dashboard.say(topic)
        observer.say(END)
        assert observer.topics_until_end() == [identify]


def test_the_installer_asks_a_device_to_blink_and_hears_how_it_is(house: Mosquitto) -> None:
    command, status = (topics.device(SITE, "pi-1", leaf) for leaf in (DeviceTopic.COMMAND, DeviceTopic.STATUS))
    with connected(house, "pi-1", "installer") as (device, installer):
        device.subscribe(command)
        installer.subscribe("ledig/v1/#")
        installer.say(topics.device(SITE, "pi-1", DeviceTopic.EVENTS))
        installer.say(command)
        assert device.heard.get(timeout=HEARD_S)[0] == command
        device.say(topics.device(SITE, "pi-1", DeviceTopic.EVENTS))
        device.say(status)
        assert installer.heard.get(timeout=HEARD_S)[0] == status


def test_a_message_above_the_limit_costs_the_connection(house: Mosquitto) -> None:
    with connected(house, "pi-1") as (device,):
        topic = topics.device(SITE, "pi-1", DeviceTopic.EVENTS)
        device.say(topic, b"x" * 65_536)
        device.client.publish(topic, b"x" * 70_000, qos=1)
        assert device.lost.get(timeout=HEARD_S)


def test_a_retained_state_outlives_a_stop_of_the_broker() -> None:
    with mosquitto() as house:
        with connected(house, "collector") as (collector,):
            collector.say(topics.space(SITE, "desk-1"), b"vacant", retain=True)
        house.stop()
        house.start()
        with connected(house, "dashboard") as (dashboard,):
            dashboard.subscribe(topics.space(SITE, "+"))
            assert dashboard.heard.get(timeout=HEARD_S) == (topics.space(SITE, "desk-1"), b"vacant")


def test_the_broker_listens_where_its_listener_says_and_nowhere_else(house: Mosquitto) -> None:
    assert re.findall(r"listen socket on port (\d+)", house.output()) == [str(house.port)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves a refused socket open
def test_the_lines_for_tls_let_in_who_knows_the_authority_and_nobody_else(tmp_path: Path) -> None:
    certify(tmp_path / "house")
    certify(tmp_path / "stranger")
    with mosquitto(shipped_with_tls(tmp_path / "house")) as house:
        known, strange = (
            replace(house.settings("pi-1"), ca_file=tmp_path / who / "ledig-ca.crt") for who in ("house", "stranger")
        )
        with speaker(known) as device:
            assert device.answers.get(timeout=HEARD_S)
        with pytest.raises(ssl.SSLCertVerificationError):
            client(strange, "anyone").connect(house.host, house.port)
        with speaker(house.settings("pi-1")) as plain_text:
            assert plain_text.lost.get(timeout=HEARD_S)
            assert plain_text.answers.empty()


SITE_FILE = """\
[site]
id = "spinneriet"
{devices}"""


def run_script(folder: Path, *devices: str) -> subprocess.CompletedProcess[str]:
    """passwords.sh for a site with these devices, with the broker's files in `folder`."""
    site = folder / "site.toml"
    site.write_text(SITE_FILE.format(devices="".join(f'[[device]]\nid = "{device}"\n' for device in devices)))
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "FOLDER": str(folder / "passwords"),
        "BROKER": str(folder),
    }
    command = ["sh", str(SHIPPED_MOSQUITTO / "passwords.sh"), str(site)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def install_files(folder: Path, house: Mosquitto) -> None:
    """Give a broker the two files as passwords.sh made them; it runs as whoever runs the test."""
    for name in ("ledig.passwords", "ledig.acl"):
        shutil.copy(folder / name, house.folder / name)


def test_passwords_and_rights_of_the_script_let_a_device_into_its_site_only(tmp_path: Path) -> None:
    assert run_script(tmp_path, "pi-1").returncode == 0
    secret = (tmp_path / "passwords" / "pi-1").read_text()
    assert run_script(tmp_path, "pi-1", "pi-2").returncode == 0
    assert (tmp_path / "passwords" / "pi-1").read_text() == secret
    assert (tmp_path / "passwords" / "pi-1").stat().st_mode & 0o77 == 0
    with mosquitto() as house:
        install_files(tmp_path, house)
        house.restart()
        with ExitStack() as stack:
            users = {}
            for name in ("pi-1", "pi-2", "collector", "dashboard", "installer"):
                password = (tmp_path / "passwords" / name).read_text().strip()
                settings = BrokerSettings(host=house.host, port=house.port, user=name, password=password)
                users[name] = stack.enter_context(speaker(settings))
                assert users[name].answers.get(timeout=HEARD_S)
            users["collector"].subscribe(topics.every_device(SITE, DeviceTopic.EVENTS))
            users["pi-1"].say(topics.device("another-site", "pi-1", DeviceTopic.STATUS), retain=True)
            users["pi-2"].say(topics.device(SITE, "pi-2", DeviceTopic.EVENTS))
            assert users["collector"].heard.get(timeout=HEARD_S)[0] == topics.device(SITE, "pi-2", DeviceTopic.EVENTS)
            assert run_script(tmp_path, "pi-1").returncode == 0  # pi-2 left the site file
            install_files(tmp_path, house)
            os.kill(house.pid, signal.SIGHUP)  # what `systemctl reload mosquitto` does
            assert users["pi-2"].lost.get(timeout=HEARD_S)
            users["pi-1"].say(topics.device(SITE, "pi-1", DeviceTopic.EVENTS))
            assert users["collector"].heard.get(timeout=HEARD_S)[0] == topics.device(SITE, "pi-1", DeviceTopic.EVENTS)


def test_the_files_of_the_script_have_the_owner_and_mode_that_mosquitto_wants(tmp_path: Path) -> None:
    assert run_script(tmp_path, "pi-1").returncode == 0
    for name in ("ledig.passwords", "ledig.acl"):
        found = (tmp_path / name).stat()
        assert found.st_mode & 0o777 == 0o600
        if os.geteuid() == 0:  # Mosquitto runs as this user, and refuses in a later version what belongs to another
            broker = pwd.getpwnam("mosquitto")
            assert (found.st_uid, found.st_gid) == (broker.pw_uid, broker.pw_gid)


@pytest.mark.parametrize("device", ["Pi-1", "pi 1", "../pi-1", "pi-1\\npi-2"])
def test_the_script_refuses_what_is_no_site_file(tmp_path: Path, device: str) -> None:
    refused = run_script(tmp_path, device)
    assert refused.returncode == 2
    assert refused.stderr == f"{tmp_path}/site.toml is not a site file yet: ledig check {tmp_path}/site.toml says why\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.toml"]


def test_an_acl_file_without_its_site_gives_nobody_a_right() -> None:
    with (
        mosquitto(site="SITE") as house,
        connected(house, "collector", "pi-1", "observer") as (collector, device, test),
    ):
        test.subscribe("ledig/v1/#")
        device.say(topics.device(SITE, "pi-1", DeviceTopic.EVENTS))
        collector.say(topics.space(SITE, "desk-1"))
        test.say(END)
        assert test.topics_until_end() == []


def test_a_will_is_published_where_its_user_may_write_and_nowhere_else(house: Mosquitto) -> None:
    own = topics.device(SITE, "pi-1", DeviceTopic.STATUS)
    foreign = [topics.space(SITE, "desk-1"), topics.device(SITE, "pi-2", DeviceTopic.STATUS), "ledig/v1/other/site"]
    with connected(house, "observer") as (observer,):
        observer.subscribe("ledig/v1/#")
        for will in [*foreign, own]:
            with speaker(house.settings("pi-1"), will=will) as device:
                assert device.answers.get(timeout=HEARD_S)
                device.client.socket().shutdown(socket.SHUT_RDWR)  # the line is cut
                assert device.lost.get(timeout=HEARD_S)
        assert observer.heard.get(timeout=HEARD_S) == (own, b"gone")


@pytest.mark.parametrize("asked_s", [0, 3600])
def test_a_client_of_mqtt_5_is_given_a_keepalive(house: Mosquitto, asked_s: int) -> None:
    given: queue.Queue[int] = queue.Queue()
    caller = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="five", protocol=mqtt.MQTTv5)
    caller.username_pw_set("pi-1", house.settings("pi-1").password)
    caller.on_connect = lambda *answer: given.put(answer[4].ServerKeepAlive)
    caller.connect(house.host, house.port, asked_s)
    caller.loop_start()
    try:
        assert given.get(timeout=HEARD_S) == 300
    finally:
        caller.disconnect()
        caller.loop_stop()


def test_connections_beyond_the_limit_are_refused_and_the_others_go_on() -> None:
    text = (SHIPPED_MOSQUITTO / "ledig.conf").read_text().replace("max_connections 900", "max_connections 3")
    with mosquitto(text) as house, connected(house, "pi-1", "collector") as (device, collector), ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(socket.create_connection((house.host, house.port)))
        until(lambda: "max_connections exceeded" in house.output(), what="a refused connection in Mosquitto's log")
        collector.subscribe(topics.every_device(SITE, DeviceTopic.EVENTS))
        device.say(topics.device(SITE, "pi-1", DeviceTopic.EVENTS))
        assert collector.heard.get(timeout=HEARD_S)


def test_mosquitto_refuses_messages_at_its_memory_limit_and_lives() -> None:
    """With a limit that the test can reach; retained messages are the memory that a client can fill for good."""
    text = re.sub(r"(?m)^memory_limit \d+", "memory_limit 12000000", (SHIPPED_MOSQUITTO / "ledig.conf").read_text())
    with mosquitto(text) as house:
        with connected(house, "collector") as (flooder,):
            for number in range(300):
                flooder.client.publish(topics.space(SITE, f"desk-{number}"), b"x" * 60_000, qos=1, retain=True)
            until(lambda: not flooder.lost.empty() or "Out of memory" in house.output(), what="the limit is reached")
        with connected(house, "installer") as (installer,):
            installer.subscribe(topics.collector(SITE))


def test_the_acl_file_is_that_of_the_table() -> None:
    written = (SHIPPED_MOSQUITTO / "ledig.acl").read_text()
    assert written == broker_rights.acl_file(), "`make contract` writes it anew"


def test_no_line_of_the_acl_means_both_reading_and_writing() -> None:
    lines = (SHIPPED_MOSQUITTO / "ledig.acl").read_text().splitlines()
    rules = [line for line in lines if line.startswith(("topic", "pattern"))]
    assert rules
    assert all(re.fullmatch(r"(topic|pattern) (read|write) ledig/v1/\S+", rule) for rule in rules)


def test_no_two_filters_of_one_user_overlap() -> None:
    """A broker may deliver a message once for each filter that fits it."""
    acl = (SHIPPED_MOSQUITTO / "ledig.acl").read_text()
    for section in re.split(r"(?m)^user ", acl):
        rules = re.findall(r"(?m)^(?:topic|pattern) (read|write) (\S+)", section)
        overlaps = [
            (one, other)
            for index, one in enumerate(rules)
            for other in rules[index + 1 :]
            if one[0] == other[0] and mqtt.topic_matches_sub(other[1], one[1].replace("+", "any"))
        ]
        assert overlaps == []
