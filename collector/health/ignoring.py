"""Remembers which findings a manager wants no more of, and for how long that holds.

In:    what was ignored, what is found now, what each sensor is.
Out:   what is still ignored.
Never: clocks, the journal.

"Ignore" sticks to one kind of finding of one sensor until

- the sensor is another one: its kind, device, pins, or what it watches changed;
- or the finding was gone for a week: what comes then has come anew;
- or it comes for a clearly different reason: another witness, another space that it moves with;
- or a manager heeds it again.
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
    """One finding that nobody wants to see."""

    device: str
    sensor: str
    kind: FindingKind
    mark: str
    """What the sensor was then."""
    cause: str
    """The witness or the other space; empty: it had none."""
    day: int
    """The newest day on which it was found."""

    def about(self, name: Name, kind: FindingKind) -> bool:
        """Whether it is this finding of this sensor."""
        return (self.device, self.sensor) == name and self.kind is kind


def mark(sensor: Sensor) -> str:
    """What makes a sensor the same one: when this changes, it is another."""
    watches = sensor.space or sensor.door or sensor.zone or ""
    return " ".join(filter(None, (sensor.kind, watches, sensor.wiring)))


def answered(
    ignored: Sequence[Ignored],
    said: CollectorCommand,
    found: Iterable[tuple[Name, Finding]],
    marks: Mapping[Name, str],
    day: int,
) -> list[Ignored]:
    """After a manager's answer; ignoring what is not found changes nothing."""
    name = said.device, said.sensor
    rest = [one for one in ignored if not one.about(name, said.finding)]
    if said.command is Answer.HEED:
        return rest
    for whose, finding in found:
        if whose == name and finding.kind is said.finding:
            rest.append(Ignored(*name, said.finding, marks.get(name, ""), _cause(finding), day))
    return rest


def still(
    ignored: Sequence[Ignored], found: Sequence[tuple[Name, Finding]], marks: Mapping[Name, str], day: int
) -> list[Ignored]:
    """What is ignored after a new judgement."""
    causes = {(name, finding.kind): _cause(finding) for name, finding in found}
    kept: list[Ignored] = []
    for one in ignored:
        name = one.device, one.sensor
        cause = causes.get((name, one.kind))
        if marks.get(name, "") != one.mark or (cause is None and day - one.day >= GONE_DAYS):
            continue
        if cause is None:
            kept.append(one)
        elif not (cause and one.cause) or cause == one.cause:
            kept.append(replace(one, day=day))
    return kept


def _cause(finding: Finding) -> str:
    return finding.space or " ".join(filter(None, (finding.witness_device, finding.witness)))
