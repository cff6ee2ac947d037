"""Read the other rules of a what-if from the command line or from a file.

In:    texts such as "hold=7m,level_hold=2m"; TOML files with a table [rules]; the current rules.
Out:   `OtherRules`, each a complete set of rules with its label; or every fault at once.
Never: events; changes.

A name is one of the table [rules], with or without its `_ms`. A duration is written 90s, 7m or 2h. `hold` fixes the
hold time after motion in every space, in place of the learned one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_type_hints

from collector.site.occupancy_rules import MAX_HOLD_MS, OccupancyRules
from collector.site.site_plan import SitePlan
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS
from ledig.site.table_reader import Faults, TableReader, suggest_nearest
from ledig.site.toml_text import parse_toml

_HOLD: Final = "hold"
_MIN_HOLD_MS: Final = 1000
_UNITS_MS: Final = {"h": HOUR_MS, "m": MINUTE_MS, "min": MINUTE_MS, "s": 1000, "ms": 1}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)")
_TYPES: Final = get_type_hints(OccupancyRules)
_NAMES: Final = {
    name: field.name for field in fields(OccupancyRules) for name in (field.name.removesuffix("_ms"), field.name)
}
"""Short and full names of each rule."""


class OtherRulesRejected(ValueError):
    """The other rules are invalid. Each fault names place, finding and remedy."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _SettingRejected(ValueError):
    """A setting names no rule, or its value is invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRules:
    """A complete set of rules, labelled as on the command line."""

    label: str
    rules: OccupancyRules
    hold_ms: int | None = None
    """Fixed hold time after motion for every space; None: each space has its own."""

    def apply_to(self, plan: SitePlan) -> SitePlan:
        """Return the plan under these rules."""
        if self.hold_ms is None:
            return replace(plan, rules=self.rules)
        pinned = tuple(replace(space, motion_hold_ms=self.hold_ms) for space in plan.spaces)
        return replace(plan, rules=self.rules, spaces=pinned)


def read_other_rules(asked: Sequence[str], files: Sequence[Path], today: OccupancyRules) -> tuple[OtherRules, ...]:
    """Read the given sets of rules, in their order.

    Args:
        asked: one set each: settings, joined by commas, that differ from the current rules.
        files: one set each: its table [rules] replaces the current rules.
        today: the rules of the site file.

    Raises:
        OtherRulesRejected: the faults of all sets.
    """
    faults: list[str] = []
    others = []
    for text in asked:
        try:
            others.append(_parse_rules(text, today))
        except ValueError as fault:
            faults.append(f'--what-if "{text}": {fault}')
    read = [(path, _read_rules_file(path, faults)) for path in files]
    others += [OtherRules(label=path.name, rules=rules) for path, rules in read if rules is not None]
    if faults:
        raise OtherRulesRejected(tuple(faults))
    return tuple(others)


def _parse_rules(text: str, today: OccupancyRules) -> OtherRules:
    changes: dict[str, Any] = {}
    for setting in text.split(","):
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not equals:
            raise _SettingRejected(f'"{setting}" is not a setting; write name=value, such as hold=7m')
        rule = _HOLD if name == _HOLD else _NAMES.get(name)
        if rule is None:
            known = (_HOLD, *(field.name.removesuffix("_ms") for field in fields(OccupancyRules)))
            raise _SettingRejected(f'no rule "{name}"; known rules: {", ".join(known)}{suggest_nearest(name, known)}')
        if rule in changes:
            raise _SettingRejected(f"{name} is set twice; use a separate --what-if for each value")
        changes[rule] = _parse_hold_ms(value) if rule == _HOLD else _parse_value(name, rule, value)
    hold_ms = changes.pop(_HOLD, None)
    try:
        return OtherRules(label=text, rules=replace(today, **changes), hold_ms=hold_ms)
    except ValueError as fault:
        raise _SettingRejected(_with_durations(str(fault))) from fault


def _parse_hold_ms(text: str) -> int:
    hold_ms = _parse_duration_ms(_HOLD, text)
    if not _MIN_HOLD_MS <= hold_ms <= MAX_HOLD_MS:
        bounds = f"{format_duration(_MIN_HOLD_MS)} and {format_duration(MAX_HOLD_MS)}"
        raise _SettingRejected(f"{_HOLD} must lie between {bounds}, got {format_duration(hold_ms)}")
    return hold_ms


def _parse_value(name: str, rule: str, text: str) -> Any:
    """Convert the value to the rule's type."""
    kind = _TYPES[rule]
    if rule.endswith("_ms"):
        return _parse_duration_ms(name, text)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        if text not in list(kind):
            raise _SettingRejected(f'{name} is "{text}"; it must be one of: {", ".join(kind)}')
        return kind(text)
    try:
        return kind(text)
    except ValueError:
        raise _SettingRejected(f'{name} is "{text}"; it must be a number, such as 2.5') from None


def _parse_duration_ms(name: str, text: str) -> int:
    if text.isdecimal() and name.endswith("_ms"):
        return int(text)
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        raise _SettingRejected(f'{name} is "{text}"; write a duration with its unit: 90s, 7m or 2h')
    return round(sum(float(number) * _UNITS_MS[unit] for number, unit in parts))


def format_duration(span_ms: int) -> str:
    """Format a duration as on the command line: 90s, 7m, 2h."""
    for unit in ("h", "m", "s"):
        if span_ms and span_ms % _UNITS_MS[unit] == 0:
            return f"{span_ms // _UNITS_MS[unit]}{unit}"
    return f"{span_ms}ms" if span_ms else "0s"


def _with_durations(message: str) -> str:
    """Convert the bounds in a message of `Rules`, which are milliseconds, to durations as on the command line."""
    if "_ms" not in message:
        return message
    return re.sub(r"\b\d{3,}\b|\b0\b", lambda found: format_duration(int(found[0])), message).replace("_ms", "")


def _read_rules_file(path: Path, all_faults: list[str]) -> OccupancyRules | None:
    try:
        document = parse_toml(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        all_faults.append(f"{path}: {fault.strerror}; give a TOML file with a table [rules]")
        return None
    except ValueError as fault:  # invalid UTF-8 or invalid TOML
        all_faults.append(f"{path}: {fault}; give a TOML file with a table [rules]")
        return None
    faults = Faults(str(path))
    reader = TableReader(faults, path.parent)
    reader.reject_unknown(document, {"rules"}, "")
    if "rules" not in document:
        faults.add("", "table [rules] is missing; give it as in a site file")
    rules = reader.build_value(OccupancyRules, reader.get_table(document, "rules"), "rules")
    all_faults += faults.list_faults()
    return rules if not len(faults) else None
