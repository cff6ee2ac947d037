"""The `ledig` command as real processes: output lines and exit statuses."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.timekeeping.machine_clock import NetworkClock
from tests.support.certificates import create_certificates
from tests.support.command import NO_PINS, read_error_lines, run_ledig, run_ledig_without
from tests.support.extras import list_modules
from tests.support.servers import Mosquitto, accepts_connections, find_free_port, mosquitto, wait_until
from tests.support.valid_site import EXAMPLE, VALID_SITE, write_site_file

SUBCOMMANDS = ("init", "up", "edge", "collector", "dashboard", "replay", "check", "alerts", "user")


@contextmanager
def run_in_background(*arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process; it is killed at the end unless the test has ended it."""
    command = [sys.executable, "-m", "ledig", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def broker() -> Iterator[Mosquitto]:
    with mosquitto(devices=["pi-1"]) as started:
        yield started


def write_site_at_broker(folder: Path, broker: Mosquitto, text: str = VALID_SITE, *, pages: int = 0) -> Path:
    """Write the valid site file with this broker, all passwords and a port for the pages."""
    passwords = folder / "passwords"
    passwords.mkdir()
    for user in ("collector", "dashboard", "pi-1"):
        (passwords / user).touch(0o600)
        (passwords / user).write_text(str(broker.settings(user).password))
    table = f'port = {broker.port}\nhost = "{broker.host}"\npassword_directory = "passwords"'
    return write_site_file(
        folder, text.replace("port = 1884", table) + f"\n[dashboard]\nport = {pages or find_free_port()}\n"
    )


@pytest.mark.parametrize("command", SUBCOMMANDS)
def test_help_has_a_description_and_an_example(command: str) -> None:
    shown = run_ledig(command, "--help")
    assert shown.returncode == 0
    assert f"example: ledig {command}" in shown.stdout
    assert command in run_ledig("--help").stdout


def test_group_help_has_an_example_and_no_truncated_sentence() -> None:
    for arguments in ((), ("user",)):
        shown = run_ledig(*arguments, "--help").stdout
        assert "example: ledig " in shown
        assert "..." not in shown.replace("[ARGS]...", "")


def test_example_is_one_line_that_can_be_copied() -> None:
    assert "--what-if hold=12m,level_hold=2m --plot holds.html\n" in run_ledig("replay", "--help").stdout


def test_valid_site_file_passes_the_check() -> None:
    checked = run_ledig("check", EXAMPLE)
    found, warning = checked.stdout.splitlines()
    assert checked.returncode == 0
    assert found == "example.toml: OK: Spinneriet has 2 floors, 4 zones, 39 spaces, 1 door, 5 devices and 58 sensors"
    assert warning.startswith("example.toml: warning: [privacy] has no controller, ")


def test_check_reports_what_cannot_be_built(tmp_path: Path) -> None:
    result = run_ledig("check", write_site_file(tmp_path, VALID_SITE.replace("pin = 4", "pin = 2")))
    assert result.returncode == 2
    assert result.stdout == ""
    assert read_error_lines(result)[0].endswith("GPIO2 has a fixed pull resistor; give it another pin")


@pytest.mark.parametrize(
    ("absent", "not_built"),
    [
        (["gpiozero"], "the sensors (gpiozero is not installed)"),
        (["flask"], "the pages (flask is not installed)"),
        (
            sorted(list_modules("up") - list_modules("edge")),
            "the collector (holidays is not installed), the pages (argon2 is not installed)",
        ),
    ],
)
def test_check_names_parts_whose_packages_are_not_installed(absent: list[str], not_built: str) -> None:
    result = run_ledig_without(absent, "check", EXAMPLE)
    assert (result.returncode, read_error_lines(result)) == (0, [])
    assert result.stdout.splitlines()[1] == f"example.toml: not built on this machine: {not_built}"


@pytest.mark.parametrize(
    "command", [("check",), ("collector",), ("dashboard",), ("edge", "--device", "pi-1"), ("up", "--simulate")]
)
def test_every_command_reports_all_faults_and_starts_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    site = write_site_file(tmp_path, VALID_SITE.replace("pin = 4", "pin = 40").replace('zone = "hall"', 'zone = "hal"'))
    result = run_ledig(*command, site)
    lines = read_error_lines(result)
    assert result.returncode == 2
    assert len(lines) == 5
    assert lines[-1] == 'site.toml, sensor "desk-1-pir": pin must be a GPIO number from 0 to 27, got 40'
    assert list(tmp_path.iterdir()) == [site]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "Usage: ledig"),
        (("upp",), "No such command 'upp'"),
        (("edge", EXAMPLE), "Missing option '--device'"),
        (("edge", EXAMPLE, "--device", "pi-entrn"), 'no device "pi-entrn"; known devices: '),
        (("edge", EXAMPLE, "--device", "pi-entren", "--pins", "pigpio"), "is not one of 'lgpio', 'mock'"),
        (("up", "--device", "pi-1"), "--device needs a site file: ledig up SITE --device ID"),
        (("up", EXAMPLE), "with SITE, give either --device ID for real pins, or --simulate"),
        (
            ("up", "--real-time", "--day-minutes", "5"),
            "--day-minutes and --real-time cannot be combined; give one of them",
        ),
        (("up", EXAMPLE, "--device", "pi-1", "--real-time"), "a real device runs in real time"),
        (("up", "--day-minutes", "0"), "0.0 is not in the range"),
        (("user", "list"), "give --site FILE, or --data DIR"),
        (("user", "list", "--data", "/nowhere"), "/nowhere: no such folder; start the site once, or create the folder"),
        (("check", "/nowhere/site.toml"), "site.toml: no such file: /nowhere/site.toml; give the path of a site file"),
    ],
)
def test_wrong_command_line_is_reported(arguments: tuple[str | Path, ...], expected: str) -> None:
    result = run_ledig(*arguments)
    assert result.returncode == 2
    assert expected in "\n".join(read_error_lines(result))


