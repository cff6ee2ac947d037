"""Real servers for the tests: Mosquitto, InfluxDB and nginx, each on a free port of 127.0.0.1 in a folder of its own.

In:    configuration, by default what Ledig ships.
Out:   a running server that answered once; it is gone when the `with` ends.
Never: a stand-in. What is missing is named with the Debian package that brings it.

Example:
    with mosquitto(devices=["pi-1"]) as broker:
        agent.run(DeviceSettings(broker=broker.settings("pi-1"), ...), ...)
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from edge.broker import BrokerSettings

ROOT = Path(__file__).resolve().parent.parent
SHIPPED_MOSQUITTO = ROOT / "firmware-config" / "mosquitto"
HOST = "127.0.0.1"
START_S = 90.0
"""A loaded machine with two cores may take this long to start a server."""

OPEN_MOSQUITTO = "allow_anonymous true\nlistener 1883\n"
"""A broker that asks nobody for a name: what a bench measures bare clients with."""


class ServerMissing(FileNotFoundError):
    """A server's program is not installed on this machine."""


class ServerFailed(RuntimeError):
    """A server ended, or never answered; the text carries what it said."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something accepts connections on `port`."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def until(condition: Callable[[], object], *, seconds: float = START_S, what: str = "the condition") -> None:
    """Wait for a real condition, looking every 20 ms.

    Raises:
        TimeoutError: it did not come true in time; the text says `what`.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {seconds:g} s")
        time.sleep(0.02)


class Server:
    """One server process: started, killed and started again on the same port and in the same folder."""

    def __init__(self, command: Sequence[str], package: str, folder: Path, port: int) -> None:
        program = _program(command[0], package)
        self.host = HOST
        self.port = port
        self.folder = folder
        self._command = [program, *command[1:]]
        self._output = folder / "output.txt"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def output(self) -> str:
        """What the server has said since its first start."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def ready(self) -> bool:
        """Whether it answers now."""
        return answers(self.port)

    def start(self) -> None:
        """Start it and wait until it answers; `kill` or `stop` came before."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output, start_new_session=True)

        def answered() -> bool:
            if self._process is not None and self._process.poll() is not None:
                raise ServerFailed(f"{self._command[0]} ended with {self._process.returncode}:\n{self.output()}")
            return self.ready()

        try:
            until(answered, what=f"{self._command[0]} on port {self.port}")
        except TimeoutError as late:
            raise ServerFailed(f"{late}; it said:\n{self.output()}") from late

    def kill(self) -> None:
        """End it at once, as a power switch would: SIGKILL to the process and its children."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Kill it if it runs, and start it on the same port and folder."""
        self.kill()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


_S = TypeVar("_S", bound=Server)


class Mosquitto(Server):
    """A broker with the shipped configuration, or another one."""

    def __init__(self, folder: Path, port: int, config_path: Path, passwords: Mapping[str, str]) -> None:
        super().__init__(["mosquitto", "-c", str(config_path)], "mosquitto", folder, port)
        self.config_path = config_path
        self._passwords = passwords

    def settings(self, user: str | None = None) -> BrokerSettings:
        """How `user` reaches this broker; None: without a name (refused by the shipped configuration)."""
        password = None if user is None else self._passwords[user]
        return BrokerSettings(host=self.host, port=self.port, user=user, password=password)


