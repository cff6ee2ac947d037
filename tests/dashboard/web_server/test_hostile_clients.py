"""Slow, many and malformed connections against the installed dashboard, over real sockets.

The short form opens a few hundred connections against a process that may open 256 files; `--full` opens 2,300 against
one that may open 1,024 (a shell) and against one with the limit of the systemd unit.
"""

import http.client
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.dashboard_process import DashboardProcess, dashboard_process
from tests.support.servers import HOST, wait_until

GET_HOME = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET_STREAM = b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST_LOGIN = b"POST /manage/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nname=a"
HOSTILE = {
    "unfinished headers": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "nothing sent": b"",
    "streams": GET_STREAM,
    "slow bodies": POST_LOGIN,
    "idle keep-alive": GET_HOME,
    "slow readers": b"GET /static/icon-512.png HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20,
    "pipelining": GET_HOME * 50,
}
WITHIN_S = 1.0
"""The goal: another client gets the first page within this (a loaded machine gets more time; --full prints it)."""


def get_home(port: int) -> float:
    """Fetch the first page over a new connection; return the seconds it took."""
    began_s = time.monotonic()
    line = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        line.request("GET", "/", headers={"Connection": "close"})
        answer = line.getresponse()
        assert answer.status == 200, (answer.status, answer.getheaders(), answer.read()[:300])
        assert b"</html>" in answer.read()
    finally:
        line.close()
    return time.monotonic() - began_s


