"""What a manager sees beside the plan: why each space is what it is, and how each device is.

In:    the picture, its public frame, the house's clock, words.
Out:   the manager's frame, in sentences.
Never: a desk that is one member's; it has no state.
"""

import msgspec
from babel.numbers import format_decimal
from msgspec import Struct

from collector.outward import Air, Occupancy, SpaceState
from collector.plan import SitePlan, Space, SpaceKind
from dashboard.live.frame import CODES, Frame, air_word
from dashboard.live.picture import Picture
from dashboard.manager import alerts, findings
from dashboard.manager.alerts import AlertPart
from dashboard.manager.devices import DeviceRow, device_row, mark, summary
from dashboard.manager.findings import FindingRow
from dashboard.why import Reader, why
from dashboard.words import Words


class SpaceRow(Struct, frozen=True):
    """One space: its state's code and word, why, and what will come."""

    code: str
    word: str
    why: str


class ManagerFrame(Struct, frozen=True):
    """The frame that everybody sees while the house is open, and what only a manager may see."""

    public: Frame
    spaces: dict[str, SpaceRow]
    devices: dict[str, DeviceRow]
    fleet: str
    """All devices in one line."""
    mark: str
    """Changes with everything that the page of devices says, but for ages."""
    air: dict[str, str]
    """Each zone's air in a word, and its readings."""
    findings: list[FindingRow]
    """What was found about sensors."""
    alerts: AlertPart
    fault: str


def encode_manager_frame(frame: ManagerFrame) -> bytes:
    """The frame as one server-sent event."""
    return b"data: " + msgspec.json.encode(frame) + b"\n\n"


def manager_frame(picture: Picture, public: Frame, now_ms: int, words: Words) -> ManagerFrame:
    """Everything a manager sees live, in one language."""
    plan = picture.plan
    reader = Reader(plan, now_ms, words)
    devices = {device: device_row(device, picture, reader) for device in plan.devices}
    return ManagerFrame(
        public=public,
        spaces={space.id: _space(space, picture, reader) for space in shown(plan)},
        devices=devices,
        fleet=summary(devices.values(), picture, words),
        mark=mark(picture),
        air={zone.id: _readings(picture.air.get(zone.id), words) for zone in plan.zones},
        findings=findings.rows(picture.findings, plan, words),
        alerts=alerts.part(picture.alerts, plan, words, now_ms),
        fault=_fault(picture, words),
    )


def _fault(picture: Picture, words: Words) -> str:
    """What does not work now, in one or two sentences; empty: nothing is known of."""
    if not picture.refused:
        return picture.fault
    text = words.gettext("The broker does not let the dashboard read {topics}: correct its rights at the broker.")
    return " ".join(filter(None, (text.format(topics=", ".join(picture.refused)), picture.fault)))


def shown(plan: SitePlan) -> list[Space]:
    """The spaces that have a state: what is offered, and supplies."""
    return [space for space in plan.spaces if space.offered or space.kind is SpaceKind.SUPPLY]


def _readings(air: Air | None, words: Words) -> str:
    if air is None:
        return ""
    _ = words.gettext
    readings = (
        (air.co2_ppm, "0", _("{n} ppm CO₂")),
        (air.temperature_c, "0.0", _("{n} °C")),
        (air.humidity_pct, "0", _("humidity {n}%")),
    )
    told = (
        text.format(n=format_decimal(value, pattern, locale=words.language)).replace(" ", "\u00a0")
        for value, pattern, text in readings
        if value is not None
    )
    return " · ".join(filter(None, (words.air(air_word(air)), *told)))


def _space(space: Space, picture: Picture, reader: Reader) -> SpaceRow:
    words = reader.words
    state = picture.states.get(space.id)
    if state is None:
        return SpaceRow("u", words.state("u", space.kind), words.gettext("no data yet"))
    told = why(state, space.kind, picture.tunings.get(space.id), reader)
    if space.kind is SpaceKind.SUPPLY:
        return SpaceRow(*_level(state, words), told)
    code = CODES.get(state.state, "u")
    return SpaceRow(code, words.state(code, space.kind), told)


def _level(state: SpaceState, words: Words) -> tuple[str, str]:
    if state.level_pct is None or state.state is Occupancy.UNKNOWN:
        return "u", words.page["state.u"]
    low = state.state is Occupancy.LOW
    return "o" if low else "v", words.fill("supply.low" if low else "supply", n=round(state.level_pct))
