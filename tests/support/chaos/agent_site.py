"""A site file whose device reaches the broker through another port, and an outbox that is already full.

In:    a folder, a broker, a port.
Out:   the arguments of `ledig edge` and `ledig collector`.
"""

from pathlib import Path

from edge.contract.message import EventKind
from edge.outbox import Outbox
from edge.timekeeping.machine_clock import HostClock
from tests.support.edge.outbox_events import create_timed_event
from tests.support.servers import Mosquitto
from tests.support.site_files import DEVICE, PIR, site_file

DATA = "data"
OUTBOX = f"outbox-{DEVICE}.sqlite"
JOURNAL = "journal.sqlite"


def edge_through(folder: Path, broker: Mosquitto, port: int) -> tuple[str | Path, ...]:
    """The arguments of an agent that reaches its broker at `port`."""
    site = site_file(folder, broker)
    text = site.read_text()
    assert text.count(f"port = {broker.port}\n") == 1
    through = site.with_name("through.toml")
    through.write_text(text.replace(f"port = {broker.port}\n", f"port = {port}\n"))
    return "edge", through, "--device", DEVICE, "--pins", "mock"


def fill_outbox(folder: Path, events: int) -> Path:
    """Create an outbox with this many events, as after an outage."""
    path = folder / DATA / OUTBOX
    path.parent.mkdir(exist_ok=True)
    with Outbox(path, max_events=10 * events, boot="") as outbox:
        now_ms = HostClock().now_ms()
        outbox.append([create_timed_event(PIR, EventKind.MOTION, number % 2, now_ms) for number in range(events)])
    return path
