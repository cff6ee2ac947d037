"""InfluxDB itself: rejected, truncated and missing answers are reported with what to do."""

import re
import urllib.request
from contextlib import ExitStack, closing

import pytest

from collector.configuration.collector_settings import InfluxSettings
from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.history.influxdb import InfluxClient, InfluxHistory, LinesRejected
from collector.history.measures import SPACE_HOUR, HistoryAway
from tests.support.collector.history_stores import NGINX_SNIPPET, guarded_influxdb, map_upstream, run_projection
from tests.support.servers import find_free_port, influxdb, nginx, wait_until

T0 = 1_763_856_000_000


@pytest.fixture
def guarded(tmp_path):
    with guarded_influxdb(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("settings", "text", "shown"),
    [
        (
            lambda _folder: InfluxSettings(url=f"http://127.0.0.1:{find_free_port()}"),
            "does not answer .*; start it, or correct its url",
            FaultKind.INFLUXDB_SILENT,
        ),
        (
            lambda folder: InfluxSettings(token_file=folder / "missing"),
            "missing: cannot be read .*; it holds InfluxDB's token",
            FaultKind.HISTORY_NOT_COPIED,
        ),
    ],
    ids=["no server", "no token file"],
)
def test_an_outage_is_reported(settings, text, shown, journal, caplog):
    tmp_path = journal.path.parent
    with closing(InfluxHistory(settings(tmp_path))) as reader, pytest.raises(HistoryAway, match=text):
        reader.read_rows(SPACE_HOUR, 0, 1)
    with run_projection(journal, settings(tmp_path)) as projection:
        wait_until(projection.find_fault, what="the report of the fault")
        assert projection.find_fault() == CollectorFault(shown)
    assert re.search(text, caplog.text)


@pytest.mark.parametrize("configuration", ["", "max-row-limit = 10"])
def test_a_long_answer_is_complete_whatever_its_server_truncates(configuration):
    with influxdb(configuration) as server, closing(InfluxHistory(InfluxSettings(url=server.url))) as reader:
        with closing(InfluxClient(InfluxSettings(url=server.url))) as influx:
            influx.create_database()
        for space in ("desk-1", "desk-2"):
            samples = "\n".join(f"space_hour,space={space} taken_s=1 {n * 10**6}" for n in range(21_000))
            post(f"{server.url}/write?db=ledig", samples)
        found = reader.read_rows(SPACE_HOUR, 0, 21_000)
        assert [(row.tags, row.at_ms) for row in found] == [
            ((space,), at_ms) for space in ("desk-1", "desk-2") for at_ms in range(21_000)
        ]


@pytest.mark.parametrize("answer", ['{"results": [{"partial": true, "series": []}]}', "", "[]", '{"results": [7]}'])
def test_a_truncated_or_invalid_answer_is_away(answer):
    snippet = f"server {{ listen 8087; location / {{ default_type application/json; return 200 '{answer}'; }} }}"
    with (
        nginx(snippet) as server,
        closing(InfluxClient(InfluxSettings(url=server.url))) as influx,
        pytest.raises(HistoryAway, match=r"sends incomplete responses|does not answer like InfluxDB"),
    ):
        influx.run_query("SELECT taken_s FROM space_hour")


@pytest.mark.parametrize(("precision", "unit_ns"), [("ns", 1), ("us", 1000), ("ms", 10**6), ("s", 10**9), (None, 1)])
def test_the_snippet_forwards_the_precision_of_a_write(precision, unit_ns):
    asked = f"&precision={precision}" if precision else ""
    with ExitStack() as stack:
        server = stack.enter_context(influxdb())
        proxy = stack.enter_context(nginx(NGINX_SNIPPET.read_text(), map_upstream(server)))
        influx = stack.enter_context(closing(InfluxClient(InfluxSettings(url=proxy.url))))
        influx.create_database()
        post(f"{proxy.url}/api/v2/write?org=any&bucket=ledig{asked}", f"m v=1 {T0 * 10**6 // unit_ns}")
        assert influx.run_query("SELECT v FROM m")[0]["values"] == [[T0, 1]]


def post(url, body):
    with urllib.request.urlopen(url, body.encode(), timeout=5) as answer:  # noqa: S310 - our own loopback server
        assert answer.status == 204


def test_a_server_that_is_not_influxdb_is_away(guarded):
    wrong = InfluxSettings(url=f"{guarded.proxy.url}/other", token_file=guarded.settings.token_file)
    with closing(InfluxClient(wrong)) as influx, pytest.raises(HistoryAway, match="has no"):
        influx.run_query("SHOW DATABASES")


def test_a_missing_database_is_away_for_the_reader(guarded):
    with (
        closing(InfluxHistory(guarded.settings)) as reader,
        pytest.raises(HistoryAway, match="has no database or bucket 'ledig'"),
    ):
        reader.read_rows(SPACE_HOUR, 0, 1)


def test_a_broken_line_is_rejected_and_not_retried(guarded):
    with closing(InfluxClient(guarded.settings)) as influx:
        influx.create_database()
        with pytest.raises(LinesRejected, match="unable to parse"):
            influx.write_lines(["space_hour,space=desk-1 taken_s= 1"])
