"""Stop event for the main loops, set by Ctrl-C or SIGTERM.

In:    signals of the operating system.
Out:   a `threading.Event` that is set once.
Never: a signal handler in Python: it could interrupt the code that holds the lock which setting the event needs.
"""

import signal
import threading


def stop_on_signals() -> threading.Event:
    """Return an event that Ctrl-C or SIGTERM sets; a second signal ends the process at once.

    Call it in the main thread before other threads start, because they inherit the blocked signals.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _ignore_hangup()
    return _stop_on({signal.SIGINT, signal.SIGTERM})


def stop_on_signals_or_hangup() -> threading.Event:
    """Like `stop_on_signals`, but closing the terminal also sets the event, unless `nohup` started the process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return _stop_on({signal.SIGINT, signal.SIGTERM})
    return _stop_on({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


def stop_with_parent() -> threading.Event:
    """Like `stop_on_signals` for a child process: ignore Ctrl-C, which the parent handles; stop if the parent ends."""
    import multiprocessing  # imported here: an agent on a small Pi has no child processes
    from multiprocessing.connection import wait

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ignore_hangup()
    stop = _stop_on({signal.SIGTERM})
    parent = multiprocessing.parent_process()
    if parent is not None:

        def wait_for_parent(sentinel: int) -> None:
            wait([sentinel])
            stop.set()

        threading.Thread(target=wait_for_parent, args=(parent.sentinel,), daemon=True, name="parent").start()
    return stop


def _ignore_hangup() -> None:
    """Ignore SIGHUP: there is nothing to reload, and systemd would treat its default action as a clean exit."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _stop_on(signals: set[signal.Signals]) -> threading.Event:
    stop = threading.Event()
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def wait_for_signal() -> None:
        signal.sigwait(signals)
        stop.set()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)  # a second signal has its default effect

    threading.Thread(target=wait_for_signal, daemon=True, name="signals").start()
    return stop
