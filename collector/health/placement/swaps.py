"""Checks for two sensors of one kind on one day whether each follows the people of the other one's place.

In:    what every sensor did on one day, and the sensors that show the use of each place.
Out:   for one sensor the partner with which it seems to be exchanged, that a suspected one is contradicted, or nothing.
Never: clocks, the journal, findings: `finding_rules.py` requires several days.

Two sensors are compared together with the witnesses of both places: the days of both are put one after the other, and
the correlation with the witnesses is computed as installed and exchanged. So one used place is enough: a quiet sensor
beside a witness that detects people, and a busy sensor beside a quiet witness, explain each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import Final, NamedTuple

from collector.health.placement.misplacement import MIN_BINS, MIN_MARGIN, MIN_SIMILARITY
from collector.health.tallies.minutes import correlate
from collector.site.site_sensor import SensorKey
from edge.contract.sensor_kinds import SensorKind

MIN_SAME_HOURS_SIMILARITY: Final = 0.7
"""Sensors at one desk reach about 0.9; those of two desks with the same hours at most 0.6."""
MIN_SAME_HOURS_GAIN: Final = 0.15
MIN_CO2_SIMILARITY: Final = 0.6
MIN_CO2_MARGIN: Final = 0.4
"""Wider than for minutes: a day has only 24 hours, and the air of all rooms follows the hours of the site."""
MIN_CO2_HOURS: Final = 8
"""Hours with readings of both meters."""
MIN_CO2_RISE_PPM: Final = 150.0
"""At least one of two meters rises by this much on the day: three times the usual error of a meter (50 ppm)."""
MIN_CO2_PEOPLE_MIN: Final = 60.0
"""Witnesses detect people for this long at the two places together."""


class SensorDay(NamedTuple):
    """What one sensor did on one day."""

    key: SensorKey
    kind: SensorKind
    place: str
    """The space or zone that it watches according to the site file."""
    bits: int
    """Five-minute bins with activity; 0 for an air sensor."""
    co2_rises_ppm: Mapping[int, float]
    """By hour of the day: by how much the highest CO2 exceeds the lowest of the day; empty: it measures none."""


class Witnesses(NamedTuple):
    """The sensors that show the use of one place."""

    bits: Mapping[SensorKey, int]
    """Five-minute bins with activity."""
    minutes: Mapping[int, float]
    """By hour of the day: minutes with activity, summed over all of them."""


class PairMatch(NamedTuple):
    """The result of one day for one sensor."""

    partner: SensorKey | None
    """The sensor with which it seems exchanged; None: the suspected exchange is contradicted."""
    other_pct: int
    own_pct: int


class _Similarities(NamedTuple):
    """Correlations of two sensors with the witnesses, exchanged and as installed, and the limits that apply."""

    exchanged: float
    installed: float
    limits: "_Limits"

    @property
    def gain(self) -> float:
        return self.exchanged - self.installed

    @property
    def is_exchanged(self) -> bool:
        return self.limits.prefer(self.exchanged, self.installed)

    @property
    def is_installed(self) -> bool:
        return self.limits.prefer(self.installed, self.exchanged)


class _Limits(NamedTuple):
    """When one order explains a day and the other one does not."""

    least: float
    margin: float
    least_of_same_hours: float
    """People of both places may keep nearly the same hours, so both orders correlate. Then the better one must reach
    this, and must explain half of what the other one leaves unexplained."""

    def prefer(self, better: float, other: float) -> bool:
        if better >= self.least and better - other >= self.margin:
            return True
        return better >= self.least_of_same_hours and better - other >= max(MIN_SAME_HOURS_GAIN, (1 - other) / 2)


_BIT_LIMITS: Final = _Limits(MIN_SIMILARITY, MIN_MARGIN, MIN_SAME_HOURS_SIMILARITY)
_CO2_LIMITS: Final = _Limits(MIN_CO2_SIMILARITY, MIN_CO2_MARGIN, MIN_SAME_HOURS_SIMILARITY)


def find_partner(
    one: SensorDay,
    others: Iterable[SensorDay],
    suspect: SensorKey | None,
    witnesses: Mapping[str, Witnesses],
    total: int,
) -> PairMatch | None:
    """Compare a sensor with all others of its kind.

    Args:
        one: the sensor.
        others: sensors of the site; those of another kind or of the same place are skipped.
        suspect: the sensor with which it seemed exchanged before. Only a day that contradicts this pair ends it.
        witnesses: by place.
        total: five-minute bins of the site's day, from the first activity to the last.

    Returns:
        The result of the day; None: the day shows nothing.
    """
    best: tuple[float, PairMatch] | None = None
    is_contradicted = False
    for other in others:
        if other.kind is not one.kind or other.place == one.place:
            continue
        found = _compare(one, other, witnesses, total)
        if found is None:
            continue
        if other.key == suspect and found.is_installed:
            is_contradicted = True
        rank = found.gain + (1 if other.key == suspect else 0)
        if found.is_exchanged and (best is None or rank > best[0]):
            best = rank, PairMatch(other.key, _to_pct(found.exchanged), _to_pct(found.installed))
    if best is not None:
        return best[1]
    return PairMatch(None, 0, 0) if is_contradicted else None


def _compare(one: SensorDay, other: SensorDay, witnesses: Mapping[str, Witnesses], total: int) -> _Similarities | None:
    here, there = witnesses.get(one.place), witnesses.get(other.place)
    if here is None or there is None:
        return None
    if one.co2_rises_ppm or other.co2_rises_ppm:
        return _compare_co2(one.co2_rises_ppm, other.co2_rises_ppm, here.minutes, there.minutes)
    return _compare_bits(
        (one.bits, other.bits),
        [bits for key, bits in here.bits.items() if key != one.key],
        [bits for key, bits in there.bits.items() if key != other.key],
        total,
    )


def _compare_bits(pair: tuple[int, int], here: Sequence[int], there: Sequence[int], total: int) -> _Similarities | None:
    """Compare with each pair of witnesses; the best of each order counts, because a witness may be wrong itself."""
    installed_bits, exchanged_bits = _join(*pair, total), _join(pair[1], pair[0], total)
    if installed_bits.bit_count() < MIN_BINS:
        return None
    beside = [bits for a in here for b in there if (bits := _join(a, b, total)).bit_count() >= MIN_BINS]
    if not beside:
        return None
    return _Similarities(
        max(correlate(exchanged_bits, bits, 2 * total) for bits in beside),
        max(correlate(installed_bits, bits, 2 * total) for bits in beside),
        _BIT_LIMITS,
    )


def _join(one: int, other: int, total: int) -> int:
    return one | other << total


def _compare_co2(
    one: Mapping[int, float], other: Mapping[int, float], here: Mapping[int, float], there: Mapping[int, float]
) -> _Similarities | None:
    hours = sorted(one.keys() & other.keys())
    if (
        len(hours) < MIN_CO2_HOURS
        or max(max(levels.values()) for levels in (one, other)) < MIN_CO2_RISE_PPM
        or sum(here.values()) + sum(there.values()) < MIN_CO2_PEOPLE_MIN
    ):
        return None
    rises = [one[hour] for hour in hours] + [other[hour] for hour in hours]
    people = [minutes.get(hour, 0.0) for minutes in (here, there) for hour in hours]
    exchanged = [minutes.get(hour, 0.0) for minutes in (there, here) for hour in hours]
    return _Similarities(_correlate_values(rises, exchanged), _correlate_values(rises, people), _CO2_LIMITS)


def _correlate_values(ones: Sequence[float], others: Sequence[float]) -> float:
    """Return Pearson's correlation; 0 if one of both is constant."""
    mean, other_mean = sum(ones) / len(ones), sum(others) / len(others)
    apart = [value - mean for value in ones]
    other_apart = [value - other_mean for value in others]
    spread = sqrt(sum(value**2 for value in apart) * sum(value**2 for value in other_apart))
    return sum(a * b for a, b in zip(apart, other_apart, strict=True)) / spread if spread > 0 else 0.0


def _to_pct(share: float) -> int:
    return max(0, round(100 * share))
