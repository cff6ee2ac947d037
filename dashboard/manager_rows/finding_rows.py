"""Texts of findings: what is wrong, since when, and what to do.

In:    published findings, the plan, the page's texts.
Out:   rows for a manager; ignored findings come last.
Never: evaluation; hours of a member: a finding about a dedicated desk has no numbers, and its text has none.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal
from msgspec import Struct
from msgspec.structs import replace

from collector.contract.findings import Finding, FindingAction, FindingKind, Findings
from collector.history.door_days import DAY_START
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from dashboard.text.duration_texts import format_duration
from dashboard.text.page_texts import PageTexts
from edge.contract.message import MAX_FUTURE_MS
from edge.contract.sensor_kinds import QUANTITIES

_HOURS_FROM_MIN: Final = 120
"""Durations from here on are shown in hours."""
_NO_BREAK_SPACE: Final = "\u00a0"
"""A no-break space."""
_QUANTITY_BY_NAME: Final = {quantity.name: quantity for quantity in QUANTITIES}


class FindingRow(Struct, frozen=True):
    """One finding as texts, and what its form needs."""

    device: str
    sensor: str
    kind: FindingKind
    quantity: str
    """The quantity that the finding is about; empty: the sensor."""
    about: str
    """The sensor and what it watches, or the device."""
    what: str
    do: str
    since: str
    answer: FindingAction
    """What the button does: ignore it, or stop ignoring it."""
    button: str


def build_finding_rows(found: Mapping[str, Findings], plan: SitePlan, texts: PageTexts) -> list[FindingRow]:
    """Return every finding of the site, in the order of the site file; ignored ones come last."""
    pairs = [(device, finding) for device in plan.device_ids if device in found for finding in found[device].findings]
    return [_build_row(*each, plan, texts) for each in sorted(pairs, key=lambda each: each[1].ignored)]


def describe_finding(device: str, finding: Finding, texts: PageTexts) -> str:
    """Return the finding with its numbers in one or two sentences."""
    return _SENTENCES[finding.kind](device, finding, texts)


def describe_remedy(finding: Finding, sensor: Sensor | None, texts: PageTexts) -> str:
    """Return what to do about a finding.

    Args:
        finding: the finding.
        sensor: the sensor of the plan; None: the finding is about a device.
        texts: the page's texts.
    """
    _ = texts.gettext
    remedy = None if sensor is None else sensor.kind.traits.health.stuck_remedy
    if finding.kind is FindingKind.STUCK_ON and remedy is not None:
        return texts.gettext(remedy)
    quantity = _QUANTITY_BY_NAME.get(finding.quantity)
    if quantity is not None and quantity.check is not None:
        return texts.gettext(quantity.check.remedy)
    restart = _("Restart it; replace it if that does not help.")
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
        FindingKind.LEFT_INSIDE: _("Check that it sees everybody who leaves, over the whole width of the door."),
        FindingKind.SWAPPED: _(
            "Exchange both sensors, or their names in the site file. If both are right, other sensors of these places"
            " are swapped."
        ),
        FindingKind.TWO_CLIENTS: _(
            "Look for a copied memory card or a second process; give each device a name and a password of its own."
        ),
        FindingKind.OFTEN_WRONG: _(
            "Stand at the space and compare. If people are missed, move the sensor or add one; if it stays taken, look"
            " for what keeps it on."
        ),
        FindingKind.REJECTED: _("See below what is rejected and why; correct the site file or the device."),
        FindingKind.IMPLAUSIBLE: restart,
        FindingKind.UNCHANGING: restart,
    }[finding.kind]


def _build_row(device: str, finding: Finding, plan: SitePlan, texts: PageTexts) -> FindingRow:
    _ = texts.gettext
    sensor = plan.sensor_by_key.get((device, finding.sensor))
    what = get_watched_name(sensor, plan)
    day = datetime.fromtimestamp(finding.since_ms / 1000, UTC).astimezone(plan.time_zone)
    return FindingRow(
        device=device,
        sensor=finding.sensor,
        kind=finding.kind,
        quantity=finding.quantity,
        about=f"{finding.sensor} ({what.replace(' ', _NO_BREAK_SPACE)})" if what else finding.sensor or device,
        what=describe_finding(device, _with_space_name(finding, plan), texts),
        do=describe_remedy(finding, sensor, texts),
        since=format_date(day, "d MMM", locale=texts.language),
        answer=FindingAction.UNIGNORE if finding.ignored else FindingAction.IGNORE,
        button=_("Stop ignoring") if finding.ignored else _("Ignore"),
    )


def _with_space_name(finding: Finding, plan: SitePlan) -> Finding:
    """Return the finding with its space's display name."""
    return (
        replace(finding, space=plan.space_by_id[finding.space].name) if finding.space in plan.space_by_id else finding
    )


