"""Words how each device and each of its sensors is, and what to do about it.

In:    the picture: what devices say of themselves, what the collector found and noted, mutes.
Out:   rows for a manager, those with something to do told so; one line about all of them.
Never: a judgement: a sensor is ill when its agent, the collector or silence says so.
"""

import zlib
from collections.abc import Iterable

import msgspec
from babel.numbers import format_decimal
from msgspec import Struct

from collector.alerts.mutes import holding
from collector.alerts.wire import Mute
from collector.health.findings import Findings, SensorNote
from collector.plan import Sensor
from dashboard.live.picture import Device, Picture
from dashboard.manager import findings
from dashboard.why import Reader
from dashboard.words import Words
from edge.message import ClockState, DeviceStatus, Kind, SensorHealth

WEAK_DBM = -75
"""Below this a Pi's Wi-Fi loses its broker now and then."""
HOT_C = 80.0
"""From here on a Raspberry Pi slows itself down. Source: its documentation on thermal control."""
_NO_NOTE = SensorNote()


class DeviceRow(Struct, frozen=True):
    """One device, in words; `code` is `v` for healthy, `o` for something to do, `u` for not known."""

    code: str
    word: str
    heard: str
    clock: str
    outbox: str
    lost: str
    signal: str
    version: str
    sensors: str
    do: str


class SensorRow(Struct, frozen=True):
    """One sensor, in words; `code` as of a device."""

    sensor: str
    about: str
    code: str
    word: str
    heard: str
    battery: str
    do: str
    muted: str


def mark(picture: Picture) -> str:
    """Changes whenever a page of devices would say something else, but for ages."""
    told = (
        [
            (name, known.status.online, known.status.clock, known.status.sensors, known.status.failed_channels)
            for name, known in picture.devices.items()
        ],
        [(name, found.findings, found.rejected) for name, found in picture.findings.items()],
        picture.alerts.mutes if picture.alerts else None,
    )
    return f"{zlib.crc32(msgspec.json.encode(told)):08x}"


def device_row(device: str, picture: Picture, reader: Reader) -> DeviceRow:
    """How one device is."""
    plan, words = reader.plan, reader.words
    _, ngettext = words.gettext, words.ngettext
    known, found = picture.devices.get(device), picture.findings.get(device)
    watched = sum(sensor.device == device for sensor in plan.sensors)
    if known is None:
        waits = ngettext("{n} sensor affected until it starts", "{n} sensors affected until it starts", watched).format(
            n=watched
        )
        do = _("Start its agent: systemctl start ledig-edge@{device}").format(device=device)
        return DeviceRow("u", _("never reported"), "", "", "", _lost(found, words), "", "", waits, do)
    status = known.status
    heard = reader.ago(known.heard_ms) if known.heard_ms is not None else _("unknown")
    if not status.online:
        affected = ngettext("{n} sensor affected", "{n} sensors affected", watched).format(n=watched)
        return DeviceRow(
            "o", _("offline"), heard, "", "", _lost(found, words), "", "", affected, _revive(known, device, reader)
        )
    ill = [
        f"{name}: {_sick(health, words)}" for name, health in status.sensors.items() if health != SensorHealth.HEALTHY
    ]
    ill += [f"{name}: {_failed(channels, words)}" for name, channels in status.failed_channels.items()]
    outbox, well = status.outbox, len(status.sensors)
    todo = _todo(status, found, words)
    if ill:
        todo.append(_("Check the sensors listed here."))
    return DeviceRow(
        code="o" if todo else "v",
        word=_("problem") if todo else _("OK"),
        heard=heard,
        clock="" if status.clock is None else _("not set") if status.clock is ClockState.WAITING else _("in sync"),
        outbox="" if outbox is None else _("{n} queued, {m} dropped").format(n=outbox.depth, m=outbox.dropped),
        lost=_lost(found, words),
        signal=_signal(status, words),
        version=status.version,
        sensors=", ".join(ill) or ngettext("OK", "all {n} OK", well).format(n=well),
        do=" ".join(todo),
    )


def sensor_rows(device: str, picture: Picture, reader: Reader) -> list[SensorRow]:
    """How the sensors of one device are, in the order of the site file."""
    found, known = picture.findings.get(device), picture.devices.get(device)
    mutes = holding(picture.alerts.mutes, reader.now_ms) if picture.alerts else []
    return [
        _sensor(sensor, found, known, muted(f"{device}/{sensor.id}", mutes, reader), reader)
        for sensor in reader.plan.sensors
        if sensor.device == device
    ]


def summary(rows: Iterable[DeviceRow], picture: Picture, words: Words) -> str:
    """All devices in one line, and how much was found about sensors."""
    _, ngettext = words.gettext, words.ngettext
    told = list(rows)
    well = sum(row.code == "v" for row in told)
    if not told:
        return _("The site file has no devices.")
    if well == len(told):
        line = ngettext("The only device works.", "All {n} devices work.", well).format(n=well)
    else:
        line = ngettext("{n} of {of} devices needs attention.", "{n} of {of} devices need attention.", len(told) - well)
        line = line.format(n=len(told) - well, of=len(told))
    found = {
        (device, one.sensor)
        for device, of in picture.findings.items()
        for one in of.findings
        if one.sensor and not one.ignored
    }
    if not found:
        return line
    more = ngettext("{n} sensor has a problem.", "{n} sensors have problems.", len(found))
    return f"{line} {more.format(n=len(found))}"


