"""The agent's own process: `ledig edge` becomes this once it has read the site file (see lean.py).

In:    which pins, and the number of an open file that holds the device's settings.
Out:   the agent, until Ctrl-C or SIGTERM; exit status 0, or 2 and one line when settings or files are wrong.
Never: called by hand.
"""

import logging
import os
import pickle
import signal
import sys
import threading

from gpiozero import Factory

from edge.clock import HostClock, NetworkClock
from edge.lean import import_paho_without_openssl
from edge.settings import ClockSource, DeviceSettings


def main(pins: str, handed: int) -> None:
    """Run the agent that the open file `handed` describes."""
    with os.fdopen(handed, "rb") as file:
        settings: DeviceSettings = pickle.load(file)  # noqa: S301 - written by this very process, before it became this
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    stop = _stop_on_signals()
    if settings.broker.ca_file is None:
        import_paho_without_openssl()
    from edge import agent
    from edge.outbox import OutboxRejected

    clock = NetworkClock() if settings.clock is ClockSource.NETWORK else HostClock()
    try:
        agent.run(settings, clock, _pin_factory(pins), stop)
    except OutboxRejected as fault:
        sys.exit(_refuse(fault))


def _pin_factory(pins: str) -> Factory:
    if pins == "mock":
        from gpiozero.pins.mock import MockFactory

        return MockFactory()
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _stop_on_signals() -> threading.Event:
    """An event that Ctrl-C or SIGTERM sets; no handler, which could interrupt the very lock that setting it takes."""
    stop, signals = threading.Event(), {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # threads started from here on inherit it

    def wait() -> None:
        signal.sigwait(signals)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        stop.set()

    threading.Thread(target=wait, name="signals", daemon=True).start()
    return stop


def _refuse(fault: Exception) -> int:
    sys.stderr.write(f"{fault}\n")
    return 2


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
