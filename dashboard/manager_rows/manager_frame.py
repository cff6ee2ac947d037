"""The managers' live frame: the state of each space with its reason, the status of each device, findings, alerts.

In:    the site snapshot, its public frame, site time, the page's texts.
Out:   the managers' frame, as texts.
Never: dedicated desks; they have no state.
"""

import msgspec
from babel.numbers import format_decimal
from msgspec import Struct

from collector.contract.states import Occupancy, SpaceState, ZoneAir
from collector.site.site_plan import SitePlan
from collector.site.spaces import Space, SpaceKind
from dashboard.live.frame import STATE_CODES, PublicFrame, classify_air_quality
from dashboard.live.snapshot import SiteSnapshot
from dashboard.manager_rows import alert_rows, finding_rows
from dashboard.manager_rows.alert_rows import AlertPart
from dashboard.manager_rows.collector_faults import describe_fault
from dashboard.manager_rows.device_rows import DeviceRow, build_device_row, compute_mark, summarise_devices
from dashboard.manager_rows.finding_rows import FindingRow
from dashboard.text.explanations import ExplanationContext, explain_state
from dashboard.text.page_texts import PageTexts


class SpaceRow(Struct, frozen=True):
    """One space: its state as code and label, the reason, and the next change."""

    code: str
    label: str
    why: str


class ManagerFrame(Struct, frozen=True):
    """The frame that everybody sees while the site is open, and what only managers may see."""

    public: PublicFrame
    spaces: dict[str, SpaceRow]
    devices: dict[str, DeviceRow]
    device_summary: str
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


def manager_frame(picture: SiteSnapshot, public: PublicFrame, now_ms: int, texts: PageTexts) -> ManagerFrame:
    """Return everything a manager sees live, in one language.

    Args:
        picture: the site snapshot.
        public: its public frame.
        now_ms: site time.
        texts: texts of the language.
    """
    plan = picture.plan
    reader = ExplanationContext(plan, now_ms, texts)
    devices = {device: build_device_row(device, picture, reader) for device in plan.device_ids}
    return ManagerFrame(
        public=public,
        spaces={space.id: _build_space_row(space, picture, reader) for space in list_shown_spaces(plan)},
        devices=devices,
        device_summary=summarise_devices(devices.values(), picture, texts),
        mark=compute_mark(picture),
        air={zone.id: _air_text(picture.air.get(zone.id), texts) for zone in plan.zones},
        findings=finding_rows.build_finding_rows(picture.findings, plan, texts),
        alerts=alert_rows.build_alert_part(picture.alerts, plan, texts, now_ms, picture.collector_faults),
        fault=_fault_text(picture, texts),
    )


def _fault_text(picture: SiteSnapshot, texts: PageTexts) -> str:
    """Return the current faults, one sentence for each; empty: no known fault."""
    sentences = [describe_fault(fault, texts) for fault in picture.collector_faults]
    if picture.refused_topics:
        text = texts.gettext("The broker does not let the dashboard read {topics}: correct its rights at the broker.")
        sentences.insert(0, text.format(topics=", ".join(picture.refused_topics)))
    return " ".join(sentences)


def list_shown_spaces(plan: SitePlan) -> list[Space]:
    """Return the spaces that have a state: offered ones and supplies."""
    return [space for space in plan.spaces if space.is_offered or space.kind is SpaceKind.SUPPLY]


def _air_text(air: ZoneAir | None, texts: PageTexts) -> str:
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
    return " · ".join(filter(None, (texts.describe_air(classify_air_quality(air)), *formatted)))


def _build_space_row(space: Space, picture: SiteSnapshot, reader: ExplanationContext) -> SpaceRow:
    texts = reader.texts
    state = picture.states.get(space.id)
    if state is None:
        return SpaceRow("u", texts.get_state_label("u", space.kind), texts.gettext("no data yet"))
    reason = explain_state(state, space.kind, picture.tunings.get(space.id), reader)
    if space.kind is SpaceKind.SUPPLY:
        return SpaceRow(*_supply_label(state, texts), reason)
    code = STATE_CODES.get(state.state, "u")
    return SpaceRow(code, texts.get_state_label(code, space.kind), reason)


def _supply_label(state: SpaceState, texts: PageTexts) -> tuple[str, str]:
    if state.level_pct is None or state.state is Occupancy.UNKNOWN:
        return "u", texts.templates["state.u"]
    low = state.state is Occupancy.LOW
    return "o" if low else "v", texts.format_template("supply.low" if low else "supply", n=round(state.level_pct))
