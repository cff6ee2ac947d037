"""Turns Ctrl-C and SIGTERM into one event that every loop of the house watches.

In:    signals of the operating system.
Out:   a `threading.Event` that is set once.
Never: a signal handler in Python: it could interrupt the very lock that it needs to set the event.
"""

import signal
import threading


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C or SIGTERM sets; a second one ends the process at once.

    Call it in the main thread before any other starts: threads inherit the blocked signals.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _ignore_hangup()
    return _stop_on({signal.SIGINT, signal.SIGTERM})


def stop_on_signals_or_hangup() -> threading.Event:
    """The same for a process that belongs to a terminal: closing that ends it too, unless `nohup` started it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return _stop_on({signal.SIGINT, signal.SIGTERM})
    return _stop_on({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


def stop_with_parent() -> threading.Event:
    """The same for a child process: Ctrl-C is its parent's to judge, and who loses the parent stops too."""
    import multiprocessing  # only who has children needs it: an agent on a small Pi has none
    from multiprocessing.connection import wait

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ignore_hangup()
    stop = _stop_on({signal.SIGTERM})
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch(sentinel: int) -> None:
            wait([sentinel])
            stop.set()

        threading.Thread(target=watch, args=(parent.sentinel,), daemon=True, name="parent").start()
    return stop


def _ignore_hangup() -> None:
    """There is nothing to reload, and by default SIGHUP ends a process in a way that systemd takes for a clean exit."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _stop_on(signals: set[signal.Signals]) -> threading.Event:
    stop = threading.Event()
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def watch() -> None:
        signal.sigwait(signals)
        stop.set()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)  # the second one takes its usual course

    threading.Thread(target=watch, daemon=True, name="signals").start()
    return stop
