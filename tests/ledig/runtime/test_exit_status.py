"""Exit status and message for each exception that can end a command."""

import ast
import errno
import importlib
import os
import sqlite3
from collections.abc import Iterator

import pytest

from collector.history.measures import HistoryAway
from edge.contract.broker_client import BrokerAway
from ledig.runtime.exit_status import (
    AWAY_ERRORS,
    OS_REMEDIES,
    SETTINGS_ERRORS,
    SQLITE_REMEDIES,
    ExitStatus,
    classify_error,
)
from ledig.site.site_file import SiteRejected
from tests.support.servers import ROOT

PACKAGES = ("edge", "collector", "dashboard", "ledig")


def list_exception_classes() -> Iterator[type[BaseException]]:
    """Return all exception classes of our packages."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            names = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)]
            if not any(name.endswith(("Rejected", "Away", "Taken", "InUse", "Damaged", "TooNew")) for name in names):
                continue
            parts = path.relative_to(ROOT).with_suffix("").parts
            module = importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
            for name in names:
                found = getattr(module, name, None)
                if isinstance(found, type) and issubclass(found, BaseException):
                    yield found


def create_exception(kind: type[BaseException]) -> BaseException:
    """Create an instance, whatever its constructor needs."""
    made: BaseException = kind.__new__(kind)
    made.args = ("the text",)
    return made


CLASSES = {f"{kind.__module__}.{kind.__name__}": kind for kind in list_exception_classes()}


@pytest.mark.parametrize("name", CLASSES)
def test_only_listed_classes_give_status_2_or_3(name: str) -> None:
    kind = CLASSES[name]
    names = {each.__name__ for each in kind.__mro__}
    status, text = classify_error(create_exception(kind), "collector")
    if names & SETTINGS_ERRORS:
        assert status is ExitStatus.WRONG
    elif names & AWAY_ERRORS:
        assert status is ExitStatus.AWAY
    else:
        assert status is ExitStatus.FAILED
    assert text or not issubclass(kind, ValueError | ConnectionError), "an expected fault has no traceback"


def test_every_listed_class_is_defined() -> None:
    assert {kind.__name__ for kind in CLASSES.values()} >= SETTINGS_ERRORS | AWAY_ERRORS


@pytest.mark.parametrize("code", OS_REMEDIES)
def test_system_error_is_one_line_and_gives_a_restart(code: int) -> None:
    status, text = classify_error(OSError(code, os.strerror(code), "/d"), "collector")
    assert status is ExitStatus.FAILED
    assert text.startswith(f"/d: {os.strerror(code).lower()}; ")
    assert classify_error(OSError(code, os.strerror(code)), "collector") == (status, text.removeprefix("/d: "))


@pytest.mark.parametrize("code", SQLITE_REMEDIES)
def test_sqlite_error_is_one_line_and_gives_a_restart(code: int) -> None:
    for extended in (code, code | 10 << 8):
        fault = sqlite3.OperationalError("the reason")
        fault.sqlite_errorcode = extended
        status, text = classify_error(fault, "collector")
        assert status is ExitStatus.FAILED
        assert text.startswith("database: the reason; ")


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (SiteRejected(("a: b; c", "d: e; f")), ExitStatus.WRONG, "a: b; c\nd: e; f"),
        (BrokerAway("broker h:1: no answer"), ExitStatus.AWAY, "broker h:1: no answer"),
        (HistoryAway("influxdb: no answer"), ExitStatus.AWAY, "influxdb: no answer"),
        (
            ModuleNotFoundError(name="flask"),
            ExitStatus.WRONG,
            "ledig user: the Python package flask is not installed; in the folder of Ledig, run: make install",
        ),
    ],
)
def test_text_is_that_of_the_exception(fault: Exception, status: ExitStatus, text: str) -> None:
    found, shown = classify_error(fault, "user")
    assert found is status
    assert shown.startswith(text)


@pytest.mark.parametrize(
    "fault",
    [
        KeyError("x"),
        ValueError("somebody else's"),
        ConnectionResetError("somebody else's"),
        sqlite3.OperationalError("no such table: x"),
        ModuleNotFoundError(name="collector.nowhere"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/d"),
    ],
)
def test_other_exceptions_are_bugs_and_keep_their_traceback(fault: Exception) -> None:
    assert classify_error(fault, "collector") == (ExitStatus.FAILED, "")
