"""`ledig up`: run a whole site on this machine with its own broker, simulated or with one real Raspberry Pi.

In:    a site file (default: the example), and the device that this machine is.
Out:   broker, collector, dashboard and devices as processes, until Ctrl-C.
Never: a service for other machines, except the pages if the site file says so.
"""

import contextlib
import fcntl
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

import click

from collector.configuration.alert_settings import AlertSettings
from collector.timekeeping.site_time import TimeSource, read_machine_clocks
from edge.contract.broker_client import BrokerSettings
from edge.contract.hosts import LOOPBACK
from edge.contract.topics import Role
from edge.timekeeping.durations import DAY_MS, MINUTES_PER_DAY
from edge.timekeeping.machine_clock import unix_ms
from ledig.runtime import scaled_clock
from ledig.runtime.command_text import find_command, quote_path
from ledig.runtime.processes import create_pin_factory
from ledig.runtime.start_checks import check_port
from ledig.runtime.storage import create_storage
from ledig.runtime.supervisor import ChildProcess, Supervisor, prepare_stop
from ledig.simulation.first_sensors import add_first_sensors
from ledig.site.alert_addresses import add_addresses
from ledig.site.broker_passwords import create_passwords
from ledig.site.site_copies import save_site_copy
from ledig.site.site_file import UP_LOCK_FILE, SiteFile, read_site_file
from ledig.site.table_reader import describe_unknown
from ledig.up import child_processes
from ledig.up.embedded_broker import EmbeddedBrokerSettings

DEFAULT_DAY_MINUTES = 10.0
_MAX_LAG_MS = DAY_MS
"""Saved site time may lag this far behind the journal, because of a full disk; an event later than that is damaged."""
_PAGES_TIMEOUT_S = 20.0
"""The pages answer within this time, or their process reports why not."""


class UpRejected(ValueError):
    """The site cannot be started here with these options."""


