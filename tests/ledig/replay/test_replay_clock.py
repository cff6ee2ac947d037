"""The replay clock waits for threads that have fallen behind."""

import multiprocessing
import threading

from ledig.replay.replay_clock import ReplayClock


def clock_at(start_ms: int, *, stop: threading.Event | None = None, speed: float = 100_000) -> ReplayClock:
    shared = multiprocessing.get_context("spawn").Value("q", start_ms)
    return ReplayClock(shared, speed, stop or threading.Event())


def test_sleeping_thread_wakes_at_each_deadline() -> None:
    clock, awake, ended = clock_at(0), [], threading.Event()

    def sleeper() -> None:
        due_ms = 30_000
        while due_ms <= 300_000:
            if ended.wait(clock.seconds_until(due_ms)):
                return
            if clock.monotonic_ms() >= due_ms:
                awake.append(clock.now_ms())
                due_ms += 30_000
        clock.seconds_until(10_000_000)

    thread = threading.Thread(target=sleeper)
    thread.start()
    while not clock.count_sleepers():
        threading.Event().wait(0.001)
    clock.advance_to(300_000)
    ended.set()
    thread.join()
    assert awake == list(range(30_000, 300_001, 30_000))


def test_ended_thread_does_not_block_the_clock() -> None:
    clock = clock_at(0)
    thread = threading.Thread(target=clock.seconds_until, args=(1000,))
    thread.start()
    thread.join()
    clock.advance_to(5000)
    assert clock.at_ms == 5000
    assert clock.count_sleepers() == 0


def test_clock_stops_early_when_the_replay_is_stopped() -> None:
    stop = threading.Event()
    clock = clock_at(0, stop=stop, speed=1)
    stop.set()
    clock.advance_to(3_600_000)
    assert clock.at_ms == 0


def test_time_is_shared_with_another_process() -> None:
    shared = multiprocessing.get_context("spawn").Value("q", 0)
    clock = ReplayClock(shared, 100_000, threading.Event())
    clock.jump_to(1_766_000_000_000)
    clock.advance_to(1_766_000_001_000)
    assert shared.value == clock.now_ms() == clock.monotonic_ms() == 1_766_000_001_000


def test_wall_and_monotonic_reading_show_the_same_time() -> None:
    clock = clock_at(1000)
    wall_ms = clock.now_ms()
    clock.jump_to(31_000)
    assert clock.monotonic_ms() == wall_ms
    assert clock.monotonic_ms() == 31_000