def test_missing_pins_are_reported_and_never_mocked() -> None:
    result = run_ledig_without(["lgpio"], "edge", EXAMPLE, "--device", "pi-entren")
    assert (result.returncode, read_error_lines(result)) == (2, [NO_PINS])


@pytest.mark.parametrize(
    ("command", "absent", "target"),
    [
        (("dashboard", EXAMPLE), "flask", "install"),
        (("collector", EXAMPLE), "paho", "install"),
        (("edge", EXAMPLE, "--device", "pi-entren", "--pins", "mock"), "gpiozero", "install-edge"),
        (("up",), "amqtt", "install"),
        (("user", "list", "--data", "."), "argon2", "install"),
    ],
)
def test_missing_package_is_reported_in_one_line(command: tuple[str | Path, ...], absent: str, target: str) -> None:
    result = run_ledig_without([absent], *command)
    assert result.returncode == 2
    (line,) = read_error_lines(result)
    assert re.fullmatch(
        rf"ledig {command[0]}: the Python package {absent}[\w.]* is not installed; "
        rf"in the folder of Ledig, run: make {target}",
        line,
    )


def test_agent_loads_neither_dashboard_nor_influxdb_packages() -> None:
    look = (
        "import sys, ledig.__main__, ledig.runtime.processes,"
        " ledig.site.site_file, ledig.site.broker_passwords, edge.agent;"
        "heavy = {'flask', 'influxdb_client', 'gevent', 'plotly', 'amqtt', 'rich', 'multiprocessing'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"


def test_missing_password_is_reported(tmp_path: Path, broker: Mosquitto) -> None:
    site = write_site_at_broker(tmp_path, broker)
    (tmp_path / "passwords" / "collector").unlink()
    result = run_ledig("collector", site)
    assert result.returncode == 2
    assert read_error_lines(result)[0].endswith("put the broker password of collector there, one line")


@pytest.mark.parametrize("command", [("collector",), ("dashboard",), ("edge", "--device", "pi-1", "--pins", "mock")])
def test_check_connects_to_everything_needed_and_starts_nothing(
    tmp_path: Path, broker: Mosquitto, command: tuple[str, ...]
) -> None:
    site = write_site_at_broker(tmp_path, broker, VALID_SITE.replace('id = "pi-1"\n', 'id = "pi-1"\nclock = "host"\n'))
    before = {file.name for file in tmp_path.iterdir()}
    result = run_ledig(*command, "--check", site)
    assert (result.returncode, read_error_lines(result)) == (0, [])
    assert result.stdout.endswith("ready\n")
    assert {file.name for file in tmp_path.iterdir()} == before


def test_check_of_an_agent_reports_that_it_waits_for_the_time(tmp_path: Path, broker: Mosquitto) -> None:
    site = write_site_at_broker(tmp_path, broker)
    result = run_ledig("edge", "--device", "pi-1", "--pins", "mock", "--check", site)
    assert result.returncode == 0
    if NetworkClock().synchronised():
        assert result.stdout.endswith("broker answers: ready\n")
    else:
        assert "waits for time synchronisation; let it reach a time server (timedatectl), or" in result.stdout
        assert "ready" not in result.stdout


def test_check_names_the_port_if_a_broker_without_tls_is_asked_for_it(tmp_path: Path, broker: Mosquitto) -> None:
    create_certificates(tmp_path / "tls")
    text = VALID_SITE.replace("port = 1884", f'port = 1884\nca_file = "{tmp_path}/tls/ledig-ca.crt"')
    result = run_ledig("collector", "--check", write_site_at_broker(tmp_path, broker, text))
    assert result.returncode == 3
    assert "does not answer with TLS" in read_error_lines(result)[0]
    assert "is it running" not in read_error_lines(result)[0]


def test_check_reports_an_unavailable_or_refusing_broker(tmp_path: Path, broker: Mosquitto) -> None:
    site = write_site_at_broker(tmp_path, broker)
    (tmp_path / "passwords" / "collector").write_text("wrong")
    refused = run_ledig("collector", "--check", site)
    assert refused.returncode == 2
    assert 'refuses user "collector"' in read_error_lines(refused)[0]
    away = run_ledig(
        "collector",
        "--check",
        write_site_file(tmp_path, VALID_SITE.replace("port = 1884", f"port = {find_free_port()}")),
    )
    assert away.returncode == 3
    assert read_error_lines(away)[0].endswith("connection refused; is it running?")


def test_check_reports_an_unavailable_history(tmp_path: Path, broker: Mosquitto) -> None:
    away = f'[history]\nkind = "influxdb"\n[history.influxdb]\nurl = "http://127.0.0.1:{find_free_port()}"\n[storage]'
    result = run_ledig(
        "collector", "--check", write_site_at_broker(tmp_path, broker, VALID_SITE.replace("[storage]", away))
    )
    assert result.returncode == 3
    assert len(read_error_lines(result)) == 1


def test_port_in_use_is_reported_in_one_line(tmp_path: Path, broker: Mosquitto) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        site = write_site_at_broker(tmp_path, broker, pages=port)
        result = run_ledig("dashboard", site)
    assert result.returncode == 1
    assert read_error_lines(result) == [
        f"127.0.0.1:{port}: address already in use; stop the program that uses it, or set another port in [dashboard]"
    ]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_collector_locks_its_journal_and_stops_cleanly(tmp_path: Path, broker: Mosquitto, how: signal.Signals) -> None:
    site = write_site_at_broker(tmp_path, broker)
    with run_in_background("collector", site) as first:
        wait_until((tmp_path / "data" / "journal.sqlite").exists, what="the journal exists")
        second = run_ledig("collector", site)
        assert second.returncode == 1
        assert len(read_error_lines(second)) == 1
        assert f"is in use by another collector (pid {first.pid}); stop that one first" in second.stderr
        first.send_signal(how)
        assert first.wait(20) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_dashboard_answers_and_stops_cleanly(tmp_path: Path, broker: Mosquitto, how: signal.Signals) -> None:
    site = write_site_at_broker(tmp_path, broker)
    port = int(site.read_text().rsplit("port = ", 1)[1])
    with run_in_background("dashboard", site) as process:
        wait_until(lambda: accepts_connections(port), what="the dashboard answers")
        process.send_signal(how)
        assert process.wait(20) == 0


def test_agent_on_mock_pins_runs_and_stops_cleanly(tmp_path: Path, broker: Mosquitto) -> None:
    site = write_site_at_broker(tmp_path, broker)
    with run_in_background("edge", site, "--device", "pi-1", "--pins", "mock") as process:
        wait_until((tmp_path / "data" / "outbox-pi-1.sqlite").exists, what="the outbox exists")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_folder_that_cannot_be_created_is_reported_in_one_line(tmp_path: Path, broker: Mosquitto) -> None:
    site = write_site_at_broker(
        tmp_path, broker, VALID_SITE.replace('directory = "data"', 'directory = "site.toml/data"')
    )
    for command in ("collector", "dashboard"):
        result = run_ledig(command, site)
        assert result.returncode == 2
        (line,) = read_error_lines(result)
        assert line.endswith("not a directory; set another [storage] directory")


@pytest.fixture
def mounted(tmp_path: Path, as_root: None) -> Iterator[Callable[[str], Path]]:
    """Return a function that mounts a small tmpfs in the test's folder."""
    disk = tmp_path / "data"
    disk.mkdir()

    def mount(options: str) -> Path:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "ledig-test", disk], check=True)
        return disk

    yield mount
    subprocess.run(["umount", disk], check=True)