@contextmanager
def mosquitto(
    config: str | None = None,
    *,
    site: str = "+",
    devices: Sequence[str] = ("pi-1",),
    observers: Sequence[str] = ("observer",),
) -> Iterator[Mosquitto]:
    """A real Mosquitto.

    Args:
        config: what stands in for the shipped `ledig.conf`; its `listener` gets the free port.
        site: the site to which rights are bound; by default every site, so that a test can choose its own.
        devices: users with a device's rights; `collector`, `dashboard` and `installer` are always there.
        observers: users of the test itself, who may read and write everything under `ledig/v1`.
    """
    with _folder("mosquitto") as folder:
        users = [*devices, "collector", "dashboard", "installer", *observers]
        passwords = {user: f"secret-of-{user}" for user in users}
        port = free_port()
        text = (SHIPPED_MOSQUITTO / "ledig.conf").read_text() if config is None else config
        text = re.sub(r"(?m)^listener \d+.*$", f"listener {port} {HOST}", text)
        text = text.replace("/etc/mosquitto/ledig.", f"{folder}/ledig.")
        (folder / "conf.d").mkdir()
        (folder / "conf.d" / "ledig.conf").write_text(text)
        acl = (SHIPPED_MOSQUITTO / "ledig.acl").read_text().replace("/SITE/", f"/{site}/")
        acl += "".join(f"\nuser {name}\ntopic readwrite ledig/v1/#\n" for name in observers)
        (folder / "ledig.acl").write_text(acl)
        _write_passwords(folder / "ledig.passwords", passwords)
        main = folder / "mosquitto.conf"  # as Debian's own: it says where the store is, and reads conf.d
        own_user = "user root\n" if os.geteuid() == 0 else ""  # else it becomes `mosquitto`, who may not read here
        store = f"persistence true\npersistence_location {folder}/\n"
        main.write_text(f"{own_user}{store}log_dest stderr\ninclude_dir {folder}/conf.d\n")
        yield from _running(Mosquitto(folder, port, main, passwords))


class Influx(Server):
    """InfluxDB 1.x as Debian ships it: no users, `url` takes /write and /query."""

    def ready(self) -> bool:
        return _http_status(f"{self.url}/ping") == 204

    def empty(self) -> None:
        """Kill it, throw its data away and start it again, as a server that was rebuilt."""
        self.kill()
        for part in ("meta", "data", "wal"):
            shutil.rmtree(self.folder / part, ignore_errors=True)
        self.start()


@contextmanager
def influxdb(http: str = "") -> Iterator[Influx]:
    """A real, empty InfluxDB 1.x.

    Args:
        http: more lines for the section [http] of its configuration.
    """
    with _folder("influxdb") as folder:
        port = free_port()
        config = folder / "influxdb.conf"
        config.write_text(
            f'reporting-disabled = true\nbind-address = "{HOST}:{free_port()}"\n'
            f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\nwal-dir = "{folder}/wal"\n'
            f'[http]\nbind-address = "{HOST}:{port}"\nlog-enabled = false\n{http}\n[monitor]\nstore-enabled = false\n'
        )
        yield from _running(Influx(["influxd", "run", "-config", str(config)], "influxdb", folder, port))


@contextmanager
def nginx(snippet: str, replace: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A real nginx.

    Args:
        snippet: one or more `server` blocks; every `listen` gets the free port.
        replace: words of the snippet and what stands in for them, say the upstream's address.
    """
    with _folder("nginx") as folder:
        port = free_port()
        for word, other in (replace or {}).items():
            snippet = snippet.replace(word, other)
        snippet = re.sub(r"\blisten\s+[^;]+;", f"listen {HOST}:{port};", snippet)
        bodies = "".join(
            f"{part}_temp_path {folder}/{part};\n" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        own_user = "user root;\n" if os.geteuid() == 0 else ""
        config = folder / "nginx.conf"
        config.write_text(
            f"{own_user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nworker_processes 1;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{bodies}{snippet}\n}}\n"
        )
        yield from _running(Server(["nginx", "-p", str(folder), "-c", str(config)], "nginx-light", folder, port))


def _running(server: _S) -> Iterator[_S]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=f"ledig-{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise ServerMissing(f"{name} is not installed; `sudo apt-get install {package}` brings it, as `make test` does")
    return found


def _write_passwords(path: Path, passwords: Mapping[str, str]) -> None:
    path.write_text("".join(f"{user}:{password}\n" for user, password in passwords.items()))
    path.chmod(0o600)
    subprocess.run([_program("mosquitto_passwd", "mosquitto"), "-U", str(path)], check=True, capture_output=True)


def _http_status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback server
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0