def get_watched_name(sensor: Sensor | None, plan: SitePlan) -> str:
    """Return the display name of what a sensor watches."""
    if sensor is None:
        return ""
    doors = {door.id: door.name for door in plan.doors}
    if sensor.space is not None:
        space = plan.space_by_id.get(sensor.space)
        return space.name if space else ""
    return doors[sensor.door] if sensor.door is not None else plan.zone_by_id[sensor.zone or ""].name


def _duration_text(minutes: int, texts: PageTexts) -> str:
    _ = texts.gettext
    if minutes < _HOURS_FROM_MIN:
        return _("{n} min").format(n=minutes)
    return _("{n} h").format(n=round(minutes / 60))


def _days_text(days: int | None, texts: PageTexts) -> str:
    return texts.ngettext("{n} day", "{n} days", days or 0).format(n=days or 0)


def _stuck_on(_device: str, found: Finding, texts: PageTexts) -> str:
    _ = texts.gettext
    if found.witness:
        if found.span_min is None:
            return _("On for longer than anybody sits still, while {witness} detected nobody.").format(
                witness=found.witness
            )
        text = _("On for {span} without a break, while {witness} detected nobody.")
        return text.format(span=_duration_text(found.span_min, texts), witness=found.witness)
    if found.span_min is None:
        return _("On for longer than anybody stays.")
    return _("On for {span} without a break, longer than anybody stays.").format(
        span=_duration_text(found.span_min, texts)
    )


def _stuck_off(_device: str, found: Finding, texts: PageTexts) -> str:
    _, ngettext = texts.gettext, texts.ngettext
    if found.witness:
        if found.times is None:
            return _("Detected nothing while {witness} detected somebody.").format(witness=found.witness)
        text = ngettext(
            "Detected nothing for {days}, while {witness} detected {n} stay there.",
            "Detected nothing for {days}, while {witness} detected {n} stays there.",
            found.times,
        )
        return text.format(days=_days_text(found.days, texts), witness=found.witness, n=found.times)
    return _("Detected nothing for {days} on which the site was in use.").format(days=_days_text(found.days, texts))


def _never_triggered(device: str, found: Finding, texts: PageTexts) -> str:
    _ = texts.gettext
    never = _("Has never detected anything.")
    return f"{never} {_stuck_off(device, found, texts)}"


def _flapping(_device: str, found: Finding, texts: PageTexts) -> str:
    _ = texts.gettext
    if found.times is None:
        return _("Changes more often than anybody can move.")
    return _("Triggered up to {n} times in an hour, more often than anybody can move.").format(n=found.times)


def _poor_coverage(_device: str, found: Finding, texts: PageTexts) -> str:
    _, ngettext = texts.gettext, texts.ngettext
    if found.witness:
        if found.span_min is None:
            return _("Misses people that {witness} detects.").format(witness=found.witness)
        text = ngettext(
            "Missed {span} of the time when {witness} detected somebody ({share}%), {n} time.",
            "Missed {span} of the time when {witness} detected somebody ({share}%), {n} times.",
            found.times or 0,
        )
        return text.format(
            span=_duration_text(found.span_min, texts), witness=found.witness, share=found.share_pct, n=found.times
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
        "Lost people who were still there and detected them again, {n} time in {days}: missed {span} ({share}%).",
        "Lost people who were still there and detected them again, {n} times in {days}: missed {span} ({share}%).",
        found.times,
    )
    return text.format(
        n=found.times,
        days=_days_text(found.days, texts),
        span=_duration_text(found.span_min, texts),
        share=found.share_pct,
    )


def _clock_off(device: str, found: Finding, texts: PageTexts) -> str:
    _, ngettext = texts.gettext, texts.ngettext
    if found.off_s is not None:
        minutes = _duration_text(max(1, round(abs(found.off_s) / 60)), texts)
        text = (
            _("The clock of {device} is {span} slow.")
            if found.off_s > 0
            else _("The clock of {device} is {span} fast.")
        )
        return text.format(device=device, span=minutes)
    if found.times is not None:
        text = ngettext(
            "The clock of {device} is more than {span} fast: {n} event was rejected.",
            "The clock of {device} is more than {span} fast: {n} events were rejected.",
            found.times,
        )
        return text.format(device=device, span=format_duration(MAX_FUTURE_MS / 1000, texts), n=found.times)
    text = _("The clock of {device} was never set; events without a time: {share}%.")
    return text.format(device=device, share=found.share_pct)


def _battery_low(_device: str, found: Finding, texts: PageTexts) -> str:
    _, ngettext = texts.gettext, texts.ngettext
    if found.days_left is None:
        return _("Battery at {n}%.").format(n=found.battery_pct)
    text = ngettext(
        "Battery at {pct}%, about {n} day left.",
        "Battery at {pct}%, about {n} days left.",
        found.days_left,
    )
    return text.format(pct=found.battery_pct, n=found.days_left)


def _wrong_place(_device: str, found: Finding, texts: PageTexts) -> str:
    _ = texts.gettext
    if found.share_pct is None:
        return _("Matches {space} better than its own space.").format(space=found.space)
    text = _("Matches {space} ({share}%) better than its own space ({own}%), for {days}.")
    return text.format(space=found.space, share=found.share_pct, own=found.own_pct, days=_days_text(found.days, texts))


