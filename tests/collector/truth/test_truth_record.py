"""What is stored of truth labels: rounds, the limits for visitors, and no time after the retention."""

import pytest

from collector.contract.messages import encode_message
from collector.contract.states import Occupancy
from collector.contract.truth import FoundState, SpaceCodes
from collector.truth.labels import LabelSource, RiskClass, TruthLabel
from collector.truth.round_draw import RoundPick
from collector.truth.space_codes import derive_codes, select_codes
from collector.truth.truth_record import (
    MAX_ROUND_MS,
    MAX_TIMED_LABELS,
    MAX_VISITOR_LABELS_AN_HOUR,
    OpenRound,
    RoundAnswer,
    TruthRecord,
    add_label,
    answer_round,
    close_expired_round,
    drop_picks,
    drop_times,
    end_corrections,
    is_accepted,
    remove_spaces,
    renew_code,
    rewind_record,
    sum_checks,
)
from edge.contract.message import MAX_PAYLOAD_BYTES
from edge.timekeeping.durations import HOUR_MS

NOW_MS = 1_763_974_800_000
PICKS = (
    RoundPick("desk-1", RiskClass.SUSPECT, 1),
    RoundPick("desk-2", RiskClass.USUAL, 10),
    RoundPick("desk-3", RiskClass.USUAL, 10),
)
ROUND = TruthRecord("secret", open_round=OpenRound("r1", NOW_MS, PICKS))


def visit(space: str, at_ms: int) -> TruthLabel:
    return TruthLabel(space, at_ms, FoundState.TAKEN, LabelSource.VISITOR, Occupancy.VACANT)


def found_free(at_ms: int = NOW_MS) -> RoundAnswer:
    return RoundAnswer(FoundState.FREE, Occupancy.VACANT, at_ms)


def test_a_complete_round_becomes_labels_with_the_probabilities_of_its_draw() -> None:
    record = ROUND
    for pick in PICKS:
        record = answer_round(record, pick.space, found_free())
    assert record.open_round is None
    assert {label.space: label.probability for label in record.labels} == {"desk-1": 1.0, "desk-2": 0.2, "desk-3": 0.2}


def test_spaces_without_an_answer_count_as_not_drawn() -> None:
    record = answer_round(ROUND, "desk-2", found_free())
    assert close_expired_round(record, NOW_MS + MAX_ROUND_MS - 1) == record
    closed = close_expired_round(record, NOW_MS + MAX_ROUND_MS)
    assert closed.open_round is None
    assert [(label.space, label.probability) for label in closed.labels] == [("desk-2", 0.1)]


def test_a_second_answer_replaces_the_first_and_other_spaces_are_ignored() -> None:
    record = answer_round(answer_round(ROUND, "desk-1", found_free()), "desk-1", found_free(NOW_MS + 1))
    assert record.open_round is not None
    assert record.open_round.answers == {"desk-1": found_free(NOW_MS + 1)}
    assert answer_round(ROUND, "desk-9", found_free()) == ROUND


def test_a_space_accepts_few_labels_of_visitors_an_hour() -> None:
    record = TruthRecord("secret")
    for number in range(MAX_VISITOR_LABELS_AN_HOUR):
        assert is_accepted(record, "desk-1", 100, NOW_MS)
        record = add_label(record, visit("desk-1", NOW_MS + number))
    assert not is_accepted(record, "desk-1", 100, NOW_MS + 10)
    assert is_accepted(record, "desk-2", 100, NOW_MS + 10)
    assert is_accepted(record, "desk-1", 100, NOW_MS + HOUR_MS + 10)


@pytest.mark.parametrize(("count", "most"), [(6, 2), (8, 2), (20, 5)])
def test_nobody_can_change_all_spaces_within_an_hour(count: int, most: int) -> None:
    record, accepted = TruthRecord("secret"), 0
    for number in range(count):
        if is_accepted(record, f"desk-{number}", count, NOW_MS):
            record, accepted = add_label(record, visit(f"desk-{number}", NOW_MS)), accepted + 1
    assert accepted == most


