"""The sensor register, generated from the settings: what each sensor records, why, for how long, and who sees it.

In:    the plan, retention settings, the texts of a language.
Out:   what is watched, by zone; what is watched in the same way shares an entry, which names each place and sensor.
Never: states, readings, HTML; text written by hand for one site.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from collector.configuration.collector_settings import KEPT_SENSOR_DAYS, RetentionSettings
from collector.history.measures import BUCKET_MS
from collector.site.privacy_limits import MIN_SHOWN_GROUP, MIN_SMALL_GROUP_WEEKS, find_zones_without_air
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import Sensor
from collector.site.spaces import Space, SpaceKind, Tenure, Zone
from dashboard.register.sensor_descriptions import describe_sensor_kind
from dashboard.text.duration_texts import format_days, format_duration
from dashboard.text.page_texts import PageTexts
from edge.contract.sensor_kinds import SensorKind
from edge.timekeeping.durations import HOUR_S, MINUTE_MS


class WatchedSubject(StrEnum):
    """What a sensor watches, as far as the difference matters to people."""

    DESK = "desk"
    PLACE = "place"
    """A booth or a room."""
    MACHINE = "machine"
    OWN = "own"
    """Dedicated to one member, of any kind."""
    SUPPLY = "supply"
    DOOR = "door"
    AIR = "air"


@dataclass(frozen=True, slots=True)
class WatchedThing:
    """One watched thing, and the ids of its sensors from the site file."""

    name: str
    sensors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegisterLine:
    """One line of an entry: who or what, and the text about it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """Things that are watched in the same way."""

    things: tuple[WatchedThing, ...]
    records: tuple[RegisterLine, ...]
    """Each kind of sensor, and what it records."""
    purpose: str
    retention: tuple[RegisterLine, ...]
    audience: tuple[RegisterLine, ...]


@dataclass(frozen=True, slots=True)
class RegisterSection:
    """One zone, or the doors; `unwatched` lists its spaces without a sensor."""

    anchor: str
    name: str
    entries: tuple[RegisterEntry, ...]
    unwatched: tuple[str, ...] = ()


def build_register(plan: SitePlan, retention: RetentionSettings, texts: PageTexts) -> tuple[RegisterSection, ...]:
    """Build the whole register: zones in the order of the site file, then the doors."""
    watching = _SensorIndex(plan.sensors)
    sections = [_build_zone(plan, zone, watching, retention, texts) for zone in plan.zones]
    doors = [(WatchedSubject.DOOR, door.name, watching.door.get(door.id, ())) for door in plan.doors]
    if any(sensors for _, _, sensors in doors):
        entries = _build_entries(doors, retention, texts)
        sections.append(RegisterSection("doors", texts.gettext("Doors"), entries))
    return tuple(sections)


_Watched = tuple[WatchedSubject, str, tuple[Sensor, ...]]


class _SensorIndex:
    """Sensors by the id of what they watch; an air sensor of a room is listed with the room only."""

    def __init__(self, sensors: Iterable[Sensor]) -> None:
        self.space: dict[str, tuple[Sensor, ...]] = {}
        self.door: dict[str, tuple[Sensor, ...]] = {}
        self.zone: dict[str, tuple[Sensor, ...]] = {}
        for sensor in sensors:
            for sensors_by_id, id_ in ((self.space, sensor.space), (self.door, sensor.door), (self.zone, sensor.zone)):
                if id_ is not None:
                    sensors_by_id[id_] = (*sensors_by_id.get(id_, ()), sensor)
                    break


def _build_zone(
    plan: SitePlan, zone: Zone, watching: _SensorIndex, retention: RetentionSettings, texts: PageTexts
) -> RegisterSection:
    spaces = [space for space in plan.spaces if space.zone == zone.id]
    watched: list[_Watched] = [(_find_subject(space), space.name, watching.space.get(space.id, ())) for space in spaces]
    watched.append(
        (
            WatchedSubject.OWN if zone.id in find_zones_without_air(plan) else WatchedSubject.AIR,
            zone.name,
            watching.zone.get(zone.id, ()),
        )
    )
    unwatched = tuple(space.name for space in spaces if space.id not in watching.space)
    return RegisterSection(f"zone-{zone.id}", zone.name, _build_entries(watched, retention, texts), unwatched)


def _find_subject(space: Space) -> WatchedSubject:
    if space.kind is SpaceKind.SUPPLY:
        return WatchedSubject.SUPPLY
    if space.tenure is Tenure.DEDICATED:
        return WatchedSubject.OWN
    return {SpaceKind.DESK: WatchedSubject.DESK, SpaceKind.EQUIPMENT: WatchedSubject.MACHINE}.get(
        space.kind, WatchedSubject.PLACE
    )


