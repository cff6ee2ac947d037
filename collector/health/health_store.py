"""Stores sensor health among the journal's stored values, under its own keys.

In:    the histories of the sensors that watch one thing; notes about the whole site; an open journal.
Out:   the same data; an empty history for a sensor that was replaced.
Never: evaluation, transactions of its own.
"""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from msgspec import Struct

from collector.health.clocks import ClockHour
from collector.health.ignoring import IgnoredFinding, compute_fingerprint
from collector.health.tallies.sensor_groups import SensorGroup, group_sensors
from collector.health.tallies.sensor_history import SensorHistory
from collector.site.site_plan import SitePlan
from collector.site.site_sensor import SensorKey
from collector.store.blobs import BlobFormat, BlobKind, OlderVersion
from collector.store.journal import Journal

KEY_PREFIX: Final = "health:"
_NOTES_KEY: Final = KEY_PREFIX + "notes"
_T = TypeVar("_T")


class FindingStart(Struct, frozen=True, gc=False, array_like=True):
    """When one finding was first found."""

    device: str
    sensor: str
    kind: str
    at_ms: int
    quantity: str = ""
    """The quantity that the finding is about; empty: the sensor."""


class HealthNotes(Struct, frozen=True, gc=False, array_like=True):
    """Stored health data of the site as a whole."""

    since: tuple[FindingStart, ...] = ()
    ignored: tuple[IgnoredFinding, ...] = ()
    clocks: dict[str, list[ClockHour]] = {}
    late: dict[str, int] = {}
    """Groups with late events in hours already counted, and from when on they must be counted again."""


def _decode_with_defaults(stored_type: type[_T], versions: Iterable[int]) -> Mapping[int, OlderVersion[_T]]:
    """Read versions that lack the last fields of some structs: these get their defaults."""
    return {version: OlderVersion(stored_type, lambda value: value) for version in versions}


SENSOR_HISTORIES: Final = BlobFormat(
    BlobKind.SENSOR_HISTORIES,
    4,
    dict[str, SensorHistory],
    _decode_with_defaults(dict[str, SensorHistory], (1, 2, 3)),
)
HEALTH_NOTES: Final = BlobFormat(BlobKind.HEALTH_NOTES, 2, HealthNotes, _decode_with_defaults(HealthNotes, (1,)))


def list_journal_keys(plan: SitePlan) -> set[str]:
    """Return the keys under which the journal may store health data of this plan."""
    return {_NOTES_KEY, *(KEY_PREFIX + name for name in group_sensors(plan))}


def load_pasts(journal: Journal, plan: SitePlan) -> dict[SensorKey, SensorHistory]:
    """Return the stored history of every sensor of the plan."""
    stored_values = journal.read_values()
    found: dict[SensorKey, SensorHistory] = {}
    for name, group in group_sensors(plan).items():
        body = stored_values.get(KEY_PREFIX + name)
        stored = SENSOR_HISTORIES.decode(body) if body else {}
        for sensor in group.sensors:
            known, fingerprint = stored.get(_join_key(sensor.key)), compute_fingerprint(sensor)
            if known is None:
                known = SensorHistory(fingerprint)
            elif known.fingerprint != fingerprint:  # events up to now came from another sensor of this name
                known = SensorHistory(fingerprint, known.until_ms)
            found[sensor.key] = known
    return found


def save_pasts(journal: Journal, group: SensorGroup, pasts: Mapping[SensorKey, SensorHistory]) -> None:
    """Store the histories of one group."""
    bodies = {_join_key(sensor.key): pasts[sensor.key] for sensor in group.sensors}
    journal.store_values({KEY_PREFIX + group.name: SENSOR_HISTORIES.encode(bodies)})


def load_notes(journal: Journal) -> HealthNotes:
    """Return the stored notes, or empty ones."""
    body = journal.read_value(_NOTES_KEY)
    return HEALTH_NOTES.decode(body) if body else HealthNotes()


def save_notes(journal: Journal, notes: HealthNotes) -> None:
    """Store the notes."""
    journal.store_values({_NOTES_KEY: HEALTH_NOTES.encode(notes)})


def _join_key(key: SensorKey) -> str:
    return "/".join(key)
