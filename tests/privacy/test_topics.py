"""What a reader of every topic that the broker's rights allow can keep for weeks, and what a new subscriber gets.

By design a reader sees live when hot desks, rooms and booths become free and taken, as a visitor does
(docs/decisions/0033), and can keep that record. Topics may contain nothing else. So nobody may learn

- anything about a dedicated desk: every message is the same whether its member is there or not;
- a number of people from one to four, or a count of spaces that the published states do not add up to;
- from what is retained, a moment of more than 72 hours ago more finely than five minutes;
- that something unpublished changed, from a message without a change.

The topics are those of the shipped ACL file. A topic that is added there without a row in TOPICS fails.
"""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from collector.contract.alerts import Alerts
from collector.contract.findings import Findings
from collector.contract.forecasts import Forecast
from collector.contract.states import (
    COARSE_STEP_MS,
    TAKEN_STATES,
    CollectorStatus,
    Occupancy,
    SpaceState,
    Summary,
    Tuning,
)
from collector.contract.truth import SiteAccuracy, SpaceCodes, TruthRound
from collector.site.adjustments import Adjustments
from collector.site.site_plan import WHOLE_SITE, SitePlan
from collector.site.spaces import Tenure
from edge.contract.message import DeviceCommand, DeviceStatus, Receipt
from edge.timekeeping.durations import DAY_MS, HOUR_MS
from ledig.simulation.signals import SensorSignal, compute_signals
from ledig.simulation.simulated_day import simulate_day
from ledig.simulation.simulator import SIMULATION_SEED
from tests.support.privacy.live_site import LiveSite
from tests.support.privacy.world import MONDAY, example_plan
from tests.support.servers import SHIPPED_MOSQUITTO

KEPT_MS = 72 * HOUR_MS
SHORT_DAYS, FULL_DAYS = 4, 40
ROOT = "ledig/v1/SITE/"


@dataclass(frozen=True)
class TopicAccess:
    """How the attack reads a topic."""

    type: type[Any]
    no_movement: frozenset[str] = frozenset()
    """Keys whose time is that of a program, not of people."""
    from_device: bool = False
    """Written by a device or a manager, so it is not in the collector's record."""


TOPICS = {
    "space/+": TopicAccess(SpaceState),
    "tuning/+": TopicAccess(Tuning),
    "zone/+": TopicAccess(Summary),
    "site": TopicAccess(Summary),
    "forecast/+": TopicAccess(Forecast),
    "alerts": TopicAccess(Alerts),
    "adjustments": TopicAccess(Adjustments),
    "accuracy": TopicAccess(SiteAccuracy),
    "codes": TopicAccess(SpaceCodes),
    "round": TopicAccess(TruthRound),
    "collector": TopicAccess(CollectorStatus, frozenset({"since"})),
    "device/+/findings": TopicAccess(Findings),
    "device/%u/receipt": TopicAccess(Receipt),
    "device/%u/command": TopicAccess(DeviceCommand, from_device=True),
    "device/+/status": TopicAccess(DeviceStatus, frozenset({"since"}), from_device=True),
}
"""Every topic that users other than the collector may read."""


def readable() -> dict[str, set[str]]:
    """Return by user of the shipped ACL file what it may read, without `ledig/v1/SITE/`; all devices are one user."""
    found: dict[str, set[str]] = {}
    user = "device"
    for line in (SHIPPED_MOSQUITTO / "ledig.acl").read_text().splitlines():
        if line.startswith("user "):
            user = line.removeprefix("user ")
        elif match := re.fullmatch(r"(?:topic|pattern) (?:read|readwrite) (\S+)", line):
            found.setdefault(user, set()).add(match[1].removeprefix(ROOT))
    return found


def place_of(topic: str) -> str:
    """Return the row of TOPICS that a topic of the collector belongs to."""
    _, _, _, *parts = topic.split("/")
    if parts[0] == "device":
        return f"device/{'%u' if parts[2] == 'receipt' else '+'}/{parts[2]}"
    return parts[0] if len(parts) == 1 else f"{parts[0]}/+"


