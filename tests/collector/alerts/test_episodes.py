"""Every alert begins once and ends once, independent of how often and in which order signs are evaluated."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.alerts.conditions import build_timings
from collector.alerts.episodes import AlertEpisodes, AlertSign, AlertTiming, SignState, update_episodes
from collector.configuration.alert_settings import AlertSettings
from collector.contract.alerts import ENDED_KEPT_MS, Alert, AlertKind, Severity
from collector.contract.states import COARSE_STEP_MS
from edge.contract.raw_retention import MAX_RAW_MS

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
AFTER_MS, CALM_MS = 10 * MINUTE_MS, 5 * MINUTE_MS
TIMINGS = {kind: AlertTiming(Severity.WARNING, AFTER_MS, CALM_MS) for kind in AlertKind}


def make_sign(state: SignState, subject: str = "hall", kind: AlertKind = AlertKind.CO2_HIGH) -> AlertSign:
    return AlertSign(kind, subject, state, value=1500)


NOTHING = AlertEpisodes()
QUICKEST = build_timings(AlertSettings(device_silent_min=1, sensor_silent_min=1, co2_min=0, free_desks_min=0))
"""Timings of each kind with the smallest values that the settings allow."""


@settings(max_examples=200)
@given(
    st.sampled_from(AlertKind),
    st.lists(
        st.tuples(st.sampled_from(SignState), st.sampled_from([0, 1000, 10_000, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS]))
    ),
)
def test_alert_never_begins_more_than_twice_an_hour(kind: AlertKind, evaluations: list[tuple[SignState, int]]) -> None:
    book, now_ms = NOTHING, 0
    for state, step_ms in evaluations * 20:
        now_ms += step_ms
        book = update_episodes(book, [make_sign(state, kind=kind)], QUICKEST, now_ms)
    opened, ended = alerts(book)
    fired = sorted(alert.fired_ms for alert in opened + ended)
    assert all(later - first >= HOUR_MS for first, later in zip(fired, fired[2:], strict=False))


@pytest.mark.parametrize("kind", AlertKind)
def test_oscillating_sign_begins_at_most_two_alerts_an_hour(kind: AlertKind) -> None:
    """A day of evaluations every ten seconds, with the period that the kind is most sensitive to."""
    timing = QUICKEST[kind]
    on_ms, off_ms = timing.raise_after_ms + 10_000, timing.clear_after_ms + 10_000
    book, now_ms = NOTHING, 0
    while now_ms < 24 * HOUR_MS:
        is_on = now_ms % (on_ms + off_ms) < on_ms
        book = update_episodes(
            book, [make_sign(SignState.PRESENT if is_on else SignState.ABSENT, kind=kind)], QUICKEST, now_ms
        )
        now_ms += 10_000
    opened, ended = alerts(book)
    assert 2 <= len(opened) + len(ended) <= 48


def evaluate(levels: list[SignState], book: AlertEpisodes = NOTHING, from_ms: int = 0) -> AlertEpisodes:
    """Evaluate one state a minute."""
    for index, state in enumerate(levels):
        book = update_episodes(book, [make_sign(state)], TIMINGS, from_ms + index * MINUTE_MS)
    return book


def alerts(book: AlertEpisodes) -> tuple[list[Alert], list[Alert]]:
    return [episode.alert for episode in book.open], [past.alert for past in book.ended]


def test_alert_begins_after_raise_time_and_not_before() -> None:
    assert evaluate([SignState.PRESENT] * 10).open == ()
    (alert,), ended = alerts(evaluate([SignState.PRESENT] * 11))
    assert (alert.since_ms, alert.fired_ms, alert.ended_ms, ended) == (0, AFTER_MS, None, [])


def test_alert_ends_after_clear_time_and_keeps_when_it_was_gone() -> None:
    begun = evaluate([SignState.PRESENT] * 11)
    assert evaluate([SignState.ABSENT] * 5, begun, 11 * MINUTE_MS).open != ()
    opened, (alert,) = alerts(evaluate([SignState.ABSENT] * 6, begun, 11 * MINUTE_MS))
    assert (opened, alert.ended_ms) == ([], 11 * MINUTE_MS)


def test_intermittent_sign_is_one_alert() -> None:
    intermittent = [SignState.PRESENT] * 11 + [SignState.ABSENT, SignState.ABSENT, SignState.PRESENT] * 50
    opened, ended = alerts(evaluate(intermittent))
    assert (len(opened), ended) == (1, [])


def test_sign_that_is_intermittent_from_the_start_is_no_alert() -> None:
    assert alerts(evaluate([SignState.PRESENT, SignState.PRESENT, SignState.ABSENT] * 50)) == ([], [])


def test_between_two_thresholds_nothing_changes() -> None:
    rising = [SignState.PRESENT] + [SignState.BETWEEN] * 9 + [SignState.PRESENT]
    assert len(evaluate(rising).open) == 1
    assert evaluate([SignState.BETWEEN] * 30).open == ()
    falling = [SignState.ABSENT] + [SignState.BETWEEN] * 30
    begun = evaluate([SignState.PRESENT] * 11)
    assert evaluate([*falling[1:], SignState.PRESENT], begun, 11 * MINUTE_MS).open != ()


def test_while_unknown_nothing_begins_and_nothing_ends() -> None:
    assert evaluate([SignState.PRESENT] * 10 + [SignState.UNKNOWN] + [SignState.PRESENT] * 10).open == ()
    begun = evaluate([SignState.PRESENT] * 11)
    assert len(evaluate([SignState.ABSENT, *[SignState.UNKNOWN] * 99], begun, 11 * MINUTE_MS).open) == 1


def test_subject_without_a_sign_counts_as_absent() -> None:
    book = evaluate([SignState.PRESENT] * 11)
    for minute in range(11, 17):
        book = update_episodes(book, [], TIMINGS, minute * MINUTE_MS)
    assert (book.open, len(book.ended)) == ((), 1)


def test_ended_alert_is_kept_for_two_weeks() -> None:
    book = evaluate([SignState.ABSENT] * 6, evaluate([SignState.PRESENT] * 11), 11 * MINUTE_MS)
    assert update_episodes(book, [], TIMINGS, 11 * MINUTE_MS + ENDED_KEPT_MS - 1).ended != ()
    assert update_episodes(book, [], TIMINGS, 11 * MINUTE_MS + ENDED_KEPT_MS).ended == ()


def test_clock_set_back_never_ends_an_alert_before_its_begin() -> None:
    book = evaluate([SignState.PRESENT] * 11, from_ms=1000 * MINUTE_MS)
    for minute in range(10):
        book = update_episodes(book, [make_sign(SignState.ABSENT)], TIMINGS, minute * MINUTE_MS)
    (alert,) = alerts(book)[1]
    assert alert.since_ms <= alert.fired_ms <= (alert.ended_ms or 0)


SUBJECTS = ("hall", "loft", "mill")
MOMENTS = st.lists(
    st.tuples(st.integers(0, 20), st.lists(st.sampled_from(SignState), min_size=3, max_size=3)), min_size=1, max_size=40
)


def replay(moments: list[tuple[int, list[SignState]]], *, twice: bool, reversed_order: bool) -> list[AlertEpisodes]:
    book, at_ms, books = AlertEpisodes(), 0, []
    for minutes, levels in moments:
        at_ms += minutes * MINUTE_MS
        signs = [make_sign(state, subject) for state, subject in zip(levels, SUBJECTS, strict=True)]
        for _ in range(2 if twice else 1):
            book = update_episodes(book, reversed(signs) if reversed_order else signs, TIMINGS, at_ms)
        books.append(book)
    return books


@given(moments=MOMENTS)
def test_evaluating_twice_or_in_another_order_changes_nothing(moments: list[tuple[int, list[SignState]]]) -> None:
    moments = [(minutes + 1, levels) for minutes, levels in moments]
    expected = replay(moments, twice=False, reversed_order=False)
    assert replay(moments, twice=True, reversed_order=False) == expected
    assert replay(moments, twice=False, reversed_order=True) == expected


@given(moments=MOMENTS)
def test_each_alert_is_open_once_and_ends_once_after_its_begin(moments: list[tuple[int, list[SignState]]]) -> None:
    began: set[tuple[str, int]] = set()
    ended: dict[tuple[str, int], Alert] = {}
    before: set[tuple[str, int]] = set()
    for book in replay(moments, twice=False, reversed_order=False):
        opened = [episode.alert for episode in book.open]
        now = {(alert.subject, alert.fired_ms) for alert in opened}
        assert len({alert.subject for alert in opened}) == len(opened), "at most one is open for each subject"
        assert not (now - before) & began, "none begins twice"
        began |= now
        for past in book.ended:
            alert = past.alert
            assert alert.since_ms <= alert.fired_ms <= (alert.ended_ms or -1)
            assert ended.setdefault((alert.subject, alert.fired_ms), alert) == alert, "an ended alert does not change"
        assert not now & ended.keys()
        before = now
    assert ended.keys() <= began


@given(
    spans=st.lists(st.tuples(st.integers(20, 200), st.integers(20, 200)), min_size=1, max_size=10),
    steps=st.lists(st.integers(1, 240), min_size=200, max_size=200),
)
def test_each_long_trouble_is_one_alert_at_any_interval(spans: list[tuple[int, int]], steps: list[int]) -> None:
    """Troubles and pauses of at least 20 minutes, evaluated at irregular intervals of 1 to 240 s."""
    edges: list[tuple[int, SignState]] = []
    at_ms = 0
    for trouble_min, pause_min in spans:
        edges += [(at_ms, SignState.PRESENT), (at_ms + trouble_min * MINUTE_MS, SignState.ABSENT)]
        at_ms += (trouble_min + pause_min) * MINUTE_MS
    book, now_ms, index, state, turn = AlertEpisodes(), 0, 0, SignState.ABSENT, 0
    while now_ms < at_ms:
        while index < len(edges) and edges[index][0] <= now_ms:
            state = edges[index][1]
            index += 1
        book = update_episodes(book, [make_sign(state)], TIMINGS, now_ms)
        now_ms += steps[turn % len(steps)] * 1000
        turn += 1
    opened, ended = alerts(book)
    assert (len(opened), len(ended)) in {(0, len(spans)), (1, len(spans) - 1)}
    for alert, (begins_ms, _), (ends_ms, _) in zip(ended, edges[::2], edges[1::2], strict=False):
        assert begins_ms <= alert.since_ms <= begins_ms + 4 * MINUTE_MS
        assert ends_ms <= (alert.ended_ms or 0) <= ends_ms + 4 * MINUTE_MS


@given(
    troubles=st.lists(st.tuples(st.integers(1, 200), st.integers(6, 200)), min_size=1, max_size=8),
    restarts=st.sets(st.integers(0, 3000), max_size=30),
)
def test_restarts_never_repeat_an_alert(troubles: list[tuple[int, int]], restarts: set[int]) -> None:
    """One evaluation a minute; a restart drops pending signs. Pauses are longer than `clear_after_ms`."""
    book, minute = AlertEpisodes(), 0
    for trouble_min, pause_min in troubles:
        fired = set()
        for state, minutes in ((SignState.PRESENT, trouble_min), (SignState.ABSENT, pause_min)):
            for _ in range(minutes):
                if minute in restarts:
                    book = AlertEpisodes(book.open, book.ended)
                book = update_episodes(book, [make_sign(state)], TIMINGS, minute * MINUTE_MS)
                fired |= {episode.alert.fired_ms for episode in book.open}
                minute += 1
        assert len(fired) <= 1
        assert book.open == (), "it has ended"


def test_alert_that_ended_three_days_ago_has_no_exact_times() -> None:
    begun = evaluate([SignState.PRESENT] * 11, from_ms=1234)
    ended = evaluate([SignState.ABSENT] * 6, begun, 11 * MINUTE_MS + 77)
    exact = alerts(ended)[1][0]
    assert exact.since_ms == 1234
    assert alerts(update_episodes(ended, [], TIMINGS, exact.since_ms + MAX_RAW_MS))[1] == [exact]
    (coarse,) = alerts(update_episodes(ended, [], TIMINGS, (exact.ended_ms or 0) + MAX_RAW_MS + 1))[1]
    assert (coarse.since_ms, coarse.fired_ms, coarse.ended_ms) == (0, 2 * COARSE_STEP_MS, 2 * COARSE_STEP_MS)


def test_alert_that_is_open_for_three_days_has_no_exact_times() -> None:
    book = evaluate([SignState.PRESENT] * 11, from_ms=1234)
    fired_ms = book.open[0].alert.fired_ms
    later = update_episodes(book, [make_sign(SignState.PRESENT)], TIMINGS, fired_ms + MAX_RAW_MS + 1)
    alert = later.open[0].alert
    assert (alert.since_ms, alert.fired_ms) == (0, fired_ms - fired_ms % COARSE_STEP_MS)
    assert fired_ms % COARSE_STEP_MS, "the exact time differs from the coarse one"
