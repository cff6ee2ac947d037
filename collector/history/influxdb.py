"""Reads and writes history in InfluxDB: 1.6 behind the shipped nginx snippet (tested), 1.8, 2.x.

In:    the address of the server; queries; lines.
Out:   rows; nothing, once lines are stored.
Never: threads, retries: the caller decides when to try again.

Queries are InfluxQL over /query, which all versions support. Lines go to the v2 write API with influxdb-client, as one
joined string, synchronously (its batches can drop points without an error).
"""

import base64
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import urllib3

from collector.configuration.collector_settings import InfluxSettings
from collector.contract.collector_faults import CollectorFault, FaultKind
from collector.history import line_protocol
from collector.history.measures import HistoryAway, HistoryRow, Measure

if TYPE_CHECKING:
    from influxdb_client.client.influxdb_client import InfluxDBClient
    from influxdb_client.client.write_api import WriteApi

TIMEOUT_S: Final = 10.0
REJECTED_STATUSES: Final = frozenset({400, 413, 422})
"""Statuses with which a server rejects the content of a line, or the number of lines."""

GATEWAY_STATUSES: Final = frozenset({502, 503, 504})
"""Statuses that a proxy sends for a server that does not answer."""


class LinesRejected(ValueError):
    """InfluxDB rejected the content of at least one line. Sending the lines again cannot help."""


class InfluxAway(HistoryAway):
    """InfluxDB cannot do now what was requested. It may succeed later.

    Attributes:
        fault: what is wrong, for the collector's status.
    """

    def __init__(self, url: str, fault: CollectorFault, finding: str, remedy: str, detail: str = "") -> None:
        super().__init__(f"InfluxDB at {url} {finding}{f' ({detail})' if detail else ''}; {remedy}")
        self.fault = fault


class DatabaseAway(InfluxAway):
    """The server answers, but its database does not exist (yet)."""


