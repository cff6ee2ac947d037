"""Cost of a week's forecast: 50 zones with 13 months of hourly history each, on one core.

Run:   python -m bench.forecast [--zones N] [--days N]
In:    simulated zones: a working week and a weekend, better and worse days, hours without data; seeded. Once for a
       site that never closes, once for one open twelve hours a day.
Out:   processor seconds for all zones: to learn from the past (once a day is enough), to forecast the next seven days
       in the middle of a day (every hour), and both together, with the goal.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import date
from math import pi, sin
from random import Random
from typing import Final

from collector.forecast.model.coming_hours import forecast_hours
from collector.forecast.model.series_history import learn_series
from collector.site.series_hours import HourOpening, SeriesHour
from edge.timekeeping.durations import HOUR_MS

GOAL_S: Final = 1.0
TODAY: Final = date(2026, 2, 25).toordinal()
_EPOCH: Final = date(1970, 1, 1).toordinal()
NOON: Final = 12
WEEK_DAYS: Final = 7
SITES: Final = {"never closed": range(24), "open twelve hours": range(8, 20)}


def simulate_zone(seed: int, days: int, opened: range) -> list[SeriesHour]:
    """Simulate the hours of `days` days, and of the week after them."""
    generator = Random(seed)  # noqa: S311 - repeatable, no secret
    hours = []
    for day in range(TODAY - days, TODAY + WEEK_DAYS + 1):
        level = (14 if (day + 6) % 7 < 5 else 6) + generator.gauss(0, 2)
        for hour in range(24):
            value = None if generator.random() < 0.02 else max(0.0, level * sin(pi * hour / 24) + generator.gauss(0, 1))
            opening = HourOpening.OPEN if hour in opened else HourOpening.CLOSED
            hours.append(SeriesHour(((day - _EPOCH) * 24 + hour) * HOUR_MS, day, hour, opening, value, 40))
    return hours


def measure_cpu_s(zones: Sequence[list[SeriesHour]], days: int) -> tuple[float, float]:
    """Return the processor seconds to learn, and to forecast a week from noon on."""
    midnight, noon = 24 * days, 24 * days + NOON
    start_s = time.process_time()
    learned = [learn_series(hours[:midnight], TODAY) for hours in zones]
    learned_s = time.process_time()
    for learned_values, hours in zip(learned, zones, strict=True):
        forecast_hours(learned_values, hours[midnight:noon], hours[noon : noon + 24 * WEEK_DAYS])
    return learned_s - start_s, time.process_time() - learned_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--zones", type=int, default=50)
    parser.add_argument("--days", type=int, default=396)
    options = parser.parse_args()
    for name, opened in SITES.items():
        zones = [simulate_zone(seed, options.days, opened) for seed in range(options.zones)]
        learning_s, forecasting_s = measure_cpu_s(zones, options.days)
        print(
            f"{options.zones} zones, {options.days} days, {name}: learn {learning_s:.2f} s, forecast a week"
            f" {forecasting_s:.2f} s, both {learning_s + forecasting_s:.2f} s (goal: at most {GOAL_S:g} s)"
        )


if __name__ == "__main__":
    main()
