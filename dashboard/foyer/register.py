"""The sensor register, generated from the settings: what each sensor records, why, for how long, and who sees it.

In:    the plan, retention settings, the texts of a language.
Out:   what is watched, by zone; things watched grouped share an entry that names each thing and sensor.
Never: states, readings, HTML; text written by hand for one site.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from collector.health.past import KEPT_DAYS
from collector.plan import Sensor, SensorKind, SitePlan, Space, SpaceKind, Tenure, Zone
from collector.privacy import breathed
from collector.settings import RetentionSettings
from dashboard.foyer.sensors import told
from dashboard.house_rules import span
from dashboard.words import Words


class Subject(StrEnum):
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
class Thing:
    """One watched thing, and the ids of its sensors from the site file."""

    name: str
    sensors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry: who or what, and the text about it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Things that are watched in the same way."""

    things: tuple[Thing, ...]
    records: tuple[Line, ...]
    """Each kind of sensor, and what it records."""
    why: str
    kept: tuple[Line, ...]
    seen: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One zone, or the doors; `unwatched` lists its spaces without a sensor."""

    anchor: str
    name: str
    entries: tuple[Entry, ...]
    unwatched: tuple[str, ...] = ()


def register(plan: SitePlan, retention: RetentionSettings, texts: Words) -> tuple[Section, ...]:
    """Build the whole register: zones in the order of the site file, then the doors."""
    watching = _SensorIndex(plan.sensors)
    sections = [_build_zone(plan, zone, watching, retention, texts) for zone in plan.zones]
    doors = [(Subject.DOOR, door.name, watching.door.get(door.id, ())) for door in plan.doors]
    if any(sensors for _, _, sensors in doors):
        entries = _build_entries(doors, retention, texts)
        sections.append(Section("doors", texts.gettext("Doors"), entries))
    return tuple(sections)


_Watched = tuple[Subject, str, tuple[Sensor, ...]]


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
    plan: SitePlan, zone: Zone, watching: _SensorIndex, retention: RetentionSettings, texts: Words
) -> Section:
    spaces = [space for space in plan.spaces if space.zone == zone.id]
    watched: list[_Watched] = [(_find_subject(space), space.name, watching.space.get(space.id, ())) for space in spaces]
    watched.append(
        (Subject.OWN if zone.id in breathed(plan) else Subject.AIR, zone.name, watching.zone.get(zone.id, ()))
    )
    unwatched = tuple(space.name for space in spaces if space.id not in watching.space)
    return Section(f"zone-{zone.id}", zone.name, _build_entries(watched, retention, texts), unwatched)


def _find_subject(space: Space) -> Subject:
    if space.kind is SpaceKind.SUPPLY:
        return Subject.SUPPLY
    if space.tenure is Tenure.DEDICATED:
        return Subject.OWN
    return {SpaceKind.DESK: Subject.DESK, SpaceKind.EQUIPMENT: Subject.MACHINE}.get(space.kind, Subject.PLACE)


def _build_entries(watched: Iterable[_Watched], retention: RetentionSettings, texts: Words) -> tuple[Entry, ...]:
    grouped: dict[tuple[Subject, tuple[SensorKind, ...], bool], list[Thing]] = {}
    for subject, name, sensors in watched:
        if sensors:
            kinds = tuple(sorted({sensor.kind for sensor in sensors}))
            of_zone = any(sensor.zone is not None for sensor in sensors)
            things = grouped.setdefault((subject, kinds, of_zone), [])
            things.append(Thing(name, tuple(sensor.id for sensor in sensors)))
    return tuple(
        Entry(
            things=tuple(things),
            records=tuple(Line(*told(kind, texts, of_supply=subject is Subject.SUPPLY)) for kind in kinds),
            why=_explain_purpose(subject, texts),
            kept=_list_retention(subject, retention, texts, of_zone=of_zone),
            seen=_list_audience(subject, texts),
        )
        for (subject, kinds, of_zone), things in grouped.items()
    )


def _explain_purpose(subject: Subject, texts: Words) -> str:
    _ = texts.gettext
    return {
        Subject.DESK: _("To show whether the space is free, so that you can check before you come."),
        Subject.PLACE: _("To show whether the space is free, so that you can check before you come."),
        Subject.MACHINE: _("To show whether it is in use, so that you can check before you come."),
        Subject.OWN: _(
            "To get the zone total right where there are many dedicated desks. The desk itself is never shown."
        ),
        Subject.SUPPLY: _("So that it is refilled before it runs out."),
        Subject.DOOR: _("To show about how many people are here."),
        Subject.AIR: _("To show when a room needs airing."),
    }[subject]


def _list_retention(subject: Subject, retention: RetentionSettings, texts: Words, *, of_zone: bool) -> tuple[Line, ...]:
    _ = texts.gettext
    hours = texts.ngettext("{n} hour", "{n} hours", retention.raw_hours).format(n=retention.raw_hours)
    series = span(retention.series_days, texts)
    use = {
        Subject.DESK: retention.desk_hours_days,
        Subject.PLACE: retention.space_hours_days,
        Subject.MACHINE: retention.space_hours_days,
    }
    lines = [Line(_("Each reading and each change, with its time"), hours)]
    if subject in use:
        lines.append(Line(_("Whether it was taken, once an hour"), span(use[subject], texts)))
    if subject in {*use, Subject.OWN}:
        lines.append(Line(_("Totals for the zone, with no single space shown"), series))
    if subject is Subject.DOOR:
        lines.append(Line(_("How many people entered and left in five minutes, and how many are inside"), series))
    if subject is Subject.AIR or (of_zone and subject is not Subject.OWN):
        lines.append(Line(_("Five-minute averages"), series))
    lines.append(Line(_("Whether the sensor works: daily counts"), span(KEPT_DAYS, texts)))
    return tuple(lines)


def _list_audience(subject: Subject, texts: Words) -> tuple[Line, ...]:
    _ = texts.gettext
    everybody, hosts = _("Everyone"), _("Staff")
    spot = _("Whether it is free now, during opening hours, but never since when.")
    why_now = _("Also the latest reading, such as “movement 6 minutes ago”.")
    by_hour = _("History only as use over four weeks or more, together with the others of its kind.")
    audiences = {
        Subject.DESK: (spot, why_now + " " + _("Past figures only as totals for the zone, and none for a small zone.")),
        Subject.PLACE: (spot, why_now + " " + by_hour),
        Subject.MACHINE: (spot, why_now + " " + by_hour),
        Subject.OWN: (
            _("Nothing."),
            _("Nothing about this desk: only totals for the zone, and none for a small zone."),
        ),
        Subject.SUPPLY: (_("How much is left."), _("The same.")),
        Subject.DOOR: (
            _("About how many people are here; fewer than five is shown as “fewer than 5”."),
            _("How many people entered and left in five minutes; fewer than five is not shown."),
        ),
        Subject.AIR: (_("Whether the air is good, and whether it is improving."), _("The readings over time.")),
    }
    return tuple(Line(who, text) for who, text in zip((everybody, hosts), audiences[subject], strict=True))
