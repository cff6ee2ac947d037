"""Tells what spaces have learnt: each hold with its bounds and how often it was too short, each sensor's level.

In:    tunings as the collector says them, the plan, words.
Out:   rows for a manager, in the order of the site file.
Never: a judgement, when somebody came or went.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from babel.numbers import format_decimal

from collector.outward import HoldTuning, SensorTuning, Tuning
from collector.plan import SensorKind, SitePlan
from dashboard.manager.prospect import NONE
from dashboard.why import minutes
from dashboard.words import Words

_UNITS: Final = {SensorKind.SOUND: "dB", SensorKind.LIGHT: "lux", SensorKind.POWER: "W"}


@dataclass(frozen=True, slots=True)
class HoldRow:
    """How long one space stays taken after movement, and how often it was shown free too soon."""

    space: str
    hold: str
    bounds: str
    """How far it may learn, or that it is pinned."""
    too_soon: str
    unlearnt: str
    """The same had it never learnt."""


@dataclass(frozen=True, slots=True)
class LevelRow:
    """From which reading on one sensor speaks of somebody, and how often better sensors say so too."""

    sensor: str
    above: str
    below: str
    agrees: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """Everything that a house has learnt of its spaces."""

    holds: tuple[HoldRow, ...]
    levels: tuple[LevelRow, ...]


def learnt(tunings: Mapping[str, Tuning], plan: SitePlan, words: Words) -> Learnt:
    """What every space has learnt, or was told to keep."""
    known = [(space.name, tunings[space.id]) for space in plan.spaces if space.id in tunings]
    return Learnt(
        tuple(_hold(name, tuning.hold, words) for name, tuning in known if tuning.hold is not None),
        tuple(_level(name, sensor, plan, words) for name, tuning in known for sensor in tuning.sensors),
    )


def _hold(space: str, hold: HoldTuning, words: Words) -> HoldRow:
    _ = words.gettext
    least, most = minutes(hold.least_ms, words), minutes(hold.most_ms, words)
    return HoldRow(
        space=space,
        hold=_("{n} min").format(n=minutes(hold.hold_ms, words)),
        bounds=_("fixed") if hold.least_ms == hold.most_ms else _("{n} min").format(n=f"{least}–{most}"),  # noqa: RUF001
        too_soon=_share(hold.flip_share, words),
        unlearnt=_share(hold.start_flip_share, words),
    )


def _level(space: str, told: SensorTuning, plan: SitePlan, words: Words) -> LevelRow:
    sensor = plan.sensor.get((told.device, told.sensor))
    unit = "" if sensor is None else _UNITS.get(sensor.kind, "")
    above, below = (
        f"{format_decimal(level, '0.#', locale=words.language)} {unit}".rstrip()
        for level in (told.takes_above, told.keeps_above)
    )
    return LevelRow(f"{told.sensor} ({space})", above, below, _share(told.agreement, words))


def _share(share: float | None, words: Words) -> str:
    return NONE if share is None else words.percent(share)
