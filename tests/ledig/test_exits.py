"""Exit status and message for each exception that can end a command."""

import ast
import errno
import importlib
import os
import sqlite3
from collections.abc import Iterator

import pytest

from collector.history import HistoryAway
from edge.broker import BrokerAway
from ledig.exits import OS_REMEDIES, REACHED, SETTINGS, SQLITE_REMEDIES, Status, judge
from ledig.site import SiteRejected
from tests.servers import ROOT

PACKAGES = ("edge", "collector", "dashboard", "ledig")


def exception_classes() -> Iterator[type[BaseException]]:
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


def raised(kind: type[BaseException]) -> BaseException:
    """Create an instance, whatever its constructor needs."""
    made: BaseException = kind.__new__(kind)
    made.args = ("the text",)
    return made


CLASSES = {f"{kind.__module__}.{kind.__name__}": kind for kind in exception_classes()}


@pytest.mark.parametrize("name", CLASSES)
def test_only_listed_classes_give_status_2_or_3(name: str) -> None:
    kind = CLASSES[name]
    names = {each.__name__ for each in kind.__mro__}
    status, text = judge(raised(kind), "collector")
    if names & SETTINGS:
        assert status is Status.WRONG
    elif names & REACHED:
        assert status is Status.AWAY
    else:
        assert status is Status.FAILED
    assert text or not issubclass(kind, ValueError | ConnectionError), "an expected fault has no traceback"


def test_every_listed_class_is_defined() -> None:
    assert {kind.__name__ for kind in CLASSES.values()} >= SETTINGS | REACHED


@pytest.mark.parametrize("code", OS_REMEDIES)
def test_system_error_is_one_line_and_gives_a_restart(code: int) -> None:
    status, text = judge(OSError(code, os.strerror(code), "/d"), "collector")
    assert status is Status.FAILED
    assert text.startswith(f"/d: {os.strerror(code).lower()}; ")
    assert judge(OSError(code, os.strerror(code)), "collector") == (status, text.removeprefix("/d: "))


@pytest.mark.parametrize("code", SQLITE_REMEDIES)
def test_sqlite_error_is_one_line_and_gives_a_restart(code: int) -> None:
    for extended in (code, code | 10 << 8):
        fault = sqlite3.OperationalError("the reason")
        fault.sqlite_errorcode = extended
        status, text = judge(fault, "collector")
        assert status is Status.FAILED
        assert text.startswith("database: the reason; ")


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (SiteRejected(("a: b; c", "d: e; f")), Status.WRONG, "a: b; c\nd: e; f"),
        (BrokerAway("broker h:1: no answer"), Status.AWAY, "broker h:1: no answer"),
        (HistoryAway("influxdb: no answer"), Status.AWAY, "influxdb: no answer"),
        (
            ModuleNotFoundError(name="flask"),
            Status.WRONG,
            "ledig user: the Python package flask is not installed; in the folder of Ledig, run: make install",
        ),
    ],
)
def test_text_is_that_of_the_exception(fault: Exception, status: Status, text: str) -> None:
    found, shown = judge(fault, "user")
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
    assert judge(fault, "collector") == (Status.FAILED, "")