def test_labels_from_the_future_use_up_no_limit() -> None:
    record = TruthRecord("secret", labels=(visit("desk-1", NOW_MS + 1),) * 9)
    assert is_accepted(record, "desk-1", 8, NOW_MS)


def test_a_round_from_the_future_is_closed() -> None:
    assert close_expired_round(ROUND, NOW_MS) is ROUND
    assert close_expired_round(ROUND, NOW_MS - 1).open_round is None


def test_a_round_goes_on_without_spaces_that_are_gone() -> None:
    record = answer_round(ROUND, "desk-2", found_free())
    fewer = drop_picks(record, ("desk-1", "desk-2")).open_round
    assert fewer is not None
    assert [pick.space for pick in fewer.picks] == ["desk-1", "desk-2"]
    complete = drop_picks(record, ("desk-2",))
    assert (complete.open_round, [label.space for label in complete.labels]) == (None, ["desk-2"])
    assert drop_picks(ROUND, ()).open_round is None


def test_an_ended_correction_keeps_no_time_after_the_retention() -> None:
    record = end_corrections(TruthRecord("secret"), {"desk-1": 5, "desk-2": 9}, 0)
    assert drop_times(record, 9, 9).ended_ms == {"desk-2": 9}
    assert end_corrections(record, {"desk-3": 12}, 8).ended_ms == {"desk-2": 9, "desk-3": 12}


def test_expired_labels_keep_no_time_and_no_count_is_lost() -> None:
    record = add_label(add_label(TruthRecord("secret"), visit("desk-1", NOW_MS)), visit("desk-1", NOW_MS + 9))
    before = sum_checks(record, NOW_MS + 10)
    dropped = drop_times(record, NOW_MS + 5, NOW_MS + 5)
    assert [label.at_ms for label in dropped.labels] == [NOW_MS + 9]
    assert sum_checks(dropped, NOW_MS + 10) == before
    assert str(NOW_MS) not in repr(drop_times(record, NOW_MS + 10, NOW_MS + 10))


def test_the_record_stays_small_under_a_flood() -> None:
    record = TruthRecord("secret")
    for number in range(MAX_TIMED_LABELS + 5):
        record = add_label(record, visit("desk-1", NOW_MS + number))
    assert len(record.labels) == MAX_TIMED_LABELS
    assert record.counted["desk-1"].visitors.taken.count == 5


def test_a_removed_space_leaves_only_its_renewals() -> None:
    record = renew_code(drop_times(add_label(TruthRecord("secret"), visit("desk-1", 5)), 9, 9), "desk-1")
    record = add_label(record, visit("desk-1", NOW_MS))
    assert remove_spaces(record, ()) == TruthRecord("secret", {"desk-1": 1})
    assert remove_spaces(record, ("desk-1",)) is record


def test_times_from_a_clock_that_was_ahead_are_removed() -> None:
    record = add_label(ROUND, visit("desk-1", NOW_MS + HOUR_MS))
    rewound = rewind_record(record, NOW_MS)
    assert (rewound.labels, rewound.open_round) == ((), None)  # one that is moved to now would be shown
    assert rewound.counted["desk-1"].visitors.taken.count == 1


def test_codes_differ_and_only_a_renewed_one_changes() -> None:
    spaces = [f"desk-{number}" for number in range(50)]
    codes = derive_codes("secret", spaces, {})
    assert len(set(codes.values())) == 50
    assert derive_codes("secret", spaces[:1], {}) == {"desk-0": codes["desk-0"]}
    renewed = derive_codes("secret", spaces, {"desk-7": 1})
    assert {space for space in spaces if renewed[space] != codes[space]} == {"desk-7"}
    assert not set(derive_codes("other", spaces, {}).values()) & set(codes.values())


def test_codes_of_a_large_site_fit_into_one_message() -> None:
    codes = derive_codes("secret", [f"desk-{number:059}" for number in range(1000)], {})
    message = select_codes(codes)
    assert 0 <= MAX_PAYLOAD_BYTES - len(encode_message(message)) < 100
    assert list(message.codes.items()) == list(codes.items())[: len(message.codes)]
    assert select_codes({"desk-1": "a"}) == SpaceCodes({"desk-1": "a"})
