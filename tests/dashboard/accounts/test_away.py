"""The installed dashboard while its accounts cannot be used: locked, damaged, on a full disk; over real sockets."""

import http.client
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest

from collector.sqlite_files.backup import list_backups
from tests.support.dashboard_process import DashboardProcess, dashboard_process
from tests.support.servers import HOST, wait_until

NAME, PASSWORD = "anna", "fyra gröna hästar går"


class CookieClient:
    """A client that keeps cookies, as a browser does."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        line = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            head = {
                "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
                "Connection": "close",
            }
            body = None
            if form is not None:
                body, head["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
            line.request("GET" if form is None else "POST", path, body, head)
            answer = line.getresponse()
            for name, value in answer.getheaders():
                if name == "Set-Cookie":
                    key, _equals, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, answer.read().decode()
        finally:
            line.close()

    def log_in(self, password: str = PASSWORD, name: str = NAME) -> int:
        status, page = self.ask("/manage/login")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        if status != 200 or token is None:
            return status
        return self.ask("/manage/login", {"name": name, "password": password, "csrf_token": token[1]})[0]


def add_account(folder: Path) -> None:
    from dashboard.accounts.accounts import Accounts

    (folder / "data").mkdir(exist_ok=True)
    Accounts(folder / "data" / "accounts.sqlite").add(NAME, PASSWORD)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[DashboardProcess]:
    add_account(tmp_path)
    with dashboard_process(tmp_path) as started:
        yield started


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a long write lock, as another program may."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


def test_locked_accounts_delay_no_other_page_and_end_nothing(running: DashboardProcess) -> None:
    visitor = CookieClient(running.port)
    assert visitor.log_in() == 303
    with locked(running.data / "accounts.sqlite"), ThreadPoolExecutor(8) as others:
        waiting = [others.submit(visitor.ask, "/manage") for _ in range(8)]
        stranger = CookieClient(running.port)
        for path in ("/", "/sensing", "/api/v1/summary", "/manage/login"):
            assert stranger.ask(path)[0] == 200, path
        for request in waiting:
            status, page = request.result()
            assert status == 503
            assert "Another program" in page or "annat program" in page
    wait_until(lambda: visitor.ask("/manage")[0] == 200, what="the session continues")
    assert running.is_running()
    assert "Traceback" not in running.log()


def test_password_guesses_delay_neither_the_register_nor_other_pages(running: DashboardProcess) -> None:
    """Without time limits: the pages are answered before the guesses that were sent first."""
    with ThreadPoolExecutor(24) as guessers:
        guesses = [guessers.submit(CookieClient(running.port).log_in, "wrong password", f"name-{n}") for n in range(24)]
        stranger = CookieClient(running.port)
        wait_until(lambda: any(guess.done() for guess in guesses), what="guesses are being judged")
        for path in ("/", "/sensing", "/api/v1/summary"):
            assert stranger.ask(path)[0] == 200
        assert any(not guess.done() for guess in guesses)
        assert {guess.result() for guess in guesses} <= {401, 429, 503}


def test_damaged_accounts_are_restored_while_the_pages_stay_up(running: DashboardProcess) -> None:
    accounts = running.data / "accounts.sqlite"
    wait_until(lambda: list_backups(accounts, running.data / "backups"), what="the first backup")
    accounts.write_bytes(b"nonsense" * 2000)
    visitor = CookieClient(running.port)
    assert visitor.ask("/")[0] == 200
    wait_until(lambda: visitor.log_in() == 303, what="login works again")
    assert visitor.ask("/manage/accounts")[0] == 200
    assert "was damaged" in running.log()
    assert running.is_running()


@pytest.fixture
def small_disk(tmp_path: Path, as_root: None) -> Iterator[Path]:
    """A disk of 2 MB as the data folder."""
    disk = tmp_path / "data"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "ledig-test", disk], check=True)
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(filler: Path) -> None:
    """Write until the disk has no room for one more block."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


def test_full_disk_blocks_only_stored_actions_and_recovers(tmp_path: Path, small_disk: Path) -> None:
    add_account(tmp_path)
    filler = small_disk / "filler"
    with dashboard_process(tmp_path) as running:
        visitor = CookieClient(running.port)
        assert visitor.log_in() == 303
        assert visitor.ask("/manage")[0] == 200
        fill(filler)
        for path in ("/", "/sensing", "/api/v1/summary", "/manage"):  # the view of /manage is in the log already
            assert visitor.ask(path)[0] == 200, path
        status, page = visitor.ask("/manage/devices")  # this one could not be logged
        assert status == 503
        assert "full" in page
        assert CookieClient(running.port).log_in() == 503
        assert running.is_running()
        filler.unlink()
        wait_until(lambda: visitor.ask("/manage/devices")[0] == 200, what="recovery")
        assert CookieClient(running.port).log_in() == 303
        assert "cannot rollback" not in running.log()


def test_full_disk_at_start_leaves_the_public_page_working(tmp_path: Path, small_disk: Path) -> None:
    filler = small_disk / "filler"
    fill(filler)
    with dashboard_process(tmp_path) as running:
        visitor = CookieClient(running.port)
        assert visitor.ask("/")[0] == 200
        filler.unlink()
        wait_until(lambda: visitor.log_in() == 401, what="accounts are there")
