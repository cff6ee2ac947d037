"""Starts a whole house on this machine, with its own broker: simulated, or one real Raspberry Pi.

In:    a site file (or none: the example), and what hangs on this machine.
Out:   broker, collector, dashboard and devices as processes, until Ctrl-C.
Never: anything for another machine but the pages, and those only if the site file says so.
"""

import contextlib
import fcntl
import os
import shlex
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path

import click

from collector.alerts.settings import AlertSettings
from collector.site_time import TimeSource, read_machine
from edge.broker import BrokerSettings
from edge.clock import unix_ms
from ledig import children, clock
from ledig.destinations import with_addresses
from ledig.house_broker import HOST, HouseBrokerSettings
from ledig.passwords import make
from ledig.processes import pin_factory
from ledig.reach import claim_port
from ledig.site import COLLECTOR_USER, DASHBOARD_USER, UP_LOCK, Site, read
from ledig.site.reader import one_of
from ledig.site_copies import keep_site_copy
from ledig.storage import make_storage
from ledig.supervisor import Child, Supervisor, stop_before_children

DAY_MINUTES = 10.0
_MINUTES_A_DAY = 24 * 60
_BEHIND_MS = 24 * 3_600_000
"""A full disk may have kept the note of house time so far behind the journal; an event beyond that is a damaged one."""
_ANSWER_S = 20.0
"""The pages answer within this, or their process says why not."""


class HouseRejected(ValueError):
    """The house cannot be started here in this way."""


