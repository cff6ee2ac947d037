"""Words what was found about sensors: what it is, since when, what to do; in Swedish and English.

In:    findings as the collector says them, the plan, words.
Out:   rows for a manager, those to look at before those that are ignored.
Never: a judgement; an hour of a member: of a dedicated desk a finding bears no numbers, and is told without.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from babel.dates import format_date
from msgspec import Struct
from msgspec.structs import replace

from collector.health.findings import Answer, Finding, FindingKind, Findings
from collector.plan import Sensor, SensorKind, SitePlan
from dashboard.words import Words

_HOURS_FROM_MIN: Final = 120
"""Longer spans are told in hours."""
_WHOLE: Final = "\u00a0"
"""A space at which no line is broken."""


class FindingRow(Struct, frozen=True):
    """One finding in words, and what a form needs to answer it."""

    device: str
    sensor: str
    kind: FindingKind
    about: str
    """The sensor and what it watches, or the device."""
    what: str
    do: str
    since: str
    answer: Answer
    """What a manager may say now: ignore it, or heed it again."""
    button: str


def rows(found: Mapping[str, Findings], plan: SitePlan, words: Words) -> list[FindingRow]:
    """Every finding of the house, in the order of the site file; what is ignored comes last."""
    told = [(device, finding) for device in plan.devices if device in found for finding in found[device].findings]
    return [_row(*each, plan, words) for each in sorted(told, key=lambda each: each[1].ignored)]


def sentence(device: str, finding: Finding, words: Words) -> str:
    """The finding with its numbers, as one sentence or two."""
    return _SAID[finding.kind](device, finding, words)


def remedy(finding: Finding, sensor: Sensor | None, words: Words) -> str:
    """What to do about it."""
    _ = words.gettext
    if finding.kind is FindingKind.STUCK_ON and sensor is not None:
        if sensor.kind is SensorKind.PRESSURE:
            return _("Check for a bag on the mat, or a mat that does not spring back.")
        if sensor.kind is SensorKind.PEOPLE:
            return _("It has miscounted: reset it, and check that it covers the whole doorway.")
    answers = _("Walk up to it and see whether it responds. If not, check its wiring or replace it.")
    return {
        FindingKind.STUCK_ON: _("Check for something in front of it, and check its wiring."),
        FindingKind.STUCK_OFF: answers,
        FindingKind.NEVER_TRIGGERED: answers,
        FindingKind.FLAPPING: _("Check for a loose wire, a draught or a flickering light, or lower its sensitivity."),
        FindingKind.POOR_COVERAGE: _("Point it at where people sit, or add a different kind of sensor."),
        FindingKind.CLOCK_OFF: _("Check that it reaches a time server: a Raspberry Pi needs one after each start."),
        FindingKind.BATTERY_LOW: _("Replace the battery."),
        FindingKind.WRONG_PLACE: _(
            "Check where it is mounted and whether it is swapped with another, or correct the site file."
        ),
        FindingKind.TWO_CLIENTS: _(
            "Look for a copied memory card or a second process; give each device a name and a password of its own."
        ),
        FindingKind.REJECTED: _("See below what is rejected and why; correct the site file or the device."),
    }[finding.kind]


def _row(device: str, finding: Finding, plan: SitePlan, words: Words) -> FindingRow:
    _ = words.gettext
    sensor = plan.sensor.get((device, finding.sensor))
    what = watched(sensor, plan)
    day = datetime.fromtimestamp(finding.since_ms / 1000, UTC).astimezone(plan.time_zone)
    return FindingRow(
        device=device,
        sensor=finding.sensor,
        kind=finding.kind,
        about=f"{finding.sensor} ({what.replace(' ', _WHOLE)})" if what else finding.sensor or device,
        what=sentence(device, _named(finding, plan), words),
        do=remedy(finding, sensor, words),
        since=format_date(day, "d MMM", locale=words.language),
        answer=Answer.HEED if finding.ignored else Answer.IGNORE,
        button=_("Stop ignoring") if finding.ignored else _("Ignore"),
    )


def _named(finding: Finding, plan: SitePlan) -> Finding:
    """Its space by the name that people know."""
    return replace(finding, space=plan.space[finding.space].name) if finding.space in plan.space else finding


def watched(sensor: Sensor | None, plan: SitePlan) -> str:
    """What a sensor watches, by the name that people know."""
    if sensor is None:
        return ""
    doors = {door.id: door.name for door in plan.doors}
    if sensor.space is not None:
        space = plan.space.get(sensor.space)
        return space.name if space else ""
    return doors[sensor.door] if sensor.door is not None else plan.zone[sensor.zone or ""].name


def _span(minutes: int, words: Words) -> str:
    _ = words.gettext
    if minutes < _HOURS_FROM_MIN:
        return _("{n} min").format(n=minutes)
    return _("{n} h").format(n=round(minutes / 60))


def _days(days: int | None, words: Words) -> str:
    return words.ngettext("{n} day", "{n} days", days or 0).format(n=days or 0)


def _stuck_on(_device: str, found: Finding, words: Words) -> str:
    _ = words.gettext
    if found.witness:
        if found.span_min is None:
            return _("On for longer than anybody sits still, while {witness} detected nobody.").format(
                witness=found.witness
            )
        text = _("On for {span} without a break, while {witness} detected nobody.")
        return text.format(span=_span(found.span_min, words), witness=found.witness)
    if found.span_min is None:
        return _("On for longer than anybody stays.")
    return _("On for {span} without a break, longer than anybody stays.").format(span=_span(found.span_min, words))


def _stuck_off(_device: str, found: Finding, words: Words) -> str:
    _, ngettext = words.gettext, words.ngettext
    if found.witness:
        if found.times is None:
            return _("Detected nothing while {witness} detected somebody.").format(witness=found.witness)
        text = ngettext(
            "Detected nothing for {days}, while {witness} detected {n} stay there.",
            "Detected nothing for {days}, while {witness} detected {n} stays there.",
            found.times,
        )
        return text.format(days=_days(found.days, words), witness=found.witness, n=found.times)
    return _("Detected nothing for {days} on which the site was in use.").format(days=_days(found.days, words))


def _never_triggered(device: str, found: Finding, words: Words) -> str:
    _ = words.gettext
    never = _("Has never detected anything.")
    return f"{never} {_stuck_off(device, found, words)}"


def _flapping(_device: str, found: Finding, words: Words) -> str:
    _ = words.gettext
    if found.times is None:
        return _("Changes more often than anybody can move.")
    return _("Triggered up to {n} times in an hour, more often than anybody can move.").format(n=found.times)


def _poor_coverage(_device: str, found: Finding, words: Words) -> str:
    _, ngettext = words.gettext, words.ngettext
    if found.witness:
        if found.span_min is None:
            return _("Misses people that {witness} detects.").format(witness=found.witness)
        text = ngettext(
            "Missed {span} of the time when {witness} detected somebody ({share}%), {n} time.",
            "Missed {span} of the time when {witness} detected somebody ({share}%), {n} times.",
            found.times or 0,
        )
        return text.format(
            span=_span(found.span_min, words), witness=found.witness, share=found.share_pct, n=found.times
        )
    if found.times is None:
        return _("Loses people who are still there, then detects them again.")
    if found.span_min is None:
        text = ngettext(
            "The space is shown free and soon taken again ({n} time), even with the longest hold time.",
            "The space is shown free and soon taken again ({n} times), even with the longest hold time.",
            found.times,
        )
        return text.format(n=found.times)
    text = ngettext(
        "Lost people who had just arrived and detected them again later, {n} time in {days}: shown free for {span}.",
        "Lost people who had just arrived and detected them again later, {n} times in {days}: shown free for {span}.",
        found.times,
    )
    return text.format(n=found.times, days=_days(found.days, words), span=_span(found.span_min, words))


def _clock_off(device: str, found: Finding, words: Words) -> str:
    _, ngettext = words.gettext, words.ngettext
    if found.off_s is not None:
        minutes = _span(max(1, round(abs(found.off_s) / 60)), words)
        text = (
            _("The clock of {device} is {span} slow.")
            if found.off_s > 0
            else _("The clock of {device} is {span} fast.")
        )
        return text.format(device=device, span=minutes)
    if found.times is not None:
        text = ngettext(
            "The clock of {device} is more than five minutes fast: {n} event was rejected.",
            "The clock of {device} is more than five minutes fast: {n} events were rejected.",
            found.times,
        )
        return text.format(device=device, n=found.times)
    text = _("The clock of {device} was never set; events without a time: {share}%.")
    return text.format(device=device, share=found.share_pct)


def _battery_low(_device: str, found: Finding, words: Words) -> str:
    _, ngettext = words.gettext, words.ngettext
    if found.days_left is None:
        return _("Battery at {n}%.").format(n=found.battery_pct)
    text = ngettext(
        "Battery at {pct}%, about {n} day left.",
        "Battery at {pct}%, about {n} days left.",
        found.days_left,
    )
    return text.format(pct=found.battery_pct, n=found.days_left)


def _wrong_place(_device: str, found: Finding, words: Words) -> str:
    _ = words.gettext
    if found.share_pct is None:
        return _("Matches {space} better than its own space.").format(space=found.space)
    text = _("Matches {space} ({share}%) better than its own space ({own}%), for {days}.")
    return text.format(space=found.space, share=found.share_pct, own=found.own_pct, days=_days(found.days, words))


def _two_clients(device: str, _found: Finding, words: Words) -> str:
    return words.gettext("Two clients sign in as {device}.").format(device=device)


def _rejected(device: str, found: Finding, words: Words) -> str:
    _, ngettext = words.gettext, words.ngettext
    if found.times is None:
        return _("The collector rejects events of {device}.").format(device=device)
    text = ngettext(
        "The collector rejected {n} event of {device}.", "The collector rejected {n} events of {device}.", found.times
    )
    return text.format(n=found.times, device=device)


_SAID: Final = {
    FindingKind.STUCK_ON: _stuck_on,
    FindingKind.STUCK_OFF: _stuck_off,
    FindingKind.NEVER_TRIGGERED: _never_triggered,
    FindingKind.FLAPPING: _flapping,
    FindingKind.POOR_COVERAGE: _poor_coverage,
    FindingKind.CLOCK_OFF: _clock_off,
    FindingKind.BATTERY_LOW: _battery_low,
    FindingKind.WRONG_PLACE: _wrong_place,
    FindingKind.REJECTED: _rejected,
    FindingKind.TWO_CLIENTS: _two_clients,
}
