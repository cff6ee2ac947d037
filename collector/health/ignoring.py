"""Keeps which findings a manager ignores, and decides how long that lasts.

In:    ignored findings, current findings, the fingerprint of each sensor.
Out:   the findings that are still ignored.
Never: clocks, the journal.

A manager ignores one kind of finding of one sensor, or of one of its quantities. That lasts until

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

FindingKey = tuple[str, str, FindingKind, str]
"""Device, sensor, kind and quantity: which finding it is."""


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
    quantity: str = ""
    """The quantity that the finding is about; empty: the sensor."""

    def is_about(self, name: SensorKey, finding: Finding) -> bool:
        """Return whether it is this finding of this sensor."""
        return self.key == _key_of(name, finding)

    @property
    def key(self) -> FindingKey:
        """Which finding it is."""
        return self.device, self.sensor, self.kind, self.quantity


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
    key = (*name, command.finding, command.quantity)
    rest = [one for one in ignored if one.key != key]
    if command.command is FindingAction.UNIGNORE:
        return rest
    for whose, finding in found:
        if _key_of(whose, finding) == key:
            fingerprint = fingerprints.get(name, "")
            rest.append(IgnoredFinding(*name, finding.kind, fingerprint, _cause(finding), day, finding.quantity))
    return rest


def keep_valid(
    ignored: Sequence[IgnoredFinding],
    found: Sequence[tuple[SensorKey, Finding]],
    fingerprints: Mapping[SensorKey, str],
    day: int,
) -> list[IgnoredFinding]:
    """Return the findings that are still ignored after a new evaluation."""
    causes = {_key_of(name, finding): _cause(finding) for name, finding in found}
    kept: list[IgnoredFinding] = []
    for one in ignored:
        name = one.device, one.sensor
        cause = causes.get(one.key)
        if fingerprints.get(name, "") != one.fingerprint or (cause is None and day - one.day >= FORGET_AFTER_DAYS):
            continue
        if cause is None:
            kept.append(one)
        elif not (cause and one.cause) or cause == one.cause:
            kept.append(replace(one, day=day))
    return kept


def _key_of(name: SensorKey, finding: Finding) -> FindingKey:
    return *name, finding.kind, finding.quantity


def _cause(finding: Finding) -> str:
    return finding.space or " ".join(filter(None, (finding.witness_device, finding.witness)))
