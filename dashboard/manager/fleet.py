"""The managers' live frame: the state of each space with its reason, the status of each device, findings, alerts.

In:    the site snapshot, its public frame, site time, the page's texts.
Out:   the managers' frame, as texts.
Never: dedicated desks; they have no state.
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
    """One space: its state as code and label, the reason, and the next change."""

    code: str
    word: str
    why: str


class ManagerFrame(Struct, frozen=True):
    """The frame that everybody sees while the site is open, and what only managers may see."""

    public: Frame
    spaces: dict[str, SpaceRow]
    devices: dict[str, DeviceRow]
    fleet: str
    """One line about all devices."""
    mark: str
    """Changes whenever the devices page changes, except for ages."""
    air: dict[str, str]
    """The rating and readings of each zone's air."""
    findings: list[FindingRow]
    """Findings about sensors and devices."""
    alerts: AlertPart
    fault: str


def encode_manager_frame(frame: ManagerFrame) -> bytes:
    """Encode the frame as one server-sent event."""
    return b"data: " + msgspec.json.encode(frame) + b"\n\n"


def manager_frame(picture: Picture, public: Frame, now_ms: int, texts: Words) -> ManagerFrame:
    """Return everything a manager sees live, in one language.

    Args:
        picture: the site snapshot.
        public: its public frame.
        now_ms: site time.
        texts: texts of the language.
    """
    plan = picture.plan
    reader = Reader(plan, now_ms, texts)
    devices = {device: device_row(device, picture, reader) for device in plan.devices}
    return ManagerFrame(
        public=public,
        spaces={space.id: _build_space_row(space, picture, reader) for space in shown(plan)},
        devices=devices,
        fleet=summary(devices.values(), picture, texts),
        mark=mark(picture),
        air={zone.id: _air_text(picture.air.get(zone.id), texts) for zone in plan.zones},
        findings=findings.rows(picture.findings, plan, texts),
        alerts=alerts.part(picture.alerts, plan, texts, now_ms),
        fault=_fault_text(picture, texts),
    )


def _fault_text(picture: Picture, texts: Words) -> str:
    """Return the current fault in one or two sentences; empty: no known fault."""
    if not picture.refused:
        return picture.fault
    text = texts.gettext("The broker does not let the dashboard read {topics}: correct its rights at the broker.")
    return " ".join(filter(None, (text.format(topics=", ".join(picture.refused)), picture.fault)))


def shown(plan: SitePlan) -> list[Space]:
    """Return the spaces that have a state: offered ones and supplies."""
    return [space for space in plan.spaces if space.offered or space.kind is SpaceKind.SUPPLY]


def _air_text(air: Air | None, texts: Words) -> str:
    if air is None:
        return ""
    _ = texts.gettext
    readings = (
        (air.co2_ppm, "0", _("{n} ppm CO₂")),
        (air.temperature_c, "0.0", _("{n} °C")),
        (air.humidity_pct, "0", _("humidity {n}%")),
    )
    formatted = (
        text.format(n=format_decimal(value, pattern, locale=texts.language)).replace(" ", "\u00a0")
        for value, pattern, text in readings
        if value is not None
    )
    return " · ".join(filter(None, (texts.air(air_word(air)), *formatted)))


def _build_space_row(space: Space, picture: Picture, reader: Reader) -> SpaceRow:
    texts = reader.words
    state = picture.states.get(space.id)
    if state is None:
        return SpaceRow("u", texts.state("u", space.kind), texts.gettext("no data yet"))
    reason = why(state, space.kind, picture.tunings.get(space.id), reader)
    if space.kind is SpaceKind.SUPPLY:
        return SpaceRow(*_supply_label(state, texts), reason)
    code = CODES.get(state.state, "u")
    return SpaceRow(code, texts.state(code, space.kind), reason)


def _supply_label(state: SpaceState, texts: Words) -> tuple[str, str]:
    if state.level_pct is None or state.state is Occupancy.UNKNOWN:
        return "u", texts.page["state.u"]
    low = state.state is Occupancy.LOW
    return "o" if low else "v", texts.fill("supply.low" if low else "supply", n=round(state.level_pct))
