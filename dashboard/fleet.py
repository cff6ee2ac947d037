"""What a manager sees beside the plan: why each space is what it is, and how each device is.

In:    the picture, its public frame, the house's clock, words.
Out:   the manager's frame, in sentences.
Never: a desk that is one member's; it has no state.
"""

from typing import Final

import msgspec
from babel.numbers import format_decimal
from msgspec import Struct

from collector.outward import Air, Because, Occupancy, Reason, SpaceState
from collector.plan import SitePlan, Space, SpaceKind
from dashboard import findings
from dashboard.findings import FindingRow
from dashboard.hours import clock
from dashboard.picture import CODES, Device, Frame, Picture, air_word
from dashboard.words import Words
from edge.message import ClockState, SensorHealth

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


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
    """The public frame, and what only a manager may see."""

    public: Frame
    spaces: dict[str, SpaceRow]
    devices: dict[str, DeviceRow]
    air: dict[str, str]
    """Each zone's air in a word, and its readings."""
    findings: list[FindingRow]
    """What was found about sensors."""
    fault: str


def encode_manager_frame(frame: ManagerFrame) -> bytes:
    """The frame as one server-sent event."""
    return b"data: " + msgspec.json.encode(frame) + b"\n\n"


def manager_frame(picture: Picture, public: Frame, now_ms: int, words: Words) -> ManagerFrame:
    """Everything a manager sees live, in one language."""
    plan = picture.plan
    return ManagerFrame(
        public=public,
        spaces={space.id: _space(space, picture.states.get(space.id), plan, now_ms, words) for space in shown(plan)},
        devices={device: _device(device, picture.devices.get(device), plan, now_ms, words) for device in plan.devices},
        air={zone.id: _readings(picture.air.get(zone.id), words) for zone in plan.zones},
        findings=findings.rows(picture.findings, plan, words),
        fault=picture.fault,
    )


def shown(plan: SitePlan) -> list[Space]:
    """The spaces that have a state: what is offered, and supplies."""
    return [space for space in plan.spaces if space.offered or space.kind is SpaceKind.SUPPLY]


def ago(then_ms: int, now_ms: int, words: Words) -> str:
    """How long ago, by the house's clock."""
    _ = words.gettext
    span_ms = now_ms - then_ms
    if span_ms < MINUTE_MS:
        return _("just now")
    if span_ms < HOUR_MS:
        return _("{n} min ago").format(n=span_ms // MINUTE_MS)
    if span_ms < 2 * DAY_MS:
        return _("{n} h ago").format(n=span_ms // HOUR_MS)
    return _("{n} days ago").format(n=span_ms // DAY_MS)


def because(why: Because, since_ms: int, plan: SitePlan, now_ms: int, words: Words) -> str:
    """The evidence in words; what rests on no single moment is told since the state began."""
    _ = words.gettext
    sentence = {
        Reason.MOTION: _("movement at {sensor} {ago}"),
        Reason.PRESSURE: _("weight on {sensor} {ago}"),
        Reason.PRESENCE: _("somebody near {sensor} {ago}"),
        Reason.POWER: _("power drawn at {sensor} {ago}"),
        Reason.PEOPLE: _("people counted at {sensor} {ago}"),
        Reason.SOUND: _("sound at {sensor} {ago}"),
        Reason.LIGHT: _("light at {sensor} {ago}"),
        Reason.AIR: _("CO₂ rising at {sensor} {ago}"),
        Reason.DOOR_CLOSED: _("door closed since {at}: somebody is still inside"),
        Reason.QUIET: _("all quiet since {at}"),
        Reason.SILENT: _("no word from {sensor} since {at}"),
        Reason.NEVER_HEARD: _("{sensor} has never been heard"),
        Reason.SETTLING: _("{sensor} was only just heard; wait for one quiet spell"),
        Reason.LEVEL: _("measured by {sensor} {ago}"),
        Reason.DISABLED: _("taken out of use in the site file"),
        Reason.NO_SENSOR: _("no sensor in the site file"),
    }[why.reason]
    return sentence.format(
        sensor=why.sensor or _("a sensor"),
        ago=ago(why.at_ms or since_ms, now_ms, words),
        at=words.at(clock(plan, why.at_ms or since_ms)),
    )


def _readings(air: Air | None, words: Words) -> str:
    if air is None:
        return ""
    readings = ((air.co2_ppm, "0", "ppm CO₂"), (air.temperature_c, "0.0", "°C"), (air.humidity_pct, "0", "%"))
    told = (
        f"{format_decimal(value, pattern, locale=words.language)} {unit}"
        for value, pattern, unit in readings
        if value is not None
    )
    return " · ".join(filter(None, (words.air(air_word(air)), *told)))


def _space(space: Space, state: SpaceState | None, plan: SitePlan, now_ms: int, words: Words) -> SpaceRow:
    _ = words.gettext
    if state is None:
        return SpaceRow("u", words.state("u", space.kind), _("nothing heard of it yet"))
    why = because(state.because, state.since_ms, plan, now_ms, words)
    if state.lapse is not None:
        then = _("{state} {at} unless something moves") if state.lapse.state is Occupancy.VACANT else _("{state} {at}")
        code = CODES.get(state.lapse.state, "u")
        at = words.at(clock(plan, state.lapse.at_ms))
        why = f"{why}; {then.format(state=words.state(code, space.kind), at=at)}"
    if space.kind is SpaceKind.SUPPLY:
        return SpaceRow(*_level(state, words), why)
    code = CODES.get(state.state, "u")
    return SpaceRow(code, words.state(code, space.kind), why)


def _level(state: SpaceState, words: Words) -> tuple[str, str]:
    if state.level_pct is None or state.state is Occupancy.UNKNOWN:
        return "u", words.page["state.u"]
    low = state.state is Occupancy.LOW
    return "o" if low else "v", words.fill("supply.low" if low else "supply", n=round(state.level_pct))


def _device(device: str, known: Device | None, plan: SitePlan, now_ms: int, words: Words) -> DeviceRow:
    _, ngettext = words.gettext, words.ngettext
    watched = sum(sensor.device == device for sensor in plan.sensors)
    if known is None:
        waiting_for_it = ngettext("{n} sensor waits for it", "{n} sensors wait for it", watched).format(n=watched)
        return DeviceRow("u", _("never heard"), "", "", "", waiting_for_it)
    status = known.status
    heard = ago(known.heard_ms, now_ms, words) if known.heard_ms is not None else _("not known")
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
