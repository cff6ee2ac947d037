"""Texts about the silence of a sensor: how many messages it loses, and for how long its death may go unnoticed.

In:    a sensor, its plan, the published learned values of its space, texts.
Out:   sentences for the devices page; empty if there is nothing to state.
Never: evaluation; the limits come from the plan and from the collector.
"""

from typing import Final

from collector.contract.states import SilenceTuning, Tuning
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from dashboard.text.duration_texts import format_duration
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import MINUTE_MS

LONG_SILENCE_MS: Final = 5 * MINUTE_MS
"""A space that may be shown wrongly for longer than this because of a dead sensor is stated; five minutes are less than
the hold of a motion sensor, by which a space may be shown wrongly anyway."""


def describe_silence(sensor: Sensor, tuning: Tuning | None, plan: SitePlan, texts: PageTexts) -> str:
    """Describe how many messages a sensor loses, and for how long its space can be wrong if it dies.

    Args:
        sensor: one sensor of the plan.
        tuning: the learned values of its space; None: none are published.
        plan: the site.
        texts: of the page.
    """
    _ = texts.gettext
    learned = _find_silence(sensor, tuning)
    limit_ms = plan.silent_after_ms(sensor) if learned is None else learned.silent_after_ms
    span = format_duration(limit_ms / 1000, texts)
    sentences = []
    if learned is not None:
        lossy = _("About {pct} of its messages are lost, so it counts as silent only after {span}.")
        sentences.append(lossy.format(pct=texts.format_percentage(learned.lost_share), span=span))
    if sensor.space is not None and limit_ms > LONG_SILENCE_MS:
        others = _list_witnesses(sensor, plan)
        if others:
            text = _(
                "If it dies, its space can be shown free by mistake for up to {span}, unless {other} detects somebody."
            )
        else:
            text = _("If it dies, its space can be shown free by mistake for up to {span}.")
        sentences.append(text.format(span=span, other=", ".join(others)))
    return " ".join(sentences)


def _find_silence(sensor: Sensor, tuning: Tuning | None) -> SilenceTuning | None:
    silences = tuning.silences if tuning is not None else []
    return next((each for each in silences if (each.device, each.sensor) == sensor.key), None)


def _list_witnesses(sensor: Sensor, plan: SitePlan) -> list[str]:
    """Return the other sensors of a space that detect people."""
    watching = plan.sensors_of(sensor.space) if sensor.space is not None else ()
    return [other.id for other in watching if other.key != sensor.key and other.kind.traits.sees_people]
