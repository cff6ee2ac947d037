"""Ends the process when one of its threads dies, so that a supervisor can start it again.

In:    uncaught exceptions of every thread, ours or a library's.
Out:   the name of the thread and its traceback in the log, and exit status 1.
Never: a process that stays up without one of its threads.
"""

import faulthandler
import logging
import os
import sys
import threading
from types import TracebackType
from typing import Final

RAW_THREAD: Final = "Exception ignored in thread started by"
"""How Python reports the end of a thread that a library started without `threading`."""
FAILED: Final = 1

log = logging.getLogger(__name__)


def end_process_with_threads() -> None:
    """From now on an uncaught exception in any thread ends the process with status 1.

    `faulthandler` prints the stack of every thread if the process is aborted: systemd does so when its watchdog is
    not fed, and the stacks show which thread is stuck.
    """
    if sys.stderr is not None:
        faulthandler.enable()
    threading.excepthook = _on_thread_exception
    sys.unraisablehook = _on_unraisable


def _on_thread_exception(fault: threading.ExceptHookArgs) -> None:
    """SystemExit too: a thread that leaves in this way is as dead as any other."""
    name = fault.thread.name if fault.thread is not None else threading.current_thread().name
    _end_process(name, fault.exc_type, fault.exc_value, fault.exc_traceback)


def _on_unraisable(fault: "sys.UnraisableHookArgs") -> None:
    """Most of these are harmless, such as an error in a finaliser; Python's own hook prints them."""
    if not (fault.err_msg or "").startswith(RAW_THREAD):
        sys.__unraisablehook__(fault)
        return
    name = f"{threading.current_thread().name} ({fault.object!r})"
    _end_process(name, fault.exc_type, fault.exc_value, fault.exc_traceback)


def _end_process(
    name: str, kind: type[BaseException], value: BaseException | None, traceback: TracebackType | None
) -> None:
    """`os._exit` and not `sys.exit`, which would end this thread alone. What is committed is on the disk."""
    try:
        log.critical(
            'thread "%s" ended with %s; the process ends with status %d, so that it is started again',
            *(name, kind.__name__, FAILED),
            exc_info=(kind, value if value is not None else kind(), traceback),
        )
        logging.shutdown()
    finally:
        os._exit(FAILED)
