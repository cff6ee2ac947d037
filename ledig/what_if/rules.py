"""Reads the other rules of a what-if, from the command line or from a file, and refuses what cannot be.

In:    texts such as "hold=7m,level_hold=2m"; TOML files with a table [rules]; the rules of today.
Out:   `OtherRules`, each a whole set of rules with the name it was asked by; or every fault at once.
Never: events, anything changed.

A name is one of the table [rules], with or without its `_ms`; a span is written 90s, 7m or 2h. `hold` pins the hold
after motion in every space, whatever it has learnt.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_type_hints

from collector.plan import MOST_HOLD_MS, Rules, SitePlan
from ledig.site.reader import Faults, Reader, nearest

_HOLD: Final = "hold"
_LEAST_HOLD_MS: Final = 1000
_UNITS_MS: Final = {"h": 3_600_000, "m": 60_000, "min": 60_000, "s": 1000, "ms": 1}
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h)")
_TYPES: Final = get_type_hints(Rules)
_NAMES: Final = {name: field.name for field in fields(Rules) for name in (field.name.removesuffix("_ms"), field.name)}
"""Every name of a rule, short or whole, and the rule."""


class OtherRulesRejected(ValueError):
    """The other rules cannot be. Each fault says place, finding and remedy."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class _Unfit(ValueError):
    """One setting is no rule, or no value of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRules:
    """A whole set of rules, and the words it was asked by."""

    label: str
    rules: Rules
    hold_ms: int | None = None
    """The hold after motion of every space, learnt by none; None: each has its own."""

    def on(self, plan: SitePlan) -> SitePlan:
        """The same house under these rules."""
        if self.hold_ms is None:
            return replace(plan, rules=self.rules)
        pinned = tuple(replace(space, motion_hold_ms=self.hold_ms) for space in plan.spaces)
        return replace(plan, rules=self.rules, spaces=pinned)


def read_others(asked: Sequence[str], files: Sequence[Path], today: Rules) -> tuple[OtherRules, ...]:
    """The sets of rules that were asked for, in their order.

    Args:
        asked: each one set: settings, joined by commas, that differ from today's.
        files: each one set: its table [rules] in place of today's.
        today: the rules of the site file.

    Raises:
        OtherRulesRejected: with the faults of all.
    """
    faults: list[str] = []
    others = []
    for text in asked:
        try:
            others.append(_from_text(text, today))
        except ValueError as unfit:
            faults.append(f'--what-if "{text}": {unfit}')
    read = [(path, _from_file(path, faults)) for path in files]
    others += [OtherRules(label=path.name, rules=rules) for path, rules in read if rules is not None]
    if faults:
        raise OtherRulesRejected(tuple(faults))
    return tuple(others)


def _from_text(text: str, today: Rules) -> OtherRules:
    changes: dict[str, Any] = {}
    for setting in text.split(","):
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not equals:
            raise _Unfit(f'"{setting}" is not a setting; write name=value, such as hold=7m')
        rule = _HOLD if name == _HOLD else _NAMES.get(name)
        if rule is None:
            known = (_HOLD, *(field.name.removesuffix("_ms") for field in fields(Rules)))
            raise _Unfit(f'no rule "{name}"; known rules: {", ".join(known)}{nearest(name, known)}')
        if rule in changes:
            raise _Unfit(f"{name} is set twice; use a separate --what-if for each value")
        changes[rule] = _hold_ms(value) if rule == _HOLD else _value(name, rule, value)
    hold_ms = changes.pop(_HOLD, None)
    try:
        return OtherRules(label=text, rules=replace(today, **changes), hold_ms=hold_ms)
    except ValueError as refused:
        raise _Unfit(_in_spans(str(refused))) from refused


def _hold_ms(text: str) -> int:
    hold_ms = _span_ms(_HOLD, text)
    if not _LEAST_HOLD_MS <= hold_ms <= MOST_HOLD_MS:
        bounds = f"{span_text(_LEAST_HOLD_MS)} and {span_text(MOST_HOLD_MS)}"
        raise _Unfit(f"{_HOLD} must lie between {bounds}, got {span_text(hold_ms)}")
    return hold_ms


def _value(name: str, rule: str, text: str) -> Any:
    """The value as the rule's type wants it."""
    kind = _TYPES[rule]
    if rule.endswith("_ms"):
        return _span_ms(name, text)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        if text not in list(kind):
            raise _Unfit(f'{name} is "{text}"; it must be one of: {", ".join(kind)}')
        return kind(text)
    try:
        return kind(text)
    except ValueError:
        raise _Unfit(f'{name} is "{text}"; it must be a number, such as 2.5') from None


def _span_ms(name: str, text: str) -> int:
    if text.isdecimal() and name.endswith("_ms"):
        return int(text)
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise _Unfit(f'{name} is "{text}"; write a span with its unit: 90s, 7m or 2h')
    return round(sum(float(number) * _UNITS_MS[unit] for number, unit in parts))


def span_text(span_ms: int) -> str:
    """A span as it is written on the command line: 90s, 7m, 2h."""
    for unit in ("h", "m", "s"):
        if span_ms and span_ms % _UNITS_MS[unit] == 0:
            return f"{span_ms // _UNITS_MS[unit]}{unit}"
    return f"{span_ms}ms" if span_ms else "0s"


def _in_spans(refusal: str) -> str:
    """A refusal of `Rules`, which counts in milliseconds, with its bounds as they are written on the command line."""
    if "_ms" not in refusal:
        return refusal
    return re.sub(r"\b\d{3,}\b|\b0\b", lambda found: span_text(int(found[0])), refusal).replace("_ms", "")


def _from_file(path: Path, told: list[str]) -> Rules | None:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as fault:
        told.append(f"{path}: {fault.strerror}; give a TOML file with a table [rules]")
        return None
    except (ValueError, RecursionError) as fault:  # bad UTF-8, no TOML, or tables within tables without end
        told.append(f"{path}: {fault}; give a TOML file with a table [rules]")
        return None
    faults = Faults(str(path))
    reader = Reader(faults, path.parent)
    reader.refuse_unknown(document, {"rules"}, "")
    if "rules" not in document:
        faults.add("", "table [rules] is missing; give it as in a site file")
    rules = reader.build(Rules, reader.table(document, "rules"), "rules")
    told += faults.texts()
    return rules if not len(faults) else None
