"""Explains in one line of Swedish or English why a space is in its state and what comes next.

In:    a state with its reason, its sensors' evidence and its lapse; learned values of the space; site time; texts.
Out:   the deciding evidence, that of the other sensors, what quiet leads to and when, the hold time.
Never: computing a state, HTML, an event of the past as if it was still to come.
"""

from dataclasses import dataclass
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal

from collector.contract.states import (
    TAKEN_STATES,
    HoldTuning,
    Lapse,
    Occupancy,
    OtherSensor,
    OtherSensorStatus,
    Reason,
    SpaceState,
    Tuning,
)
from collector.site.calendar import to_local_time
from collector.site.site_plan import SitePlan
from collector.site.spaces import SpaceKind
from dashboard.live.frame import STATE_CODES
from dashboard.live.opening_times import format_clock
from dashboard.text.page_texts import PageTexts
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS

_SHORT_MS: Final = 5 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class ExplanationContext:
    """The plan, time and language for which ages and instants are formatted."""

    plan: SitePlan
    now_ms: int
    texts: PageTexts

    def format_age(self, then_ms: int) -> str:
        """Format how long ago an instant was, in site time."""
        _ = self.texts.gettext
        age_ms = self.now_ms - then_ms
        if age_ms < MINUTE_MS:
            return _("just now")
        if age_ms < HOUR_MS:
            return _("{n} min ago").format(n=age_ms // MINUTE_MS)
        if age_ms < 2 * DAY_MS:
            return _("{n} h ago").format(n=age_ms // HOUR_MS)
        return _("{n} days ago").format(n=age_ms // DAY_MS)

    def format_instant(self, at_ms: int) -> str:
        """Format an instant as local time, with its day if that is not today."""
        _ = self.texts.gettext
        moment = to_local_time(self.plan, at_ms)
        text = self.texts.format_time(format_clock(self.plan, at_ms))
        if moment.replace(fold=0).utcoffset() != moment.replace(fold=1).utcoffset():  # the hour that repeats in autumn
            text = (_("{at} (summer time)") if moment.dst() else _("{at} (winter time)")).format(at=text)
        day = moment.date()
        forms = {-1: _("yesterday {at}"), 0: "{at}", 1: _("tomorrow {at}")}
        form = forms.get((day - to_local_time(self.plan, self.now_ms).date()).days, _("{day} {at}"))
        return form.format(at=text, day=format_date(day, "d MMM", locale=self.texts.language))


def explain_state(state: SpaceState, kind: SpaceKind, tuning: Tuning | None, reader: ExplanationContext) -> str:
    """Explain why a space is in its state and what comes next: clauses, the deciding one first.

    Args:
        state: the state with its reason.
        kind: the kind of the space.
        tuning: learned values of the space; None: none known.
        reader: the plan, time and language for the text.

    Returns:
        The clauses, separated by semicolons.
    """
    hold = tuning.hold if tuning is not None and _is_held_in_full(state, tuning.hold) else None
    clauses = (
        _describe_evidence(state, reader),
        *(
            _describe_other_evidence(other, reader)
            for other in state.other_sensors
            if not 0 < other.until_ms <= reader.now_ms
        ),
        _describe_lapse(state.lapse, kind, reader),
        _describe_hold(hold, reader.texts),
    )
    return "; ".join(filter(None, clauses))


def _is_held_in_full(state: SpaceState, hold: HoldTuning | None) -> bool:
    """Whether motion keeps the space for its whole hold time; a single motion has a shorter hold."""
    if hold is None or state.state not in TAKEN_STATES or state.because.reason is not Reason.MOTION:
        return False
    return state.lapse is None or state.lapse.at_ms >= state.because.at_ms + hold.hold_ms


def _describe_evidence(state: SpaceState, reader: ExplanationContext) -> str:
    """Describe the deciding evidence; without an instant of its own it counts since the state began."""
    _ = reader.texts.gettext
    because = state.because
    clause = {
        Reason.MOTION: _("movement at {sensor} {ago}"),
        Reason.PRESSURE: _("weight on {sensor} {ago}"),
        Reason.PRESENCE: _("presence at {sensor} {ago}"),
        Reason.POWER: _("power use at {sensor} {ago}"),
        Reason.PEOPLE: _("people counted at {sensor} {ago}"),
        Reason.SOUND: _("sound at {sensor} {ago}"),
        Reason.LIGHT: _("light at {sensor} {ago}"),
        Reason.AIR: _("CO₂ rising at {sensor} {ago}"),
        Reason.DOOR_CLOSED: _("door closed since {at}, somebody is still inside")
        if state.state in TAKEN_STATES
        else _("door closed since {at}, nobody detected for hours"),
        Reason.DOOR_OPENED: _("door opened {at}, the person inside may come back"),
        Reason.QUIET: _("quiet since {at}"),
        Reason.SILENT: _("no data from {sensor} since {at}"),
        Reason.NEVER_REPORTED: _("{sensor} has never reported"),
        Reason.WARMING_UP: _("{sensor} has just started reporting and needs one quiet period first"),
        Reason.LEVEL: _("measured by {sensor} {ago}"),
        Reason.DISABLED: _("marked as out of use"),
        Reason.CORRECTED: _("reported by somebody in the room {ago}; shown until its sensors detect a change"),
        Reason.NO_SENSOR: _("no suitable sensor"),
    }[because.reason]
    at_ms = because.at_ms or state.since_ms
    return clause.format(
        sensor=because.sensor or _("a sensor"), ago=reader.format_age(at_ms), at=reader.format_instant(at_ms)
    )


def _describe_other_evidence(other: OtherSensor, reader: ExplanationContext) -> str:
    _ = reader.texts.gettext
    clause = {
        OtherSensorStatus.KEEPS_TAKEN: _("{sensor} agrees, until {until}") if other.until_ms else _("{sensor} agrees"),
        OtherSensorStatus.WARMING_UP: _("{sensor} must stay quiet until {until}"),
        OtherSensorStatus.SILENT: _("no data from {sensor} since {at}"),
        OtherSensorStatus.NEVER_REPORTED: _("{sensor} has never reported"),
    }[other.status]
    return clause.format(
        sensor=other.sensor, at=reader.format_instant(other.at_ms), until=reader.format_instant(other.until_ms)
    )


def _describe_lapse(lapse: Lapse | None, kind: SpaceKind, reader: ExplanationContext) -> str:
    """Describe the next state if no event arrives; empty if there is none, or if it should have begun already."""
    if lapse is None or lapse.at_ms <= reader.now_ms:
        return ""
    _ = reader.texts.gettext
    missing_min = (lapse.at_ms - reader.now_ms) // MINUTE_MS
    if lapse.state is not Occupancy.VACANT:
        clause = _("{state} from {at}")
    elif missing_min:
        clause = _("{state} {at} if nothing happens for another {n} min")
    else:
        clause = _("{state} {at} if nothing happens before then")
    state = reader.texts.get_state_label(STATE_CODES.get(lapse.state, "u"), kind)
    return clause.format(state=state, at=reader.format_instant(lapse.at_ms), n=missing_min)


def _describe_hold(hold: HoldTuning | None, texts: PageTexts) -> str:
    """Describe how long the space is held after motion, and where that value comes from."""
    if hold is None:
        return ""
    _ = texts.gettext
    if hold.least_ms == hold.most_ms:
        clause = _("hold time {n} min after movement, set in the site file")
    elif hold.hold_ms == hold.start_ms:
        clause = _("hold time {n} min after movement, still learning between {least} and {most}")
    else:
        clause = _("hold time {n} min after movement, learned here between {least} and {most}")
    n, least, most = (format_minutes(span_ms, texts) for span_ms in (hold.hold_ms, hold.least_ms, hold.most_ms))
    return clause.format(n=n, least=least, most=most)


def format_minutes(span_ms: int, texts: PageTexts) -> str:
    """Format a span in minutes; a short one with a decimal."""
    return format_decimal(span_ms / MINUTE_MS, "0.#" if span_ms < _SHORT_MS else "0", locale=texts.language)
