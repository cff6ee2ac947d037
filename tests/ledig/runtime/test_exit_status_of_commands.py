"""Exit status of the command for faults of its environment: 1, with one line that gives the remedy."""

import os
import pwd
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.store.journal import Journal
from tests.support.collector.faulty_disks import fill_disk, small_disk
from tests.support.command import read_error_lines
from tests.support.servers import ROOT, find_free_port
from tests.support.valid_site import VALID_SITE

NOBODY = 65_534
UNPRIVILEGED = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Root without the capability to read all files, because other users may not reach the interpreter."""


def run_on_site(
    command: tuple[str, ...], site: Path, *, before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the command on a site file; `before` is a command prefix."""
    return subprocess.run(
        [*before, sys.executable, "-m", "ledig", *command, str(site)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class SiteFolder:
    """A site, its passwords and its data."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.site = folder, folder / "data", folder / "site.toml"
        self.passwords = folder / "passwords"
        table = f'port = {find_free_port()}\nhost = "127.0.0.1"\npassword_directory = "passwords"'
        self.site.write_text(VALID_SITE.replace("port = 1884", table))
        self.passwords.mkdir()
        self.data.mkdir()
        for user in ("collector", "dashboard", "pi-1"):
            (self.passwords / user).touch(0o600)
            (self.passwords / user).write_text("secret")


@pytest.fixture
def place(tmp_path: Path) -> SiteFolder:
    return SiteFolder(tmp_path)


def make_foreign(path: Path) -> Path:
    """Make a file accessible to another user only."""
    path.touch()
    path.chmod(0o600)
    os.chown(path, NOBODY, NOBODY)
    return path


FOREIGN: dict[str, tuple[tuple[str, ...], Callable[[SiteFolder], Path]]] = {
    "journal": (("collector",), lambda place: place.data / "journal.sqlite"),
    "its log": (("collector",), lambda place: place.data / "journal.sqlite-wal"),
    "its index": (("collector",), lambda place: place.data / "journal.sqlite-shm"),
    "its lock": (("collector",), lambda place: place.data / "journal.sqlite.lock"),
    "password": (("collector",), lambda place: place.passwords / "collector"),
    "site file": (("check",), lambda place: place.site),
    "accounts": (("user", "list", "--site"), lambda place: place.data / "accounts.sqlite"),
}


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("what", FOREIGN)
def test_file_of_another_user_is_reported_with_owner_mode_and_remedy(place: SiteFolder, what: str) -> None:
    command, path_in = FOREIGN[what]
    path = path_in(place)
    if path.name.startswith("journal.sqlite-"):  # SQLite's files beside a journal in use
        Journal(place.data / "journal.sqlite").close()
    make_foreign(path)
    result = run_on_site(command, place.site, before=UNPRIVILEGED)
    (line,) = read_error_lines(result)
    owner = pwd.getpwuid(NOBODY).pw_name
    assert f"{path} is owned by {owner} with mode 0600 and this process runs as root" in line
    assert line.endswith(f"; run: sudo chown root {path}")
    assert "I/O" not in line
    assert result.returncode == 1


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("command", [("collector",), ("user", "list", "--site")])
def test_folder_of_another_user_is_reported_with_owner_mode_and_remedy(
    place: SiteFolder, command: tuple[str, ...]
) -> None:
    os.chown(place.data, NOBODY, NOBODY)
    result = run_on_site(command, place.site, before=UNPRIVILEGED)
    (line,) = read_error_lines(result)
    assert f"{place.data} is owned by {pwd.getpwuid(NOBODY).pw_name} with mode 0755" in line
    assert result.returncode == 1


@pytest.mark.parametrize(
    ("setting", "status", "text"),
    [
        ('ca_file = "nowhere.pem"', 2, "nowhere.pem: no such file or directory; set another ca_file in [broker]"),
        ('ca_file = "site.toml"', 2, "site.toml: contains no certificate in PEM form; set another ca_file in [broker]"),
    ],
)
def test_wrong_ca_file_is_a_settings_error(place: SiteFolder, setting: str, status: int, text: str) -> None:
    place.site.write_text(place.site.read_text().replace("[broker]", f"[broker]\n{setting}"))
    for command in (("collector",), ("dashboard",), ("edge", "--device", "pi-1", "--pins", "mock")):
        result = run_on_site(command, place.site)
        (line,) = read_error_lines(result)
        assert line.endswith(text)
        assert result.returncode == status


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("command", [("collector",), ("user", "list", "--site")])
def test_full_disk_at_start_is_a_fault_of_the_environment(place: SiteFolder, command: tuple[str, ...]) -> None:
    place.data.rmdir()
    with small_disk(place.data) as disk:
        fill_disk(disk / "stone")
        result = run_on_site(command, place.site)
    assert len(read_error_lines(result)) == 1
    assert result.returncode == 1


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("command", [("collector",), ("user", "list", "--site")])
def test_read_only_disk_at_start_is_a_fault_of_the_environment(place: SiteFolder, command: tuple[str, ...]) -> None:
    place.data.rmdir()
    with small_disk(place.data) as disk:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        result = run_on_site(command, place.site)
    (line,) = read_error_lines(result)
    assert "read-only" in line
    assert result.returncode == 1


def test_failing_disk_at_start_is_a_fault_of_the_environment(place: SiteFolder) -> None:
    path = place.data / "journal.sqlite"
    for call, at in (("openat", "1"), ("pwrite64", "1"), ("fdatasync", "1")):
        tracer = ("strace", "-f", "-qq", "-o", "/dev/null", "-P", str(path), "-P", f"{path}-wal", "-e", f"trace={call}")
        result = run_on_site(("collector",), place.site, before=(*tracer, "-e", f"inject={call}:error=EIO:when={at}+"))
        assert len(read_error_lines(result)) == 1, call
        assert result.returncode == 1, call
        shutil.rmtree(place.data)
        place.data.mkdir()


def test_lack_of_file_descriptors_at_start_is_reported(place: SiteFolder) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    result = run_on_site(("collector",), place.site, before=("prlimit", f"--nofile=6:{hard}"))
    (line,) = read_error_lines(result)
    assert line.endswith(
        "journal.sqlite: too many files are open; allow this process more open files (LimitNOFILE=, ulimit -n)"
    )
    assert result.returncode == 1
