"""The table of sensor kinds: one row for each, with everything that the software must know about it.

In:    the rows of `pin_sensor_kinds.py` and `file_sensor_kinds.py`.
Out:   `SensorKind`, whose members carry their rows; the quantities of the wire contract.
Never: how a sensor is read: the opener that its row names does that.

A row has: its settings class; quantities with their bounds and units; what the sensor may watch; its role in occupancy,
its threshold, hold and what it learns; the limits of sensor health, such as from how many changes an hour it flaps; the
texts of pages and register; how it is simulated, wired and opened.

The allowed events and their bounds, the checks of the site file, occupancy, sensor health, the pages, the register,
the impact assessment, AsyncAPI, the simulation and the replay follow from this table. docs/adding/sensor-kind.md
adds a kind as an example.
"""

from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any, Final, Self

from edge.contract.file_sensor_kinds import FILE_SENSOR_KINDS
from edge.contract.pin_sensor_kinds import PIN_SENSOR_KINDS
from edge.contract.sensor_settings import SensorSettings
from edge.contract.sensor_traits import SensorTraits


def _add_rows(members: MutableMapping[str, Any]) -> None:
    """Add a member for each row to the body of the enumeration."""
    for name, traits in (*PIN_SENSOR_KINDS.items(), *FILE_SENSOR_KINDS.items()):
        members[name.upper()] = (name, traits)


class SensorKind(StrEnum):
    """Kind of a sensor; `traits` is its row."""

    traits: SensorTraits

    # Only the kinds that code names are declared here, for type checkers.
    PIR: "SensorKind"
    AIR: "SensorKind"
    SOUND: "SensorKind"

    def __new__(cls, name: str, traits: SensorTraits) -> Self:
        kind = str.__new__(cls, name)
        kind._value_ = name
        kind.traits = traits
        return kind

    _add_rows(locals())


SENSOR_KIND_BY_NAME: Final = {kind.value: kind for kind in SensorKind}
QUANTITIES: Final = tuple(dict.fromkeys(quantity for kind in SensorKind for quantity in kind.traits.all_quantities))
"""Every quantity of the table, each once."""


def get_sensor_kind(settings: SensorSettings) -> SensorKind:
    """Return the kind of sensor that has these settings."""
    return next(kind for kind in SensorKind if type(settings) is kind.traits.settings)
