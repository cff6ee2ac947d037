"""What managers have muted: one alert, a subject, a kind, or the whole house; until a moment, or until told.

In:    mutes, commands, moments.
Out:   the mutes that hold, and whether one covers an alert.
Never: clocks, the journal.
"""

from collections.abc import Iterable
from typing import Final

from collector.alerts.wire import AlertCommand, AlertKind, Mute, Wish

MOST: Final = 200
"""More mutes than this are not kept; the oldest goes."""


def asked(mutes: Iterable[Mute], said: AlertCommand, now_ms: int) -> tuple[Mute, ...]:
    """After a manager's request; one that has already ended mutes nothing."""
    rest = [mute for mute in mutes if (mute.kind, mute.subject) != (said.kind, said.subject)]
    if said.command is Wish.MUTE:
        rest.append(Mute(said.kind, said.subject, said.until_ms))
    return holding(rest, now_ms)[-MOST:]


def holding(mutes: Iterable[Mute], now_ms: int) -> tuple[Mute, ...]:
    """Those that have not ended."""
    return tuple(mute for mute in mutes if mute.until_ms is None or now_ms < mute.until_ms)


def covered(mutes: Iterable[Mute], kind: AlertKind, subject: str) -> bool:
    """Whether one of these mutes covers an alert."""
    return any(
        mute.kind in (None, kind) and (mute.subject in ("", subject) or subject.startswith(f"{mute.subject}/"))
        for mute in mutes
    )
