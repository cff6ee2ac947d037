"""Every lock file installs from wheels on every supported Python and processor."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
OLDEST_LIBC = "manylinux_2_36"
"""Debian 12 has glibc 2.36; every supported system has that or a newer one."""


def resolve(lock: Path, python: str, processor: str, target: Path) -> subprocess.CompletedProcess[str]:
    """Run a dry installation of a lock file for another machine.

    Unlike pip, uv evaluates the markers of every package for that machine instead of this one.
    """
    command = [sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--quiet", "--target", str(target)]
    command += ["--python-version", python, "--python-platform", f"{processor}-{OLDEST_LIBC}"]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(lock)]
    return subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("processor", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", ["3.11", "3.13"])
@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_lock_file_resolves_from_wheels(lock: Path, python: str, processor: str, tmp_path: Path) -> None:
    found = resolve(lock, python, processor, tmp_path)
    assert found.returncode == 0, found.stderr


def test_package_without_a_wheel_for_the_target_is_reported(tmp_path: Path) -> None:
    """lgpio 0.2.2.0 has no wheel for Python 3.13; the check must detect that on any machine."""
    lines = (ROOT / "requirements" / "edge.lock").read_text().splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith("lgpio=="))
    entry = [lines[start].split(";")[0] + "\\"]
    for line in lines[start + 1 :]:
        if not line.startswith(" "):
            break
        entry.append(line)
    lock = tmp_path / "lgpio.lock"
    lock.write_text("\n".join(entry) + "\n")
    assert resolve(lock, "3.11", "aarch64", tmp_path).returncode == 0
    refused = resolve(lock, "3.13", "aarch64", tmp_path)
    assert refused.returncode != 0
    assert "no usable wheels" in refused.stderr or "no wheels" in refused.stderr, refused.stderr
