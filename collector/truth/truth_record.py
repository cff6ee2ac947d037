"""Everything about truth labels that is stored, and how commands and time change it.

In:    the record, a command that was checked, the time.
Out:   the new record.
Never: clocks, files, random numbers of its own.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from collector.contract.states import Occupancy
from collector.contract.truth import FoundState, compute_report_limit
from collector.truth.labels import LabelSource, SpaceChecks, TruthLabel, count_labels
from collector.truth.round_draw import RoundPick
from edge.timekeeping.durations import HOUR_MS, MINUTE_MS

MAX_ROUND_MS: Final = 30 * MINUTE_MS
"""A truth round ends by itself after this time: its spaces were drawn by what was shown then."""
MAX_VISITOR_LABELS_AN_HOUR: Final = 4
"""Labels of visitors that one space accepts within an hour; more are dropped."""
MAX_TIMED_LABELS: Final = 2000
"""Labels with their times; older ones lose theirs early, so that the record stays small."""


class RoundAnswer(Struct, frozen=True, gc=False, array_like=True):
    """What a manager found in one space of a round."""

    found: FoundState
    shown: Occupancy
    """What the sensors showed then."""
    at_ms: int


class OpenRound(Struct, frozen=True, array_like=True):
    """A truth round that is not complete."""

    id: str
    started_ms: int
    picks: tuple[RoundPick, ...]
    answers: dict[str, RoundAnswer] = {}

    @property
    def is_complete(self) -> bool:
        """Whether every space was answered."""
        return len(self.answers) == len(self.picks)


class TruthRecord(Struct, frozen=True, array_like=True):
    """What is stored."""

    secret: str
    """The codes of the spaces are derived from it."""
    renewals: dict[str, int] = {}
    """How often the code of a space was renewed."""
    labels: tuple[TruthLabel, ...] = ()
    """Labels that still have their times, oldest first."""
    counted: dict[str, SpaceChecks] = {}
    """All older labels, by space."""
    open_round: OpenRound | None = None
    ended_ms: dict[str, int] = {}
    """By space, the time of the newest label whose correction the sensors have ended: it is not shown again."""


def is_accepted(record: TruthRecord, space: str, space_count: int, now_ms: int) -> bool:
    """Return whether another label of a visitor is accepted for a space."""
    recent = [
        label.space
        for label in record.labels
        if label.source is LabelSource.VISITOR and now_ms - HOUR_MS < label.at_ms <= now_ms
    ]
    return len(recent) < compute_report_limit(space_count) and recent.count(space) < MAX_VISITOR_LABELS_AN_HOUR


def add_label(record: TruthRecord, label: TruthLabel) -> TruthRecord:
    """Add one label."""
    return _add_labels(record, (label,))


def renew_code(record: TruthRecord, space: str) -> TruthRecord:
    """Give a space a new code."""
    return replace(record, renewals={**record.renewals, space: record.renewals.get(space, 0) + 1})


def answer_round(record: TruthRecord, space: str, answer: RoundAnswer) -> TruthRecord:
    """Record one answer of the open round, and close it if it is complete. A second answer replaces the first."""
    opened = record.open_round
    if opened is None or space not in {pick.space for pick in opened.picks}:
        return record
    opened = replace(opened, answers={**opened.answers, space: answer})
    record = replace(record, open_round=opened)
    return close_round(record) if opened.is_complete else record


def close_round(record: TruthRecord) -> TruthRecord:
    """Close the open round: its answers become labels, each with the probability of its space to be checked.

    Spaces without an answer count as not drawn.
    """
    opened = record.open_round
    if opened is None:
        return record
    answered = [pick for pick in opened.picks if pick.space in opened.answers]
    sizes = Counter(pick.risk for pick in answered)
    labels = tuple(
        TruthLabel(
            pick.space,
            (answer := opened.answers[pick.space]).at_ms,
            answer.found,
            LabelSource.ROUND,
            answer.shown,
            pick.risk,
            sizes[pick.risk] / pick.class_size,
        )
        for pick in answered
    )
    return _add_labels(replace(record, open_round=None), labels)


def close_expired_round(record: TruthRecord, now_ms: int) -> TruthRecord:
    """Close the open round if its time is over, or if it began in the future: then the clock was ahead."""
    opened = record.open_round
    if opened is None or opened.started_ms <= now_ms < opened.started_ms + MAX_ROUND_MS:
        return record
    return close_round(record)


def drop_picks(record: TruthRecord, known: Collection[str]) -> TruthRecord:
    """Remove spaces that can no longer be checked from the open round, and close it if it is complete then."""
    opened = record.open_round
    if opened is None or all(pick.space in known for pick in opened.picks):
        return record
    picks = tuple(pick for pick in opened.picks if pick.space in known)
    answers = {space: answer for space, answer in opened.answers.items() if space in known}
    record = replace(record, open_round=replace(opened, picks=picks, answers=answers))
    return close_round(record) if record.open_round is not None and record.open_round.is_complete else record


def end_corrections(record: TruthRecord, ended_ms: Mapping[str, int], kept_from_ms: int) -> TruthRecord:
    """Record that the corrections by these labels have ended; entries from before `kept_from_ms` are dropped."""
    if not ended_ms:
        return record
    kept = {space: at_ms for space, at_ms in record.ended_ms.items() if at_ms >= kept_from_ms}
    return replace(record, ended_ms={**kept, **ended_ms})


def drop_times(record: TruthRecord, before_ms: int, rounds_before_ms: int) -> TruthRecord:
    """Move labels from before a moment into the sums of their spaces, where they have no time.

    Args:
        record: what is stored.
        before_ms: for labels of visitors, and for ended corrections.
        rounds_before_ms: for labels of rounds; sums without times are published, so not after the last midnight.
    """
    limits_ms = {LabelSource.VISITOR: before_ms, LabelSource.ROUND: rounds_before_ms}
    kept = tuple(label for label in record.labels if label.at_ms >= limits_ms[label.source])
    ended_ms = {space: at_ms for space, at_ms in record.ended_ms.items() if at_ms >= before_ms}
    if len(kept) == len(record.labels) and len(ended_ms) == len(record.ended_ms):
        return record
    expired = (label for label in record.labels if label.at_ms < limits_ms[label.source])
    return replace(record, labels=kept, counted=count_labels(expired, record.counted), ended_ms=ended_ms)


def remove_spaces(record: TruthRecord, known: Collection[str]) -> TruthRecord:
    """Remove the labels of spaces that are no longer offered.

    Their renewals stay: if a space comes back, its old codes must not work again.
    """
    labels = tuple(label for label in record.labels if label.space in known)
    counted = {space: checks for space, checks in record.counted.items() if space in known}
    if (len(labels), len(counted)) == (len(record.labels), len(record.counted)):
        return record
    return replace(record, labels=labels, counted=counted)


def rewind_record(record: TruthRecord, now_ms: int) -> TruthRecord:
    """Close the open round, and keep labels from after `now_ms` in the sums only: the clock was ahead."""
    record = close_round(record)
    past = tuple(label for label in record.labels if label.at_ms <= now_ms)
    ahead = (label for label in record.labels if label.at_ms > now_ms)
    ended_ms = {space: at_ms for space, at_ms in record.ended_ms.items() if at_ms <= now_ms}
    return replace(record, labels=past, counted=count_labels(ahead, record.counted), ended_ms=ended_ms)


def sum_checks(record: TruthRecord, until_ms: int) -> Mapping[str, SpaceChecks]:
    """Sum all labels from before a moment, by space."""
    return count_labels((label for label in record.labels if label.at_ms < until_ms), record.counted)


def _add_labels(record: TruthRecord, labels: tuple[TruthLabel, ...]) -> TruthRecord:
    timed = sorted((*record.labels, *labels), key=lambda label: label.at_ms)
    excess = max(0, len(timed) - MAX_TIMED_LABELS)
    return replace(record, labels=tuple(timed[excess:]), counted=count_labels(timed[:excess], record.counted))