def test_read_only_disk_is_reported_in_one_line(
    tmp_path: Path, broker: Mosquitto, mounted: Callable[[str], Path]
) -> None:
    mounted("ro")
    result = run_ledig("collector", write_site_at_broker(tmp_path, broker))
    assert result.returncode == 1
    (line,) = read_error_lines(result)
    assert "read-only" in line.lower()


def test_full_disk_is_reported_in_one_line(tmp_path: Path, broker: Mosquitto, mounted: Callable[[str], Path]) -> None:
    disk = mounted("size=16k")
    (disk / "filler").write_bytes(b"x" * 12_288)
    result = run_ledig("collector", write_site_at_broker(tmp_path, broker))
    assert result.returncode == 1
    (line,) = read_error_lines(result)
    assert "full" in line or "no space left" in line


def test_storage_path_that_is_a_file_is_reported_in_one_line(tmp_path: Path, broker: Mosquitto) -> None:
    (tmp_path / "data").touch()
    site = write_site_at_broker(tmp_path, broker)
    for command in (("collector", site), ("dashboard", site), ("up", "--data", tmp_path / "data")):
        result = run_ledig(*command)
        assert (result.returncode, len(read_error_lines(result))) == (2, 1)
        assert "give" in result.stderr


def test_accounts_are_added_listed_changed_and_removed(tmp_path: Path) -> None:
    (tmp_path / "up.lock").touch()
    data = ("--data", tmp_path)
    assert run_ledig("user", "add", "anna", *data, stdin="a good long password\n").stdout == "account anna added\n"
    assert run_ledig("user", "list", *data).stdout == "anna\n"
    assert run_ledig("user", "password", "anna", *data, stdin="a better long password\n").returncode == 0
    assert run_ledig("user", "remove", "anna", *data).stdout == "account anna removed\n"
    assert run_ledig("user", "list", *data).stdout == ""


