"""Formats rows as InfluxDB's line protocol, and values as literals of its query language.

In:    rows, revisions, tag values with any characters.
Out:   text that InfluxDB reads back as exactly those values.
Never: sockets. A value that the format cannot carry is rejected.

Source: InfluxDB 1.8, "Line protocol reference"; InfluxDB 1.8, "InfluxQL reference", string literals.
"""

from typing import Final

from collector.history.measures import HistoryRow, Measure

NS_PER_MS: Final = 1_000_000
CURSOR_MEASUREMENT: Final = "ledig_cursor"
"""The measurement that stores how far a history has been written."""

_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_STRING = str.maketrans({"\\": r"\\", "'": r"\'", "\n": r"\n"})


class LineRejected(ValueError):
    """A row cannot be expressed in line protocol. Sending it again cannot help."""


def get_measurement_name(measure: Measure) -> str:
    """Return the name of the measurement that holds a measure; all lines and queries use it."""
    return measure.name


def format_row(measure: Measure, row: HistoryRow) -> str:
    """Format one row. Unknown fields are left out, and every number is written as a float.

    Raises:
        LineRejected: a tag is empty, has a line break or ends in a backslash; or no field is known.
    """
    fields = ",".join(
        f"{name}={float(value)!r}" for name, value in zip(measure.fields, row.fields, strict=True) if value is not None
    )
    if not fields:
        raise LineRejected("no field is known; a row has at least one")
    tags = "".join(f",{name}={_escape_tag(value)}" for name, value in zip(measure.tags, row.tags, strict=True))
    return f"{get_measurement_name(measure)}{tags} {fields} {row.at_ms * NS_PER_MS}"


def format_cursor(history: str, rev: int, at_ns: int) -> str:
    """Format the line that stores that `history` is written up to `rev`."""
    return f"{CURSOR_MEASUREMENT},history={_escape_tag(history)} rev={float(rev)!r} {at_ns}"


def quote_string(value: str) -> str:
    """Quote a string for InfluxQL."""
    return f"'{value.translate(_STRING)}'"


def _escape_tag(value: str) -> str:
    if not value or "\n" in value or value.endswith("\\"):
        raise LineRejected(f"the tag {value!r} is empty, has a line break or ends in a backslash; no line can carry it")
    return value.translate(_TAG)
