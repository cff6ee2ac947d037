"""What people found in spaces: commands that report it, the codes of spaces, the truth round, the error rates.

In:    values of the types below, or bytes from the broker.
Out:   bytes, or values that keep the contract.
Never: who reported something; estimates; sockets.

Source: firmware-config/contract.md, version 1. An instant is Unix milliseconds, UTC.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from collector.contract.states import TAKEN_STATES, Occupancy
from edge.contract.message import Id, decode_payload

ERROR_RATE_CONFIDENCE: Final = 0.95
"""With this probability the interval of an error rate contains the true rate."""

REPORT_SHARE: Final = 4
MIN_SITE_REPORTS_AN_HOUR: Final = 2
_SpaceCode = Annotated[str, Meta(pattern="^[a-z2-7]{16}$", max_length=16)]
_RoundId = Annotated[str, Meta(max_length=64)]


class FoundState(StrEnum):
    """What somebody found in a space."""

    FREE = "free"
    TAKEN = "taken"


class ReportSpace(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="report_space", tag_field="command"):
    """Somebody reports a space on the page of its code."""

    code: _SpaceCode
    found: FoundState


class StartRound(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="start_round", tag_field="command"):
    """Draw the spaces of a truth round, unless one is open."""


class AnswerRound(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="answer_round", tag_field="command"):
    """A manager reports a space of the open truth round."""

    round: _RoundId
    space: Id
    found: FoundState


class EndRound(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="end_round", tag_field="command"):
    """End the open truth round early; what was answered counts."""

    round: _RoundId


class RenewCode(Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag="renew_code", tag_field="command"):
    """Give a space a new code; its old one leads nowhere."""

    space: Id


TruthCommand = ReportSpace | StartRound | AnswerRound | EndRound | RenewCode
"""A command to the collector; not retained."""


class SpaceCodes(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The code of each space that can be reported, retained."""

    codes: dict[Id, str]


class TruthRound(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The open truth round, retained; without an id there is none."""

    id: str = ""
    spaces: tuple[Id, ...] = ()
    """The spaces to check, in no order."""
    answered: tuple[Id, ...] = ()


class ErrorRate(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How often an answer was wrong.

    `checked` and `wrong` count labels. The shares, 0 to 1, are weighted: `least` and `most` bound the 95 % interval.
    """

    checked: int
    wrong: int
    share: float
    least: float
    most: float


class AnswerAccuracy(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """How often the answers about a space, a zone or the site were wrong, from at least five checks."""

    total: ErrorRate
    free_while_occupied: ErrorRate | None = None
    """Of the checks that found somebody; None: fewer than five."""
    occupied_while_free: ErrorRate | None = None
    """Of the checks that found nobody; None: fewer than five."""


class SiteAccuracy(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """How often the site's answers were wrong, retained. It changes once a day, so it shows no moment of a check."""

    until_ms: int = field(name="until")
    """Checks before this moment count: the last midnight."""
    site: AnswerAccuracy | None = None
    """None: fewer than five checks; zones and spaces with fewer are left out."""
    zones: dict[Id, AnswerAccuracy] = {}
    spaces: dict[Id, AnswerAccuracy] = {}


_command: Final[msgspec.json.Decoder[TruthCommand]] = msgspec.json.Decoder(TruthCommand)
_codes: Final = msgspec.json.Decoder(SpaceCodes)
_round: Final = msgspec.json.Decoder(TruthRound)
_accuracy: Final = msgspec.json.Decoder(SiteAccuracy)


def find_shown(state: Occupancy) -> FoundState | None:
    """Return what a state shows to somebody who looks for a space; None: neither free nor taken."""
    if state in TAKEN_STATES:
        return FoundState.TAKEN
    return FoundState.FREE if state is Occupancy.VACANT else None


def compute_report_limit(space_count: int) -> int:
    """Return how many reports of visitors a site with so many reportable spaces accepts within an hour.

    A quarter of the spaces, so that somebody with a photograph of every code cannot change the whole page.
    """
    return max(MIN_SITE_REPORTS_AN_HOUR, space_count // REPORT_SHARE)


def decode_command(payload: bytes) -> TruthCommand:
    """Decode a command; raises MessageRejected."""
    return decode_payload(_command, payload)


def decode_codes(payload: bytes) -> SpaceCodes:
    """Decode the codes of the spaces; raises MessageRejected."""
    return decode_payload(_codes, payload)


def decode_round(payload: bytes) -> TruthRound:
    """Decode the open truth round; raises MessageRejected."""
    return decode_payload(_round, payload)


def decode_accuracy(payload: bytes) -> SiteAccuracy:
    """Decode the error rates; raises MessageRejected."""
    return decode_payload(_accuracy, payload)
