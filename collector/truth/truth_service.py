"""Truth labels of one site: takes reports, draws truth rounds, corrects what is shown, publishes error rates.

In:    the journal inside its transaction, space states, commands, site time.
Out:   stored labels; corrections of what is shown; codes, the open round and error rates to publish.
Never: who reported something. Used by the collector's thread only.
"""

import logging
import secrets
from random import SystemRandom
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from collector.contract.findings import Finding, FindingKind
from collector.contract.messages import OutgoingMessage
from collector.contract.states import SpaceHealth
from collector.contract.truth import (
    AnswerRound,
    EndRound,
    FoundState,
    RenewCode,
    ReportSpace,
    SiteAccuracy,
    StartRound,
    TruthCommand,
    TruthRound,
    find_shown,
)
from collector.live.corrections import MAX_CORRECTION_MS, Correction
from collector.live.space_states import SpaceStates
from collector.site.calendar import find_midnight_ms
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import SensorKey
from collector.store.journal import Journal
from collector.truth.error_rates import compute_accuracy, select_worst
from collector.truth.flip_counts import count_flips
from collector.truth.labels import LabelSource, SpaceChecks, TruthLabel
from collector.truth.round_draw import RoundCandidate, draw_round
from collector.truth.space_codes import derive_codes, select_codes
from collector.truth.truth_record import (
    OpenRound,
    RoundAnswer,
    TruthRecord,
    add_label,
    answer_round,
    close_expired_round,
    close_round,
    drop_picks,
    drop_times,
    end_corrections,
    is_accepted,
    remove_spaces,
    renew_code,
    sum_checks,
)
from collector.truth.truth_store import load_truth, save_truth
from collector.truth.wrong_spaces import find_wrong_spaces
from edge.contract import topics
from edge.contract.topics import TopicKind
from edge.timekeeping.durations import DAY_MS

MIN_FLIPS: Final = 2
"""A space with so many flips within a day is suspect; a single one may be two people."""

log = logging.getLogger(__name__)


