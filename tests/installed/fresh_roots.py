"""Run README's first two commands on fresh, minimal Debian systems, as root and as an ordinary user.

In:    root privileges, `debootstrap`, and this machine's settings for the registries (apt and pip).
Out:   a table of the results; exit status 1 if anything failed.
Never: a part of `make test`, because it downloads 2 GB. `make fresh-roots ARGS="--release trixie --user root"` runs a
       part.

Each system has the packages that README requires, `python3 python3-venv make`, and nothing else. It shares this
machine's network, so the pages' port 8000 must be free.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RELEASES = ("bookworm", "trixie")
USERS = ("root", "ledig-tester")
REQUIRED_PACKAGES = ("python3", "python3-venv", "make")
"""Packages that README requires."""
PAGE = "http://127.0.0.1:8000/"
START_S = 900
TESTS = (
    "tests/support/tests/test_real_servers.py tests/firmware_config/test_systemd.py tests/installed/test_scripts.py"
    " tests/dashboard/test_browser.py::test_touch_targets_are_large_enough"
)
"""A browser, every server and every script; the whole suite takes an hour."""
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
OWN_CERTIFICATES = "/etc/machine-certificates.crt"
"""A copy that the installation of Debian's ca-certificates does not overwrite."""
KEPT_ENVIRONMENT = re.compile(r"(?i)^(pip|uv|npm_config|https?_proxy|no_proxy|all_proxy)")


@dataclass(frozen=True)
class StepResult:
    """One command on one system, with its result."""

    release: str
    user: str
    command: str
    status: int
    seconds: float
    note: str

    def format_row(self) -> str:
        result = "ok" if self.status == 0 else f"FAILED ({self.status})"
        return f"{self.release} | {self.user} | {self.command} | {result} | {self.seconds:.0f} s | {self.note}"


class FreshRoot:
    """A minimal Debian in a folder."""

    def __init__(self, release: str, folder: Path) -> None:
        self.release = release
        self.folder = folder
        self._log = folder.parent / f"{folder.name}.log"

    def build(self, mirror: str) -> None:
        subprocess.run(
            ["debootstrap", "--variant=minbase", self.release, str(self.folder), mirror],
            check=True,
            capture_output=True,
        )
        settings = subprocess.run(["apt-config", "dump", "Acquire"], check=True, capture_output=True, text=True).stdout
        (self.folder / "etc/apt/apt.conf.d/99machine").write_text(settings)
        for name in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", "/etc/npmrc"):
            if Path(name).exists():
                shutil.copy(name, self.folder / name[1:])
        shutil.copy(CERTIFICATES, self.folder / OWN_CERTIFICATES[1:])
        for name in ("proc", "sys", "dev"):
            subprocess.run(["mount", "--rbind", f"/{name}", str(self.folder / name)], check=True)
        self.run(
            "root", "apt-get update && apt-get install --yes --no-install-recommends " + " ".join(REQUIRED_PACKAGES)
        )
        self.run("root", "useradd --create-home --home-dir /srv/ledig-tester --shell /bin/sh ledig-tester")

    def remove(self, keep_log: Path | None) -> None:
        """Remove the system to free disk space."""
        if keep_log is not None:
            keep_log.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._log, keep_log)
        for name in ("proc", "sys", "dev"):
            subprocess.run(["umount", "--lazy", "--recursive", str(self.folder / name)], check=True)
        remove_tree(self.folder)

    def build_command(self, user: str, line: str) -> list[str]:
        home = f"/{user}" if user == "root" else f"/srv/{user}"
        kept = {name: value for name, value in os.environ.items() if KEPT_ENVIRONMENT.match(name)}
        certificates = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "npm_config_cafile")
        settings = kept | dict.fromkeys(certificates, OWN_CERTIFICATES)
        settings |= {"HOME": home, "USER": user, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        environment = [
            "env",
            "-i",
            "DEBIAN_FRONTEND=noninteractive",
            *(f"{name}={value}" for name, value in settings.items()),
        ]
        return ["chroot", f"--userspec={user}", str(self.folder), *environment, "sh", "-c", line]

    def run(self, user: str, line: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(self.build_command(user, line), capture_output=True, text=True, check=False)
        with self._log.open("a") as log:
            log.write(f"$ {user}: {line}\n{done.stdout}{done.stderr}\n[{done.returncode}]\n")
        return done

    def checkout(self, user: str) -> str:
        """Check out the last commit as a user would; return the path inside the system."""
        place = "/opt/ledig" if user == "root" else f"/srv/{user}/ledig"
        target = self.folder / place[1:]
        target.mkdir()
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "--extract", "--directory", str(target)], input=archive, check=True)
        self.run("root", f"chown -R {user} {place}")
        return place

    def start(self, user: str, line: str) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(self.build_command(user, line), stdout=log, stderr=log, start_new_session=True)