def muted(subject: str, mutes: Iterable[Mute], reader: Reader) -> str:
    """Until when everything about a device or a sensor is muted, in words; empty: it is not."""
    _ = reader.words.gettext
    ends = [mute.until_ms for mute in mutes if mute.kind is None and mute.subject == subject]
    if not ends:
        return ""
    last = max(ends, key=lambda end: (end is None, end or 0))
    return _("muted until unmuted") if last is None else _("muted until {at}").format(at=reader.at(last))


def _revive(known: Device, device: str, reader: Reader) -> str:
    _ = reader.words.gettext
    if known.heard_ms is None:
        return _("Check power and Wi-Fi of {device}.").format(device=device)
    return _("Check power and Wi-Fi of {device}; last seen {at}.").format(device=device, at=reader.at(known.heard_ms))


def _todo(status: DeviceStatus, found: Findings | None, words: Words) -> list[str]:
    """What to do about a device that speaks."""
    _ = words.gettext
    todo = []
    if status.clock is ClockState.WAITING:
        todo.append(_("Check that it reaches a time server: its events are held until it knows the time."))
    if status.outbox is not None and status.outbox.dropped:
        todo.append(_("Its queue has been full and events were lost. Find out why it was disconnected for so long."))
    if status.wifi_dbm is not None and status.wifi_dbm < WEAK_DBM:
        todo.append(_("Weak Wi-Fi: move the device or the access point, or use a cable."))
    if status.temperature_c is not None and status.temperature_c >= HOT_C:
        todo.append(_("Too hot, and slowed down: improve the ventilation."))
    own = [one for one in found.findings if not one.sensor and not one.ignored] if found else []
    return todo + [findings.remedy(one, None, words) for one in own]


def _lost(found: Findings | None, words: Words) -> str:
    if found is None or not found.lost:
        return ""
    return words.ngettext("{n} event", "{n} events", found.lost).format(n=found.lost)


def _signal(status: DeviceStatus, words: Words) -> str:
    if status.wifi_dbm is None:
        return ""
    _ = words.gettext
    word = _("weak") if status.wifi_dbm < WEAK_DBM else _("good")
    number = format_decimal(status.wifi_dbm, "0", locale=words.language)
    return _("{word}, {n} dBm").format(word=word, n=number).replace(" dBm", "\u00a0dBm")


def _sensor(sensor: Sensor, found: Findings | None, known: Device | None, silenced: str, reader: Reader) -> SensorRow:
    words = reader.words
    note = found.sensors.get(sensor.id, _NO_NOTE) if found else _NO_NOTE
    own = [one for one in found.findings if one.sensor == sensor.id and not one.ignored] if found else []
    health = known.status.sensors.get(sensor.id) if known is not None and known.status.online else None
    channels = known.status.failed_channels.get(sensor.id) if known is not None and known.status.online else None
    code, word = _health(known, health, ill=bool(own or channels), words=words)
    todo = [findings.remedy(one, sensor, words) for one in own]
    if channels:
        failed = words.gettext("{what}. Check its wiring, and replace the sensor if that does not help.")
        todo.insert(0, failed.format(what=_failed(channels, words)))
    if health is SensorHealth.FAILED or (health is SensorHealth.SILENT and not todo):
        todo.insert(0, words.gettext("Check its wiring, and its battery if it has one."))
    return SensorRow(
        sensor=sensor.id,
        about=findings.watched(sensor, reader.plan),
        code=code,
        word=word,
        heard="" if note.heard_ms is None else reader.ago(note.heard_ms),
        battery=_battery(note, words),
        do=" ".join(dict.fromkeys(todo)),
        muted=silenced,
    )


def _health(known: Device | None, health: SensorHealth | None, *, ill: bool, words: Words) -> tuple[str, str]:
    _ = words.gettext
    if known is None:
        return "u", _("never reported")
    if not known.status.online:
        return "o", _("offline")
    if health in (SensorHealth.SILENT, SensorHealth.FAILED):
        return "o", _("offline: {why}").format(why=_sick(health, words))
    if ill:
        return "o", _("problem")
    return ("u", _("unknown")) if health is None else ("v", _("OK"))


def _battery(note: SensorNote, words: Words) -> str:
    _, ngettext = words.gettext, words.ngettext
    if note.battery_pct is None:
        return ""
    if note.days_left is None:
        return _("{pct}%, remaining time not known yet").format(pct=note.battery_pct)
    text = ngettext("{pct}%, about {n} day left", "{pct}%, about {n} days left", note.days_left)
    return text.format(pct=note.battery_pct, n=note.days_left)


def _failed(channels: Iterable[Kind], words: Words) -> str:
    """Which quantities a sensor no longer measures."""
    _ = words.gettext
    names = {Kind.CO2_PPM: _("CO₂"), Kind.TEMPERATURE_C: _("temperature"), Kind.HUMIDITY_PCT: _("humidity")}
    failed = ", ".join(names.get(channel, channel.value) for channel in channels)
    return _("no valid reading of {channels}").format(channels=failed)


def _sick(health: SensorHealth, words: Words) -> str:
    _ = words.gettext
    return _("no data") if health is SensorHealth.SILENT else _("cannot be read; check its wiring")
