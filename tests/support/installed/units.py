"""The shipped systemd units, run with the command that systemd would run."""

import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.support.servers import ROOT

UNITS = ROOT / "firmware-config" / "systemd"
PROGRAM = "/opt/ledig/.venv/bin/ledig"
UNIT_SITE_FILE = "/etc/ledig/site.toml"


@dataclass(frozen=True)
class SystemdUnit:
    """The process described by a unit file."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]

    @classmethod
    def read(cls, name: str) -> Self:
        text = (UNITS / name).read_text()
        (line,) = re.findall(r"(?m)^ExecStart=(.+)$", text)
        settings = dict(setting.split("=", 1) for setting in re.findall(r"(?m)^Environment=(.+)$", text))
        return cls(name, tuple(shlex.split(line)), settings)

    @property
    def extra(self) -> str:
        """The extra of pyproject.toml that its process needs; it has the name of the subcommand."""
        return self.command[1]

    def command_for(self, program: Path, site: Path, instance: str) -> list[str]:
        """Return ExecStart with this machine's paths; all other arguments are the unit's."""
        places = {PROGRAM: str(program), UNIT_SITE_FILE: str(site)}
        return [places.get(argument, argument.replace("%i", instance)) for argument in self.command]


class UnitProcess:
    """A running process of a unit."""

    def __init__(self, unit: SystemdUnit, command: list[str], folder: Path) -> None:
        self._output = folder / f"{unit.name}.output"
        environment = {"PATH": os.defpath, "HOME": str(folder), **unit.environment}
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        self._name = unit.name

    def read_output(self) -> str:
        return self._output.read_text(errors="replace")

    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """Stop the process as `systemctl stop` does; a clean exit is expected."""
        assert self.is_running(), f"{self._name} ended with {self._process.returncode}:\n{self.read_output()}"
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(60) == 0, self.read_output()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