def instants(value: Any, left_out: frozenset[str], key: str = "") -> Iterator[int]:
    """Yield every moment in a message, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from instants(inner, left_out, name)
    elif isinstance(value, list):
        for inner in value:
            yield from instants(inner, left_out, key)
    elif isinstance(value, int) and value > 10**12 and key not in left_out:
        yield value


def small_site_plan() -> SitePlan:
    """Return the shipped example with sensors that report less often than on a real site, to simulate less."""
    plan = example_plan()
    return replace(plan, sensors=tuple(replace(sensor, heartbeat_ms=600_000) for sensor in plan.sensors))


def days_of_signs(plan: SitePlan, days: int) -> list[SensorSignal]:
    lived = [simulate_day(plan, MONDAY + timedelta(days=number), SIMULATION_SEED) for number in range(days)]
    return [sign for one in lived for sign in compute_signals(plan, one, SIMULATION_SEED)]


class Checks:
    """Checks the new messages of the record after each step."""

    def __init__(self, site: LiveSite, plan: SitePlan) -> None:
        self._record, self._plan = site.record, plan
        self._states: dict[str, Occupancy] = {}
        self._newest: dict[str, Any] = {}
        self._read = 0
        self.claims: list[str] = []
        self.places: set[str] = set()

    def check_new(self) -> None:
        """Check new messages."""
        summaries: list[tuple[str, Summary]] = []
        for _, topic, payload in self._record.messages[self._read :]:
            place = place_of(topic)
            self.places.add(place)
            if not payload:
                continue
            message = msgspec.json.decode(payload, type=TOPICS[place].type)
            if isinstance(message, SpaceState):
                self._states[topic.rpartition("/")[2]] = message.state
            elif isinstance(message, Summary):
                summaries.append((topic.rpartition("/")[2], message))
                self._check_repeated(topic, message)
        self._read = len(self._record.messages)
        for zone, summary in summaries:
            self._counts(zone, summary)

    def _check_repeated(self, topic: str, message: Summary) -> None:
        bare = msgspec.structs.replace(message, at_ms=0)
        is_aged = message.at_ms < self._record.now_ms - KEPT_MS and message.at_ms % COARSE_STEP_MS == 0
        if self._newest.get(topic) == bare and not is_aged:
            self.claims.append(f"{topic}: a message without a change at {message.at_ms}")
        self._newest[topic] = bare

    def _counts(self, zone: str, summary: Summary) -> None:
        """Check that counts follow from public states, and that no people count is below five."""
        where = {zone, WHOLE_SITE} if zone == "site" else {zone}
        for kind, counts in summary.kinds.items():
            there = [s.id for s in self._plan.spaces if s.kind is kind and s.is_offered]
            there = [s for s in there if zone == "site" or self._plan.space_by_id[s].zone in where]
            states = [self._states[s] for s in there]
            public = len(states), sum(s in TAKEN_STATES for s in states), states.count(Occupancy.VACANT)
            if (counts.capacity, counts.taken, counts.free_min) != public:
                self.claims.append(f"{zone}: {counts} is not what the states add up to, {public}")
        if (people := summary.people) is not None:
            if any(n in range(1, 5) for n in (people.count, people.least)) or people.most < 4:
                self.claims.append(f"few people: {people}")
            if (people.last_empty_ms or 0) % COARSE_STEP_MS:
                self.claims.append(f"the site was empty at {people.last_empty_ms}")

    def check_retained(self) -> None:
        """Check what a new subscriber gets: no exact old moment, and nothing of a dedicated space."""
        now_ms = self._record.now_ms
        for topic, payload in self._record.retained.items():
            left_out = TOPICS[place_of(topic)].no_movement
            for at_ms in instants(json.loads(payload), left_out):
                if at_ms < now_ms - KEPT_MS - COARSE_STEP_MS and at_ms % COARSE_STEP_MS:
                    self.claims.append(f"{topic} at {now_ms}: {at_ms} is exact: {payload.decode()}")


def test_the_attack_reads_every_readable_topic() -> None:
    every = readable()
    assert set(every) == {"device", "collector", "dashboard", "installer"}
    others = set().union(*(topics for user, topics in every.items() if user != "collector"))
    assert others == set(TOPICS), "a topic that is read needs a row in TOPICS, one that is not needs none"


def test_readers_of_topics_learn_only_the_live_states(tmp_path: Path, full: bool) -> None:
    plan = small_site_plan()
    days = FULL_DAYS if full else SHORT_DAYS
    noticed = days_of_signs(plan, days)
    begin_ms = noticed[0].at_ms
    silent = min(plan.device_ids)  # the last states of its sensors stay retained
    noticed = [s for s in noticed if s.sensor[0] != silent or s.at_ms < begin_ms + 14 * HOUR_MS]
    with closing(LiveSite(plan, tmp_path, begin_ms)) as site:
        site.falls_silent(silent, begin_ms + 14 * HOUR_MS)
        checks = Checks(site, plan)
        for now_ms in site.live(noticed, begin_ms + days * DAY_MS):
            checks.check_new()
            if (now_ms - begin_ms) % (6 * HOUR_MS) == 0:
                checks.check_retained()
    assert checks.places == {place for place, read in TOPICS.items() if not read.from_device}
    assert not checks.claims, f"{len(checks.claims)}: {checks.claims[:10]}"
    dedicated = {space.id for space in plan.spaces if space.tenure is Tenure.DEDICATED}
    assert dedicated
    assert dedicated.isdisjoint(topic.rpartition("/")[2] for _, topic, _ in site.record.messages)


def test_messages_do_not_depend_on_members_with_dedicated_desks(tmp_path: Path) -> None:
    plan = small_site_plan()
    dedicated = {space.id for space in plan.spaces if space.tenure is Tenure.DEDICATED}
    own = {sensor.key for sensor in plan.sensors if sensor.space in dedicated}
    noticed = [sign for sign in days_of_signs(plan, 1) if sign.quantity != "crossing"]  # doors count them as people
    present = [sign for sign in noticed if sign.sensor in own and sign.value]
    assert len(present) > 100
    records = []
    for name, these in (("in", noticed), ("out", [sign for sign in noticed if sign not in set(present)])):
        (tmp_path / name).mkdir()
        with closing(LiveSite(plan, tmp_path / name, noticed[0].at_ms)) as site:
            for _ in site.live(these, noticed[0].at_ms + DAY_MS):
                pass
        records.append([message for message in site.record.messages if not _is_own(message[1], message[2])])
    with_them, without_them = records
    assert with_them == without_them


def _is_own(topic: str, payload: bytes) -> bool:
    """Return whether a message may differ: detected people count from five on, and codes are random."""
    if topic.endswith(("/receipt", "/codes")):  # a receipt is for the device that sent the events
        return True
    return topic.endswith("/site") and json.loads(payload).get("people", {}).get("most", 0) > 4
