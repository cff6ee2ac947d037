"""Opening hours that are typed in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledig.site.opening_hours import WEEKDAY_KEYS
from ledig.site_setup.hours_answer import HoursUnreadable, format_week_hours, parse_week_hours

WORKDAYS = WEEKDAY_KEYS[:5]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("24/7", {}),
        ("mon-fri 08:00-18:00", dict.fromkeys(WORKDAYS, ("08:00-18:00",))),
        ("Mon \u2013 Fri 8 - 18", dict.fromkeys(WORKDAYS, ("08:00-18:00",))),
        ("9:30-17", dict.fromkeys(WEEKDAY_KEYS, ("09:30-17:00",))),
        ("sat-mon 10-16", dict.fromkeys(("monday", "saturday", "sunday"), ("10:00-16:00",))),
        ("mon, wednesday 8-12 13-17; sat 10-14", {
            "monday": ("08:00-12:00", "13:00-17:00"),
            "wednesday": ("08:00-12:00", "13:00-17:00"),
            "saturday": ("10:00-14:00",),
        }),
        ("fri 18-02", {"friday": ("18:00-02:00",)}),
    ],
)  # fmt: skip
def test_line_of_hours_is_parsed(line: str, expected: dict[str, tuple[str, ...]]) -> None:
    assert parse_week_hours(line) == expected


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "has no hours; write it as"),
        ("mon-fri", "has no hours; write it as"),
        ("mon 8-12, tue", "has no hours at its end; write it as"),
        ("always", '"always" is not a day; write mon, tue'),
        ("mo 8-12", '"mo" is not a day'),
        ("mon 8.30-12", '"8.30-12" is neither days nor hours; write it as'),
        ("mon 8-25", 'monday: found "08:00-25:00"; write it as'),
        ("mon 8-8", 'monday: found "08:00-08:00"; write it as'),
        ("mon 8-12 11-17", "overlap; write them as one span"),
        ("fri 18-10, sat 9-12", "friday: its hours overlap those of saturday; end them before saturday opens"),
    ],
)
def test_problem_of_a_line_is_named_with_its_remedy(line: str, problem: str) -> None:
    with pytest.raises(HoursUnreadable) as rejected:
        parse_week_hours(line)
    assert problem in str(rejected.value)
    assert not str(rejected.value).startswith(",")


@given(
    hours=st.dictionaries(
        st.sampled_from(WEEKDAY_KEYS), st.sampled_from([("08:00-18:00",), ("07:00-12:00", "13:00-17:00")])
    )
)
def test_shown_hours_can_be_typed_again(hours: dict[str, tuple[str, ...]]) -> None:
    assert parse_week_hours(format_week_hours(hours)) == hours
