"""Texts of the devices page: the status of each device and sensor, and what to do.

In:    the site snapshot: devices' status messages, the collector's findings and notes, mutes.
Out:   rows with remedies; one line about all devices.
Never: evaluation: faults come from the agent, from the collector, or from silence.
"""

import zlib
from collections.abc import Iterable

import msgspec
from babel.numbers import format_decimal
from msgspec import Struct
from msgspec.structs import replace

from collector.alerts.active_mutes import list_active
from collector.contract.alerts import Mute
from collector.contract.findings import Findings, SensorNote
from collector.site.site_sensor import Sensor
from dashboard.live.received_values import DeviceSnapshot
from dashboard.live.snapshot import SiteSnapshot
from dashboard.manager_rows import finding_rows
from dashboard.manager_rows.silence_texts import describe_silence
from dashboard.text.explanations import ExplanationContext
from dashboard.text.page_texts import PageTexts
from edge.contract.message import ClockState, DeviceStatus, EventKind, SensorHealth
from edge.contract.sensor_kinds import QUANTITIES
from edge.timekeeping.durations import MINUTE_MS

WEAK_SIGNAL_DBM = -75
"""Below this signal level a Pi's Wi-Fi loses the broker occasionally."""
THROTTLING_C = 80.0
"""From this temperature on a Raspberry Pi throttles itself. Source: its documentation on thermal control."""
RECENT_EVENT_MS = 5 * MINUTE_MS
"""A device without a status works if it has sent an event within this time; notes have whole minutes."""
_NO_NOTE = SensorNote()


class DeviceRow(Struct, frozen=True):
    """One device as texts; `code` is `v` for healthy, `o` for action needed, `u` for unknown."""

    code: str
    label: str
    last_seen: str
    clock: str
    outbox: str
    lost: str
    signal: str
    version: str
    sensors: str
    do: str


class SensorRow(Struct, frozen=True):
    """One sensor as texts; `code` as for a device."""

    sensor: str
    about: str
    code: str
    label: str
    last_seen: str
    battery: str
    do: str
    muted: str = ""
    """Until when it is muted; empty: it is not."""
    silence: str = ""
    """How many messages it loses, and for how long its death may go unnoticed; empty: neither is worth stating."""


def compute_mark(picture: SiteSnapshot) -> str:
    """Return a checksum that changes whenever the devices page changes, except for ages."""
    content = (
        [
            (name, known.status.online, known.status.clock, known.status.sensors, known.status.failed_channels)
            for name, known in picture.devices.items()
        ],
        [(name, found.findings, found.rejected) for name, found in picture.findings.items()],
        picture.alerts.mutes if picture.alerts else None,
        [(space, tuning.silences) for space, tuning in picture.tunings.items() if tuning.silences],
    )
    return f"{zlib.crc32(msgspec.json.encode(content)):08x}"


def build_device_row(device: str, picture: SiteSnapshot, reader: ExplanationContext) -> DeviceRow:
    """Return the row of one device."""
    plan, texts = reader.plan, reader.texts
    _, ngettext = texts.gettext, texts.ngettext
    known, found = picture.devices.get(device), picture.findings.get(device)
    watched = sum(sensor.device == device for sensor in plan.sensors)
    if (known is None or not known.status.online) and _sends_events(known, found, reader.now_ms):
        do = _("Events arrive, but no status: let the device publish its status, as contract.md describes.")
        return DeviceRow("o", _("no status"), "", "", "", _lost_events_text(found, texts), "", "", "", do)
    if known is None:
        waits = ngettext("{n} sensor affected until it starts", "{n} sensors affected until it starts", watched).format(
            n=watched
        )
        do = _("Start its agent: systemctl start ledig-edge@{device}").format(device=device)
        return DeviceRow("u", _("never reported"), "", "", "", _lost_events_text(found, texts), "", "", waits, do)
    status = known.status
    last_report = reader.format_age(known.last_report_ms) if known.last_report_ms is not None else _("unknown")
    if not status.online:
        affected = ngettext("{n} sensor affected", "{n} sensors affected", watched).format(n=watched)
        return DeviceRow(
            "o",
            _("offline"),
            last_report,
            "",
            "",
            _lost_events_text(found, texts),
            "",
            "",
            affected,
            _offline_remedy(known, device, reader),
        )
    problems = [
        f"{name}: {_fault_text(health, texts)}"
        for name, health in status.sensors.items()
        if health != SensorHealth.HEALTHY
    ]
    problems += [
        f"{name}: {_failed_channels_text(channels, texts)}" for name, channels in status.failed_channels.items()
    ]
    outbox, well = status.outbox, len(status.sensors)
    remedies = _list_remedies(status, found, texts)
    if problems:
        remedies.append(_("Check the sensors listed here."))
    return DeviceRow(
        code="o" if remedies else "v",
        label=_("problem") if remedies else _("OK"),
        last_seen=last_report,
        clock="" if status.clock is None else _("not set") if status.clock is ClockState.WAITING else _("in sync"),
        outbox="" if outbox is None else _("{n} queued, {m} dropped").format(n=outbox.depth, m=outbox.dropped),
        lost=_lost_events_text(found, texts),
        signal=_signal_text(status, texts),
        version=status.version,
        sensors=", ".join(problems) or ngettext("OK", "all {n} OK", well).format(n=well),
        do=" ".join(remedies),
    )


