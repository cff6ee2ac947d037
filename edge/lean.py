"""Turns `ledig edge` into a process that is the agent and nothing else.

In:    the settings of one device, made by the front door from the whole house's site file.
Out:   this process, started afresh with those settings alone; it keeps its id, so a supervisor notices nothing.
Never: settings on the command line or in the environment, where others could read the broker's password.

Reading a site file takes a TOML reader, every table of the house and the command line's own parts: 13 MB that the
agent never needs again, on a machine that may have 512. Python cannot give them back; starting afresh can. OpenSSL
is another 4.6 MB, for TLS alone.
"""

import os
import pickle
import sys
from typing import NoReturn

from edge.settings import DeviceSettings


def become(settings: DeviceSettings, pins: str) -> NoReturn:
    """Be the agent from here on: see `edge.__main__`. Call it before any thread, lock or signal handler.

    Args:
        settings: the device, its broker password included; they go by way of memory that has no name.
        pins: `lgpio` or `mock`.
    """
    handed = os.memfd_create("ledig-edge", 0)
    with os.fdopen(os.dup(handed), "wb") as file:
        pickle.dump(settings, file)
    os.lseek(handed, 0, os.SEEK_SET)
    os.set_inheritable(handed, True)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "edge", pins, str(handed)])  # noqa: S606 - ourselves


def import_paho_without_openssl() -> None:
    """Import paho as on a Python that was built without OpenSSL, unless something has loaded it already.

    For a process that is one agent and reaches its broker without TLS; it can never use TLS afterwards. Both
    modules are optional in CPython, and everything that imports them here says so itself.
    """
    absent = [name for name in ("ssl", "_hashlib") if name not in sys.modules]
    without: dict[str, object] = dict.fromkeys(absent)  # None: `import` finds nothing under this name
    sys.modules.update(without)  # type: ignore[arg-type] # documented for None, not typed
    try:
        import paho.mqtt.client  # noqa: F401
    finally:
        for name in absent:
            del sys.modules[name]
