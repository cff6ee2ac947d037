"""Build once what the processes of a site build when they start, so that what `ledig check` accepts starts.

In:    a valid site.
Out:   faults of the site file that show only then; the parts that cannot be built here, because a package is missing.
Never: the network, GPIO pins, the site's own files; a thread or a file that is left behind.

Passwords, addresses of alert destinations and connections are not part of it; `--check` of each process tries them.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import Final

from edge.timekeeping.durations import HOUR_S
from edge.timekeeping.machine_clock import HostClock
from ledig.runtime.exit_status import find_missing_package
from ledig.site.site_file import SiteFile

MEMORY_FOLDER: Final = Path("/dev/shm")  # noqa: S108 - each build creates a private folder in it
"""Linux's file system in memory."""


class TrialBuildFailed(RuntimeError):
    """A part cannot be built from a valid site; its cause is our bug."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a trial build found."""

    faults: tuple[str, ...]
    """Each with place, problem and remedy."""
    missing: Mapping[str, str]
    """The parts that were not built, each with the package that is not installed."""


def build_site(site: SiteFile, file: str) -> TrialResult:
    """Build the sensors of every device, the collector and the pages, and release them again.

    Args:
        site: a valid site.
        file: name of the site file, for the faults.

    Raises:
        TrialBuildFailed: a part raised an unexpected exception.
        OSError, sqlite3.Error: of the temporary folder.
    """
    faults: list[str] = []
    missing: dict[str, str] = {}
    for part, build in _PARTS.items():
        try:
            with TemporaryDirectory(prefix=f"ledig-check-{os.getpid()}-", dir=_find_memory()) as folder:
                faults += build(site, Path(folder))
        except (OSError, sqlite3.Error):
            raise
        except Exception as fault:
            package = find_missing_package(fault)
            if package is None:
                raise TrialBuildFailed(
                    f"{file} is valid, but {part} cannot be built from it: a bug of Ledig"
                ) from fault
            missing[part] = package
    return TrialResult(tuple(f"{file}, {fault}" for fault in faults), missing)


def _find_memory() -> Path | None:
    """Return Linux's folder in memory, so that no write waits for a disk; None: it cannot be used here."""
    return MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else None


class _IdleClock(HostClock):
    """A clock for sensors that are opened and closed again: their threads read nothing meanwhile."""

    def seconds_until(self, monotonic_ms: int) -> float:  # noqa: ARG002 - see above
        return HOUR_S


def _build_sensors(site: SiteFile, _folder: Path) -> list[str]:
    """Open the sensors of each device on mock pins, which have the pull-ups of a real Pi."""
    from gpiozero import GPIOZeroError

    from edge.sensors.openers import open_sensor
    from edge.sensors.sensor import ReadingQueue
    from ledig.runtime.mock_pins import create_mock_factory

    faults: list[str] = []
    for device in site.devices:
        with ExitStack() as opened:
            factory = opened.enter_context(closing(create_mock_factory()))
            for sensor in device.sensors:
                queue = ReadingQueue(sensor.id, _IdleClock(), SimpleQueue())
                try:
                    opened.enter_context(closing(open_sensor(sensor, factory, queue)))
                except GPIOZeroError as fault:  # mock pins are never busy or absent, so it is the choice of the pin
                    place = f'device "{device.device}", sensor "{sensor.id}"'
                    faults.append(f"{place}: it cannot use its pin: {fault}; give it another pin")
    return faults


def _build_collector(site: SiteFile, folder: Path) -> list[str]:
    """Build the pipeline on an empty journal, and publish its first messages to nobody."""
    from collector.engine.message_publisher import MessagePublisher
    from collector.engine.pipeline import Pipeline
    from collector.store.journal import Journal

    now_ms = time.time_ns() // 1_000_000
    settings = site.collector
    publisher = MessagePublisher(_NoConnection(), site.plan)
    with closing(Journal(folder / "journal.sqlite")) as journal:
        pipeline = Pipeline(site.plan, journal, settings.retention, now_ms, settings.alerts)
        pipeline.tick(now_ms)
        pipeline.advance_history(now_ms)
        for source in pipeline.message_sources:
            publisher.publish(source.pop_messages(now_ms, 0))
    return []


class _NoConnection:
    """Discards what the collector publishes."""

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> None:
        pass


def _build_pages(site: SiteFile, folder: Path) -> list[str]:
    """Build the web application, its first frame, and the sensor list and privacy rules in every language."""
    from dashboard.accounts.accounts import Accounts
    from dashboard.app import create_app
    from dashboard.register.sensor_register import build_register
    from dashboard.subscriber.subscriber import LiveView
    from dashboard.text.page_texts import LANGUAGES, PageTexts
    from dashboard.text.privacy_rule_texts import build_privacy_sections

    now_ms = time.time_ns() // 1_000_000
    live = LiveView(site.plan, lambda: now_ms)
    live.tick(time.monotonic())
    create_app(site.dashboard, site.plan, live, Accounts(folder / "accounts.sqlite"))
    for language in LANGUAGES:
        texts = PageTexts.load(language)
        build_register(site.plan, site.dashboard.retention, texts)
        build_privacy_sections(site.plan, site.dashboard, texts)
    return []


_PARTS: Final[Mapping[str, Callable[[SiteFile, Path], list[str]]]] = {
    "the sensors": _build_sensors,
    "the collector": _build_collector,
    "the pages": _build_pages,
}
"""What builds each part; it returns faults of the site file."""
