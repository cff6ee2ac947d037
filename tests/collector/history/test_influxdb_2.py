"""InfluxDB 2, which cannot be installed here: its recorded answers, served by a small HTTP server.

Source: an InfluxDB 2.7.12: /query answers a DELETE without `results`; the statuses and bodies below belong to a missing
bucket, a token without the right to read or write, limits and overload.
"""

import json
import re
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from collector.configuration.collector_settings import InfluxSettings
from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.history import line_protocol
from collector.history.influxdb import InfluxAway, InfluxClient
from collector.history.measures import SPACE_HOUR, HistoryRow
from tests.support.collector.history_stores import run_projection
from tests.support.servers import wait_until

T0 = 1_763_856_000_000
MISSING = {"results": [{"statement_id": 0, "error": "database not found: ledig"}]}
NO_CREATE = {"results": [{"statement_id": 0, "error": "not implemented: CREATE DATABASE"}]}


class RecordedInflux:
    """What the server answers, and the requests that it received."""

    def __init__(self) -> None:
        self.has_bucket = True
        self.refusal = None
        """Status and body for each write; None: it is accepted."""
        self.changed = b"{}"
        """The answer to a DELETE."""
        self.statements = []
        self.lines = []

    def query(self, statement):
        self.statements.append(statement)
        if statement.startswith("CREATE"):
            return 200, json.dumps(NO_CREATE).encode()
        if not self.has_bucket:
            return 200, json.dumps(MISSING).encode()
        if statement.startswith("DELETE"):
            return 200, self.changed
        revs = [float(rev) for line in self.lines for rev in re.findall(r"^ledig_cursor.* rev=(\S+) ", line)]
        series = [{"name": "ledig_cursor", "columns": ["time", "max"], "values": [[0, max(revs)]]}] if revs else []
        return 200, json.dumps(
            {"results": [{"statement_id": 0, "series": series} if revs else {"statement_id": 0}]}
        ).encode()

    def write(self, body):
        if not self.has_bucket:
            return 404, b'{"code":"not found","message":"bucket \\"ledig\\" not found"}'
        if self.refusal is not None:
            return self.refusal
        self.lines += body.decode().splitlines()
        return 204, b""


@contextmanager
def recorded_influxdb():
    recorded = RecordedInflux()

    class RecordedInfluxHandler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.startswith("/query"):
                status, answer = recorded.query(parse_qs(body.decode())["q"][0])
            else:
                status, answer = recorded.write(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), RecordedInfluxHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield recorded, InfluxSettings(url=f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def rows_of(recorded):
    return sorted(line for line in set(recorded.lines) if line.startswith("space_hour"))


@pytest.mark.parametrize("answer", [b"{}", b"", b'{"results":[{"statement_id":0}]}'])
def test_the_projection_continues_after_a_purge_whatever_the_answer_to_delete(journal, answer):
    with recorded_influxdb() as (recorded, settings), run_projection(journal, settings) as projection:
        recorded.changed = answer
        journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (1.0, 2.0, 3.0))])
        wait_until(lambda: len(rows_of(recorded)) == 1, what="the first row")
        journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (None, None, None))])
        wait_until(lambda: any(asked.startswith("DELETE") for asked in recorded.statements), what="the DELETE")
        journal.write(SPACE_HOUR, [HistoryRow(("desk-2",), T0, (1.0, 2.0, 3.0))])
        wait_until(lambda: len(rows_of(recorded)) == 2, what="the row after it")
        assert projection.find_fault() is None


@pytest.mark.parametrize("answer", [b"{}", b"", b'{"results":[{"partial":true}]}'])
def test_a_truncated_answer_to_a_query_is_detected(answer):
    with recorded_influxdb() as (recorded, settings), closing(InfluxClient(settings)) as influx:
        recorded.query = lambda _statement: (200, answer)
        with pytest.raises(InfluxAway, match="sends incomplete responses"):
            influx.run_query("SELECT taken_s FROM space_hour")


def test_an_error_in_the_answer_to_a_delete_is_a_failure():
    with recorded_influxdb() as (recorded, settings), closing(InfluxClient(settings)) as influx:
        for answer in (b'{"error":"shard is locked"}', b'{"results":[{"statement_id":0,"error":"shard is locked"}]}'):
            recorded.changed = answer
            with pytest.raises(InfluxAway, match="shard is locked"):
                influx.run_statement("DELETE FROM space_hour WHERE time < 1ms")


def test_a_missing_bucket_is_reported_and_history_is_written_once_it_exists(journal):
    journal.write(SPACE_HOUR, [HistoryRow(("desk-1",), T0, (1.0, 2.0, 3.0))])
    with recorded_influxdb() as (recorded, settings):
        recorded.has_bucket = False
        with run_projection(journal, settings) as projection:
            wait_until(projection.find_fault, what="the fault")
            assert projection.find_fault() == CollectorFault(FaultKind.INFLUXDB_NO_DATABASE, ("ledig",))
            recorded.has_bucket = True
            wait_until(lambda: not projection.find_fault() and len(rows_of(recorded)) == 1, what="the row")


TWO_ROWS = CollectorFault(FaultKind.ROWS_REJECTED, rows=2)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (
            400,
            b'{"code":"invalid","message":"partial write: field type conflict"}',
            TWO_ROWS,
        ),
        (413, b'{"code":"request too large","message":"too large"}', TWO_ROWS),
        (
            422,
            b'{"code":"unprocessable entity","message":"outside retention"}',
            TWO_ROWS,
        ),
        (401, b'{"code":"unauthorized","message":"unauthorized access"}', CollectorFault(FaultKind.INFLUXDB_TOKEN)),
        (403, b'{"code":"forbidden","message":"insufficient permissions"}', CollectorFault(FaultKind.INFLUXDB_TOKEN)),
        (429, b'{"code":"too many requests","message":"rate limit"}', CollectorFault(FaultKind.INFLUXDB_ERROR)),
        (500, b'{"code":"internal error","message":"no"}', CollectorFault(FaultKind.INFLUXDB_ERROR)),
        (503, b"", CollectorFault(FaultKind.INFLUXDB_SILENT)),
    ],
)
def test_any_rejection_is_reported_and_the_rows_are_written_once_it_ends(journal, status, body, fault):
    with recorded_influxdb() as (recorded, settings), run_projection(journal, settings, retry_s=0.1) as projection:
        wait_until(lambda: recorded.statements, what="the first question")
        take = recorded.write

        def refuse_rows(written):
            return take(written) if written.startswith(line_protocol.CURSOR_MEASUREMENT.encode()) else (status, body)

        recorded.write = refuse_rows
        journal.write(SPACE_HOUR, [HistoryRow((desk,), T0, (1.0, 2.0, 3.0)) for desk in ("desk-1", "desk-2")])
        wait_until(lambda: projection.find_fault() == fault, what="the fault")
        recorded.write = take
        wait_until(lambda: not projection.find_fault() and len(rows_of(recorded)) == 2, seconds=60, what="both rows")
