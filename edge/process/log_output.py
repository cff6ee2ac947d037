"""Logging of every process: one line for each record, whatever foreign text it quotes.

In:    records of all loggers, which may quote topics, names, fields, headers and errors from outside.
Out:   lines on stderr in which foreign text cannot forge a line or control the terminal.
Never: a record that is left out or cut.
"""

import logging
from typing import Final

TRACEBACK_PREFIX: Final = "  | "
"""Prefix of each line after the first line of a record: the lines of a traceback."""


def escape_unprintable(text: str) -> str:
    r"""Replace every character that is not printable by its escape: a line break becomes `\n`.

    These are control characters, separators other than the space, marks that change the writing direction, and lone
    surrogates.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


class EscapingFormatter(logging.Formatter):
    """Formats a record as one line, followed by the lines of its traceback, each with a prefix."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of one record."""
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        lines = [escape_unprintable(self.formatMessage(record))]
        if record.exc_info:
            lines.append(prefix_traceback(self.formatException(record.exc_info)))
        if record.stack_info:
            lines.append(prefix_traceback(self.formatStack(record.stack_info)))
        return "\n".join(lines)


def prefix_traceback(trace: str) -> str:
    """Prefix every line of a traceback, so that it cannot be mistaken for a record."""
    return "\n".join(f"{TRACEBACK_PREFIX}{escape_unprintable(line)}" for line in trace.split("\n"))


def log_to_stderr(level: int, format_string: str) -> None:
    """Configure every logger of this process to write to stderr from `level` on, with one format string."""
    handler = logging.StreamHandler()
    handler.setFormatter(EscapingFormatter(format_string))
    logging.basicConfig(level=level, handlers=[handler])