def test_roles_locks_and_sessions_change_but_one_manager_remains(tmp_path: Path) -> None:
    (tmp_path / "up.lock").touch()
    data = ("--data", tmp_path)
    run_ledig("user", "add", "anna", *data, stdin="a good long password\n")
    run_ledig("user", "add", "bo", "--role", "viewer", *data, stdin="a better long password\n")
    for refused in (("role", "anna", "viewer"), ("lock", "anna")):
        result = run_ledig("user", *refused, *data)
        assert (result.returncode, len(read_error_lines(result))) == (2, 1)
        assert "there must be at least one manager" in result.stderr
    assert run_ledig("user", "role", "bo", "manager", *data).stdout == "bo is now a manager\n"
    assert run_ledig("user", "role", "anna", "viewer", *data).stdout == "anna is now a viewer\n"
    assert run_ledig("user", "lock", "anna", *data).stdout == "account anna locked\n"
    assert run_ledig("user", "list", *data).stdout == "anna (viewer, locked)\nbo\n"
    assert run_ledig("user", "unlock", "anna", *data).stdout == "account anna unlocked\n"
    assert run_ledig("user", "end", "bo", *data).stdout == "0 sessions of bo ended\n"


def test_accounts_are_not_created_in_a_folder_without_a_site(tmp_path: Path) -> None:
    result = run_ledig("user", "list", "--data", tmp_path)
    assert result.returncode == 2
    assert "no site was started there" in read_error_lines(result)[-1]
    assert not list(tmp_path.iterdir())


def test_password_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    (tmp_path / "up.lock").touch()
    command = [sys.executable, "-m", "ledig", "user", "add", "anna", "--data", tmp_path]
    result = subprocess.run(command, input=b"fyra gr\xf6na h\xe4star\n", capture_output=True, timeout=60, check=False)
    assert result.returncode == 2
    assert b"not UTF-8" in result.stderr.splitlines()[-1]


def test_account_that_cannot_be_added_is_reported(tmp_path: Path) -> None:
    (tmp_path / "up.lock").touch()
    run_ledig("user", "add", "anna", "--data", tmp_path, stdin="a good long password\n")
    for arguments, stdin in (
        (("add", "anna"), "a good long password\n"),
        (("add", "-x y"), "a good long password\n"),
        (("add", "bo"), "short\n"),
        (("remove", "cecilia"), ""),
    ):
        result = run_ledig("user", arguments[0], "--data", tmp_path, "--", arguments[1], stdin=stdin)
        assert result.returncode == 2
        assert len(read_error_lines(result)) == 1
