"""What managers change on a page without the site file: spaces out of use, hours for a date, a notice.

In:    requests of the dashboard; the plan of the site file.
Out:   the adjustments, stored and retained at the broker; the plan with their notice and hours.
Never: a change of the site file. What it says applies again once an adjustment is taken back.
"""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Final
from unicodedata import category

import msgspec
from msgspec import Meta, Struct, structs

from collector.opening_hours import HoursRejected, read_hours
from collector.plan import OpeningHours, SitePlan
from edge.message import Id, MessageRejected, read

NAME: Final = "adjustments:now"
"""Where the journal keeps them, among what is settled; no space's id has a colon."""
MOST_NOTICE: Final = 200
"""Characters of a notice."""
MOST_DATES: Final = 31
"""Dates from today on; those that are over are kept besides."""
MOST_AHEAD_DAYS: Final = 366
MOST_AGO_DAYS: Final = 1
"""Hours of yesterday may still run: after midnight a site that is open until two can close earlier."""
KEPT_DAYS: Final = 396
"""So long the hours of a date that is over are kept: history that is computed again must find the same hours."""
MOST_KEPT_DATES: Final = MOST_DATES + KEPT_DAYS

Texts = Annotated[list[Annotated[str, Meta(max_length=11)]], Meta(max_length=4)]
"""The opening hours of one date, such as ["09:00-13:00"]; empty: closed."""


class Adjustments(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Everything that is adjusted now, retained at the broker."""

    notice: Annotated[str, Meta(max_length=MOST_NOTICE)] = ""
    """One line for every page."""
    hours: Annotated[dict[str, Texts], Meta(max_length=MOST_KEPT_DATES)] = {}
    """By date, such as "2026-12-24"; the others are as in the site file."""
    out_of_use: list[Id] = []
    """Ids of spaces that nobody can use, in alphabetical order."""


NO_ADJUSTMENTS: Final = Adjustments()


class SetNotice(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="set_notice", tag_field="command"):
    """Show one line on every page; empty: no more."""

    notice: Annotated[str, Meta(max_length=MOST_NOTICE)]


class SetHours(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="set_hours", tag_field="command"):
    """Open at other hours on one date; null: as in the site file."""

    date: Annotated[str, Meta(max_length=10)]
    hours: Texts | None


class SetOutOfUse(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="set_out_of_use", tag_field="command"):
    """Take a space out of use, or put it back."""

    space: Id
    out_of_use: bool


AdjustCommand = SetNotice | SetHours | SetOutOfUse
"""One request about adjustments to the collector; not retained."""

_JOINER: Final = "\u200d"
"""Joins signs to one emoji."""
_PILE: Final = re.compile("^m|m{5}")
_encoder: Final = msgspec.json.Encoder()
_adjustments: Final = msgspec.json.Decoder(Adjustments)
_command: Final[msgspec.json.Decoder[AdjustCommand]] = msgspec.json.Decoder(AdjustCommand)


def encode(message: Adjustments | AdjustCommand) -> bytes:
    """The message as UTF-8 JSON, keys in the order of its type."""
    return _encoder.encode(message)


def decode_adjustments(payload: bytes) -> Adjustments:
    """Read what is adjusted; raises MessageRejected."""
    found = read(_adjustments, payload)
    for day, texts in found.hours.items():
        _day(day)
        _spans(texts)
    return found


def decode_command(payload: bytes) -> AdjustCommand:
    """Read a request about adjustments; raises MessageRejected."""
    return read(_command, payload)


def changed(before: Adjustments, asked: AdjustCommand, plan: SitePlan, today: date) -> Adjustments:
    """The adjustments after one request; hours of dates that were over long ago are left out.

    Args:
        before: what is adjusted now.
        asked: the request.
        plan: of the site file.
        today: the local date.

    Raises:
        MessageRejected: the request names what is not there, or no hours.
    """
    hours = {day: texts for day, texts in before.hours.items() if _day(day) >= today - timedelta(days=KEPT_DAYS)}
    out_of_use = {space for space in before.out_of_use if space in plan.space and plan.space[space].offered}
    notice = before.notice
    if isinstance(asked, SetNotice):
        notice = _one_line(asked.notice)
    elif isinstance(asked, SetHours):
        day = _day(asked.date)
        if not is_adjustable(day, today):
            raise MessageRejected(
                f'date: "{asked.date}" is over or too far ahead; give one from yesterday to a year ahead'
            )
        hours.pop(day.isoformat(), None)
        if asked.hours is not None:
            _spans(asked.hours)
            hours[day.isoformat()] = asked.hours
    elif asked.space not in plan.space:
        raise MessageRejected(f'space: no "{asked.space}" in the site file')
    elif not plan.space[asked.space].offered:  # has no state that is shown
        raise MessageRejected(f'space: "{asked.space}" is a supply or dedicated; only shared spaces can be out of use')
    elif asked.out_of_use:
        out_of_use.add(asked.space)
    else:
        out_of_use.discard(asked.space)
    if sum(_day(day) >= today for day in hours) > MOST_DATES:
        raise MessageRejected(
            f"hours: at most {MOST_DATES} dates can have hours of their own; write them in the site file"
        )
    return structs.replace(before, notice=notice, hours=dict(sorted(hours.items())), out_of_use=sorted(out_of_use))


def is_adjustable(day: date, today: date) -> bool:
    """Whether a date can have hours of its own now."""
    return today - timedelta(days=MOST_AGO_DAYS) <= day <= today + timedelta(days=MOST_AHEAD_DAYS)


def adjusted(plan: SitePlan, adjustments: Adjustments) -> SitePlan:
    """The plan as it is used: that of the site file with the notice and the hours.

    A space that is out of use stays in the plan as it is: only what is shown now changes, never what is
    inferred, learnt or kept in history (see `House.take_out_of_use`).
    """
    hours = {_day(day): _spans(texts) for day, texts in adjustments.hours.items()}
    return replace(
        plan,
        notice=" · ".join(filter(None, (plan.notice, adjustments.notice))),
        hours_on={**plan.hours_on, **hours},
    )


def from_stored(payload: bytes | None) -> Adjustments:
    """Stored adjustments; none if there are none, or they cannot be read."""
    try:
        return decode_adjustments(payload) if payload else NO_ADJUSTMENTS
    except MessageRejected:
        return NO_ADJUSTMENTS


def _one_line(text: str) -> str:
    """The text with single spaces, if every character of it can be seen."""
    line = " ".join(text.split())
    seen = line.replace(_JOINER, "")
    # Some reverse what follows on a page; marks alone, or many on one letter, cover the lines around them.
    if (
        (line and not seen.strip())
        or any(category(sign).startswith("C") for sign in seen)
        or _PILE.search("".join("m" if category(sign) in {"Mn", "Me"} else "x" for sign in seen))
    ):
        raise MessageRejected("notice: it has a character that cannot be shown; write letters, digits and signs only")
    return line


def _spans(texts: list[str]) -> tuple[OpeningHours, ...]:
    try:
        return read_hours(texts) if texts else ()
    except HoursRejected as fault:
        raise MessageRejected(f"hours: {fault}") from fault


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise MessageRejected(f'date: "{text[:20]}" is not a date; write it as "2026-12-24"') from fault
