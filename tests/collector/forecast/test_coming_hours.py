"""Forecasts of the coming hours: what they contain, and what they never contain."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.forecast.model.coming_hours import forecast_hours
from collector.forecast.model.series_history import learn_series
from collector.site.series_hours import HourOpening, SeriesHour
from edge.timekeeping.durations import HOUR_MS
from tests.support.collector.forecast_series import MONDAY, OPEN, coming, hour_of, points, series


def week(day: int, hour: int) -> float:
    """Return 20 on a working day, 10 at a weekend, a little more in the afternoon."""
    return (20.0 if day % 7 < 5 else 10.0) + hour / 10


def restless(seed: int, spread: float = 2.0):
    """Return the same rule with noise per day and per hour."""
    random = Random(seed)  # noqa: S311 - an artificial site
    days = [random.gauss(0, spread) for _ in range(400)]
    return lambda day, hour: max(0.0, week(day, hour) + days[day] + random.gauss(0, 1))


@st.composite
def histories(draw: st.DrawFn) -> list[SeriesHour]:
    """Draw two to six weeks of three hours a day, some of them unknown."""
    days = draw(st.integers(14, 42))
    value = st.one_of(st.none(), st.integers(0, 400).map(lambda tenths: tenths / 10))
    values = draw(st.lists(value, min_size=3 * days, max_size=3 * days))
    return [hour_of(place // 3, 9 + place % 3, value) for place, value in enumerate(values)]


def after(history: list[SeriesHour]) -> int:
    """Return the day after the last."""
    return history[-1].day + 1 - MONDAY


def ahead(history: list[SeriesHour], recent: list[SeriesHour] | None = None):
    """Return points of the eight days after a history of three hours a day."""
    day = after(history)
    return forecast_hours(
        learn_series(history, MONDAY + day), recent or [], coming(day, 8, range(9, 12))[len(recent or []) :]
    )


@given(histories())
def test_deciles_rise_within_the_capacity(history: list[SeriesHour]) -> None:
    for point in ahead(history):
        if point is not None:
            assert list(point.deciles) == sorted(point.deciles)
            assert 0 <= point.deciles[0] <= point.deciles[-1] <= 40


@given(histories(), st.lists(st.integers(0, 40), min_size=3, max_size=3))
def test_later_data_does_not_affect_a_forecast(history: list[SeriesHour], later: list[int]) -> None:
    day = after(history)
    known_later = [hour_of(day, 9 + place, value) for place, value in enumerate(later)]
    requested = coming(day, 8, range(9, 12))
    first = forecast_hours(learn_series(history, MONDAY + day), [], requested)
    assert forecast_hours(learn_series(history + known_later, MONDAY + day), [], known_later + requested[3:]) == first


@given(histories(), st.sampled_from([0.25, 0.5, 4.0, 64.0]), st.integers(0, 40))
def test_forecasts_scale_with_the_site(history: list[SeriesHour], times: float, now: int) -> None:
    def grown(hours: list[SeriesHour]) -> list[SeriesHour]:
        return [SeriesHour(h.at_ms, h.day, h.hour, h.opening, h.value and h.value * times, 40 * times) for h in hours]

    day = after(history)
    recent, requested = [hour_of(day, 9, now)], coming(day, 8, range(9, 12))[1:]
    small = forecast_hours(learn_series(history, MONDAY + day), recent, requested)
    large = forecast_hours(learn_series(grown(history), MONDAY + day), grown(recent), grown(requested))
    for one, other in zip(small, large, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert other.deciles == pytest.approx([value * times for value in one.deciles], abs=1e-9 * times)


@given(histories(), st.data())
def test_an_unknown_hour_equals_a_missing_one(history: list[SeriesHour], data: st.DataObject) -> None:
    there = [hour for hour in history if hour.value is not None or hour is history[-1]]
    assert ahead(there) == ahead(history)


@given(st.integers(0, 400).map(lambda tenths: tenths / 10), st.integers(14, 60))
def test_a_constant_series_is_forecast_exactly(value: float, days: int) -> None:
    found = points(series(days, lambda _day, _hour: value), days, 7)
    assert len(found) == 7 * len(OPEN)
    for point in found:
        assert point.deciles == pytest.approx([value] * 9)
        assert point.usual == pytest.approx(value)


def test_there_is_no_forecast_before_two_weeks_or_of_closed_hours() -> None:
    assert points(series(13, week), 13) == []
    assert len(points(series(14, week), 14)) == len(OPEN)
    learnt = learn_series(series(14, week), MONDAY + 14)
    assert forecast_hours(learnt, [], [hour_of(14, 9, opening=HourOpening.CLOSED)]) == [None]


def test_two_weeks_with_few_known_days_are_not_enough() -> None:
    assert points(series(20, lambda day, hour: week(day, hour) if day in {0, 1, 2, 17, 18, 19} else None), 20) == []


def test_an_hour_that_was_never_open_is_not_forecast() -> None:
    assert forecast_hours(learn_series(series(28, week), MONDAY + 28), [], [hour_of(28, 22)]) == [None]


def test_closed_hours_teach_nothing() -> None:
    history = series(28, week)
    holiday = [hour_of(28 + day, hour, 0.0, HourOpening.CLOSED) for day in range(7) for hour in OPEN]
    assert [p.deciles for p in points(history + holiday, 35)] == [p.deciles for p in points(history, 28)]


def test_a_red_day_is_like_a_sunday() -> None:
    learnt = learn_series(series(28, restless(1)), MONDAY + 28)
    monday, red, sunday = forecast_hours(
        learnt, [], [hour_of(29, 9), hour_of(29, 9, opening=HourOpening.RED), hour_of(34, 9)]
    )
    assert red is not None
    assert monday is not None
    assert sunday is not None
    assert red.deciles == sunday.deciles != monday.deciles


def test_the_deviation_of_the_last_days_is_expected_again_and_fades() -> None:
    random = Random(3)  # noqa: S311 - an artificial site
    level = [0.0]
    for _ in range(70):
        level.append(0.9 * level[-1] + random.gauss(0, 1))
    level[-3:] = [5.0, 5.0, 5.0]
    history = series(71, lambda day, hour: week(day, hour) + level[day])
    today, *_, later = points(history, 71, 6)[:: len(OPEN)]
    assert today.median - today.usual > 2
    assert today.median - today.usual > later.median - later.usual


def test_unrelated_days_carry_little_deviation() -> None:
    history = series(70, restless(5))
    strange = [hour_of(70, hour, week(70, hour) + 6) for hour in OPEN]
    for point in points(history + strange, 71):
        assert abs(point.median - point.usual) < 2.5


def test_the_error_of_today_is_carried_forward_and_fades_by_the_hour() -> None:
    history = series(42, restless(7))
    calm = points(history, 42)
    now = [hour_of(42, 8, calm[0].median + 8)]
    moved = [a.median - b.median for a, b in zip(points(history, 42, recent=now), calm[1:], strict=True)]
    assert 4 < moved[0] < 8
    assert moved[0] > moved[3] > 0
    assert points(history, 42, recent=now)[0].deciles[-1] - points(history, 42, recent=now)[0].deciles[0] < (
        calm[1].deciles[-1] - calm[1].deciles[0]
    ), "what is near is known better"


def test_hours_open_again_after_a_long_time_are_forecast() -> None:
    history_values = restless(7)
    history = series(20, history_values, range(6, 18)) + series(60, history_values, first=20)
    learnt = learn_series(history, MONDAY + 80)
    assert all(forecast_hours(learnt, [hour_of(80, 6, 3.0)], coming(80)))


def test_an_irregular_week_widens_the_bands_at_once() -> None:
    def width(last_week: float) -> float:
        calm, wild = restless(8, 1.0), restless(9, last_week)
        history = series(70, lambda day, hour: (wild if day >= 63 else calm)(day, hour))
        return sum(point.deciles[-1] - point.deciles[0] for point in points(history, 70))

    assert width(6.0) > 2 * width(1.0)


def test_twenty_weeks_are_learned_from_and_ten_unknown_weeks_end_forecasts() -> None:
    history = series(150, restless(10))
    recent = [hour for hour in history if hour.day >= MONDAY + 10]
    assert points(history, 150) == points(recent, 150)
    assert points(history, 150 + 60) != []
    assert points(history, 150 + 68) == []


def test_the_band_covers_four_in_five_outcomes() -> None:
    within = total = 0
    for seed in range(4):
        history_values = series(150, restless(seed))
        for day in range(60, 150):
            history, today = history_values[: day * len(OPEN)], history_values[day * len(OPEN) : (day + 1) * len(OPEN)]
            for point, hour in zip(points(history, day), today, strict=True):
                within += point.deciles[0] <= (hour.value or 0) <= point.deciles[-1]
                total += 1
    assert 0.77 <= within / total <= 0.83


def test_a_repeated_autumn_hour_counts_once_and_is_forecast_twice() -> None:
    night = range(6)
    history = series(41, lambda day, hour: week(day, hour) + (day * hour) % 3, night)
    twice = hour_of(41, 2, 11.0)
    later = SeriesHour(twice.at_ms + HOUR_MS, twice.day, 2, HourOpening.OPEN, 13.0, 40.0)
    long = [hour_of(41, 0, 10.0), hour_of(41, 1, 10.0), twice, later, hour_of(41, 3, 10.0)]
    once = [hour_of(41, 0, 10.0), hour_of(41, 1, 10.0), hour_of(41, 2, 12.0), hour_of(41, 3, 10.0)]
    requested = coming(42, 7, night)
    assert forecast_hours(learn_series(history + long, MONDAY + 42), [], requested) == forecast_hours(
        learn_series(history + once, MONDAY + 42), [], requested
    )
    two = forecast_hours(learn_series(history, MONDAY + 41), [], [twice, later])
    assert None not in two
    assert len({point.deciles for point in two if point is not None}) == 1
    assert len({point.at_ms for point in two if point is not None}) == 2


def test_a_day_without_its_second_hour_is_forecast() -> None:
    history = series(42, lambda day, hour: week(day, hour) + (day * hour) % 3, range(6))
    short = [hour for hour in coming(42, 1, range(6)) if hour.hour != 2]
    found = forecast_hours(learn_series(history, MONDAY + 42), [hour_of(42, 1, 30.0)], short)
    assert all(point is not None and point.deciles[0] >= 0 for point in found)
