"""The worked example of docs/adding/source.md runs as it is written."""

import re
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from edge.contract.message import EventKind
from edge.timekeeping.machine_clock import HostClock
from tests.support.edge.site import DEVICE, FakeCollector, make_device_settings
from tests.support.servers import ROOT, Mosquitto

GUIDE = ROOT / "docs" / "adding" / "source.md"


def load_example() -> dict[str, Any]:
    (block,) = re.findall(r"(?ms)^```python\n(.+?)^```$", GUIDE.read_text())
    names: dict[str, Any] = {"NamedTuple": NamedTuple, "Empty": Empty, "__name__": "example"}
    exec(block, names)  # noqa: S102 - our own document
    return names


def test_source_of_the_guide_sends_its_readings_until_they_are_stored(broker: Mosquitto, tmp_path: Path) -> None:
    example = load_example()
    inbox: SimpleQueue[object] = SimpleQueue()
    stop = threading.Event()
    settings = make_device_settings(broker.settings(DEVICE), tmp_path)
    source = threading.Thread(target=example["run_gateway"], args=(settings, HostClock(), inbox, stop))
    with FakeCollector(broker) as collector:
        source.start()
        for value in (1, 0):
            inbox.put(example["GatewayReading"]("desk-14-radar", EventKind.PRESENCE, value))
        collector.wait_for(lambda: len(collector.events) == 2, "both readings")
        assert collector.values_of("desk-14-radar") == [("presence", 1), ("presence", 0)]
        stop.set()
        source.join(10)
        collector.wait_for(lambda: collector.statuses and not collector.statuses[-1].online, "offline")


def test_every_file_of_the_guide_exists() -> None:
    files = re.findall(r"^\| `([\w/.]+)` \|", GUIDE.read_text(), re.MULTILINE)
    assert len(files) >= 4
    assert [name for name in files if not (ROOT / name).exists()] == []
