"""What managers have muted: one alert, a subject, a kind, or the whole site; until an instant, or until unmuted.

In:    mutes, commands, the current time.
Out:   the active mutes, and whether one covers an alert.
Never: clocks, the journal.
"""

from collections.abc import Iterable
from typing import Final

from collector.contract.alerts import AlertCommand, AlertKind, Mute, MuteAction

MAX_MUTES: Final = 200
"""At most this many mutes are kept; the oldest is dropped."""


def apply_command(mutes: Iterable[Mute], command: AlertCommand, now_ms: int) -> tuple[Mute, ...]:
    """Return the mutes after a manager's command; one that has already ended has no effect."""
    rest = [mute for mute in mutes if (mute.kind, mute.subject) != (command.kind, command.subject)]
    if command.command is MuteAction.MUTE:
        rest.append(Mute(command.kind, command.subject, command.until_ms))
    return list_active(rest, now_ms)[-MAX_MUTES:]


def list_active(mutes: Iterable[Mute], now_ms: int) -> tuple[Mute, ...]:
    """Return the mutes that have not ended."""
    return tuple(mute for mute in mutes if mute.until_ms is None or now_ms < mute.until_ms)


def is_covered(mutes: Iterable[Mute], kind: AlertKind, subject: str) -> bool:
    """Return whether one of these mutes covers an alert."""
    return any(
        mute.kind in (None, kind) and (mute.subject in ("", subject) or subject.startswith(f"{mute.subject}/"))
        for mute in mutes
    )
