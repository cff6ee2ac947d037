"""Commands and paths as somebody can type them into a shell of this machine.

In:    a path; where this program is.
Out:   text for a terminal.
Never: a command that is run.
"""

import contextlib
import shlex
import shutil
import sys
from pathlib import Path


def quote_path(path: Path) -> str:
    """Quote a path for a shell, relative to the user's home if it is there."""
    with contextlib.suppress(ValueError, RuntimeError):
        return f"~/{shlex.quote(str(path.relative_to(Path.home())))}"
    return shlex.quote(str(path))


def find_command() -> str:
    """Return the command to type for this program; after `make run` it is not on the PATH."""
    if shutil.which("ledig"):
        return "ledig"
    program = Path(sys.executable).with_name("ledig")
    here = Path.cwd()
    return shlex.quote(str(program.relative_to(here) if program.is_relative_to(here) else program))
