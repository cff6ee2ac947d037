"""The shipped Mosquitto configuration: authentication, access rights, limits and TLS."""

import os
import pwd
import queue
import re
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from edge.contract import topics
from edge.contract.broker_client import BrokerSettings, LastWill, create_client
from ledig.contract import broker_rights
from tests.support.certificates import create_certificates, read_tls_configuration
from tests.support.servers import SHIPPED_MOSQUITTO, Mosquitto, mosquitto, wait_until

SITE = "spinneriet"
DEVICE_TOPICS = [one for one in topics.TOPIC_KINDS if one.parameter is topics.TopicParameter.DEVICE]
PUBLISHED = (
    topics.FINDINGS.topic(SITE, "pi-1"),
    topics.SPACE_STATE.topic(SITE, "desk-1"),
    topics.ZONE_SUMMARY.topic(SITE, "hall"),
    topics.FORECAST.topic(SITE, "hall"),
    topics.ALERTS.topic(SITE),
    topics.COLLECTOR_STATUS.topic(SITE),
)
"""What the collector publishes and the dashboard reads, one of each kind."""
RECEIVE_TIMEOUT_S = 10
END = "ledig/v1/spinneriet/site"
"""Marks the end of a test's messages: a client that receives it has received all earlier ones."""


class RecordingClient:
    """One connected client with queues of everything that it receives."""

    def __init__(self, settings: BrokerSettings, client_id: str, will: str | None) -> None:
        self.received: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.connect_results: queue.Queue[bool] = queue.Queue()
        self.subscribe_results: queue.Queue[list[bool]] = queue.Queue()
        self.acknowledged: queue.Queue[int] = queue.Queue()
        self.disconnect_reasons: queue.Queue[str] = queue.Queue()
        last_will = None if will is None else LastWill(topics.DEVICE_STATUS, will, b"gone")
        self.client = create_client(settings, client_id, will=last_will)
        self.client.on_connect = lambda *arguments: self.connect_results.put(not arguments[3].is_failure)
        self.client.on_message = lambda _c, _u, message: self.received.put((message.topic, message.payload))
        self.client.on_subscribe = lambda *arguments: self.subscribe_results.put(
            [not code.is_failure for code in arguments[3]]
        )
        self.client.on_publish = lambda *arguments: self.acknowledged.put(arguments[2])
        self.client.on_disconnect = lambda *arguments: self.disconnect_reasons.put(str(arguments[3]))

    def subscribe(self, *filters: str) -> None:
        self.client.subscribe([(topic_filter, 1) for topic_filter in filters])
        self.subscribe_results.get(timeout=RECEIVE_TIMEOUT_S)

    def publish(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> None:
        """Publish and wait for the acknowledgement, which the broker also sends if the ACL denies the message."""
        self.client.publish(topic, payload, qos=1, retain=retain)
        self.acknowledged.get(timeout=RECEIVE_TIMEOUT_S)

    def topics_until_end(self) -> list[str]:
        found = []
        while (topic := self.received.get(timeout=RECEIVE_TIMEOUT_S)[0]) != END:
            found.append(topic)
        return found


@contextmanager
def open_client(
    settings: BrokerSettings, client_id: str = "anyone", *, will: str | None = None
) -> Iterator[RecordingClient]:
    broker_client = RecordingClient(settings, client_id, will)
    broker_client.client.connect(settings.host, settings.port)
    broker_client.client.loop_start()
    try:
        yield broker_client
    finally:
        broker_client.client.disconnect()
        broker_client.client.loop_stop()


@pytest.fixture(scope="module")
def site_broker() -> Iterator[Mosquitto]:
    with mosquitto(site=SITE, devices=("pi-1", "pi-2"), lamps=[("pi-1", "desk-1")]) as running:
        yield running


@contextmanager
def open_clients(site_broker: Mosquitto, *users: str) -> Iterator[list[RecordingClient]]:
    with ExitStack() as stack:
        clients = [stack.enter_context(open_client(site_broker.settings(user))) for user in users]
        assert all(each.connect_results.get(timeout=RECEIVE_TIMEOUT_S) for each in clients)
        yield clients


@pytest.mark.parametrize(("user", "password"), [(None, None), ("pi-1", "wrong"), ("nobody", "secret-of-nobody")])
def test_client_without_a_valid_password_is_refused(
    site_broker: Mosquitto, user: str | None, password: str | None
) -> None:
    with open_client(
        BrokerSettings(host=site_broker.host, port=site_broker.port, user=user, password=password)
    ) as anonymous:
        assert anonymous.connect_results.get(timeout=RECEIVE_TIMEOUT_S) is False


def test_device_may_write_only_its_own_topics(site_broker: Mosquitto) -> None:
    own = [topic_kind.topic(SITE, "pi-1") for topic_kind in (topics.EVENTS, topics.DEVICE_STATUS)]
    foreign = [
        *(topic_kind.topic(SITE, "pi-2") for topic_kind in DEVICE_TOPICS),
        *(topic_kind.topic(SITE, "pi-1") for topic_kind in (topics.RECEIPT, topics.DEVICE_COMMAND, topics.FINDINGS)),
        topics.SPACE_STATE.topic(SITE, "desk-1"),
        topics.ZONE_SUMMARY.topic(SITE, "hall"),
        topics.FORECAST.topic(SITE, "hall"),
        topics.ALERTS.topic(SITE),
        topics.SITE_SUMMARY.topic(SITE),
        topics.COLLECTOR_STATUS.topic(SITE),
        topics.COLLECTOR_COMMAND.topic(SITE),
        topics.ADJUSTMENT_COMMAND.topic(SITE),
        *(topic_kind.topic("another-site", "pi-1") for topic_kind in DEVICE_TOPICS),
        topics.SPACE_STATE.topic("another-site", "desk-1"),
        "homeassistant/sensor/x/config",
        "$CONTROL/dynamic-security/v1",
    ]
    with open_clients(site_broker, "observer", "pi-1") as (observer, device):
        observer.subscribe("ledig/v1/#")
        for topic in foreign + own:
            device.publish(topic)
        observer.publish(END)
        assert observer.topics_until_end() == own


def test_device_may_read_only_its_receipts_commands_and_lamp_topics(site_broker: Mosquitto) -> None:
    allowed = [
        topics.RECEIPT.topic(SITE, "pi-1"),
        topics.DEVICE_COMMAND.topic(SITE, "pi-1"),
        topics.SPACE_STATE.topic(SITE, "desk-1"),
        topics.COLLECTOR_STATUS.topic(SITE),
    ]
    denied = [
        *(topic_kind.topic(SITE, "pi-2") for topic_kind in DEVICE_TOPICS),
        topics.SPACE_STATE.topic(SITE, "desk-2"),
        topics.DEVICE_STATUS.topic(SITE, "pi-1"),
        topics.FINDINGS.topic(SITE, "pi-1"),
        topics.ZONE_SUMMARY.topic(SITE, "hall"),
        topics.FORECAST.topic(SITE, "hall"),
        topics.ALERTS.topic(SITE),
        topics.COLLECTOR_COMMAND.topic(SITE),
    ]
    with open_clients(site_broker, "observer", "pi-1") as (observer, device):
        device.subscribe("#")
        for topic in denied + allowed:
            observer.publish(topic)
        received = [device.received.get(timeout=RECEIVE_TIMEOUT_S)[0] for _ in allowed]
        assert received == allowed  # in order: a denied message would come before them
        device.subscribe("$SYS/#")
        observer.publish(allowed[0])
        assert device.received.get(timeout=RECEIVE_TIMEOUT_S)[0] == allowed[0]


def test_device_cannot_disconnect_another_by_its_client_id(site_broker: Mosquitto) -> None:
    with (
        open_clients(site_broker, "pi-2") as (other_device,),
        open_client(site_broker.settings("pi-1"), client_id="pi-2") as device,
    ):
        assert device.connect_results.get(timeout=RECEIVE_TIMEOUT_S)
        other_device.publish(topics.EVENTS.topic(SITE, "pi-2"))
        assert other_device.disconnect_reasons.empty()


def test_collector_reads_every_device_and_writes_every_state(site_broker: Mosquitto) -> None:
    published = [topics.RECEIPT.topic(SITE, "pi-1"), *PUBLISHED]
    with open_clients(site_broker, "observer", "collector", "pi-1") as (observer, collector, device):
        collector.subscribe(*(topic_kind.topic_filter(SITE) for topic_kind in (topics.EVENTS, topics.DEVICE_STATUS)))
        device.publish(topics.EVENTS.topic(SITE, "pi-1"))
        assert collector.received.get(timeout=RECEIVE_TIMEOUT_S)[0] == topics.EVENTS.topic(SITE, "pi-1")
        observer.subscribe("ledig/v1/#")
        for topic in [*published, END]:
            collector.publish(topic)
        assert observer.topics_until_end() == published


def test_dashboard_may_adjust_the_site_and_installer_may_not(site_broker: Mosquitto) -> None:
    command_topic = topics.ADJUSTMENT_COMMAND.topic(SITE)
    with open_clients(site_broker, "collector", "dashboard", "installer", "observer") as (
        collector,
        dashboard,
        installer,
        observer,
    ):
        collector.subscribe(command_topic)
        observer.subscribe("ledig/v1/#")
        installer.publish(command_topic)
        installer.publish(topics.COLLECTOR_COMMAND.topic(SITE))
        dashboard.publish(command_topic)
        assert collector.received.get(timeout=RECEIVE_TIMEOUT_S)[0] == command_topic
        observer.publish(END)
        assert observer.topics_until_end() == [topics.COLLECTOR_COMMAND.topic(SITE), command_topic]


def test_collector_reads_commands_and_its_own_retained_topics(site_broker: Mosquitto) -> None:
    command_topic = topics.COLLECTOR_COMMAND.topic(SITE)
    own_topics = [topics.FINDINGS.topic(SITE, "pi-1")]
    own_topics += [
        topic_kind.topic(SITE, "one")
        for topic_kind in (topics.SPACE_STATE, topics.TUNING, topics.ZONE_SUMMARY, topics.FORECAST)
    ]
    with open_clients(site_broker, "observer", "collector", "dashboard", "installer") as (
        observer,
        collector,
        *senders,
    ):
        collector.subscribe(command_topic, *own_topics)
        for sender in senders:
            sender.publish(command_topic)
            assert collector.received.get(timeout=RECEIVE_TIMEOUT_S)[0] == command_topic
        for topic in own_topics:
            observer.publish(topic)
            assert collector.received.get(timeout=RECEIVE_TIMEOUT_S)[0] == topic


def test_dashboard_reads_retained_topics_and_may_send_only_commands(site_broker: Mosquitto) -> None:
    readable = [topics.DEVICE_STATUS.topic(SITE, "pi-1"), *PUBLISHED]
    with open_clients(site_broker, "observer", "dashboard") as (observer, dashboard):
        dashboard.subscribe("ledig/v1/#")
        observer.publish(topics.EVENTS.topic(SITE, "pi-1"))
        for topic in [*readable, END]:
            observer.publish(topic)
        assert dashboard.topics_until_end() == readable
        observer.subscribe("ledig/v1/#")
        identify = topics.DEVICE_COMMAND.topic(SITE, "pi-1")
        for topic in [*readable, identify]:
            dashboard.publish(topic)
        observer.publish(END)
        assert observer.topics_until_end() == [identify]


def test_installer_sends_commands_and_reads_the_status_of_a_device(site_broker: Mosquitto) -> None:
    command, status = (topic_kind.topic(SITE, "pi-1") for topic_kind in (topics.DEVICE_COMMAND, topics.DEVICE_STATUS))
    with open_clients(site_broker, "pi-1", "installer") as (device, installer):
        device.subscribe(command)
        installer.subscribe("ledig/v1/#")
        installer.publish(topics.EVENTS.topic(SITE, "pi-1"))
        installer.publish(command)
        assert device.received.get(timeout=RECEIVE_TIMEOUT_S)[0] == command
        device.publish(topics.EVENTS.topic(SITE, "pi-1"))
        device.publish(status)
        assert installer.received.get(timeout=RECEIVE_TIMEOUT_S)[0] == status


def test_message_above_the_limit_ends_the_connection(site_broker: Mosquitto) -> None:
    with open_clients(site_broker, "pi-1") as (device,):
        topic = topics.EVENTS.topic(SITE, "pi-1")
        device.publish(topic, b"x" * 65_536)
        device.client.publish(topic, b"x" * 70_000, qos=1)
        assert device.disconnect_reasons.get(timeout=RECEIVE_TIMEOUT_S)


def test_retained_state_survives_a_restart_of_the_broker() -> None:
    with mosquitto() as site_broker:
        with open_clients(site_broker, "collector") as (collector,):
            collector.publish(topics.SPACE_STATE.topic(SITE, "desk-1"), b"vacant", retain=True)
        site_broker.stop()
        site_broker.start()
        with open_clients(site_broker, "dashboard") as (dashboard,):
            dashboard.subscribe(topics.SPACE_STATE.topic_filter(SITE))
            assert dashboard.received.get(timeout=RECEIVE_TIMEOUT_S) == (
                topics.SPACE_STATE.topic(SITE, "desk-1"),
                b"vacant",
            )


def test_broker_listens_only_on_its_listener(site_broker: Mosquitto) -> None:
    assert re.findall(r"listen socket on port (\d+)", site_broker.output()) == [str(site_broker.port)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho does not close a refused socket
def test_tls_lines_accept_only_clients_with_the_right_authority(tmp_path: Path) -> None:
    create_certificates(tmp_path / "site")
    create_certificates(tmp_path / "stranger")
    with mosquitto(read_tls_configuration(tmp_path / "site")) as site_broker:
        trusted, untrusted = (
            replace(site_broker.settings("pi-1"), ca_file=tmp_path / authority / "ledig-ca.crt")
            for authority in ("site", "stranger")
        )
        with open_client(trusted) as device:
            assert device.connect_results.get(timeout=RECEIVE_TIMEOUT_S)
        with pytest.raises(ssl.SSLCertVerificationError):
            create_client(untrusted, "anyone").connect(site_broker.host, site_broker.port)
        with open_client(site_broker.settings("pi-1")) as plain_text:
            assert plain_text.disconnect_reasons.get(timeout=RECEIVE_TIMEOUT_S)
            assert plain_text.connect_results.empty()


SITE_FILE = """\
[site]
id = "spinneriet"
{devices}"""


def run_script(folder: Path, *devices: str, lamp_spaces: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run passwords.sh for a site with these devices, with the broker's files in `folder`.

    Args:
        folder: for the site file, the passwords and the broker's files.
        devices: ids.
        lamp_spaces: of the first devices.
    """
    site = folder / "site.toml"
    lamps = [f'lamp_space = "{space}"\n' for space in lamp_spaces]
    tables = (f'[[device]]\nid = "{device}"\n{lamp}' for device, lamp in zip_longest(devices, lamps, fillvalue=""))
    site.write_text(SITE_FILE.format(devices="".join(tables)))
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "FOLDER": str(folder / "passwords"),
        "BROKER": str(folder),
    }
    command = ["sh", str(SHIPPED_MOSQUITTO / "passwords.sh"), str(site)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def install_files(folder: Path, site_broker: Mosquitto) -> None:
    """Copy the two files of passwords.sh to a broker, which runs as the user of the test."""
    for name in ("ledig.passwords", "ledig.acl"):
        shutil.copy(folder / name, site_broker.folder / name)


def test_script_gives_a_device_access_to_its_own_site_only(tmp_path: Path) -> None:
    assert run_script(tmp_path, "pi-1").returncode == 0
    secret = (tmp_path / "passwords" / "pi-1").read_text()
    assert run_script(tmp_path, "pi-1", "pi-2").returncode == 0
    assert (tmp_path / "passwords" / "pi-1").read_text() == secret
    assert (tmp_path / "passwords" / "pi-1").stat().st_mode & 0o77 == 0
    with mosquitto() as site_broker:
        install_files(tmp_path, site_broker)
        site_broker.restart()
        with ExitStack() as stack:
            users = {}
            for name in ("pi-1", "pi-2", "collector", "dashboard", "installer"):
                password = (tmp_path / "passwords" / name).read_text().strip()
                settings = BrokerSettings(host=site_broker.host, port=site_broker.port, user=name, password=password)
                users[name] = stack.enter_context(open_client(settings))
                assert users[name].connect_results.get(timeout=RECEIVE_TIMEOUT_S)
            users["collector"].subscribe(topics.EVENTS.topic_filter(SITE))
            users["pi-1"].publish(topics.DEVICE_STATUS.topic("another-site", "pi-1"), retain=True)
            users["pi-2"].publish(topics.EVENTS.topic(SITE, "pi-2"))
            assert users["collector"].received.get(timeout=RECEIVE_TIMEOUT_S)[0] == topics.EVENTS.topic(SITE, "pi-2")
            assert run_script(tmp_path, "pi-1").returncode == 0  # pi-2 left the site file
            install_files(tmp_path, site_broker)
            os.kill(site_broker.pid, signal.SIGHUP)  # what `systemctl reload mosquitto` does
            assert users["pi-2"].disconnect_reasons.get(timeout=RECEIVE_TIMEOUT_S)
            users["pi-1"].publish(topics.EVENTS.topic(SITE, "pi-1"))
            assert users["collector"].received.get(timeout=RECEIVE_TIMEOUT_S)[0] == topics.EVENTS.topic(SITE, "pi-1")


def test_script_lets_a_device_read_the_space_of_its_lamp_and_no_other(tmp_path: Path) -> None:
    assert run_script(tmp_path, "pi-1", "pi-2", "pi-3", lamp_spaces=["desk-1", "desk-2"]).returncode == 0
    with mosquitto() as site_broker:
        install_files(tmp_path, site_broker)
        site_broker.restart()
        with ExitStack() as stack:
            users = {}
            for name in ("pi-1", "pi-2", "pi-3", "collector"):
                password = (tmp_path / "passwords" / name).read_text().strip()
                settings = BrokerSettings(host=site_broker.host, port=site_broker.port, user=name, password=password)
                users[name] = stack.enter_context(open_client(settings))
                assert users[name].connect_results.get(timeout=RECEIVE_TIMEOUT_S)
            last = topics.COLLECTOR_STATUS.topic(SITE)  # every device reads it
            for name in ("pi-1", "pi-2", "pi-3"):
                users[name].subscribe(topics.SPACE_STATE.topic_filter(SITE), last)
            spaces = [topics.SPACE_STATE.topic(SITE, f"desk-{number}") for number in (1, 2, 3)]
            for topic in [*spaces, last]:
                users["collector"].publish(topic)
            for name, expected in (("pi-1", spaces[:1]), ("pi-2", spaces[1:2]), ("pi-3", [])):
                received = [users[name].received.get(timeout=RECEIVE_TIMEOUT_S)[0] for _ in [*expected, last]]
                assert received == [*expected, last], name


def test_script_explains_itself_when_asked() -> None:
    command = ["sh", str(SHIPPED_MOSQUITTO / "passwords.sh"), "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "sudo sh passwords.sh /etc/ledig/site.toml" in result.stdout
    assert "set -eu" not in result.stdout


def test_files_of_the_script_have_the_owner_and_mode_that_mosquitto_requires(tmp_path: Path) -> None:
    assert run_script(tmp_path, "pi-1").returncode == 0
    for name in ("ledig.passwords", "ledig.acl"):
        found = (tmp_path / name).stat()
        assert found.st_mode & 0o777 == 0o600
        if os.geteuid() == 0:  # Mosquitto runs as this user, and a later version refuses files of another
            broker = pwd.getpwnam("mosquitto")
            assert (found.st_uid, found.st_gid) == (broker.pw_uid, broker.pw_gid)


@pytest.mark.parametrize("device", ["Pi-1", "pi 1", "../pi-1", "pi-1\\npi-2"])
def test_script_rejects_an_invalid_site_file(tmp_path: Path, device: str) -> None:
    result = run_script(tmp_path, device)
    assert result.returncode == 2
    assert (
        result.stderr
        == f"{tmp_path}/site.toml is not a valid site file; ledig check {tmp_path}/site.toml lists the errors\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site.toml"]


def test_acl_file_without_a_site_grants_nothing() -> None:
    with (
        mosquitto(site="SITE") as site_broker,
        open_clients(site_broker, "collector", "pi-1", "observer") as (collector, device, test),
    ):
        test.subscribe("ledig/v1/#")
        device.publish(topics.EVENTS.topic(SITE, "pi-1"))
        collector.publish(topics.SPACE_STATE.topic(SITE, "desk-1"))
        test.publish(END)
        assert test.topics_until_end() == []


def test_will_is_published_only_where_its_user_may_write(site_broker: Mosquitto) -> None:
    own = topics.DEVICE_STATUS.topic(SITE, "pi-1")
    foreign = [
        topics.SPACE_STATE.topic(SITE, "desk-1"),
        topics.DEVICE_STATUS.topic(SITE, "pi-2"),
        "ledig/v1/other/site",
    ]
    with open_clients(site_broker, "observer") as (observer,):
        observer.subscribe("ledig/v1/#")
        for will in [*foreign, own]:
            with open_client(site_broker.settings("pi-1"), will=will) as device:
                assert device.connect_results.get(timeout=RECEIVE_TIMEOUT_S)
                device.client.socket().shutdown(socket.SHUT_RDWR)  # the connection breaks
                assert device.disconnect_reasons.get(timeout=RECEIVE_TIMEOUT_S)
        assert observer.received.get(timeout=RECEIVE_TIMEOUT_S) == (own, b"gone")


@pytest.mark.parametrize("requested_s", [0, 3600])
def test_mqtt_5_client_gets_the_maximum_keepalive(site_broker: Mosquitto, requested_s: int) -> None:
    keepalives_s: queue.Queue[int] = queue.Queue()
    mqtt_client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="five", protocol=mqtt.MQTTv5)
    mqtt_client.username_pw_set("pi-1", site_broker.settings("pi-1").password)
    mqtt_client.on_connect = lambda *answer: keepalives_s.put(answer[4].ServerKeepAlive)
    mqtt_client.connect(site_broker.host, site_broker.port, requested_s)
    mqtt_client.loop_start()
    try:
        assert keepalives_s.get(timeout=RECEIVE_TIMEOUT_S) == 300
    finally:
        mqtt_client.disconnect()
        mqtt_client.loop_stop()


def test_connections_beyond_the_limit_are_refused_and_others_continue() -> None:
    text = (SHIPPED_MOSQUITTO / "ledig.conf").read_text().replace("max_connections 900", "max_connections 3")
    with (
        mosquitto(text) as site_broker,
        open_clients(site_broker, "pi-1", "collector") as (device, collector),
        ExitStack() as stack,
    ):
        for _ in range(5):
            stack.enter_context(socket.create_connection((site_broker.host, site_broker.port)))
        wait_until(
            lambda: "max_connections exceeded" in site_broker.output(), what="a refused connection in Mosquitto's log"
        )
        collector.subscribe(topics.EVENTS.topic_filter(SITE))
        device.publish(topics.EVENTS.topic(SITE, "pi-1"))
        assert collector.received.get(timeout=RECEIVE_TIMEOUT_S)


def test_mosquitto_survives_its_memory_limit() -> None:
    """The limit is lowered for the test; retained messages use memory permanently."""
    text = re.sub(r"(?m)^memory_limit \d+", "memory_limit 12000000", (SHIPPED_MOSQUITTO / "ledig.conf").read_text())
    with mosquitto(text) as site_broker:
        with open_clients(site_broker, "collector") as (sender,):
            for number in range(300):
                sender.client.publish(
                    topics.SPACE_STATE.topic(SITE, f"desk-{number}"), b"x" * 60_000, qos=1, retain=True
                )
            wait_until(
                lambda: not sender.disconnect_reasons.empty() or "Out of memory" in site_broker.output(),
                what="the limit is reached",
            )
        with open_clients(site_broker, "installer") as (installer,):
            installer.subscribe(topics.COLLECTOR_STATUS.topic(SITE))


def test_acl_file_is_up_to_date() -> None:
    written = (SHIPPED_MOSQUITTO / "ledig.acl").read_text()
    assert written == broker_rights.build_acl_file(), "run `make contract`"


def test_every_acl_line_is_either_read_or_write() -> None:
    lines = (SHIPPED_MOSQUITTO / "ledig.acl").read_text().splitlines()
    rules = [line for line in lines if line.startswith(("topic", "pattern"))]
    assert rules
    assert all(re.fullmatch(r"(topic|pattern) (read|write) ledig/v1/\S+", rule) for rule in rules)


def test_no_two_filters_of_one_user_overlap() -> None:
    """A broker may deliver a message once for each matching filter."""
    acl = (SHIPPED_MOSQUITTO / "ledig.acl").read_text()
    for section in re.split(r"(?m)^user ", acl):
        rules = re.findall(r"(?m)^(?:topic|pattern) (read|write) (\S+)", section)
        overlaps = [
            (rule, other_rule)
            for index, rule in enumerate(rules)
            for other_rule in rules[index + 1 :]
            if rule[0] == other_rule[0] and mqtt.topic_matches_sub(other_rule[1], rule[1].replace("+", "any"))
        ]
        assert overlaps == []