class HouseInUse(ConnectionError):
    """Another process runs the house of this folder. It may succeed once that one has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """What the command line asked for; None and False: not given."""

    site: Path | None = None
    device: str | None = None
    simulate: bool = False
    day_minutes: float | None = None
    real_time: bool = False
    data: Path | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        if self.site is None and self.device is not None:
            raise HouseRejected("--device needs a site file: ledig up SITE --device ID")
        if self.site is not None and (self.device is None) is not self.simulate:
            raise HouseRejected("with SITE, give either --device ID for real pins, or --simulate")
        if self.day_minutes is not None and self.real_time:
            raise HouseRejected("--day-minutes and --real-time cannot be combined; give one of them")
        if self.device is not None and (self.day_minutes is not None or self.real_time):
            raise HouseRejected("a real device runs in real time; leave out --day-minutes and --real-time")

    @property
    def speed(self) -> float:
        """How much faster than real time a simulated house lives."""
        return 1.0 if self.real_time else _MINUTES_A_DAY / (self.day_minutes or DAY_MINUTES)


def up(options: UpOptions) -> None:
    """Start the house and stay until Ctrl-C or SIGTERM.

    Raises:
        SiteRejected, HouseRejected, DeviceRejected, StorageRejected, AddressRejected: nothing was started.
        HouseInUse, PortRejected, PinsAway, SettingsFileAway: nothing was started; it may succeed later.
        OSError: the data folder cannot be made or written.
    """
    site = read_house(options.site)
    if options.device is not None and options.device not in site.device:
        raise HouseRejected(one_of("device", options.device, site.device))
    folder = (options.data or state_folder() / site.plan.id).absolute()
    _check_kind(folder, options)
    if options.device is not None:
        pin_factory("lgpio").close()  # pins that are not there are told before anything starts
    os.umask(0o077)  # what desks said is nobody else's on this machine, also in a folder that was there before
    make_storage(folder)
    with _alone(folder):
        house = _in_folder(site, folder, options)
        if options.site is not None:
            keep_site_copy(options.site, folder / "backups", time.time_ns() // 1_000_000)
        claim_port(HOST, site.collector.broker.port, "[broker]")
        place = "--port" if options.port else "[dashboard]"
        claim_port(house.dashboard.host, house.dashboard.port, place)
        stop = stop_before_children()
        if options.device is not None:
            device = house.device[options.device]
            _supervise(house, [Child(name=options.device, work=children.device, arguments=(device,))], None, stop)
        else:
            if options.site is None:
                _write_example_history(house, folder, options)
            ticking = _clock(house, folder, options)
            people = (house.plan, house.devices, ticking, folder / "simulated")
            _supervise(house, [Child(name="devices", work=children.people, arguments=people)], ticking, stop)


def _supervise(house: Site, devices: list[Child], ticking: clock.HouseClock | None, stop: threading.Event) -> None:
    """Run every process; note house time as it goes, and exactly when all have stopped."""
    now: TimeSource = read_machine if ticking is None else ticking.now_ms
    passwords = make(house.storage / "passwords", _users(house))
    broker = HouseBrokerSettings(port=house.collector.broker.port, site=house.plan.id, passwords=passwords)
    supervisor = Supervisor(
        [
            Child(name="broker", work=children.broker, arguments=(broker,), port=broker.port),
            Child(name="collector", work=children.collector, arguments=(house.collector, house.plan, now)),
            Child(name="dashboard", work=children.dashboard, arguments=(house.dashboard, house.plan, now)),
            *devices,
        ],
        tell=_show,
    )
    welcome = _Welcome(house, ticking)
    notes = None
    if ticking is not None:
        notes = clock.Notes(clock.StoppedAt(house.storage / "clock.json"), ticking, _show)
        notes.look()  # before the first event: a kill from here on cannot set the house back

    def look() -> None:
        welcome.look()
        if notes is not None:
            notes.look()

    try:
        supervisor.start()
        supervisor.run(stop, look)
    finally:
        _show("stopping ...")
        supervisor.stop()
        if notes is not None:
            notes.stop()
        _show("stopped; the next start continues from here")


def _show(line: str) -> None:
    """One line for the person at the terminal; a terminal that is gone, or a file on a full disk, ends no house."""
    with contextlib.suppress(OSError):
        click.echo(line)


class _Welcome:
    """Says where the pages are, once they answer."""

    def __init__(self, house: Site, ticking: clock.HouseClock | None) -> None:
        self._house, self._ticking = house, ticking
        self._waiting, self._patient_until_s = True, time.monotonic() + _ANSWER_S

    def look(self) -> None:
        """Look once."""
        if not self._waiting:
            return
        settings = self._house.dashboard
        host = {"0.0.0.0": HOST, "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - compared, not bound
        with contextlib.suppress(OSError), socket.create_connection((host, settings.port), timeout=0.1):
            self._waiting = False
            self._greet(f"http://{host}:{settings.port}{settings.base_path}/")
            return
        if time.monotonic() > self._patient_until_s:
            self._waiting = False
            _show("the pages do not respond yet; see the messages above")

    def _greet(self, address: str) -> None:
        plan = self._house.plan
        if self._ticking is None:
            how = "live"
        elif self._ticking.speed == 1:
            how = "simulated, in real time"
        else:
            minutes = _MINUTES_A_DAY / self._ticking.speed
            how = f"simulated, one day takes {minutes:g} minute{'' if minutes == 1 else 's'}"
        _show(f"{plan.name} is open ({how})")
        folder = _typed(self._house.storage)
        _show(f"  pages          {address}")
        _show(f"  staff pages    {address}manage")
        _show(f"  add a manager  {_typed_command()} user add NAME --data {folder}")
        _show(f"  data folder    {folder}")
        _show("  stop           Ctrl-C")


def _typed(path: Path) -> str:
    """A path as a shell takes it, from the user's home if it lies there."""
    with contextlib.suppress(ValueError, RuntimeError):
        return f"~/{shlex.quote(str(path.relative_to(Path.home())))}"
    return shlex.quote(str(path))


def _typed_command() -> str:
    """This program as a shell finds it from here: `make run` has it where no shell looks."""
    if shutil.which("ledig"):
        return "ledig"
    program = Path(sys.executable).with_name("ledig")
    here = Path.cwd()
    return shlex.quote(str(program.relative_to(here) if program.is_relative_to(here) else program))


def read_house(path: Path | None) -> Site:
    """The house of a site file, or the example's; raises SiteRejected."""
    if path is not None:
        return read(path)
    with as_file(files("ledig") / "example.toml") as example:
        return read(example)