def build_sensor_rows(device: str, picture: SiteSnapshot, reader: ExplanationContext) -> list[SensorRow]:
    """Return the rows of one device's sensors, in the order of the site file."""
    found, known = picture.findings.get(device), picture.devices.get(device)
    mutes = list_active(picture.alerts.mutes, reader.now_ms) if picture.alerts else []
    return [
        replace(
            _build_sensor_row(sensor, found, known, reader),
            muted=format_muted(f"{device}/{sensor.id}", mutes, reader),
            silence=describe_silence(sensor, picture.tunings.get(sensor.space or ""), reader.plan, reader.texts),
        )
        for sensor in reader.plan.sensors
        if sensor.device == device
    ]


def summarise_devices(rows: Iterable[DeviceRow], picture: SiteSnapshot, texts: PageTexts) -> str:
    """Return one line about all devices, and the number of sensors with findings."""
    _, ngettext = texts.gettext, texts.ngettext
    all_rows = list(rows)
    well = sum(row.code == "v" for row in all_rows)
    if not all_rows:
        return _("The site file has no devices.")
    if well == len(all_rows):
        line = ngettext("The only device works.", "All {n} devices work.", well).format(n=well)
    else:
        line = ngettext(
            "{n} of {of} devices needs attention.", "{n} of {of} devices need attention.", len(all_rows) - well
        )
        line = line.format(n=len(all_rows) - well, of=len(all_rows))
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


def format_muted(subject: str, mutes: Iterable[Mute], reader: ExplanationContext) -> str:
    """Return until when everything about a device or a sensor is muted; empty: it is not."""
    _ = reader.texts.gettext
    ends = [mute.until_ms for mute in mutes if mute.kind is None and mute.subject == subject]
    if not ends:
        return ""
    last = max(ends, key=lambda end: (end is None, end or 0))
    return _("muted until unmuted") if last is None else _("muted until {at}").format(at=reader.format_instant(last))


def _offline_remedy(known: DeviceSnapshot, device: str, reader: ExplanationContext) -> str:
    _ = reader.texts.gettext
    if known.last_report_ms is None:
        return _("Check power and Wi-Fi of {device}.").format(device=device)
    return _("Check power and Wi-Fi of {device}; last seen {at}.").format(
        device=device, at=reader.format_instant(known.last_report_ms)
    )


def _sends_events(known: DeviceSnapshot | None, found: Findings | None, now_ms: int) -> bool:
    """Whether events arrive: after the device's status came or, without a status, in the last minutes."""
    since_ms = now_ms - RECENT_EVENT_MS if known is None else known.received_ms
    notes = found.sensors.values() if found else ()
    return any(note.last_event_ms is not None and note.last_event_ms > since_ms for note in notes)


