"""Whether an agent's work advances: pure, with time as a value."""

from edge.progress import ANSWER_MS, Progress, WorkState, step

PENDING = WorkState(
    now_ms=1_000_000,
    pending=3,
    receipts=("stream", 7),
    connected=True,
    collector_offline=False,
    answered_ms=1_000_000,
)
SEEN = Progress(("stream", 7))


def advances(work: WorkState) -> bool:
    return step(SEEN, work)[1]


def test_pending_events_without_a_receipt_are_no_progress() -> None:
    assert not advances(PENDING)


def test_an_empty_outbox_is_progress() -> None:
    assert advances(PENDING._replace(pending=0))


def test_each_receipt_is_progress_once() -> None:
    progress, advanced = step(SEEN, PENDING._replace(receipts=("stream", 8)))
    assert advanced
    assert not step(progress, PENDING._replace(receipts=("stream", 8)))[1]
    assert step(progress, PENDING._replace(receipts=("another", 0)))[1]


def test_a_broker_that_is_away_is_a_known_reason() -> None:
    assert advances(PENDING._replace(connected=False))


def test_a_collector_that_is_offline_is_a_known_reason_only_while_the_broker_answers() -> None:
    offline = PENDING._replace(collector_offline=True)
    assert advances(offline._replace(answered_ms=offline.now_ms - ANSWER_MS))
    assert not advances(offline._replace(answered_ms=offline.now_ms - ANSWER_MS - 1))
