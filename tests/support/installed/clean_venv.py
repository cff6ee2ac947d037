"""Virtual environments with one extra each and nothing else, built from the hashes of the lock file."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.support.extras import list_distributions
from tests.support.servers import ROOT

PACKAGES = ("edge", "collector", "dashboard", "ledig")


def build_wheel(folder: Path) -> Path:
    """Build the wheel of Ledig from a copy, so that nothing is left in the sources."""
    sources = folder / "sources"
    sources.mkdir()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index"]
    _run([*command, "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(sources)])
    return next(folder.glob("*.whl"))


def create_environment(extra: str, wheel: Path, folder: Path) -> Path:
    """Create an environment with Ledig and one extra; return its `bin`.

    Packages in uv's cache are not downloaded again, so the second environment of a session needs no network.
    """
    environment = folder / extra
    uv = [sys.executable, "-m", "uv"]
    _run([*uv, "venv", "--quiet", "--python", sys.executable, str(environment)])
    lock = folder / f"{extra}.lock"
    lock.write_text(select_lock_entries(extra))
    install = [*uv, "pip", "install", "--quiet", "--python", str(environment / "bin/python"), "--no-deps"]
    _run([*install, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)])
    _run([*install, "--no-index", str(wheel)])
    return environment / "bin"


def select_lock_entries(extra: str) -> str:
    """Return the entries of the lock file that an extra needs, with their hashes."""
    entries = re.split(r"(?m)^(?=\S)", (ROOT / "requirements" / "run.lock").read_text())
    return "".join(
        entry for entry in entries if canonicalize_name(re.split("[=;\\s]", entry)[0]) in list_distributions(extra)
    )


def _run(command: list[str]) -> None:
    done = subprocess.run(command, env=os.environ | {"UV_NO_CONFIG": "1"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
