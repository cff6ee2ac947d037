"""Line protocol and InfluxQL: a value that would be read back differently is never written."""

import pytest

from collector.history.line_protocol import LineRejected, format_cursor, format_row, quote_string
from collector.history.measures import AIR_FIVE_MIN, SPACE_HOUR, HistoryRow

T0 = 1_763_856_000_000


@pytest.mark.parametrize(
    ("tag", "written"),
    [("desk-1", "desk-1"), ("a b,c=d", r"a\ b\,c\=d"), ('"å"', '"å"'), ("a\\b", "a\\b")],
)
def test_a_tag_is_escaped(tag, written):
    assert format_row(SPACE_HOUR, HistoryRow((tag,), T0, (1.0, 2, 3.5))) == (
        f"space_hour,space={written} taken_s=1.0,vacant_s=2.0,unknown_s=3.5 {T0}000000"
    )


def test_unknown_fields_are_left_out():
    assert (
        format_row(AIR_FIVE_MIN, HistoryRow(("loft",), T0, (None, 21, None)))
        == f"air_five_min,zone=loft temperature_c=21.0 {T0}000000"
    )


@pytest.mark.parametrize("tag", ["", "a\nspace_hour,space=b", "a\\"], ids=["empty", "two lines", "backslash"])
def test_a_tag_that_line_protocol_cannot_carry_is_rejected(tag):
    with pytest.raises(LineRejected, match="no line can carry it"):
        format_row(SPACE_HOUR, HistoryRow((tag,), T0, (1.0, 2.0, 3.0)))


def test_a_row_without_known_fields_is_rejected():
    with pytest.raises(LineRejected, match="no field is known"):
        format_row(AIR_FIVE_MIN, HistoryRow(("loft",), T0, (None, None, None)))


def test_the_cursor_is_written_as_a_line():
    assert format_cursor("3fe2", 41, 7) == "ledig_cursor,history=3fe2 rev=41.0 7"


def test_a_string_in_a_query_is_escaped():
    assert quote_string("it's a \\ and\nmore") == r"'it\'s a \\ and\nmore'"
