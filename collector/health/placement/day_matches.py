"""Compares what all sensors of a site did on one day, to find sensors at a wrong place and exchanged ones.

In:    the sensors by what they watch, with the tallies of their hours; one day.
Out:   group by group, the histories with the results of the day.
Never: the journal, findings, a comparison of its own: `misplacement.py` and `swaps.py` compare.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from collector.health.placement.misplacement import SpaceMatch, match_space
from collector.health.placement.swaps import SensorDay, Witnesses, find_partner
from collector.health.tallies.day_tallies import DETECTING_ROLES, NO_SENSOR, PLACED_ROLES
from collector.health.tallies.hour_tallies import MINUTES_PER_HOUR
from collector.health.tallies.minutes import BIN_MIN, bin_minutes, find_runs, make_span_bits
from collector.health.tallies.sensor_groups import SensorGroup
from collector.health.tallies.sensor_history import SensorHistory, join_active_minutes, list_co2_rises, replace_day
from collector.history.door_days import DaySpan
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor, SensorKey
from edge.contract.sensor_traits import HealthRole, LearningMethod

MIN_COMPARED_ALIVE_SHARE: Final = 0.5
"""A sensor that was alive for a smaller share of the day is not compared for exchange."""
_BINS_PER_HOUR: Final = MINUTES_PER_HOUR // BIN_MIN

Histories = Mapping[SensorKey, SensorHistory]
_PlaceBits = Mapping[str, Mapping[SensorKey, int]]
"""By group and sensor: five-minute bins with activity, from the first activity of the site on."""


def match_day(
    plan: SitePlan, groups: Mapping[str, SensorGroup], histories: Histories, day: DaySpan, due_ms: int
) -> Iterator[tuple[SensorGroup, dict[SensorKey, SensorHistory]]]:
    """Yield each group whose sensors were compared, with their new histories.

    Args:
        plan: of the site.
        groups: the sensors of each space, door and zone, by name.
        histories: the history of every sensor; only the present day is changed.
        day: the day to compare.
        due_ms: end of the last completed hour. A day that has not ended is compared for exchange only.
    """
    bins = {
        name: {
            sensor.key: bin_minutes(join_active_minutes(histories[sensor.key], day))
            for sensor in group.sensors
            if sensor.kind.traits.health.role in DETECTING_ROLES
        }
        for name, group in groups.items()
        if group.is_of_space
    }
    runs = find_runs(_combine_bits(bits for sensor_bits in bins.values() for bits in sensor_bits.values()))
    if not runs:
        return
    first, after = runs[0][0], runs[-1][1]
    shifted = {name: {key: bits >> first for key, bits in by_key.items()} for name, by_key in bins.items()}
    placed_keys = {sensor.key for sensor in plan.sensors if sensor.kind.traits.health.role in PLACED_ROLES}
    placed = {
        name: {key: bits for key, bits in by_key.items() if key in placed_keys} for name, by_key in shifted.items()
    }
    live = {key for key, past in histories.items() if _is_live(past, day.day)}
    sensor_days = list(_list_sensor_days(groups, histories, day, shifted, live))
    witnesses = _list_witnesses(plan, groups, bins, shifted, live)
    for name, group in groups.items():
        changed: dict[SensorKey, SensorHistory] = {}
        if day.to_ms <= due_ms and any(placed.get(name, {}).values()):
            changed |= _match_spaces(name, histories, day.day, placed, after - first)
        for one in sensor_days:
            if one.place == name:
                found = find_partner(
                    one, sensor_days, _find_suspect(histories[one.key], day.day), witnesses, after - first
                )
                changed[one.key] = replace_day(
                    changed.get(one.key, histories[one.key]),
                    day.day,
                    swap_partner=NO_SENSOR if found is None or found.partner is None else found.partner,
                    swapped_pct=0 if found is None else found.other_pct,
                    installed_pct=0 if found is None else found.own_pct,
                    is_swap_compared=found is not None,
                )
        if changed:
            yield group, changed


def _match_spaces(
    group_name: str, histories: Histories, day: int, placed: _PlaceBits, total: int
) -> Iterator[tuple[SensorKey, SensorHistory]]:
    """Yield for each sensor of a space its history with the space that it matched."""
    others = {
        other: found
        for other, by_key in placed.items()
        if other != group_name and (found := [bits for bits in by_key.values() if bits])
    }
    for key, sensor_bits in placed[group_name].items():
        own = [bits for whose, bits in placed[group_name].items() if whose != key]
        result = match_space(sensor_bits, own, others, total)
        space, other_pct, own_pct = result or SpaceMatch("", 0, 0)
        yield (
            key,
            replace_day(
                histories[key],
                day,
                matching_space=space.removeprefix("space:"),
                other_pct=other_pct,
                own_pct=own_pct,
                is_comparable=result is not None,
            ),
        )


def _find_suspect(past: SensorHistory, before_day: int) -> SensorKey | None:
    """Return the sensor with which this one seemed exchanged on the newest earlier day with a result."""
    compared = [day.swap_partner for day in past.days if day.day < before_day and day.is_swap_compared]
    return compared[-1] if compared else None


def _is_live(past: SensorHistory, day: int) -> bool:
    return any(one.day == day and one.alive_min >= MIN_COMPARED_ALIVE_SHARE * one.minutes for one in past.days)


def _list_sensor_days(
    groups: Mapping[str, SensorGroup], histories: Histories, day: DaySpan, shifted: _PlaceBits, live: set[SensorKey]
) -> Iterator[SensorDay]:
    """Yield every live sensor that can be compared for exchange: those that detect people, and CO2 meters."""
    for name, group in groups.items():
        for sensor in group.sensors:
            if sensor.key not in live:
                continue
            if sensor.kind.traits.learning is LearningMethod.CO2_TREND:
                yield SensorDay(sensor.key, sensor.kind, name, 0, list_co2_rises(histories[sensor.key], day))
            elif sensor.key in shifted.get(name, {}):
                yield SensorDay(sensor.key, sensor.kind, name, shifted[name][sensor.key], {})


def _list_witnesses(
    plan: SitePlan, groups: Mapping[str, SensorGroup], bins: _PlaceBits, shifted: _PlaceBits, live: set[SensorKey]
) -> dict[str, Witnesses]:
    """Return the witnesses of every space, and of every zone with a sensor; the latter are those of its spaces."""
    witnesses: dict[str, Witnesses] = {}
    for name, group in groups.items():
        zone = group.sensors[0].zone
        places = [name] if group.is_of_space else [f"space:{one.id}" for one in plan.spaces if one.zone == zone]
        keys = _choose_witnesses(
            [sensor for place in places if place in groups for sensor in groups[place].sensors if sensor.key in live]
        )
        minutes: dict[int, float] = {}
        for place in places:
            for key, bits in bins.get(place, {}).items():
                if key in keys:
                    _add_hours(minutes, bits)
        witnesses[name] = Witnesses({key: bits for key, bits in shifted.get(name, {}).items() if key in keys}, minutes)
    return witnesses


def _choose_witnesses(sensors: list[Sensor]) -> set[SensorKey]:
    """Return the sensors that follow the people of a place; or else the counters, which drift."""
    placed = {sensor.key for sensor in sensors if sensor.kind.traits.health.role in PLACED_ROLES}
    return placed or {sensor.key for sensor in sensors if sensor.kind.traits.health.role is HealthRole.COUNT}


def _add_hours(minutes: dict[int, float], bits: int) -> None:
    """Add the five-minute bins of one sensor by hour of the day."""
    hour = 0
    while bits >> hour * _BINS_PER_HOUR:
        active = (bits & make_span_bits((hour * _BINS_PER_HOUR, (hour + 1) * _BINS_PER_HOUR))).bit_count()
        minutes[hour] = minutes.get(hour, 0.0) + active * BIN_MIN
        hour += 1


def _combine_bits(all_bits: Iterator[int]) -> int:
    combined = 0
    for bits in all_bits:
        combined |= bits
    return combined