def run_make_run(root: FreshRoot, user: str, place: str) -> StepResult:
    """Run `make run` until its page responds."""
    start_s = time.monotonic()
    process = root.start(user, f"cd {place} && exec make run")
    try:
        while process.poll() is None and time.monotonic() - start_s < START_S:
            if is_page_up():
                return StepResult(root.release, user, "make run", 0, time.monotonic() - start_s, f"{PAGE} responds")
            time.sleep(0.5)
        return StepResult(root.release, user, "make run", process.poll() or 1, time.monotonic() - start_s, "no page")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)


def is_page_up() -> bool:
    try:
        with urllib.request.urlopen(PAGE, timeout=2) as page:
            return bool(page.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def run_steps(root: FreshRoot, user: str, place: str) -> Iterator[StepResult]:
    """Yield the results of README's two commands. For an ordinary user the first run must name missing packages."""
    yield run_make_run(root, user, place)
    test = f"cd {place} && make test ARGS='{TESTS}'"
    start_s = time.monotonic()
    done = root.run(user, test)
    if user != "root":
        lines = [line for line in done.stderr.splitlines() if not line.startswith("make: ")]
        named = re.fullmatch(r"the tests need more packages: sudo (apt-get install .+?) *", "".join(lines))
        good = bool(named) and done.returncode == 2 and len(lines) == 1
        yield StepResult(
            root.release, user, "make test, no sudo", int(not good), time.monotonic() - start_s, "; ".join(lines)[:200]
        )
        if named is None:
            return
        root.run("root", named[1].replace("install", "install --yes --no-install-recommends", 1))
        start_s = time.monotonic()
        done = root.run(user, test)
    last = (done.stdout.strip().splitlines() or [done.stderr.strip()[-200:]])[-1]
    yield StepResult(root.release, user, "make test (part)", done.returncode, time.monotonic() - start_s, last)


def find_mirror() -> str:
    """Return the Debian mirror of this machine's apt."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian"]
    places = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return next(place for place in places if "security" not in place)


def remove_tree(folder: Path) -> None:
    """Delete a folder but nothing that is mounted in it, such as this machine's devices."""
    subprocess.run(["rm", "--recursive", "--force", "--one-file-system", str(folder)], check=False, capture_output=True)


@contextmanager
def create_workspace(*, in_memory: bool) -> Iterator[Path]:
    """Create a folder for the systems. Mounts end with this process, which has its own mount namespace."""
    folder = Path(tempfile.mkdtemp(prefix="ledig-roots-", dir="/var/tmp"))  # /tmp may be in memory
    if in_memory:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80%", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        for place in sorted(folder.glob("*/*"), reverse=True):
            if place.is_dir() and place.name in ("proc", "sys", "dev"):
                subprocess.run(["umount", "--lazy", "--recursive", str(place)], check=False, capture_output=True)
        remove_tree(folder)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--release", choices=RELEASES, action="append", help="run only this release")
    parser.add_argument("--user", choices=USERS, action="append", help="run only as this user")
    parser.add_argument("--in-memory", action="store_true", help="build in a tmpfs: faster, needs 4 GB per system")
    parser.add_argument("--keep-log", type=Path, help="folder for the output of each command")
    options = parser.parse_args(arguments)
    steps: list[StepResult] = []
    with create_workspace(in_memory=options.in_memory) as folder:
        for release in options.release or RELEASES:
            for user in options.user or USERS:
                root = FreshRoot(release, folder / f"{release}-{user}")
                root.build(find_mirror())
                for step in run_steps(root, user, root.checkout(user)):
                    steps.append(step)
                    print(step.format_row(), flush=True)  # noqa: T201 - the report
                root.remove(options.keep_log)
    return int(any(step.status for step in steps))


if __name__ == "__main__":
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.exit("fresh-roots needs root and debootstrap: sudo apt-get install debootstrap, then sudo make fresh-roots")
    if "--own-mounts" not in sys.argv:
        os.execvp("unshare", ["unshare", "--mount", sys.executable, *sys.argv, "--own-mounts"])  # noqa: S606
    sys.exit(main([argument for argument in sys.argv[1:] if argument != "--own-mounts"]))
