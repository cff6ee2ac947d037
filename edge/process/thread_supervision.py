"""Ends the process when one of its threads ends, so that a supervisor can start it again.

In:    uncaught exceptions of every thread, ours or a library's.
Out:   the name of the thread and its traceback in the log, and exit status 1.
Never: a process that continues without one of its threads.
"""

import faulthandler
import logging
import os
import sys
import threading
from types import TracebackType
from typing import Final

RAW_THREAD_ERROR: Final = "Exception ignored in thread started by"
"""How Python reports the end of a thread that a library started without `threading`."""
EXIT_FAILED: Final = 1

log = logging.getLogger(__name__)


def exit_on_thread_failure() -> None:
    """Make an uncaught exception in any thread end the process with status 1.

    `faulthandler` prints the stack of every thread if the process is aborted. systemd aborts it if its watchdog gets no
    report; the stacks show which thread is stuck.
    """
    if sys.stderr is not None:
        faulthandler.enable()
    threading.excepthook = _on_thread_exception
    sys.unraisablehook = _on_unraisable


def _on_thread_exception(fault: threading.ExceptHookArgs) -> None:
    """End the process, also for SystemExit: a thread that ends this way does no more work either."""
    name = fault.thread.name if fault.thread is not None else threading.current_thread().name
    _end_process(name, fault.exc_type, fault.exc_value, fault.exc_traceback)


def _on_unraisable(fault: "sys.UnraisableHookArgs") -> None:
    """End the process for a raw thread; others, such as errors in finalisers, are harmless and only printed."""
    if not (fault.err_msg or "").startswith(RAW_THREAD_ERROR):
        sys.__unraisablehook__(fault)
        return
    name = f"{threading.current_thread().name} ({fault.object!r})"
    _end_process(name, fault.exc_type, fault.exc_value, fault.exc_traceback)


def _end_process(
    name: str, kind: type[BaseException], value: BaseException | None, traceback: TracebackType | None
) -> None:
    """Use `os._exit`: `sys.exit` would end only this thread. Committed data is on disk."""
    try:
        log.critical(
            'thread "%s" ended with %s; the process ends with status %d, so that it is restarted',
            *(name, kind.__name__, EXIT_FAILED),
            exc_info=(kind, value if value is not None else kind(), traceback),
        )
        logging.shutdown()
    finally:
        os._exit(EXIT_FAILED)
