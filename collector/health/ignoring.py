"""Keeps which findings a manager ignores, and decides how long that lasts.

In:    ignored findings, current findings, the fingerprint of each sensor.
Out:   the findings that are still ignored.
Never: clocks, the journal.

A manager ignores one kind of finding of one sensor. That lasts until

- the sensor is replaced: its kind, device, pins, or what it watches changed;
- or the finding was gone for a week, so that a later one is new;
- or it has a clearly different reason: another witness, another space whose activity it matches;
- or a manager stops ignoring it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from collector.health.days import Name
from collector.health.findings import Answer, CollectorCommand, Finding, FindingKind
from collector.plan import Sensor

GONE_DAYS: Final = 7


class Ignored(Struct, frozen=True, gc=False, array_like=True):
    """One ignored finding."""

    device: str
    sensor: str
    kind: FindingKind
    mark: str
    """The sensor's fingerprint when the finding was ignored."""
    cause: str
    """The witness or the other space; empty: none."""
    day: int
    """The newest day with this finding."""

    def about(self, name: Name, kind: FindingKind) -> bool:
        """Return whether it is this finding of this sensor."""
        return (self.device, self.sensor) == name and self.kind is kind


def mark(sensor: Sensor) -> str:
    """Return the fingerprint of a sensor: if it changes, the sensor counts as a new one."""
    watches = sensor.space or sensor.door or sensor.zone or ""
    return " ".join(filter(None, (sensor.kind, watches, sensor.wiring)))


def answered(
    ignored: Sequence[Ignored],
    command: CollectorCommand,
    found: Iterable[tuple[Name, Finding]],
    fingerprints: Mapping[Name, str],
    day: int,
) -> list[Ignored]:
    """Return the ignored findings after a manager's command; ignoring what is not found changes nothing."""
    name = command.device, command.sensor
    rest = [one for one in ignored if not one.about(name, command.finding)]
    if command.command is Answer.HEED:
        return rest
    for whose, finding in found:
        if whose == name and finding.kind is command.finding:
            rest.append(Ignored(*name, command.finding, fingerprints.get(name, ""), _cause(finding), day))
    return rest


def still(
    ignored: Sequence[Ignored], found: Sequence[tuple[Name, Finding]], fingerprints: Mapping[Name, str], day: int
) -> list[Ignored]:
    """Return the findings that are still ignored after a new evaluation."""
    causes = {(name, finding.kind): _cause(finding) for name, finding in found}
    kept: list[Ignored] = []
    for one in ignored:
        name = one.device, one.sensor
        cause = causes.get((name, one.kind))
        if fingerprints.get(name, "") != one.mark or (cause is None and day - one.day >= GONE_DAYS):
            continue
        if cause is None:
            kept.append(one)
        elif not (cause and one.cause) or cause == one.cause:
            kept.append(replace(one, day=day))
    return kept


def _cause(finding: Finding) -> str:
    return finding.space or " ".join(filter(None, (finding.witness_device, finding.witness)))