def state_folder() -> Path:
    """Where this user's programs keep their state. Source: XDG Base Directory Specification 0.8."""
    given = os.environ.get("XDG_STATE_HOME", "")
    return (Path(given) if given.startswith("/") else Path.home() / ".local" / "state") / "ledig"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it however we end."""
    with (folder / UP_LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HouseInUse(
                f"{folder}: a site is already running there; stop it, or give another folder with --data"
            ) from None
        yield


def _check_kind(folder: Path, options: UpOptions) -> None:
    """A simulated past and a real one do not mix."""
    simulated = any(folder.glob("clock.json*"))  # a damaged one was put aside under a longer name
    if options.device is not None and simulated:
        raise HouseRejected(f"{folder}: contains a simulated site; give another folder with --data")
    if options.device is None and not simulated and (folder / "journal.sqlite").exists():
        raise HouseRejected(f"{folder}: contains a real site; give another folder with --data")


def _users(site: Site) -> tuple[str, ...]:
    return (COLLECTOR_USER, DASHBOARD_USER, *site.device)


def _in_folder(site: Site, folder: Path, options: UpOptions) -> Site:
    """The same house, with everything it keeps in one folder, and its broker on this machine."""
    passwords = make(folder / "passwords", _users(site))

    def at_broker(user: str) -> BrokerSettings:
        return BrokerSettings(host=HOST, port=site.collector.broker.port, user=user, password=passwords[user])

    journal = folder / "journal.sqlite"
    return replace(
        site,
        plan=site.plan if options.device else replace(site.plan, notice=_notice(options)),
        devices=tuple(
            replace(device, broker=at_broker(device.device), outbox_path=folder / f"outbox-{device.device}.sqlite")
            for device in site.devices
        ),
        collector=replace(
            site.collector, broker=at_broker(COLLECTOR_USER), journal_path=journal, alerts=_alerts(site, options)
        ),
        dashboard=replace(
            site.dashboard,
            broker=at_broker(DASHBOARD_USER),
            port=options.port or site.dashboard.port,
            accounts_path=folder / "accounts.sqlite",
            journal_path=journal,
        ),
        storage=folder,
        password_directory=folder / "passwords",
    )


def _alerts(site: Site, options: UpOptions) -> AlertSettings:
    """What invented people do alarms nobody: a simulated house has no destinations."""
    alerts = site.collector.alerts
    return with_addresses(alerts) if options.device else replace(alerts, destinations=())


def _notice(options: UpOptions) -> str:
    """Nobody shall take invented people for real ones."""
    sv, en = _pace(options)
    if options.site is None:  # `_write_example_history`
        sv, en = f"{sv}; påhittad historik", f"{en}; generated history"
    return f"{sv} · {en}"


def _pace(options: UpOptions) -> tuple[str, str]:
    """That this is a simulation, and how fast it is, in Swedish and in English."""
    if options.real_time:
        return "Simulering", "Simulation"
    minutes = options.day_minutes or DAY_MINUTES
    sv, en = {1: ("en minut", "one minute"), DAY_MINUTES: ("tio minuter", "ten minutes")}.get(
        minutes, (f"{minutes:g} minuter".replace(".", ","), f"{minutes:g} minutes")
    )
    return f"Simulering: ett dygn tar {sv}", f"Simulation: one day takes {en}"


def _write_example_history(house: Site, folder: Path, options: UpOptions) -> None:
    """Give a new example site weeks of history, so that forecast, use and growth are visible at once."""
    from ledig.simulation.history import WEEKS, write_history

    note = clock.StoppedAt(folder / "clock.json")
    journal = house.collector.journal_path
    if journal.exists() or (folder / "clock.json").exists():
        return
    begin_ms = _begin_ms(house, options)
    note.note_stop(clock.start(options.speed, begin_ms))  # a journal without it would be that of a real site

    def report(days: int, of: int) -> None:
        if days == of or days % 14 == 0:
            _show(f"generating {WEEKS} weeks of example history: {days} of {of} days")

    write_history(house.plan, journal, begin_ms, report)


def _begin_ms(house: Site, options: UpOptions) -> int:
    """Site time at which a new simulated site begins."""
    if options.real_time:
        return unix_ms()
    return clock.first_morning_ms(datetime.now(UTC), house.plan.time_zone)


def _clock(house: Site, folder: Path, options: UpOptions) -> clock.HouseClock:
    """House time goes on where it stopped; in real time it catches up with the world, but never goes back."""
    note = clock.StoppedAt(folder / "clock.json")
    try:
        stopped_ms = note.read()
    except clock.ClockRejected as fault:
        aside = note.put_aside().name
        _show(f"{str(fault).partition(';')[0]}; moved to {aside}; site time continues from the newest stored event")
        stopped_ms = None
    newest_ms = clock.newest_stored_ms(folder / "journal.sqlite")
    if newest_ms and (stopped_ms is None or stopped_ms < newest_ms < stopped_ms + _BEHIND_MS):
        stopped_ms = newest_ms
    if options.real_time:
        return clock.start(options.speed, max(stopped_ms or 0, unix_ms()))
    if stopped_ms is not None:
        return clock.start(options.speed, stopped_ms)
    return clock.start(options.speed, _begin_ms(house, options))