class TruthService:
    """All truth labels of one site."""

    def __init__(self, plan: SitePlan, journal: Journal, spaces: SpaceStates, now_ms: int) -> None:
        self._plan, self._journal, self._spaces = plan, journal, spaces
        self._reportable = {space.id: space for space in plan.spaces if space.is_offered and not space.disabled}
        self._record = load_truth(journal) or TruthRecord(secrets.token_hex(32))
        self._codes: dict[str, str] = {}
        self._messages: dict[TopicKind, Struct] = {}
        self._published: dict[TopicKind, Struct] = {}
        self._midnight_ms = self._next_midnight_ms = 0
        self._corrections: dict[str, Correction] = {}
        """Those that contradict the sensors, until they end."""
        self._dropped_count = 0
        self._record = drop_picks(self._record, self._reportable)
        with journal.transaction():
            save_truth(journal, self._record)  # a new secret is stored before a code is published
        self._use_record(self._record, now_ms)
        if hidden := len(self._codes) - len(select_codes(self._codes).codes):
            log.error(
                "the codes of all spaces do not fit into one message; left out: %d; "
                "shorten the ids of spaces in the site file",
                hidden,
            )
        self._compute_accuracy(now_ms)

    # Input

    def apply_command(self, command: TruthCommand, now_ms: int) -> None:
        """Apply one command inside the journal's transaction; one about an unknown code, round or space is ignored."""
        self._replace(self._end_corrections(now_ms), now_ms)
        record = self._record
        match command:
            case ReportSpace(code=code, found=found):
                record = self._report_space(code, found, now_ms)
            case StartRound():
                record = self._start_round(now_ms)
            case AnswerRound(round=name, space=space, found=found):
                if record.open_round is not None and record.open_round.id == name and space in self._reportable:
                    shown = self._spaces.get_sensed_state(space, now_ms).state
                    record = answer_round(record, space, RoundAnswer(found, shown, now_ms))
            case EndRound(round=name):
                if record.open_round is not None and record.open_round.id == name:
                    record = close_round(record)
            case RenewCode(space=space):
                if space in self._reportable:
                    record = renew_code(record, space)
        self._replace(record, now_ms)

    def tick(self, now_ms: int) -> None:
        """Close a round whose time is over, and compute the error rates of a new day; in its own transaction."""
        if (record := close_expired_round(self._end_corrections(now_ms), now_ms)) is not self._record:
            with self._journal.transaction():
                self._replace(record, now_ms)
        if now_ms < self._midnight_ms or now_ms >= self._next_midnight_ms:
            self._compute_accuracy(now_ms)

    def erase_times(self, before_ms: int) -> None:
        """Remove the times of older labels, inside the journal's transaction, and what belongs to removed spaces.

        Labels of rounds since the last midnight keep theirs: without a time they would be published before the next
        midnight. Those of visitors are in no published rate.
        """
        known = [space.id for space in self._plan.spaces if space.is_offered]
        record = remove_spaces(drop_times(self._record, before_ms, min(before_ms, self._midnight_ms)), known)
        if record is not self._record:
            self._record = record
            save_truth(self._journal, record)

    # Output

    def list_wrong_answers(self) -> list[tuple[SensorKey, Finding]]:
        """Return a finding for the first sensor of each space that was shown wrong too often until midnight."""
        return [
            (
                sensors[0].key,
                Finding(
                    FindingKind.OFTEN_WRONG,
                    self._midnight_ms,
                    sensors[0].id,
                    times=sums.wrong,
                    share_pct=round(100 * sums.wrong / sums.count),
                ),
            )
            for space, sums in self._wrong_spaces.items()
            if (sensors := self._plan.sensors_of(space))
        ]

    def pop_messages(self, _now_ms: int, _screen_ms: int) -> list[OutgoingMessage]:
        """Return the codes, the open round and the error rates that changed since the last call."""
        changed = [
            OutgoingMessage(topic_kind, "", message)
            for topic_kind, message in self._messages.items()
            if self._published.get(topic_kind) is not message
        ]
        self._published.update(self._messages)
        return changed

    def republish_all(self) -> None:
        """Publish everything again at the next call."""
        self._published.clear()

    def _report_space(self, code: str, found: FoundState, now_ms: int) -> TruthRecord:
        """Take a visitor's report; a wrong code and one report too many are dropped alike."""
        record = self._record
        space = next((space for space, known in self._codes.items() if secrets.compare_digest(known, code)), None)
        if (
            space is None
            or self._spaces.is_out_of_use(space)
            or not is_accepted(record, space, len(self._reportable), now_ms)
        ):
            self._dropped_count += 1
            if str(self._dropped_count).strip("0") == "1":  # log the 1st, 10th, 100th …
                log.warning(
                    "dropped reports so far: %d; old codes, spaces out of use, or too many within an hour",
                    self._dropped_count,
                )
            return record
        shown = self._spaces.get_sensed_state(space, now_ms).state
        return add_label(record, TruthLabel(space, now_ms, found, LabelSource.VISITOR, shown))

    def _start_round(self, now_ms: int) -> TruthRecord:
        record = self._record
        if record.open_round is not None:
            return record
        checks = sum_checks(record, now_ms + 1)
        candidates = [
            RoundCandidate(space, self._is_doubted(space, now_ms), checks.get(space, SpaceChecks()))
            for space in self._reportable
            if find_shown(self._spaces.get_sensed_state(space, now_ms).state) is not None
            and not self._spaces.is_out_of_use(space)
        ]
        picks = draw_round(candidates, sum(checks.values(), SpaceChecks()), SystemRandom())
        return replace(record, open_round=OpenRound(secrets.token_hex(8), now_ms, tuple(picks))) if picks else record

    def _is_doubted(self, space: str, now_ms: int) -> bool:
        """Return whether a sensor of the space has a finding or is silent, or the space flipped lately."""
        if self._spaces.get_state(space, now_ms).health is not SpaceHealth.HEALTHY:
            return True
        return count_flips(self._journal.tables.read_timeline(space, now_ms - DAY_MS, now_ms)) >= MIN_FLIPS

    def _replace(self, record: TruthRecord, now_ms: int) -> None:
        """Store a changed record, inside the journal's transaction."""
        if record is not self._record:
            save_truth(self._journal, record)
            self._use_record(record, now_ms)

    def _use_record(self, record: TruthRecord, now_ms: int) -> None:
        self._record, opened = record, record.open_round
        self._codes = derive_codes(record.secret, self._reportable, record.renewals)
        spaces = tuple(sorted(pick.space for pick in opened.picks)) if opened else ()
        self._set_message(topics.SPACE_CODES, select_codes(self._codes))
        self._set_message(
            topics.TRUTH_ROUND, TruthRound(opened.id, spaces, tuple(sorted(opened.answers))) if opened else TruthRound()
        )
        self._show_corrections(now_ms)

    def _set_message(self, topic_kind: TopicKind, message: Struct) -> None:
        if self._messages.get(topic_kind) != message:
            self._messages[topic_kind] = message

    def _show_corrections(self, now_ms: int) -> None:
        """Show the newest label of each space until its sensors bring news."""
        opened = self._record.open_round
        newest = {
            label.space: Correction(label.found, label.at_ms, label.shown)
            for label in self._record.labels
            if label.at_ms > now_ms - MAX_CORRECTION_MS and label.space in self._reportable
        }
        for space, answer in (opened.answers if opened else {}).items():
            if space not in newest or answer.at_ms >= newest[space].at_ms:
                newest[space] = Correction(answer.found, answer.at_ms, answer.shown)
        self._corrections = {
            space: correction
            for space, correction in newest.items()
            if correction.at_ms > self._record.ended_ms.get(space, 0)
            and find_shown(correction.shown) is not correction.found
        }
        self._spaces.set_corrections(self._corrections, now_ms)

    def _end_corrections(self, now_ms: int) -> TruthRecord:
        """Return the record in which corrections that the sensors have ended cannot come back."""
        ended = {
            space: correction.at_ms
            for space, correction in self._corrections.items()
            if not (self._spaces.is_corrected(space) or self._spaces.is_out_of_use(space))
        }
        for space in ended:
            del self._corrections[space]
        return end_corrections(self._record, ended, now_ms - MAX_CORRECTION_MS)

    def _compute_accuracy(self, now_ms: int) -> None:
        """Compute the error rates up to the last midnight: a change at any other time would show when a check was."""
        self._midnight_ms = find_midnight_ms(self._plan, now_ms)
        self._next_midnight_ms = find_midnight_ms(self._plan, now_ms, -1)
        checks = sum_checks(self._record, self._midnight_ms)
        by_space = {space: checks.get(space, SpaceChecks()) for space in self._reportable}
        rates = {space: compute_accuracy(found) for space, found in by_space.items()}
        zones = {zone.id: compute_accuracy(self._sum_zone(by_space, zone.id)) for zone in self._plan.zones}
        accuracy = SiteAccuracy(
            self._midnight_ms,
            compute_accuracy(sum(by_space.values(), SpaceChecks())),
            {zone: rate for zone, rate in zones.items() if rate is not None},
            select_worst(rates),
        )
        self._set_message(topics.ACCURACY, accuracy)
        site_rate = accuracy.site.total if accuracy.site is not None else None
        self._wrong_spaces = find_wrong_spaces(by_space, site_rate)

    def _sum_zone(self, by_space: dict[str, SpaceChecks], zone: str) -> SpaceChecks:
        return sum((by_space[space.id] for space in self._reportable.values() if space.zone == zone), SpaceChecks())
