"""Temporary adjustments by hosts: spaces out of use, opening hours for single dates, a notice.

In:    commands of the dashboard; the plan of the site file.
Out:   the adjustments, stored and retained at the broker; the plan with their notice and hours.
Never: a change of the site file. When an adjustment is cancelled, the site file applies again.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, structs

from collector.site.opening_spans import HoursRejected, OpeningSpan, read_hours
from collector.site.privacy_limits import MAX_HISTORY_DAYS
from collector.site.shown_texts import is_showable
from collector.site.site_plan import SitePlan
from edge.contract.message import Id, MessageRejected, decode_payload

MAX_NOTICE_CHARS: Final = 200
"""Most characters of a notice."""
MAX_DATES: Final = 31
"""Most dates from today on that can have hours of their own. Past dates are kept in addition."""
MAX_DAYS_AHEAD: Final = 366
MAX_DAYS_AGO: Final = 1
"""Yesterday's hours may still apply: a site that is open until 02:00 can close earlier after midnight."""
KEPT_PAST_DAYS: Final = MAX_HISTORY_DAYS
"""How long the hours of a past date are kept: history that is computed again must find the same hours."""
MAX_KEPT_DATES: Final = MAX_DATES + KEPT_PAST_DAYS

HoursTexts = Annotated[list[Annotated[str, Meta(max_length=11)]], Meta(max_length=4)]
"""The opening hours of one date, such as ["09:00-13:00"]. Empty: closed."""


class Adjustments(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """All current adjustments; retained at the broker."""

    notice: Annotated[str, Meta(max_length=MAX_NOTICE_CHARS)] = ""
    """One line that every page shows."""
    hours: Annotated[dict[str, HoursTexts], Meta(max_length=MAX_KEPT_DATES)] = {}
    """By date, such as "2026-12-24". Other dates have the hours of the site file."""
    out_of_use: list[Id] = []
    """Ids of spaces that are out of use, sorted."""


NO_ADJUSTMENTS: Final = Adjustments()


class SetNotice(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="set_notice", tag_field="command"):
    """Show one line on every page. Empty: remove it."""

    notice: Annotated[str, Meta(max_length=MAX_NOTICE_CHARS)]


class SetHours(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="set_hours", tag_field="command"):
    """Set the opening hours of one date. None: use those of the site file."""

    date: Annotated[str, Meta(max_length=10)]
    hours: HoursTexts | None


class SetOutOfUse(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="set_out_of_use", tag_field="command"):
    """Take a space out of use, or put it back."""

    space: Id
    out_of_use: bool


AdjustmentCommand = SetNotice | SetHours | SetOutOfUse
"""A command about adjustments, sent to the collector; not retained."""

_encoder: Final = msgspec.json.Encoder()
_adjustments: Final = msgspec.json.Decoder(Adjustments)
_command: Final[msgspec.json.Decoder[AdjustmentCommand]] = msgspec.json.Decoder(AdjustmentCommand)


def encode(message: Adjustments | AdjustmentCommand) -> bytes:
    """Encode a message as UTF-8 JSON, with keys in the order of the type's fields."""
    return _encoder.encode(message)


def decode_adjustments(payload: bytes) -> Adjustments:
    """Decode adjustments; raises MessageRejected."""
    found = decode_payload(_adjustments, payload)
    check_hours(found)
    return found


def check_hours(adjustments: Adjustments) -> None:
    """Check the dates and hours of adjustments; raises MessageRejected."""
    for day, texts in adjustments.hours.items():
        _parse_date(day)
        _read_spans(texts)


def decode_command(payload: bytes) -> AdjustmentCommand:
    """Decode a command about adjustments; raises MessageRejected."""
    return decode_payload(_command, payload)


def apply_command(before: Adjustments, command: AdjustmentCommand, plan: SitePlan, today: date) -> Adjustments:
    """Apply one command; drop the hours of dates that are long past.

    Args:
        before: the current adjustments.
        command: the command.
        plan: the plan of the site file.
        today: the local date.

    Raises:
        MessageRejected: the command names an unknown space, or its date or hours are not valid.
    """
    hours = {
        day: texts for day, texts in before.hours.items() if _parse_date(day) >= today - timedelta(days=KEPT_PAST_DAYS)
    }
    out_of_use = {
        space for space in before.out_of_use if space in plan.space_by_id and plan.space_by_id[space].is_offered
    }
    notice = before.notice
    if isinstance(command, SetNotice):
        notice = _one_line(command.notice)
    elif isinstance(command, SetHours):
        day = _parse_date(command.date)
        if not is_adjustable(day, today):
            raise MessageRejected(
                f'date: "{command.date}" is over or too far ahead; give a date from yesterday to one year ahead'
            )
        hours.pop(day.isoformat(), None)
        if command.hours is not None:
            _read_spans(command.hours)
            hours[day.isoformat()] = command.hours
    elif command.space not in plan.space_by_id:
        raise MessageRejected(f'space: no "{command.space}" in the site file')
    elif not plan.space_by_id[command.space].is_offered:  # its state is never shown
        raise MessageRejected(
            f'space: "{command.space}" is a supply or dedicated; only shared spaces can be out of use'
        )
    elif command.out_of_use:
        out_of_use.add(command.space)
    else:
        out_of_use.discard(command.space)
    if sum(_parse_date(day) >= today for day in hours) > MAX_DATES:
        raise MessageRejected(
            f"hours: at most {MAX_DATES} dates can have hours of their own; write more of them in the site file"
        )
    return structs.replace(before, notice=notice, hours=dict(sorted(hours.items())), out_of_use=sorted(out_of_use))


def is_adjustable(day: date, today: date) -> bool:
    """Return whether the hours of a date can be adjusted today."""
    return today - timedelta(days=MAX_DAYS_AGO) <= day <= today + timedelta(days=MAX_DAYS_AHEAD)


def apply_adjustments(plan: SitePlan, adjustments: Adjustments) -> SitePlan:
    """Return the plan of the site file with the adjusted notice and hours.

    Spaces that are out of use stay in the plan unchanged: only what is shown changes, never what is inferred,
    learned or stored in history (see `SpaceStates.set_out_of_use`).
    """
    hours = {_parse_date(day): _read_spans(texts) for day, texts in adjustments.hours.items()}
    return replace(
        plan,
        notice=" · ".join(filter(None, (plan.notice, adjustments.notice))),
        hours_on={**plan.hours_on, **hours},
    )


def _one_line(text: str) -> str:
    """Return the text with single spaces; reject characters that cannot be seen."""
    line = " ".join(text.split())
    if not is_showable(line):
        raise MessageRejected("notice: it has a character that cannot be shown; use letters, digits and symbols only")
    return line


def _read_spans(texts: list[str]) -> tuple[OpeningSpan, ...]:
    try:
        return read_hours(texts) if texts else ()
    except HoursRejected as fault:
        raise MessageRejected(f"hours: {fault}") from fault


def _parse_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise MessageRejected(f'date: "{text[:20]}" is not a date; write it as "2026-12-24"') from fault