def _build_entries(
    watched: Iterable[_Watched], retention: RetentionSettings, texts: PageTexts
) -> tuple[RegisterEntry, ...]:
    grouped: dict[tuple[WatchedSubject, tuple[SensorKind, ...], bool], list[WatchedThing]] = {}
    for subject, name, sensors in watched:
        if sensors:
            kinds = tuple(sorted({sensor.kind for sensor in sensors}))
            of_zone = any(sensor.zone is not None for sensor in sensors)
            things = grouped.setdefault((subject, kinds, of_zone), [])
            things.append(WatchedThing(name, tuple(sensor.id for sensor in sensors)))
    return tuple(
        RegisterEntry(
            things=tuple(things),
            records=tuple(
                RegisterLine(*describe_sensor_kind(kind, texts, of_supply=subject is WatchedSubject.SUPPLY))
                for kind in kinds
            ),
            purpose=_explain_purpose(subject, texts),
            retention=_list_retention(subject, retention, texts, of_zone=of_zone),
            audience=_list_audience(subject, texts),
        )
        for (subject, kinds, of_zone), things in grouped.items()
    )


def _explain_purpose(subject: WatchedSubject, texts: PageTexts) -> str:
    _ = texts.gettext
    return {
        WatchedSubject.DESK: _("To show whether the space is free, so that you can check before you come."),
        WatchedSubject.PLACE: _("To show whether the space is free, so that you can check before you come."),
        WatchedSubject.MACHINE: _("To show whether it is in use, so that you can check before you come."),
        WatchedSubject.OWN: _(
            "To get the zone total right where there are many dedicated desks. The desk itself is never shown."
        ),
        WatchedSubject.SUPPLY: _("So that it is refilled before it runs out."),
        WatchedSubject.DOOR: _("To show about how many people are here."),
        WatchedSubject.AIR: _("To show when a room needs airing."),
    }[subject]


def _list_retention(
    subject: WatchedSubject, retention: RetentionSettings, texts: PageTexts, *, of_zone: bool
) -> tuple[RegisterLine, ...]:
    _ = texts.gettext
    hours = format_duration(retention.raw_hours * HOUR_S, texts)
    minutes = BUCKET_MS // MINUTE_MS
    series = format_days(retention.series_days, texts)
    use = {
        WatchedSubject.DESK: retention.desk_hours_days,
        WatchedSubject.PLACE: retention.space_hours_days,
        WatchedSubject.MACHINE: retention.space_hours_days,
    }
    lines = [RegisterLine(_("Each reading and each change, with its time"), hours)]
    if subject in use:
        lines.append(RegisterLine(_("Whether it was taken, once an hour"), format_days(use[subject], texts)))
    if subject in {*use, WatchedSubject.OWN}:
        lines.append(RegisterLine(_("Totals for the zone, with no single space shown"), series))
    if subject is WatchedSubject.DOOR:
        lines.append(
            RegisterLine(
                _("How many people entered and left in {n} minutes, and how many are inside").format(n=minutes), series
            )
        )
    if subject is WatchedSubject.AIR or (of_zone and subject is not WatchedSubject.OWN):
        lines.append(RegisterLine(_("Averages over {n} minutes").format(n=minutes), series))
    lines.append(RegisterLine(_("Whether the sensor works: daily counts"), format_days(KEPT_SENSOR_DAYS, texts)))
    return tuple(lines)


def _list_audience(subject: WatchedSubject, texts: PageTexts) -> tuple[RegisterLine, ...]:
    _ = texts.gettext
    everybody, hosts = _("Everyone"), _("Staff")
    spot = _("Whether it is free now, during opening hours, but never since when.")
    why_now = _("Also the latest reading, such as “movement 6 minutes ago”.")
    by_hour = _("History only as use over {n} weeks or more, together with the others of its kind.").format(
        n=MIN_SMALL_GROUP_WEEKS
    )
    audiences = {
        WatchedSubject.DESK: (
            spot,
            why_now + " " + _("Past figures only as totals for the zone, and none for a small zone."),
        ),
        WatchedSubject.PLACE: (spot, why_now + " " + by_hour),
        WatchedSubject.MACHINE: (spot, why_now + " " + by_hour),
        WatchedSubject.OWN: (
            _("Nothing."),
            _("Nothing about this desk: only totals for the zone, and none for a small zone."),
        ),
        WatchedSubject.SUPPLY: (_("How much is left."), _("The same.")),
        WatchedSubject.DOOR: (
            _("About how many people are here; fewer than {n} is shown as “fewer than {n}”.").format(n=MIN_SHOWN_GROUP),
            _("How many people entered and left in {minutes} minutes; fewer than {n} is not shown.").format(
                minutes=BUCKET_MS // MINUTE_MS, n=MIN_SHOWN_GROUP
            ),
        ),
        WatchedSubject.AIR: (_("Whether the air is good, and whether it is improving."), _("The readings over time.")),
    }
    return tuple(RegisterLine(who, text) for who, text in zip((everybody, hosts), audiences[subject], strict=True))