class InfluxClient:
    """One InfluxDB server.

    Raises:
        HistoryAway: the token file cannot be read. Every method raises it when the server does not answer or
            refuses access: the text states what to do.
    """

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._url = settings.url.rstrip("/")
        self._token = _read_token(settings)
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(TIMEOUT_S),
            retries=False,
            headers={"Authorization": _format_authorization(self._token)} if self._token else {},
        )
        self._client: InfluxDBClient | None = None
        self._writer: WriteApi | None = None

    def run_query(self, statement: str) -> list[dict[str, Any]]:
        """Run one SELECT or SHOW of InfluxQL; return its series, with times in Unix ms.

        The response comes in chunks, and a series may fill several. Without chunks, 1.x truncates it after 10,000
        points.
        """
        results = self._run_statement(statement)
        if not results or bool(results[-1].get("partial")):
            fault = CollectorFault(FaultKind.INFLUXDB_INCOMPLETE)
            raise InfluxAway(self._url, fault, "sends incomplete responses", "check its log and the network")
        try:
            return [found for result in results for found in result.get("series", [])]
        except TypeError as fault:
            raise self._make_stranger() from fault

    def run_statement(self, statement: str) -> None:
        """Run one statement that returns no series, such as DELETE; 2.x answers it without `results`."""
        self._run_statement(statement)

    def _run_statement(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement; return one result per chunk. Raises InfluxAway for an error in it."""
        fields = {"db": self._settings.bucket, "q": statement, "epoch": "ms", "chunked": "true"}
        try:
            answer = self._http.request_encode_body("POST", f"{self._url}/query", fields, encode_multipart=False)
        except urllib3.exceptions.HTTPError as fault:
            raise self._make_silent(str(fault)) from fault
        if answer.status not in {200, 204}:
            raise self._make_refusal(answer.status, answer.data.decode(errors="replace"))
        try:
            chunks = [json.loads(chunk) for chunk in answer.data.splitlines() if chunk.strip()]
            results: list[dict[str, Any]] = [result for chunk in chunks for result in chunk.get("results", [])]
            error = next((str(part["error"]) for part in [*chunks, *results] if "error" in part), "")
        except (ValueError, AttributeError, TypeError) as fault:
            raise self._make_stranger() from fault
        if error:
            raise self._make_refusal(404 if "database not found" in error else 400, error)
        return results

    def write_lines(self, batch: Iterable[str]) -> None:
        """Write lines with times in nanoseconds; they are stored when this returns.

        Raises:
            LinesRejected: the server rejects the content of one of them; the others may be stored.
        """
        from influxdb_client.rest import ApiException

        joined = "\n".join(batch)
        try:
            self._write_api().write(self._settings.bucket, self._settings.organisation, joined)
        except ApiException as fault:
            text = str(fault.body or fault.reason)
            if fault.status in REJECTED_STATUSES:
                raise LinesRejected(text.strip()) from fault
            raise self._make_refusal(fault.status, text) from fault
        except urllib3.exceptions.HTTPError as fault:
            raise self._make_silent(str(fault)) from fault

    def create_database(self) -> None:
        """Create the database of 1.x if it does not exist; a bucket of 2.x is created by the server's operator."""
        name = self._settings.bucket.replace("\\", "\\\\").replace('"', '\\"')
        self.run_statement(f'CREATE DATABASE "{name}"')

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()
        if self._client is not None:
            self._client.close()  # type: ignore[no-untyped-call]  # the client has no annotation for it
        self._client = self._writer = None

    def _write_api(self) -> "WriteApi":
        if self._writer is None:
            from influxdb_client.client.influxdb_client import InfluxDBClient  # slow to import, needed only here
            from influxdb_client.client.write_api import SYNCHRONOUS

            self._client = InfluxDBClient(
                self._url,
                self._token,
                org=self._settings.organisation,
                timeout=int(TIMEOUT_S * 1000),
                auth_basic=":" in self._token,
            )
            self._writer = self._client.write_api(write_options=SYNCHRONOUS)
        return self._writer

    def _make_refusal(self, status: int, text: str) -> InfluxAway:
        detail = f"{status}: {' '.join(text.split())[:200]}"
        if status in GATEWAY_STATUSES:
            return self._make_silent(detail)
        if status in {401, 403}:
            fault, remedy = CollectorFault(FaultKind.INFLUXDB_TOKEN), "correct the contents of its token_file"
            return InfluxAway(self._url, fault, "refuses the token", remedy, detail)
        if status == 404:
            name = self._settings.bucket
            remedy = "in 2.x create it and let the token read and write it; in 1.x allow the user to create databases"
            fault = CollectorFault(FaultKind.INFLUXDB_NO_DATABASE, (name,))
            return DatabaseAway(self._url, fault, f"has no database or bucket {name!r}", remedy, detail)
        fault, remedy = CollectorFault(FaultKind.INFLUXDB_ERROR), "check its log; Ledig continues by itself"
        return InfluxAway(self._url, fault, "answers with an error", remedy, detail)

    def _make_stranger(self) -> InfluxAway:
        fault = CollectorFault(FaultKind.NOT_INFLUXDB)
        return InfluxAway(self._url, fault, "does not answer like InfluxDB", "correct its url")

    def _make_silent(self, detail: str) -> InfluxAway:
        fault = CollectorFault(FaultKind.INFLUXDB_SILENT)
        return InfluxAway(self._url, fault, "does not answer", "start it, or correct its url", detail)


class InfluxHistory:
    """A HistoryReader over InfluxDB."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._influx: InfluxClient | None = None

    def read_rows(self, measure: Measure, from_ms: int, to_ms: int, **tags: str) -> list[HistoryRow]:
        """See HistoryReader."""
        if self._influx is None:
            self._influx = InfluxClient(self._settings)
        where = "".join(f' AND "{tag}" = {line_protocol.quote_string(value)}' for tag, value in tags.items())
        found = self._influx.run_query(
            f"SELECT {_join_names(measure.fields)} FROM {line_protocol.get_measurement_name(measure)}"  # noqa: S608 - names of MEASURES; values are quoted
            f" WHERE time >= {from_ms}ms AND time < {to_ms}ms{where} GROUP BY {_join_names(measure.tags)}"
        )
        rows = [
            HistoryRow(
                tuple(series["tags"][tag] for tag in measure.tags),
                at_ms,
                tuple(None if value is None else float(value) for value in values),
            )
            for series in found
            for at_ms, *values in series["values"]
        ]
        rows.sort(key=lambda row: (row.tags, row.at_ms))
        return rows

    def close(self) -> None:
        """See HistoryReader."""
        if self._influx is not None:
            self._influx.close()
            self._influx = None


def _join_names(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _read_token(settings: InfluxSettings) -> str:
    if settings.token_file is None:
        return ""
    try:
        return settings.token_file.read_text().strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise HistoryAway(f"{settings.token_file}: cannot be read ({fault}); it holds InfluxDB's token") from fault


def _format_authorization(token: str) -> str:
    """The header that every version accepts: 1.x takes user and password only as HTTP Basic, 2.x takes tokens."""
    return f"Basic {base64.b64encode(token.encode()).decode()}" if ":" in token else f"Token {token}"
