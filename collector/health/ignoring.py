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

from collector.contract.findings import Finding, FindingAction, FindingCommand, FindingKind
from collector.site.site_sensor import Sensor, SensorKey

FORGET_AFTER_DAYS: Final = 7


class IgnoredFinding(Struct, frozen=True, gc=False, array_like=True):
    """One ignored finding."""

    device: str
    sensor: str
    kind: FindingKind
    fingerprint: str
    """The sensor's fingerprint when the finding was ignored."""
    cause: str
    """The witness or the other space; empty: none."""
    day: int
    """The newest day with this finding."""

    def is_about(self, name: SensorKey, kind: FindingKind) -> bool:
        """Return whether it is this finding of this sensor."""
        return (self.device, self.sensor) == name and self.kind is kind


def compute_fingerprint(sensor: Sensor) -> str:
    """Return the fingerprint of a sensor: if it changes, the sensor counts as a new one."""
    watches = sensor.space or sensor.door or sensor.zone or ""
    return " ".join(filter(None, (sensor.kind, watches, sensor.wiring)))


def apply_command(
    ignored: Sequence[IgnoredFinding],
    command: FindingCommand,
    found: Iterable[tuple[SensorKey, Finding]],
    fingerprints: Mapping[SensorKey, str],
    day: int,
) -> list[IgnoredFinding]:
    """Return the ignored findings after a manager's command; ignoring what is not found changes nothing."""
    name = command.device, command.sensor
    rest = [one for one in ignored if not one.is_about(name, command.finding)]
    if command.command is FindingAction.UNIGNORE:
        return rest
    for whose, finding in found:
        if whose == name and finding.kind is command.finding:
            rest.append(IgnoredFinding(*name, command.finding, fingerprints.get(name, ""), _cause(finding), day))
    return rest


def keep_valid(
    ignored: Sequence[IgnoredFinding],
    found: Sequence[tuple[SensorKey, Finding]],
    fingerprints: Mapping[SensorKey, str],
    day: int,
) -> list[IgnoredFinding]:
    """Return the findings that are still ignored after a new evaluation."""
    causes = {(name, finding.kind): _cause(finding) for name, finding in found}
    kept: list[IgnoredFinding] = []
    for one in ignored:
        name = one.device, one.sensor
        cause = causes.get((name, one.kind))
        if fingerprints.get(name, "") != one.fingerprint or (cause is None and day - one.day >= FORGET_AFTER_DAYS):
            continue
        if cause is None:
            kept.append(one)
        elif not (cause and one.cause) or cause == one.cause:
            kept.append(replace(one, day=day))
    return kept


def _cause(finding: Finding) -> str:
    return finding.space or " ".join(filter(None, (finding.witness_device, finding.witness)))
