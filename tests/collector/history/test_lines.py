"""Line protocol and InfluxQL: what would be read back as something else is never said."""

import pytest

from collector.history import AIR_FIVE_MIN, SPACE_HOUR, Row
from collector.history.lines import LineRejected, cursor, line, quoted

T0 = 1_763_856_000_000


@pytest.mark.parametrize(
    ("tag", "written"),
    [("desk-1", "desk-1"), ("a b,c=d", r"a\ b\,c\=d"), ('"å"', '"å"'), ("a\\b", "a\\b")],
)
def test_a_tag_is_written_so_that_it_stays_one(tag, written):
    assert line(SPACE_HOUR, Row((tag,), T0, (1.0, 2, 3.5))) == (
        f"space_hour,space={written} taken_s=1.0,vacant_s=2.0,unknown_s=3.5 {T0}000000"
    )


def test_what_is_not_known_is_left_out():
    assert (
        line(AIR_FIVE_MIN, Row(("loft",), T0, (None, 21, None)))
        == f"air_five_min,zone=loft temperature_c=21.0 {T0}000000"
    )


@pytest.mark.parametrize("tag", ["", "a\nspace_hour,space=b", "a\\"], ids=["empty", "two lines", "backslash"])
def test_a_tag_that_no_line_can_carry_is_refused(tag):
    with pytest.raises(LineRejected, match="no line can carry it"):
        line(SPACE_HOUR, Row((tag,), T0, (1.0, 2.0, 3.0)))


def test_a_row_of_which_nothing_is_known_is_refused():
    with pytest.raises(LineRejected, match="no field is known"):
        line(AIR_FIVE_MIN, Row(("loft",), T0, (None, None, None)))


def test_the_cursor_is_a_line_of_its_own():
    assert cursor("3fe2", 41, 7) == "ledig_cursor,history=3fe2 rev=41.0 7"


def test_a_string_of_a_question_ends_where_it_should():
    assert quoted("it's a \\ and\nmore") == r"'it\'s a \\ and\nmore'"
