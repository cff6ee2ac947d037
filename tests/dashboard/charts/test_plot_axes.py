"""Axes of charts: no label repeats, and a chart without data is not drawn."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.plot_axes import MAX_LABELS, build_day_axis, build_time_axis, has_data

BEGIN = datetime(2026, 11, 22, 8, 5, tzinfo=UTC)


@given(st.integers(1, 13 * 7 * 24 * 12))
def test_no_label_of_a_time_axis_is_repeated(buckets: int) -> None:
    times = [(BEGIN + timedelta(minutes=5 * n)).strftime("%Y-%m-%d %H:%M") for n in (0, buckets // 2, buckets)]
    labels = build_time_axis(times)["ticktext"]
    assert len(set(labels)) == len(labels) <= MAX_LABELS + 1


@given(st.integers(1, 91))
def test_no_label_of_a_day_axis_is_repeated(days: int) -> None:
    labels = build_day_axis([(BEGIN + timedelta(days=n)).date().isoformat() for n in range(days)])["ticktext"]
    assert len(set(labels)) == len(labels) <= MAX_LABELS


def test_three_days_have_three_labels() -> None:
    assert build_day_axis(["2026-11-22", "2026-11-23", "2026-11-24"])["ticktext"] == ["22/11", "23/11", "24/11"]


def test_a_chart_of_zeros_and_gaps_has_no_data() -> None:
    assert not has_data([{"y": [None, 0, 0.0]}, {"y": []}])
    assert has_data([{"y": [None, 0]}, {"y": [0, 1]}])
