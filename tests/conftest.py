"""Options, the rule on skipped tests, and the fixtures that start real servers.

In:    the command line, and CI in the environment.
Out:   fixtures; with CI=true a failure for every skip without an allowed reason.
Never: fixtures for a single folder; they are beside its tests.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.sendable_reports import escape_surrogates
from tests.support.servers import ROOT, InfluxServer, Mosquitto, influxdb, mosquitto
from tests.support.skips import ALLOWED_SKIP_REASONS, NO_SHARED_DATA, NOT_ROOT, is_forbidden_skip

CAP_SYS_ADMIN = 1 << 21
"""The capability to mount. Source: capabilities(7)."""

for _name, _examples in (("quick", 100), ("full", 1000)):
    settings.register_profile(
        _name,
        derandomize=True,  # a failure is reproducible on every machine
        deadline=None,  # no test depends on the speed of the machine
        database=None,
        max_examples=_examples,
        suppress_health_check=[HealthCheck.too_slow],
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full", action="store_true", help="run the long forms: more kills, more cuts, more generated cases"
    )


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("full" if config.getoption("--full") else "quick")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        _fail_forbidden_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    report = yield
    if report.skipped:
        _fail_forbidden_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    config: pytest.Config, report: pytest.TestReport | pytest.CollectReport
) -> Iterator[None]:
    return escape_surrogates((yield))


def _fail_forbidden_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if is_forbidden_skip(reason):
        report.outcome = "failed"
        report.longrepr = (
            f"{report.nodeid} was skipped, and CI=true allows that only for {ALLOWED_SKIP_REASONS}: {reason}"
        )


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the long forms are requested."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with recordings and payloads of real sensors, beside the repository."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"{NO_SHARED_DATA}: recordings and payloads of real sensors are expected in ../shared")
    return folder


@pytest.fixture(scope="session")
def as_root() -> None:
    """Skip unless the test may mount a file system, which root in a container may not."""
    effective = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff:"))
    if os.geteuid() != 0 or not int(effective.split()[1], 16) & CAP_SYS_ADMIN:
        pytest.skip(f"{NOT_ROOT}: mounting a file system and cutting its power needs root, with the right to mount")


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    """A Mosquitto with the shipped configuration and the device `pi-1`, whose lamp shows `booth-1`."""
    with mosquitto(lamps=[("pi-1", "booth-1")]) as running:
        yield running


@pytest.fixture
def influx_server() -> Iterator[InfluxServer]:
    """An empty InfluxDB 1.x."""
    with influxdb() as running:
        yield running
