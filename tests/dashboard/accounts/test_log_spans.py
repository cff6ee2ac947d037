"""Spans of the access log as text for managers and members."""

import pytest

from dashboard.text.log_spans import describe_span
from dashboard.text.page_texts import PageTexts
from tests.support.dashboard.site import PLAN


@pytest.mark.parametrize(
    ("span", "sv", "en"),
    [
        ("zone=site kind=desk days=7", "Alla zoner, skrivbord, 7 dagar", "All zones, desks, 7 days"),
        ("zone=hall kind=booth days=1", "Spinnsalen, telefonbås, i dag", "Spinnsalen, phone booths, today"),
        (
            "2025-11-01/2025-11-07 zone=site kind=desk with=2025-10-25 csv days",
            "2025-11-01/2025-11-07, Alla zoner, skrivbord, jämfört med 2025-10-25, csv, days",
            "2025-11-01/2025-11-07, All zones, desks, compared with 2025-10-25, csv, days",
        ),
        ("members=60 floor=2", "60 medlemmar, färre lediga än 2", "60 members, fewer than 2 free"),
        ("zone=gone kind=people x=1", "gone, people, x=1", "gone, people, x=1"),
        ("", "", ""),
    ],
)
def test_a_span_is_described_and_unknown_parts_are_shown_unchanged(span: str, sv: str, en: str) -> None:
    assert [describe_span(span, PLAN, PageTexts.load(language)) for language in ("sv", "en")] == [sv, en]
