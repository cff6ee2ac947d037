"""Detection of an agent's progress."""

from edge.outbox.progress import BROKER_ANSWER_TIMEOUT_MS, AgentProgress, AgentWork, check_progress

PENDING = AgentWork(
    now_ms=1_000_000,
    pending=3,
    receipts=("stream", 7),
    connected=True,
    collector_online=True,
    answered_ms=1_000_000,
)
LAST_CHECK = AgentProgress(("stream", 7))


def advances(work: AgentWork) -> bool:
    return check_progress(LAST_CHECK, work)[1]


def test_pending_events_without_a_receipt_are_no_progress() -> None:
    assert not advances(PENDING)


def test_empty_outbox_is_progress() -> None:
    assert advances(PENDING._replace(pending=0))


def test_each_receipt_is_progress_once() -> None:
    progress, advanced = check_progress(LAST_CHECK, PENDING._replace(receipts=("stream", 8)))
    assert advanced
    assert not check_progress(progress, PENDING._replace(receipts=("stream", 8)))[1]
    assert check_progress(progress, PENDING._replace(receipts=("another", 0)))[1]


def test_unavailable_broker_is_a_known_reason() -> None:
    assert advances(PENDING._replace(connected=False))


def test_offline_collector_is_a_known_reason_only_while_the_broker_answers() -> None:
    silent = PENDING._replace(collector_online=False)
    assert advances(silent._replace(answered_ms=silent.now_ms - BROKER_ANSWER_TIMEOUT_MS))
    assert not advances(silent._replace(answered_ms=silent.now_ms - BROKER_ANSWER_TIMEOUT_MS - 1))


def test_agent_without_a_collector_always_reports_progress() -> None:
    progress = LAST_CHECK
    for now_ms in range(0, 600_000, 500):
        work = PENDING._replace(now_ms=now_ms, answered_ms=now_ms - now_ms % 90_000, collector_online=False)
        progress, advanced = check_progress(progress, work)
        assert advanced