class SiteInUse(ConnectionError):
    """Another process runs the site of this folder; a start may succeed once it has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """Options of the command line; None and False mean not given."""

    site: Path | None = None
    device: str | None = None
    simulate: bool = False
    day_minutes: float | None = None
    real_time: bool = False
    data: Path | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        if self.site is None and self.device is not None:
            raise UpRejected("--device needs a site file: ledig up SITE --device ID")
        if self.site is not None and (self.device is None) is not self.simulate:
            raise UpRejected("with SITE, give either --device ID for real pins, or --simulate")
        if self.day_minutes is not None and self.real_time:
            raise UpRejected("--day-minutes and --real-time cannot be combined; give one of them")
        if self.device is not None and (self.day_minutes is not None or self.real_time):
            raise UpRejected("a real device runs in real time; leave out --day-minutes and --real-time")

    @property
    def speed(self) -> float:
        """Speed of a simulated site as a multiple of real time."""
        return 1.0 if self.real_time else MINUTES_PER_DAY / (self.day_minutes or DEFAULT_DAY_MINUTES)


def run_site(options: UpOptions) -> None:
    """Run the site until Ctrl-C or SIGTERM.

    Raises:
        SiteRejected, UpRejected, DeviceRejected, StorageRejected, AddressRejected: nothing was started.
        SiteInUse, PortRejected, PinsAway, SettingsFileAway: nothing was started; a later start may succeed.
        OSError: the data folder cannot be created or written.
    """
    site = read_site_or_example(options.site)
    if options.device is not None and options.device not in site.device:
        raise UpRejected(describe_unknown("device", options.device, site.device))
    if options.simulate and not site.devices:
        _show(f"{site.plan.name} has no sensors yet: each space gets a simulated one")
        site = add_first_sensors(site)
    folder = (options.data or find_state_folder() / site.plan.id).absolute()
    _check_kind(folder, options)
    if options.device is not None:
        create_pin_factory("lgpio").close()  # report missing pins before anything starts
    os.umask(0o077)  # sensor data is private to this user, even in an existing folder
    create_storage(folder, "folder with --data")
    with _locked(folder):
        site = _move_into_folder(site, folder, options)
        if options.site is not None:
            save_site_copy(options.site, folder / "backups", time.time_ns() // 1_000_000)
        check_port(LOOPBACK, site.collector.broker.port, "[broker]")
        place = "--port" if options.port else "[dashboard]"
        check_port(site.dashboard.host, site.dashboard.port, place)
        stop = prepare_stop()
        if options.device is not None:
            device = site.device[options.device]
            _supervise(
                site,
                [ChildProcess(name=options.device, target=child_processes.run_device, arguments=(device,))],
                None,
                stop,
            )
        else:
            if options.site is None:
                _write_example_history(site, folder, options)
            site_clock = _continue_clock(site, folder, options)
            people = (site.plan, site.devices, site_clock, folder / "simulated")
            _supervise(
                site,
                [ChildProcess(name="devices", target=child_processes.run_simulation, arguments=people)],
                site_clock,
                stop,
            )


def _supervise(
    site: SiteFile, devices: list[ChildProcess], site_clock: scaled_clock.SimulatedClock | None, stop: threading.Event
) -> None:
    """Run all processes; save site time regularly, and exactly once all have stopped."""
    now: TimeSource = read_machine_clocks if site_clock is None else site_clock.now_ms
    passwords = create_passwords(site.storage / "passwords", _list_users(site))
    broker = EmbeddedBrokerSettings(
        port=site.collector.broker.port,
        site=site.plan.id,
        passwords=passwords,
        lamp_spaces={device.device: device.lamp_space for device in site.devices},
    )
    supervisor = Supervisor(
        [
            ChildProcess(name="broker", target=child_processes.run_broker, arguments=(broker,), port=broker.port),
            ChildProcess(
                name="collector", target=child_processes.run_collector_child, arguments=(site.collector, site.plan, now)
            ),
            ChildProcess(
                name="dashboard", target=child_processes.run_dashboard, arguments=(site.dashboard, site.plan, now)
            ),
            *devices,
        ],
        show=_show,
    )
    greeter = _Greeter(site, site_clock)
    clock_saver = None
    if site_clock is not None:
        clock_saver = scaled_clock.ClockSaver(scaled_clock.ClockFile(site.storage / "clock.json"), site_clock, _show)
        clock_saver.save_if_due()  # before the first event, so that a kill cannot move site time back

    def poll() -> None:
        greeter.greet_if_ready()
        if clock_saver is not None:
            clock_saver.save_if_due()

    try:
        supervisor.start_all()
        supervisor.run(stop, poll)
    finally:
        _show("stopping ...")
        supervisor.stop_all()
        if clock_saver is not None:
            clock_saver.save_stop()
        _show("stopped; the next start continues from here")


def _show(line: str) -> None:
    """Print one line; a closed terminal, or output to a full disk, does not stop the site."""
    with contextlib.suppress(OSError):
        click.echo(line)


class _Greeter:
    """Prints the addresses of the pages once they answer."""

    def __init__(self, site: SiteFile, site_clock: scaled_clock.SimulatedClock | None) -> None:
        self._site, self._clock = site, site_clock
        self._waiting, self._deadline_s = True, time.monotonic() + _PAGES_TIMEOUT_S

    def greet_if_ready(self) -> None:
        """Try to connect to the pages once; print the greeting when they answer."""
        if not self._waiting:
            return
        settings = self._site.dashboard
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
        with contextlib.suppress(OSError), socket.create_connection((host, settings.port), timeout=0.1):
            self._waiting = False
            self._greet(f"http://{host}:{settings.port}{settings.base_path}/")
            return
        if time.monotonic() > self._deadline_s:
            self._waiting = False
            _show("the pages do not respond yet; see the messages above")

    def _greet(self, address: str) -> None:
        plan = self._site.plan
        if self._clock is None:
            how = "live"
        elif self._clock.speed == 1:
            how = "simulated, in real time"
        else:
            minutes = MINUTES_PER_DAY / self._clock.speed
            how = f"simulated, one day takes {minutes:g} minute{'' if minutes == 1 else 's'}"
        _show(f"{plan.name} is open ({how})")
        folder = quote_path(self._site.storage)
        _show(f"  pages          {address}")
        _show(f"  staff pages    {address}manage")
        _show(f"  add a manager  {find_command()} user add NAME --data {folder}")
        _show(f"  data folder    {folder}")
        _show("  stop           Ctrl-C")


def read_site_or_example(path: Path | None) -> SiteFile:
    """Read a site file, or the example; raises SiteRejected."""
    if path is not None:
        return read_site_file(path)
    with as_file(files("ledig") / "example.toml") as example:
        return read_site_file(example)


def find_state_folder() -> Path:
    """Return this user's state folder for Ledig. Source: XDG Base Directory Specification 0.8."""
    given = os.environ.get("XDG_STATE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".local" / "state") / "ledig"


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder for this process; the kernel releases the lock however the process ends."""
    with (folder / UP_LOCK_FILE).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SiteInUse(
                f"{folder}: a site is already running there; stop it, or give another folder with --data"
            ) from None
        yield


def _check_kind(folder: Path, options: UpOptions) -> None:
    """Reject a folder with the other kind of data: simulated and real history must not mix."""
    simulated = any(folder.glob("clock.json*"))  # a damaged one has a longer name
    if options.device is not None and simulated:
        raise UpRejected(f"{folder}: contains a simulated site; give another folder with --data")
    if options.device is None and not simulated and (folder / "journal.sqlite").exists():
        raise UpRejected(f"{folder}: contains a real site; give another folder with --data")


def _list_users(site: SiteFile) -> tuple[str, ...]:
    return (Role.COLLECTOR.value, Role.DASHBOARD.value, *site.device)


def _move_into_folder(site: SiteFile, folder: Path, options: UpOptions) -> SiteFile:
    """Return the site with all its files in one folder and its broker on this machine."""
    passwords = create_passwords(folder / "passwords", _list_users(site))

    def at_broker(user: str) -> BrokerSettings:
        return BrokerSettings(host=LOOPBACK, port=site.collector.broker.port, user=user, password=passwords[user])

    journal = folder / "journal.sqlite"
    return replace(
        site,
        plan=site.plan if options.device else replace(site.plan, notice=_write_notice(options)),
        devices=tuple(
            replace(device, broker=at_broker(device.device), outbox_path=folder / f"outbox-{device.device}.sqlite")
            for device in site.devices
        ),
        collector=replace(
            site.collector,
            broker=at_broker(Role.COLLECTOR.value),
            journal_path=journal,
            alerts=_choose_alerts(site, options),
        ),
        dashboard=replace(
            site.dashboard,
            broker=at_broker(Role.DASHBOARD.value),
            port=options.port or site.dashboard.port,
            accounts_path=folder / "accounts.sqlite",
            journal_path=journal,
        ),
        storage=folder,
        password_directory=folder / "passwords",
    )


def _choose_alerts(site: SiteFile, options: UpOptions) -> AlertSettings:
    """Return the alert settings; a simulated site has no destinations, so that nobody gets its alerts."""
    alerts = site.collector.alerts
    return add_addresses(alerts) if options.device else replace(alerts, destinations=())


def _write_notice(options: UpOptions) -> str:
    """Return the notice on the pages that this site is simulated."""
    sv, en = _describe_speed(options)
    if options.site is None:  # `_write_example_history`
        sv, en = f"{sv}; påhittad historik", f"{en}; generated history"
    return f"{sv} · {en}"


def _describe_speed(options: UpOptions) -> tuple[str, str]:
    """Return the notice of the simulation and its speed, in Swedish and English."""
    if options.real_time:
        return "Simulering", "Simulation"
    minutes = options.day_minutes or DEFAULT_DAY_MINUTES
    sv, en = {1: ("en minut", "one minute"), DEFAULT_DAY_MINUTES: ("tio minuter", "ten minutes")}.get(
        minutes, (f"{minutes:g} minuter".replace(".", ","), f"{minutes:g} minutes")
    )
    return f"Simulering: ett dygn tar {sv}", f"Simulation: one day takes {en}"


def _write_example_history(site: SiteFile, folder: Path, options: UpOptions) -> None:
    """Give a new example site weeks of history, so that forecast, use and growth are visible at once."""
    from ledig.simulation.simulated_history import HISTORY_WEEKS, write_history

    clock_file = scaled_clock.ClockFile(folder / "clock.json")
    journal = site.collector.journal_path
    if journal.exists() or (folder / "clock.json").exists():
        return
    begin_ms = _find_begin_ms(site, options)
    clock_file.save_stop(
        scaled_clock.start_clock(options.speed, begin_ms)
    )  # without it the journal would look like that of a real site

    def report(days: int, of: int) -> None:
        if days == of or days % 14 == 0:
            _show(f"generating {HISTORY_WEEKS} weeks of example history: {days} of {of} days")

    write_history(site.plan, journal, begin_ms, report)


def _find_begin_ms(site: SiteFile, options: UpOptions) -> int:
    """Site time at which a new simulated site begins."""
    if options.real_time:
        return unix_ms()
    return scaled_clock.first_morning_ms(datetime.now(UTC), site.plan.time_zone)


def _continue_clock(site: SiteFile, folder: Path, options: UpOptions) -> scaled_clock.SimulatedClock:
    """Continue site time where it stopped; in real time it catches up with the real clock, but never goes back."""
    clock_file = scaled_clock.ClockFile(folder / "clock.json")
    try:
        stopped_ms = clock_file.read()
    except scaled_clock.ClockRejected as fault:
        aside = clock_file.set_aside().name
        _show(f"{str(fault).partition(';')[0]}; moved to {aside}; site time continues from the newest stored event")
        stopped_ms = None
    newest_ms = scaled_clock.read_newest_stored_ms(folder / "journal.sqlite")
    if newest_ms and (stopped_ms is None or stopped_ms < newest_ms < stopped_ms + _MAX_LAG_MS):
        stopped_ms = newest_ms
    if options.real_time:
        return scaled_clock.start_clock(options.speed, max(stopped_ms or 0, unix_ms()))
    if stopped_ms is not None:
        return scaled_clock.start_clock(options.speed, stopped_ms)
    return scaled_clock.start_clock(options.speed, _find_begin_ms(site, options))
