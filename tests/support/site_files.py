"""A small site file for tests of the command: one device with a motion sensor and a meter."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.support.servers import Mosquitto

SITE, DEVICE = "spinneriet", "pi-1"
PIR, METER = "desk-1-pir", "laser-power"

_SITE_FILE = """
[site]
id = "{site}"
name = "Spinneriet"
time_zone = "Europe/Stockholm"
[broker]
host = "{host}"
port = {port}
password_directory = "{passwords}"
[storage]
directory = "{storage}"
[dashboard]
port = {dashboard_port}
[[floor]]
id = "floor-1"
name = "Floor 1"
width_m = 30.0
depth_m = 10.0
[[zone]]
id = "zone-1"
name = "Zone 1"
floor = "floor-1"
x_m = 0.0
y_m = 0.0
width_m = 30.0
depth_m = 10.0
[[space]]
id = "desk-1"
name = "Desk 1"
kind = "desk"
zone = "zone-1"
x_m = 1.5
y_m = 2.0
[[space]]
id = "laser"
name = "Laser"
kind = "equipment"
zone = "zone-1"
x_m = 3.5
y_m = 2.0
[[device]]
id = "{device}"
clock = "{clock}"
heartbeat_ms = 1000
[[device.sensor]]
kind = "pir"
id = "{pir}"
space = "desk-1"
pin = 4
[[device.sensor]]
kind = "power"
id = "{meter}"
space = "laser"
path = "{meter_path}"
every_ms = 100
step_w = 0.5
{more}
"""


def meter_path(folder: Path) -> Path:
    """Return the file that the meter of `site_file` reads."""
    return folder / "power1_input"


def set_meter(folder: Path, watts: float) -> None:
    """Set the reading of the meter."""
    new_path = folder / "power1_input.new"
    new_path.write_text(f"{watts * 1e6:.0f}\n")
    new_path.replace(meter_path(folder))


@contextmanager
def changing_meter(folder: Path) -> Iterator[None]:
    """Change the meter's reading continuously."""
    stop = threading.Event()

    def change_reading() -> None:
        for number in count(2):
            if stop.wait(0.05):
                return
            set_meter(folder, number)

    thread = threading.Thread(target=change_reading)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def site_file(
    folder: Path,
    broker: Mosquitto,
    *,
    storage: Path | None = None,
    dashboard_port: int = 1,
    clock: str = "host",
    more: str = "",
) -> Path:
    """Write a site file for this broker, with a password file for each process; return its path."""
    passwords = folder / "passwords"
    passwords.mkdir(mode=0o700, exist_ok=True)
    for user in (DEVICE, "collector", "dashboard"):
        path = passwords / user
        path.touch(mode=0o600)
        path.write_text(f"{broker.settings(user).password}\n")
    set_meter(folder, 1)
    path = folder / "site.toml"
    path.write_text(
        _SITE_FILE.format(
            site=SITE,
            host=broker.host,
            port=broker.port,
            passwords=passwords,
            storage=storage or folder / "data",
            dashboard_port=dashboard_port,
            device=DEVICE,
            clock=clock,
            pir=PIR,
            meter=METER,
            meter_path=meter_path(folder),
            more=more,
        )
    )
    return path
