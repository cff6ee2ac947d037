"""Storage that prevents a start is reported by `--check` with the message of the start, and with the true remedy."""

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.outbox import Outbox
from tests.support.collector.faulty_disks import fill_disk, small_disk
from tests.support.command import read_error_lines, run_ledig
from tests.support.servers import find_free_port
from tests.support.valid_site import VALID_SITE, write_site_file


def write_newer_journal(data: Path) -> None:
    data.mkdir()
    with closing(sqlite3.connect(data / "journal.sqlite")) as db:
        db.execute("PRAGMA user_version = 999")


def write_text_journal(data: Path) -> None:
    data.mkdir()
    (data / "journal.sqlite").write_text("this is not a database")


def make_journal_folder(data: Path) -> None:
    (data / "journal.sqlite").mkdir(parents=True)


def link_journal_to_nowhere(data: Path) -> None:
    data.mkdir()
    (data / "journal.sqlite").symlink_to(data / "gone" / "journal.sqlite")


def link_journal_to_itself(data: Path) -> None:
    data.mkdir()
    (data / "journal.sqlite").symlink_to(data / "journal.sqlite")


def link_storage_to_nowhere(data: Path) -> None:
    data.symlink_to(data.with_name("gone"))


UNUSABLE: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "newer journal": (write_newer_journal, 1, "its schema is version 999;"),
    "journal folder": (make_journal_folder, 1, "a folder has this name; move the folder away"),
    "journal link": (
        link_journal_to_nowhere,
        1,
        "gone/journal.sqlite, whose folder does not exist; create",
    ),
    "journal link loop": (link_journal_to_itself, 1, "it is a link to itself; remove the link"),
    "storage link": (link_storage_to_nowhere, 2, "data: file exists; give the path of a folder"),
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site_file(tmp_path, VALID_SITE.replace("port = 1884", f"port = {find_free_port()}"))


def make_outbox_folder(data: Path) -> None:
    (data / "outbox-pi-1.sqlite").mkdir(parents=True)


def write_newer_outbox(data: Path) -> None:
    data.mkdir()
    with Outbox(data / "outbox-pi-1.sqlite", max_events=10, boot="") as outbox:
        outbox.append([])
    with closing(sqlite3.connect(data / "outbox-pi-1.sqlite")) as db:
        db.execute("PRAGMA user_version = 999")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (make_outbox_folder, "a folder has this name; move the folder away"),
        (write_newer_outbox, "has schema 999, this version of Ledig supports"),
    ],
)
def test_check_of_an_agent_reports_an_unusable_outbox(site: Path, make: Callable[[Path], None], text: str) -> None:
    make(site.parent / "data")
    result = run_ledig("edge", "--device", "pi-1", "--pins", "mock", "--check", site)
    (line,) = read_error_lines(result)
    assert text in line
    assert result.returncode == 1


def test_second_agent_ends_and_names_the_first(site: Path) -> None:
    with Outbox(site.parent / "outbox-pi-1.sqlite", max_events=10, boot=""):
        site.write_text(site.read_text().replace('directory = "data"', 'directory = "."'))
        result = run_ledig("edge", "--device", "pi-1", "--pins", "mock", site)
    assert f"in use by another agent (pid {os.getpid()}); stop that one first" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.returncode == 1


@pytest.mark.parametrize("what", UNUSABLE)
def test_check_and_start_report_unusable_storage_alike(site: Path, what: str) -> None:
    make, status, text = UNUSABLE[what]
    make(site.parent / "data")
    check = run_ledig("collector", "--check", site)
    start = run_ledig("collector", site)
    (line,) = read_error_lines(check)
    assert text in line
    assert line in read_error_lines(start)
    assert (check.returncode, start.returncode) == (status, status)


def test_check_reports_a_file_that_is_no_journal(site: Path) -> None:
    write_text_journal(site.parent / "data")
    result = run_ledig("collector", "--check", site)
    (line,) = read_error_lines(result)
    assert "this is not an SQLite file" in line
    assert result.returncode == 1


def test_check_reports_a_path_without_files(site: Path) -> None:
    site.write_text(site.read_text().replace('directory = "data"', 'directory = "/proc/ledig"'))
    for command in ("collector", "dashboard"):
        for extra in ((), ("--check",)):
            result = run_ledig(command, *extra, site)
            (line,) = read_error_lines(result)
            assert line == "/proc/ledig: no such file or directory; set another [storage] directory"
            assert result.returncode == 2


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("fault", ["full", "read-only"])
def test_check_reports_a_disk_that_cannot_be_written(site: Path, fault: str) -> None:
    data = site.parent / "data"
    with small_disk(data) as disk:
        if fault == "full":
            fill_disk(disk / "stone")
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        result = run_ledig("collector", "--check", site)
    (line,) = read_error_lines(result)
    assert ("free some disk space" if fault == "full" else "mount it for writing") in line
    assert result.returncode == 1


def test_check_leaves_nothing_behind(site: Path) -> None:
    for command in (("collector",), ("dashboard",), ("edge", "--device", "pi-1", "--pins", "mock")):
        run_ledig(*command, "--check", site)
    assert [each.name for each in site.parent.iterdir()] == ["site.toml"]
