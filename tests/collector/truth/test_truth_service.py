"""Reports and truth rounds in the collector: what they change, what ends them, and what is stored of them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from msgspec import Struct

from collector.configuration.collector_settings import RetentionSettings
from collector.contract.findings import FindingKind
from collector.contract.messages import encode_message
from collector.contract.states import Occupancy, Reason, SpaceState
from collector.contract.truth import (
    MIN_SITE_REPORTS_AN_HOUR,
    AnswerRound,
    FoundState,
    RenewCode,
    ReportSpace,
    SiteAccuracy,
    SpaceCodes,
    StartRound,
    TruthRound,
)
from collector.engine.pipeline import Pipeline
from collector.intake.intake import IncomingMessage
from collector.live.corrections import MAX_CORRECTION_MS
from collector.site.spaces import SpaceKind
from collector.store.journal import Journal
from collector.truth.truth_record import MAX_ROUND_MS, TruthRecord
from collector.truth.truth_store import load_truth
from edge.contract import topics
from edge.contract.message import EventKind, SensorEvent
from edge.contract.topics import TopicKind
from edge.timekeeping.durations import DAY_MS, HOUR_MS, MINUTE_MS
from tests.support.collector.random_sites import NOON_MS, build_desk_plan, message, motion

PLAN = build_desk_plan(2)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.sqlite")) as opened:
        yield opened


class ReportedSite:
    """One site with two desks, whose sensors live."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.now_ms = NOON_MS
        self._seq = {"desk-0": 0, "desk-1": 0}
        self._published: dict[TopicKind, Struct | None] = {}
        self.restart()

    def restart(self) -> None:
        self.pipeline = Pipeline(PLAN, self.journal, RetentionSettings(raw_hours=1), self.now_ms)

    def live(self, span_ms: int) -> None:
        """Pass time in which every sensor sends heartbeats without motion."""
        end_ms = self.now_ms + span_ms
        for space in self._seq:
            beats = [
                SensorEvent(self._next(space), f"{space}-pir", at_ms, EventKind.HEARTBEAT, 0)
                for at_ms in range(self.now_ms, end_ms, 30_000)
            ]
            self.pipeline.process_batch([IncomingMessage("pi-1", message(beats, stream=space))], end_ms)
        self.now_ms = end_ms
        self.pipeline.tick(end_ms)

    def move(self) -> None:
        """Somebody moves at the first desk."""
        moved = motion(self._next("desk-0"), self.now_ms)
        self.pipeline.process_batch([IncomingMessage("pi-1", message([moved], stream="desk-0"))], self.now_ms)
        self.pipeline.tick(self.now_ms)

    def send(self, *commands: Struct) -> None:
        self.pipeline.process_truth_commands([encode_message(command) for command in commands], self.now_ms)

    def report(self, found: FoundState, space: str = "desk-0") -> None:
        codes = self.published(topics.SPACE_CODES)
        assert isinstance(codes, SpaceCodes)
        self.send(ReportSpace(codes.codes[space], found))

    def published(self, topic_kind: TopicKind) -> Struct | None:
        self._published |= {one.topic_kind: one.message for one in self.pipeline.truth.pop_messages(0, 0)}
        return self._published[topic_kind]

    def erase(self) -> TruthRecord:
        """Erase what is older than its retention, and return what is stored then."""
        for _ in range(80):
            self.pipeline.advance_history(self.now_ms)
        record = load_truth(self.journal)
        assert record is not None
        return record

    @property
    def state(self) -> SpaceState:
        return self.pipeline.spaces.get_state("desk-0", self.now_ms)

    @property
    def taken(self) -> int:
        return self.pipeline.spaces.get_site_summary(self.now_ms).kinds[SpaceKind.DESK].taken

    def _next(self, space: str) -> int:
        self._seq[space] += 1
        return self._seq[space]


@pytest.fixture
def site(journal: Journal) -> ReportedSite:
    found = ReportedSite(journal)
    found.live(HOUR_MS)
    assert found.state.state is Occupancy.VACANT
    return found


