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
from dashboard.live.picture import CODES, Device, Frame, Picture, air_word
from dashboard.manager import alerts, findings
from dashboard.manager.alerts import AlertPart
from dashboard.manager.findings import FindingRow
from dashboard.why import Reader, why
from dashboard.words import Words
from edge.message import ClockState, SensorHealth


class SpaceRow(Struct, frozen=True):
    """One space: its state's code and word, why, and what will come."""

    code: str
    word: str
    why: str


class DeviceRow(Struct, frozen=True):
    """One device, in words; `code` is `v` for well, `o` for something to do, `u` for not known."""

    code: str
    word: str
    heard: str
    clock: str
    outbox: str
    sensors: str


class ManagerFrame(Struct, frozen=True):
    """The frame that everybody sees while the house is open, and what only a manager may see."""

    public: Frame
    spaces: dict[str, SpaceRow]
    devices: dict[str, DeviceRow]
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
    return ManagerFrame(
        public=public,
        spaces={space.id: _space(space, picture, reader) for space in shown(plan)},
        devices={device: _device(device, picture.devices.get(device), reader) for device in plan.devices},
        air={zone.id: _readings(picture.air.get(zone.id), words) for zone in plan.zones},
        findings=findings.rows(picture.findings, plan, words),
        alerts=alerts.part(picture.alerts, plan, words, now_ms),
        fault=picture.fault,
    )


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
        return SpaceRow("u", words.state("u", space.kind), words.gettext("nothing heard of it yet"))
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


def _device(device: str, known: Device | None, reader: Reader) -> DeviceRow:
    plan, words = reader.plan, reader.words
    _, ngettext = words.gettext, words.ngettext
    watched = sum(sensor.device == device for sensor in plan.sensors)
    if known is None:
        waiting_for_it = ngettext("{n} sensor waits for it", "{n} sensors wait for it", watched).format(n=watched)
        return DeviceRow("u", _("never heard"), "", "", "", waiting_for_it)
    status = known.status
    heard = reader.ago(known.heard_ms) if known.heard_ms is not None else _("not known")
    if not status.online:
        affected = ngettext(
            "{n} sensor affected; look at power and Wi-Fi of {device}",
            "{n} sensors affected; look at power and Wi-Fi of {device}",
            watched,
        )
        return DeviceRow("o", _("offline"), heard, "", "", affected.format(n=watched, device=device))
    ill = [
        f"{name}: {_sick(health, words)}" for name, health in status.sensors.items() if health != SensorHealth.HEALTHY
    ]
    outbox, well = status.outbox, len(status.sensors)
    waiting = status.clock is ClockState.WAITING
    return DeviceRow(
        code="o" if ill or waiting or (outbox is not None and outbox.dropped) else "v",
        word=_("online"),
        heard=heard,
        clock="" if status.clock is None else _("waiting for the time") if waiting else _("right"),
        outbox="" if outbox is None else _("{n} waiting, {m} dropped").format(n=outbox.depth, m=outbox.dropped),
        sensors=", ".join(ill) or ngettext("well", "all {n} well", well).format(n=well),
    )


def _sick(health: SensorHealth, words: Words) -> str:
    _ = words.gettext
    return _("silent") if health is SensorHealth.SILENT else _("cannot be read; check its wires")
