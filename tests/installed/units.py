"""The shipped systemd units, run as systemd would run their command."""

import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.servers import ROOT

UNITS = ROOT / "firmware-config" / "systemd"
PROGRAM = "/opt/ledig/.venv/bin/ledig"
SITE = "/etc/ledig/site.toml"


@dataclass(frozen=True)
class Unit:
    """What a unit file says about its process."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]

    @classmethod
    def read(cls, name: str) -> Self:
        text = (UNITS / name).read_text()
        (line,) = re.findall(r"(?m)^ExecStart=(.+)$", text)
        settings = dict(word.split("=", 1) for word in re.findall(r"(?m)^Environment=(.+)$", text))
        return cls(name, tuple(shlex.split(line)), settings)

    @property
    def extra(self) -> str:
        """The extra of pyproject.toml that its process needs; it is named for it."""
        return self.command[1]

    def command_for(self, program: Path, site: Path, instance: str) -> list[str]:
        """ExecStart with this machine's paths; every other word is the unit's."""
        places = {PROGRAM: str(program), SITE: str(site)}
        return [places.get(word, word.replace("%i", instance)) for word in self.command]


class UnitProcess:
    """A unit's process while it runs."""

    def __init__(self, unit: Unit, command: list[str], folder: Path) -> None:
        self._output = folder / f"{unit.name}.output"
        environment = {"PATH": os.defpath, "HOME": str(folder), **unit.environment}
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        self._name = unit.name

    def output(self) -> str:
        return self._output.read_text(errors="replace")

    def runs(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """What `systemctl stop` does; a clean end is asked for, and expected."""
        assert self.runs(), f"{self._name} ended with {self._process.returncode}:\n{self.output()}"
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(60) == 0, self.output()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
