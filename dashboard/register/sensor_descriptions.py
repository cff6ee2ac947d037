"""Public name and description of each sensor kind.

In:    a sensor kind, texts.
Out:   its name, and one or two sentences true for every sensor of the kind (firmware-config/contract.md, Kinds).
Never: a statement that the wire contract does not guarantee.
"""

from dashboard.text.page_texts import PageTexts
from edge.contract.sensor_kinds import SensorKind


def describe_sensor_kind(kind: SensorKind, texts: PageTexts, *, of_supply: bool = False) -> tuple[str, str]:
    """Return the name of a sensor kind and what such a sensor records at a space, door, zone or supply."""
    described = kind.traits.supply_texts if of_supply and kind.traits.supply_texts else kind.traits.texts
    return texts.gettext(described.label), texts.gettext(described.records)
