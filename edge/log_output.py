"""The log of every process: one line for each record, whatever foreign text it quotes.

In:    records of all loggers, with topics, names, fields, headers and errors from outside in them.
Out:   lines on stderr in which nothing can be taken for another line, or for an order to the terminal.
Never: a record that is left out or cut.
"""

import logging
from typing import Final

TRACE: Final = "  | "
"""What begins each line after a record's first: those of a traceback."""


def escaped(text: str) -> str:
    r"""The text with every character that is not printable as its escape: a line break becomes `\n`.

    That is control characters, separators other than the space, marks that turn the direction of writing, and halves
    of characters.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


class EscapingFormatter(logging.Formatter):
    """Formats a record as one line; the lines of its traceback follow, each marked as such."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines of one record."""
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        lines = [escaped(self.formatMessage(record))]
        if record.exc_info:
            lines.append(marked(self.formatException(record.exc_info)))
        if record.stack_info:
            lines.append(marked(self.formatStack(record.stack_info)))
        return "\n".join(lines)


def marked(trace: str) -> str:
    """A traceback whose lines cannot be taken for records."""
    return "\n".join(f"{TRACE}{escaped(line)}" for line in trace.split("\n"))


def log_to_stderr(level: int, form: str) -> None:
    """Let every logger of this process write to stderr from `level` on, in one form."""
    handler = logging.StreamHandler()
    handler.setFormatter(EscapingFormatter(form))
    logging.basicConfig(level=level, handlers=[handler])
