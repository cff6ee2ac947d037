"""Runs a command at a pseudo-terminal, as somebody who types.

In:    a command; what is typed.
Out:   what the terminal shows, and the exit status.
Never: a pause: typing waits for the text that asks for it.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

CTRL_C, CTRL_D = "\x03", "\x04"
_PROMPT_END = ": "
"""Keys that are pressed before the prompt is complete may be lost: then the terminal changes its mode."""
_SHOWN_WITHIN_S = 30
_AGAIN_AFTER_S = 5


class TerminalSession:
    """One command and its terminal."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process = process
        self._terminal = terminal
        self._read = ""
        self._seen = 0

    def read_output(self) -> str:
        return self._read.replace("\r\n", "\n")

    def answer(self, question: str, answer: str) -> None:
        """Wait until the question is shown after everything that was waited for before; type the answer and Enter."""
        self.press(question, f"{answer}\n")

    def press(self, question: str, keys: str) -> None:
        """Wait for the question like `answer`, to the end of its prompt, and type keys."""
        self.wait_for(question)
        self.wait_for(_PROMPT_END)
        os.write(self._terminal, keys.encode(errors="surrogateescape"))

    def wait_for(self, text: str) -> None:
        deadline_s = time.monotonic() + _SHOWN_WITHIN_S
        while (found := self._read.find(text, self._seen)) < 0:
            assert time.monotonic() < deadline_s, f"{text!r} is not shown: {self._read[self._seen :]}"
            assert self._read_more(), f"it ended before {text!r}: {self._read[self._seen :]}"
        self._seen = found + len(text)

    def wait_for_end(self, keys: str = "") -> int:
        """Return the exit status once the command has ended and all its output is read.

        Args:
            keys: typed again if it does not end: Python loses a Ctrl-C between showing a prompt and waiting for keys.
        """
        deadline_s = time.monotonic() + _SHOWN_WITHIN_S
        again_s = time.monotonic() + _AGAIN_AFTER_S
        while self._read_more():
            assert time.monotonic() < deadline_s, f"it does not end: {self._read[self._seen :]}"
            if keys and time.monotonic() > again_s:
                again_s = deadline_s
                os.write(self._terminal, keys.encode())
        return self.process.wait(_SHOWN_WITHIN_S)

    def _read_more(self) -> bool:
        """Read what is there now, or wait a moment for it; return False at the end of the output."""
        if select.select([self._terminal], [], [], 0.1)[0]:
            try:
                self._read += os.read(self._terminal, 65_536).decode(errors="replace")
            except OSError:  # Linux reports the end of the other side so
                return False
        return True


@contextmanager
def terminal_command(
    *arguments: str | Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[TerminalSession]:
    """Run `ledig` at its own controlling terminal; kill it at the end if it still runs.

    Args:
        arguments: the arguments of the command.
        folder: its working folder.
        environment: additional variables.
    """
    terminal, other_side = os.openpty()
    program = Path(sys.executable).with_name("ledig")
    try:
        process = subprocess.Popen(
            ["setsid", "--ctty", "--wait", program, *map(str, arguments)],
            cwd=folder,
            env={**os.environ, "TERM": "dumb", **(environment or {})},
            stdin=other_side,
            stdout=other_side,
            stderr=other_side,
        )
        os.close(other_side)
        try:
            yield TerminalSession(process, terminal)
        finally:
            process.kill()
            process.wait()
    finally:
        os.close(terminal)