def _list_remedies(status: DeviceStatus, found: Findings | None, texts: PageTexts) -> list[str]:
    """Return what to do about an online device."""
    _ = texts.gettext
    remedies = []
    if status.clock is ClockState.WAITING:
        remedies.append(_("Check that it reaches a time server: its events are held until it knows the time."))
    if status.outbox is not None and status.outbox.dropped:
        remedies.append(
            _("Its queue has been full and events were lost. Find out why it was disconnected for so long.")
        )
    if status.wifi_dbm is not None and status.wifi_dbm < WEAK_SIGNAL_DBM:
        remedies.append(_("Weak Wi-Fi: move the device or the access point, or use a cable."))
    if status.temperature_c is not None and status.temperature_c >= THROTTLING_C:
        remedies.append(_("Too hot, and slowed down: improve the ventilation."))
    own = [one for one in found.findings if not one.sensor and not one.ignored] if found else []
    return remedies + [finding_rows.describe_remedy(one, None, texts) for one in own]


def _lost_events_text(found: Findings | None, texts: PageTexts) -> str:
    if found is None or not found.lost:
        return ""
    return texts.ngettext("{n} event", "{n} events", found.lost).format(n=found.lost)


def _signal_text(status: DeviceStatus, texts: PageTexts) -> str:
    if status.wifi_dbm is None:
        return ""
    _ = texts.gettext
    quality = _("weak") if status.wifi_dbm < WEAK_SIGNAL_DBM else _("good")
    number = format_decimal(status.wifi_dbm, "0", locale=texts.language)
    return _("{quality}, {n} dBm").format(quality=quality, n=number).replace(" dBm", "\u00a0dBm")


def _build_sensor_row(
    sensor: Sensor, found: Findings | None, known: DeviceSnapshot | None, reader: ExplanationContext
) -> SensorRow:
    texts = reader.texts
    note = found.sensors.get(sensor.id, _NO_NOTE) if found else _NO_NOTE
    own = [one for one in found.findings if one.sensor == sensor.id and not one.ignored] if found else []
    health = known.status.sensors.get(sensor.id) if known is not None and known.status.online else None
    channels = known.status.failed_channels.get(sensor.id) if known is not None and known.status.online else None
    code, label = _health_label(known, health, has_problem=bool(own or channels), texts=texts)
    remedies = [finding_rows.describe_remedy(one, sensor, texts) for one in own]
    if channels:
        failed = texts.gettext("{what}. Check its wiring, and replace the sensor if that does not help.")
        remedies.insert(0, failed.format(what=_failed_channels_text(channels, texts)))
    if health is SensorHealth.FAILED or (health is SensorHealth.SILENT and not remedies):
        remedies.insert(0, texts.gettext("Check its wiring, and its battery if it has one."))
    return SensorRow(
        sensor=sensor.id,
        about=finding_rows.get_watched_name(sensor, reader.plan),
        code=code,
        label=label,
        last_seen="" if note.last_event_ms is None else reader.format_age(note.last_event_ms),
        battery=_battery_text(note, texts),
        do=" ".join(dict.fromkeys(remedies)),
    )


def _health_label(
    known: DeviceSnapshot | None, health: SensorHealth | None, *, has_problem: bool, texts: PageTexts
) -> tuple[str, str]:
    _ = texts.gettext
    if known is None:
        return "u", _("never reported")
    if not known.status.online:
        return "o", _("offline")
    if health in (SensorHealth.SILENT, SensorHealth.FAILED):
        return "o", _("offline: {why}").format(why=_fault_text(health, texts))
    if has_problem:
        return "o", _("problem")
    return ("u", _("unknown")) if health is None else ("v", _("OK"))


def _battery_text(note: SensorNote, texts: PageTexts) -> str:
    _, ngettext = texts.gettext, texts.ngettext
    if note.battery_pct is None:
        return ""
    if note.days_left is None:
        return _("{pct}%, remaining time not known yet").format(pct=note.battery_pct)
    text = ngettext("{pct}%, about {n} day left", "{pct}%, about {n} days left", note.days_left)
    return text.format(pct=note.battery_pct, n=note.days_left)


def _failed_channels_text(channels: Iterable[EventKind], texts: PageTexts) -> str:
    """Return which quantities a sensor no longer measures."""
    _ = texts.gettext
    names = {quantity.name: texts.gettext(quantity.label) for quantity in QUANTITIES}
    failed = ", ".join(names.get(channel.value, channel.value) for channel in channels)
    return _("no valid reading of {channels}").format(channels=failed)


def _fault_text(health: SensorHealth, texts: PageTexts) -> str:
    _ = texts.gettext
    return _("no data") if health is SensorHealth.SILENT else _("cannot be read; check its wiring")
