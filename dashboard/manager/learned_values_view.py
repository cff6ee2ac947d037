"""Texts of learned values: each space's hold time with bounds and error rate, each sensor's thresholds.

In:    published tunings, the plan, the page's texts.
Out:   rows for a manager, in the order of the site file.
Never: evaluation; when somebody arrived or left.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from babel.numbers import format_decimal

from collector.contract.states import HoldTuning, SensorTuning, Tuning
from collector.site.site_plan import SitePlan
from dashboard.text.explanations import format_minutes
from dashboard.text.page_texts import NO_VALUE, PageTexts


@dataclass(frozen=True, slots=True)
class HoldRow:
    """How long one space stays occupied after the newest evidence, and how often it is shown free too early."""

    space: str
    after: str
    """After which evidence."""
    hold: str
    bounds: str
    """The range of learning, or that the hold time is fixed."""
    too_soon: str
    without_learning: str
    """How often it would have been shown free too early without learning."""


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """Above which reading one sensor counts as on, and how often better sensors agree."""

    sensor: str
    above: str
    below: str
    agrees: str


@dataclass(frozen=True, slots=True)
class LearnedValuesView:
    """All learned values of a site's spaces."""

    holds: tuple[HoldRow, ...]
    thresholds: tuple[ThresholdRow, ...]


def build_learned_values(tunings: Mapping[str, Tuning], plan: SitePlan, texts: PageTexts) -> LearnedValuesView:
    """Return the learned or fixed values of every space."""
    known = [(space.name, tunings[space.id]) for space in plan.spaces if space.id in tunings]
    return LearnedValuesView(
        tuple(
            _build_hold_row(name, after, hold, texts)
            for name, tuning in known
            for after, hold in (
                (texts.gettext("movement"), tuning.hold),
                (texts.gettext("presence"), tuning.level_hold),
            )
            if hold is not None
        ),
        tuple(_build_threshold_row(name, sensor, plan, texts) for name, tuning in known for sensor in tuning.sensors),
    )


def _build_hold_row(space: str, after: str, hold: HoldTuning, texts: PageTexts) -> HoldRow:
    _ = texts.gettext
    least, most = format_minutes(hold.least_ms, texts), format_minutes(hold.most_ms, texts)
    return HoldRow(
        space=space,
        after=after,
        hold=_("{n} min").format(n=format_minutes(hold.hold_ms, texts)),
        bounds=_("fixed") if hold.least_ms == hold.most_ms else _("{n} min").format(n=f"{least}–{most}"),  # noqa: RUF001
        too_soon=_share_text(hold.flip_share, texts),
        without_learning=_share_text(hold.start_flip_share, texts),
    )


def _build_threshold_row(space: str, tuning: SensorTuning, plan: SitePlan, texts: PageTexts) -> ThresholdRow:
    sensor = plan.sensor_by_key.get((tuning.device, tuning.sensor))
    unit = "" if sensor is None else sensor.kind.traits.level.unit
    above, below = (
        f"{format_decimal(level, '0.#', locale=texts.language)} {unit}".rstrip()
        for level in (tuning.takes_above, tuning.keeps_above)
    )
    return ThresholdRow(f"{tuning.sensor} ({space})", above, below, _share_text(tuning.agreement, texts))


def _share_text(share: float | None, texts: PageTexts) -> str:
    return NO_VALUE if share is None else texts.format_percentage(share)
