"""Foreign text cannot forge a line of the log or control the terminal."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.configuration.collector_settings import RetentionSettings
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.store.journal import Journal
from edge.process.log_output import TRACEBACK_PREFIX, EscapingFormatter, escape_unprintable
from tests.support.collector.random_sites import NOON_MS, build_desk_plan
from tests.support.servers import ROOT

HOSTILE = "x\nERROR root: the site is open\r\x1b[2J\x1b]0;owned\x07\x9b31m\x85\u2028\u202eevil\ud800"
LINE = re.compile(r"(?:INFO|WARNING|ERROR|CRITICAL) ")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What the processes of Ledig would log."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(EscapingFormatter("%(levelname)s %(message)s"))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def is_clean(text: str) -> bool:
    """Return whether each line starts a record or has the traceback prefix, and is printable."""
    lines = text.rstrip("\n").split("\n")
    return bool(text) and all(
        line.isprintable() and (LINE.match(line) or line.startswith(TRACEBACK_PREFIX)) for line in lines
    )


@given(st.text())
def test_every_record_is_one_printable_line(text: str) -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 1, "refused: %s", (text,), None)
    assert is_clean(EscapingFormatter("%(levelname)s %(message)s").format(record))


@given(st.text(st.characters(categories=("L", "N", "P", "S")) | st.just(" ")))
def test_ordinary_text_is_unchanged(text: str) -> None:
    assert escape_unprintable(text) == text


def test_every_line_of_a_traceback_has_the_prefix(stream: io.StringIO) -> None:
    try:
        int(HOSTILE)
    except ValueError:
        logging.getLogger("test").exception("failed on %s", HOSTILE, stack_info=True)
    assert is_clean(stream.getvalue())
    assert "ERROR root: the site is open" in stream.getvalue(), "nothing is left out"


EVENT = b'{"stream":"s","oldest":1,"events":[{"seq":1,"sensor":"a","at":1790000000000,"kind":"motion","value":1}]}'
FOREIGN = {
    "field": EVENT.replace(b'"oldest"', b'"%s":1,"oldest"'),
    "sensor": EVENT.replace(b'"a"', b'"%s"'),
    "kind": EVENT.replace(b"motion", b"%s"),
    "stream": EVENT.replace(b'"s"', b'"%s"'),
}
ESCAPES = r"x\nERROR root: the site is open\r\u001b[2J\u2028\u202e"


@pytest.mark.parametrize("place", FOREIGN)
def test_rejected_message_cannot_forge_a_line_of_the_collectors_log(
    stream: io.StringIO, tmp_path: Path, place: str
) -> None:
    payload = FOREIGN[place].replace(b"%s", ESCAPES.encode())
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        work = Pipeline(build_desk_plan(1), journal, RetentionSettings(), NOON_MS)
        work.process_batch([IncomingMessage("pi-1", payload)], NOON_MS)
        work.process_commands([b'{"' + ESCAPES.encode() + b'":1}'], NOON_MS)
    assert is_clean(stream.getvalue())


def test_hostile_device_name_cannot_forge_a_line(stream: io.StringIO, tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.sqlite")) as journal:
        work = Pipeline(build_desk_plan(1), journal, RetentionSettings(), NOON_MS)
        work.process_batch([IncomingMessage(HOSTILE.removesuffix("\ud800"), b"{")], NOON_MS)
    assert is_clean(stream.getvalue())


def test_logging_is_configured_in_one_module_only() -> None:
    sources = [path for folder in ("collector", "dashboard", "edge", "ledig") for path in (ROOT / folder).rglob("*.py")]
    own = {
        ROOT / "edge" / "process" / "log_output.py",
        ROOT / "collector" / "alerts" / "delivery_errors.py",
    }  # this one only records
    found = {
        path.name for path in sources if path not in own and re.search(r"basicConfig|addHandler", path.read_text())
    }
    assert found == set()