def test_a_report_is_shown_with_its_reason_and_survives_a_restart(site: ReportedSite) -> None:
    site.report(FoundState.TAKEN)
    assert (site.state.state, site.state.because.reason, site.taken) == (Occupancy.OCCUPIED, Reason.CORRECTED, 1)
    site.restart()
    site.pipeline.tick(site.now_ms)
    assert (site.state.because.reason, site.taken) == (Reason.CORRECTED, 1)


def test_news_of_the_sensors_ends_a_correction_for_good(site: ReportedSite) -> None:
    site.move()
    site.now_ms += MINUTE_MS
    site.report(FoundState.FREE)
    assert (site.state.state, site.taken) == (Occupancy.VACANT, 0)
    site.now_ms += 1000
    site.move()
    assert (site.state.state, site.state.because.reason) == (Occupancy.OCCUPIED, Reason.MOTION)
    site.restart()
    assert site.state.because.reason is Reason.MOTION


def test_heartbeats_are_no_news_and_a_correction_ends_after_an_hour(site: ReportedSite) -> None:
    site.report(FoundState.TAKEN)
    site.live(MAX_CORRECTION_MS - MINUTE_MS)
    assert site.state.because.reason is Reason.CORRECTED
    site.live(MINUTE_MS)
    assert (site.state.state, site.taken) == (Occupancy.VACANT, 0)


def test_a_report_that_agrees_with_the_sensors_changes_nothing(site: ReportedSite) -> None:
    before = site.state
    site.report(FoundState.FREE)
    assert site.state == before


def test_a_report_changes_no_stored_transition(site: ReportedSite) -> None:
    before = site.journal.tables.read_transitions()
    site.report(FoundState.TAKEN)
    site.pipeline.save_evidence()
    assert site.journal.tables.read_transitions() == before


def test_old_and_invented_codes_and_too_many_reports_change_nothing(site: ReportedSite) -> None:
    codes = site.published(topics.SPACE_CODES)
    assert isinstance(codes, SpaceCodes)
    site.send(RenewCode("desk-0"))
    site.send(ReportSpace(codes.codes["desk-0"], FoundState.TAKEN), ReportSpace("x" * 16, FoundState.TAKEN))
    assert site.taken == 0
    for _ in range(MIN_SITE_REPORTS_AN_HOUR):
        site.report(FoundState.FREE)
    site.report(FoundState.TAKEN)
    assert site.taken == 0


@pytest.mark.parametrize("code", ["å" * 16, "A" * 16, "", "a" * 17])
def test_a_code_that_no_space_can_have_is_rejected(site: ReportedSite, code: str) -> None:
    site.send(ReportSpace(code, FoundState.TAKEN))
    assert site.taken == 0


def test_a_round_checks_each_space_once_and_counts_from_the_next_midnight(site: ReportedSite) -> None:
    for _ in range(3):
        site.send(StartRound())
        opened = site.published(topics.TRUTH_ROUND)
        assert isinstance(opened, TruthRound)
        assert opened.spaces == ("desk-0", "desk-1")
        site.send(*(AnswerRound(opened.id, space, FoundState.FREE) for space in opened.spaces))
        assert site.published(topics.TRUTH_ROUND) == TruthRound()
        site.send(AnswerRound(opened.id, "desk-0", FoundState.TAKEN))  # it is over
    before = site.published(topics.ACCURACY)
    assert isinstance(before, SiteAccuracy)
    assert before.site is None
    site.pipeline.truth.tick(site.now_ms + DAY_MS)
    after = site.published(topics.ACCURACY)
    assert isinstance(after, SiteAccuracy)
    assert after.site is not None
    assert (after.site.total.checked, after.site.total.wrong, after.spaces) == (6, 0, {})