def memory_mb(running: DashboardProcess) -> int:
    line = next(
        line
        for line in Path(f"/proc/{running.process.pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
    return int(line.split()[1]) // 1024


def open_files(running: DashboardProcess) -> int:
    return len(list(Path(f"/proc/{running.process.pid}/fd").iterdir()))


@contextmanager
def open_connections(port: int, count: int, payload: bytes) -> Iterator[list[socket.socket]]:
    """Open connections that send `payload` and read nothing; one that is closed at once counts like any other."""
    with ExitStack() as stack:
        lines = []
        for _ in range(count):
            line = stack.enter_context(socket.socket())
            line.settimeout(30)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect((HOST, port))
            try:
                line.sendall(payload)
            except ConnectionError:
                continue
            lines.append(line)
        yield lines


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardProcess]:
    """One dashboard for the tests that leave it unchanged."""
    with dashboard_process(tmp_path_factory.mktemp("shared"), files=256) as running:
        yield running


@pytest.fixture
def own_room() -> Iterator[None]:
    """Raise this process's own file limit, since it opens the client connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def attack(running: DashboardProcess, count: int, payload: bytes) -> tuple[float, int]:
    """Return the seconds that the first page took while `count` connections were open, and the number of open files."""
    with open_connections(running.port, count, payload) as lines:
        assert lines
        get_home(running.port)  # waits until the connections before it were accepted
        took_s = max(get_home(running.port) for _ in range(3))
        files = open_files(running)
    return took_s, files


def test_any_number_of_slow_connections_leaves_the_page_reachable_and_every_process_running(
    tmp_path: Path, own_room: None, full: bool
) -> None:
    files, count = (1024, 2300) if full else (256, 300)
    with dashboard_process(tmp_path, files=files) as running:
        for name, payload in HOSTILE.items():
            took_s, opened = attack(running, count, payload)
            if full:
                print(  # noqa: T201 - the figure that was asked for
                    f"\nulimit -n {files}, {count} x {name}: / in {took_s:.3f} s, {opened} files open,"
                    f" {memory_mb(running)} MB"
                )
                assert took_s < WITHIN_S
            assert opened < files - 16, name
            assert running.is_running(), running.log()
        wait_until(lambda: open_files(running) < 60, what="the connections are released")
        assert "Traceback" not in running.log()
        assert "Too many open files" not in running.log()


def test_2300_connections_fit_the_limit_of_the_systemd_unit(tmp_path: Path, own_room: None, full: bool) -> None:
    count = 2300 if full else 200
    with dashboard_process(tmp_path, files=16384) as running:
        for name in ("unfinished headers", "streams"):
            took_s, opened = attack(running, count, HOSTILE[name])
            if full:
                print(  # noqa: T201 - the figure that was asked for
                    f"\nLimitNOFILE=16384, {count} x {name}: / in {took_s:.3f} s, {opened} files open"
                )
                assert took_s < WITHIN_S
        assert running.is_running()


def answer_to(port: int, request: bytes) -> bytes:
    """Return the first line of the response; empty if the connection was closed."""
    with socket.create_connection((HOST, port), timeout=30) as line:
        try:
            line.sendall(request)
            line.shutdown(socket.SHUT_WR)
            return line.makefile("rb").readline().strip()
        except ConnectionError:
            return b""


def chunked(body: bytes) -> bytes:
    return (
        b"POST /manage/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + body
    )


def headed(line: bytes, method: bytes = b"GET") -> bytes:
    return method + b" / HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\n\r\n"


MALFORMED = {
    "request line of 9,000 bytes": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
    "header line of 70,000 bytes": headed(b"X-Long: " + b"a" * 70_000),
    "200 headers": headed(b"\r\n".join(b"X-%d: a" % number for number in range(200))),
    "header without a colon": headed(b"nonsense"),
    "header with control bytes": headed(b"X-Odd: \x00\x01\xff"),
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "unknown version": b"GET / HTTP/9.9\r\n\r\n",
    "version that is no number": b"GET / HTTP/x.y\r\n\r\n",
    "negative length": headed(b"Content-Length: -1", b"POST"),
    "length that is no number": headed(b"Content-Length: ten", b"POST"),
    "signed length": headed(b"Content-Length: +5", b"POST"),
    "body of 10 GB announced": headed(b"Content-Length: 10000000000", b"POST"),
    "body of 100 kB": headed(b"Content-Length: 100000", b"POST") + b"a" * 100_000,
    "body that ends early": headed(b"Content-Length: 50", b"POST") + b"short",
    "two codings": headed(b"Transfer-Encoding: gzip, chunked", b"POST"),
    "chunk size that is no number": chunked(b"zz\r\nabc\r\n0\r\n\r\n"),
    "chunk size without digits": chunked(b"\r\nabc\r\n"),
    "chunk size of 20 digits": chunked(b"f" * 20 + b"\r\nabc"),
    "chunk without its end": chunked(b"3\r\nabcdef\r\n0\r\n\r\n"),
    "chunks that end early": chunked(b"5\r\nab"),
    "chunks of 100 kB": chunked(b"186a0\r\n" + b"a" * 100_000 + b"\r\n0\r\n\r\n"),
    "trailer with a wrong name": chunked(b"0\r\n bad name: x\r\n\r\n"),
    "chunk extension without end": chunked(b"3;" + b"x" * 9000),
}


def test_malformed_requests_are_refused_without_a_traceback(shared: DashboardProcess) -> None:
    answers = {name: answer_to(shared.port, request) for name, request in MALFORMED.items()}
    get_home(shared.port)
    log = shared.log()
    accepted = {name: line for name, line in answers.items() if not line.startswith(b"HTTP/1.1 4") and line}
    assert accepted.keys() <= {"header with control bytes", "header without a colon"}  # ignored, as by other servers
    assert "Traceback" not in log
    assert HOST not in log.replace(f"http://{HOST}", "")  # no address of a client


def test_clients_that_leave_during_a_response_cause_no_traceback(shared: DashboardProcess) -> None:
    for request in (GET_HOME, GET_STREAM, HOSTILE["slow readers"], HOSTILE["pipelining"]):
        for _ in range(20):
            with socket.create_connection((HOST, shared.port), timeout=30) as line:
                line.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0"
                )  # reset instead of a regular close
                line.sendall(request)
    get_home(shared.port)
    wait_until(lambda: open_files(shared) < 60, what="the connections are released")
    assert "Traceback" not in shared.log()


def test_forms_arrive_complete_with_and_without_chunks(shared: DashboardProcess) -> None:
    """A body is read before the page runs: both codings must give the page the same form."""
    form = b"name=anna&password=wrong"
    plain = (
        b"POST /manage/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(form), form)
    )
    requests = (plain, chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(form), form)))
    found = {answer_to(shared.port, request) for request in requests}
    assert found == {b"HTTP/1.1 400 BAD REQUEST"}  # the form was read, although it has no token


def test_without_free_descriptors_the_server_runs_on_and_serves_the_next_client(tmp_path: Path, own_room: None) -> None:
    with dashboard_process(tmp_path, files=256) as running:
        get_home(running.port)
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (open_files(running) + 2, 256))
        with open_connections(running.port, 60, HOSTILE["unfinished headers"]):
            resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (256, 256))
            get_home(running.port)
        assert running.is_running()
        assert "Traceback" not in running.log()