def _left_inside(_device: str, found: Finding, texts: PageTexts) -> str:
    _ = texts.gettext
    at = f"{DAY_START:%H:%M}"
    if found.days is None:
        return _("Still counts people inside at night.")
    days = _days_text(found.days, texts)
    if found.share_pct is None:
        return _("Still counts people inside at {time}, for {days}.").format(time=at, days=days)
    text = _("At {time}, {share} of those who came in are still counted inside, for {days}.")
    return text.format(time=at, share=texts.format_percentage(found.share_pct / 100), days=days)


def _swapped(_device: str, found: Finding, texts: PageTexts) -> str:
    _ = texts.gettext
    if not found.space:
        text = _("Swapped with {sensor}: each follows the people of the other one's place.")
    else:
        text = _("Swapped with {sensor} at {space}: each follows the people of the other one's place.")
    if found.share_pct is None:
        return text.format(sensor=found.witness, space=found.space)
    text += " " + _("Match after exchange {share}%, as installed {own}%, for {days}.")
    return text.format(
        sensor=found.witness,
        space=found.space,
        share=found.share_pct,
        own=found.own_pct,
        days=_days_text(found.days, texts),
    )


def _often_wrong(_device: str, found: Finding, texts: PageTexts) -> str:
    if found.times is None:
        return texts.gettext("Truth rounds found its space shown wrong far more often than the site.")
    text = texts.ngettext(
        "Truth rounds found its space shown wrong {n} time ({share}%): far more often than the site.",
        "Truth rounds found its space shown wrong {n} times ({share}%): far more often than the site.",
        found.times,
    )
    return text.format(n=found.times, share=found.share_pct)


def _two_clients(device: str, _found: Finding, texts: PageTexts) -> str:
    return texts.gettext("Two clients sign in as {device}.").format(device=device)


def _rejected(device: str, found: Finding, texts: PageTexts) -> str:
    _, ngettext = texts.gettext, texts.ngettext
    if found.times is None:
        return _("The collector rejects events of {device}.").format(device=device)
    text = ngettext(
        "The collector rejected {n} event of {device}.", "The collector rejected {n} events of {device}.", found.times
    )
    return text.format(n=found.times, device=device)


def _reading_text(value: float, found: Finding, texts: PageTexts) -> str:
    """Return a reading with the unit of the finding's quantity."""
    unit = quantity.unit if (quantity := _QUANTITY_BY_NAME.get(found.quantity)) is not None else ""
    return f"{format_decimal(value, '0.#', locale=texts.language)}{_NO_BREAK_SPACE}{unit}".rstrip()


def _quantity_label(found: Finding, texts: PageTexts) -> str:
    """Return the name of a finding's quantity; one that this version does not know has its name on the wire."""
    quantity = _QUANTITY_BY_NAME.get(found.quantity)
    return found.quantity if quantity is None else texts.gettext(quantity.label)


def _implausible(_device: str, found: Finding, texts: PageTexts) -> str:
    _, ngettext = texts.gettext, texts.ngettext
    label = _quantity_label(found, texts)
    if found.times is None or found.value is None:
        return _("Readings of {quantity} that do not occur in a building.").format(quantity=label)
    text = ngettext(
        "{n} reading of {quantity} in {days} that does not occur in a building, such as {reading}.",
        "{n} readings of {quantity} in {days} that do not occur in a building, such as {reading}.",
        found.times,
    )
    return text.format(
        n=found.times,
        quantity=label,
        days=_days_text(found.days, texts),
        reading=_reading_text(found.value, found, texts),
    )


def _unchanging(_device: str, found: Finding, texts: PageTexts) -> str:
    _ = texts.gettext
    label = _quantity_label(found, texts)
    if found.days is None or found.value is None:
        return _("The readings of {quantity} stay the same although they must change.").format(quantity=label)
    text = _("The readings of {quantity} have been {reading} without a change for {days}.")
    return text.format(
        quantity=label, reading=_reading_text(found.value, found, texts), days=_days_text(found.days, texts)
    )


_SENTENCES: Final = {
    FindingKind.STUCK_ON: _stuck_on,
    FindingKind.STUCK_OFF: _stuck_off,
    FindingKind.NEVER_TRIGGERED: _never_triggered,
    FindingKind.FLAPPING: _flapping,
    FindingKind.POOR_COVERAGE: _poor_coverage,
    FindingKind.CLOCK_OFF: _clock_off,
    FindingKind.BATTERY_LOW: _battery_low,
    FindingKind.WRONG_PLACE: _wrong_place,
    FindingKind.LEFT_INSIDE: _left_inside,
    FindingKind.SWAPPED: _swapped,
    FindingKind.OFTEN_WRONG: _often_wrong,
    FindingKind.REJECTED: _rejected,
    FindingKind.TWO_CLIENTS: _two_clients,
    FindingKind.IMPLAUSIBLE: _implausible,
    FindingKind.UNCHANGING: _unchanging,
}