def test_a_space_that_rounds_find_wrong_again_and_again_has_a_finding(site: ReportedSite) -> None:
    for _ in range(12):
        site.send(StartRound())
        opened = site.published(topics.TRUTH_ROUND)
        assert isinstance(opened, TruthRound)
        site.send(
            *(
                AnswerRound(opened.id, space, FoundState.TAKEN if space == "desk-0" else FoundState.FREE)
                for space in opened.spaces
            )
        )
    assert site.pipeline.truth.list_wrong_answers() == []
    site.now_ms += DAY_MS
    site.restart()
    ((key, finding),) = site.pipeline.truth.list_wrong_answers()
    assert (key, finding.kind, finding.times) == (("pi-1", "desk-0-pir"), FindingKind.OFTEN_WRONG, 12)
    assert (key, FindingKind.OFTEN_WRONG) in [(name, one.kind) for name, one in site.pipeline.health.list_findings()]


def test_a_round_ends_by_itself(site: ReportedSite) -> None:
    site.send(StartRound())
    site.pipeline.truth.tick(site.now_ms + MAX_ROUND_MS)
    assert site.published(topics.TRUTH_ROUND) == TruthRound()


def test_times_of_labels_are_erased_with_the_raw_events(site: ReportedSite) -> None:
    reported_ms = site.now_ms
    site.report(FoundState.TAKEN)
    site.now_ms += 1000
    checked_ms = site.now_ms
    site.send(StartRound())
    opened = site.published(topics.TRUTH_ROUND)
    assert isinstance(opened, TruthRound)
    site.send(*(AnswerRound(opened.id, space, FoundState.FREE) for space in opened.spaces))
    site.live(2 * HOUR_MS)
    record = site.erase()
    assert [label.at_ms for label in record.labels] == [checked_ms] * 2  # without a time it would count before midnight
    assert record.counted["desk-0"].visitors.taken.wrong == 1
    assert str(reported_ms) not in repr(record)
    site.live(12 * HOUR_MS)
    record = site.erase()
    assert record.labels == ()
    assert str(checked_ms) not in repr(record)


def test_an_ended_correction_does_not_come_back(site: ReportedSite) -> None:
    site.report(FoundState.TAKEN)
    site.now_ms += 10 * MINUTE_MS
    site.pipeline.tick(site.now_ms)  # no heartbeats: the space is unknown
    assert site.state.state is Occupancy.UNKNOWN
    site.live(15 * MINUTE_MS)
    assert site.state.state is Occupancy.VACANT
    site.send(RenewCode("desk-1"))
    assert site.state.state is Occupancy.VACANT
    site.restart()
    site.live(MINUTE_MS)
    assert site.state.state is Occupancy.VACANT


def test_a_space_out_of_use_is_neither_drawn_nor_reported(site: ReportedSite) -> None:
    site.pipeline.spaces.set_out_of_use({"desk-0"})
    site.report(FoundState.TAKEN)
    site.send(StartRound())
    opened = site.published(topics.TRUTH_ROUND)
    assert isinstance(opened, TruthRound)
    assert opened.spaces == ("desk-1",)
    site.pipeline.spaces.set_out_of_use(())
    assert site.taken == 0


def test_alerts_do_not_count_corrections(site: ReportedSite) -> None:
    site.report(FoundState.TAKEN)
    sensed = site.pipeline.spaces.get_sensed_site_summary(site.now_ms)
    assert (site.taken, sensed.kinds[SpaceKind.DESK].taken) == (1, 0)


def test_error_rates_are_computed_once_on_a_day_of_25_hours(journal: Journal) -> None:
    site = ReportedSite(journal)
    site.now_ms = int(datetime(2026, 10, 25, 23, 30, tzinfo=PLAN.time_zone).timestamp() * 1000)
    site.restart()
    before = site.published(topics.ACCURACY)
    site.pipeline.truth.tick(site.now_ms)
    assert site.published(topics.ACCURACY) is before
    site.pipeline.truth.tick(site.now_ms + HOUR_MS)
    after = site.published(topics.ACCURACY)
    assert isinstance(before, SiteAccuracy)
    assert isinstance(after, SiteAccuracy)
    assert after.until_ms - before.until_ms == DAY_MS + HOUR_MS
