"""Write the tables of documents that follow from the table of sensor kinds: quantities, what a kind sends, its pins.

In:    the table of sensor kinds; the text of the contract, and of the document about wiring.
Out:   the texts with a line for each quantity and each kind.
Never: the lines of event kinds that no sensor kind has, such as `heartbeat`, and of the lamp; they stay as they are.

    python -m ledig.contract.sensor_tables firmware-config/contract.md firmware-config/pins.md
"""

import re
import sys
from pathlib import Path
from typing import Final

from edge.contract.sensor_kinds import QUANTITIES, SensorKind
from edge.contract.sensor_traits import SensorTraits, WatchTarget

QUANTITY_HEADER: Final = "| kind | from | to | meaning |\n| --- | --- | --- | --- |\n"
WIRING_HEADER: Final = (
    "| kind | pins | level at rest | value is 1 when the pin is | pull |\n| --- | --- | --- | --- | --- |\n"
)
SENSOR_HEADER: Final = "| sensor | sends |\n| --- | --- |\n"


def render_contract(text: str) -> str:
    """Return the contract's text with current tables."""
    quantities = [f"| `{one.name}` | {one.low:.0f} | {one.high:.0f} | {one.meaning} |" for one in QUANTITIES]
    sensors = [f"| `{kind}` | {_describe_sent(kind.traits)} |" for kind in SensorKind]
    names = {one.name for one in QUANTITIES}
    others = [row for row in _read_rows(text, QUANTITY_HEADER) if row.split("`")[1] not in names]
    return _replace_rows(_replace_rows(text, QUANTITY_HEADER, [*quantities, *others]), SENSOR_HEADER, sensors)


def render_wiring(text: str) -> str:
    """Return the text of the document about wiring with a current table of kinds."""
    names = {kind.value for kind in SensorKind}
    others = [row for row in _read_rows(text, WIRING_HEADER) if row.split("|")[1].strip(" `") not in names]
    return _replace_rows(text, WIRING_HEADER, [*map(_describe_wiring, SensorKind), *others])


def _describe_wiring(kind: SensorKind) -> str:
    wiring = kind.traits.wiring
    if wiring is None:
        return f"| `{kind}` | none | - | - | - |"
    return f"| `{kind}` | {wiring.pins} | {wiring.at_rest} | {wiring.active} | {wiring.pull} |"


def _describe_sent(traits: SensorTraits) -> str:
    sent = ", ".join(f"`{one.name}`" for one in traits.quantities)
    if traits.supply_quantity is None or traits.watches == {WatchTarget.SUPPLY}:
        return sent
    return f"{sent} at a seat, `{traits.supply_quantity.name}` at a supply"


def _read_rows(text: str, header: str) -> list[str]:
    found = re.search(re.escape(header) + r"((?:\|.*\n)*)", text)
    if found is None:
        raise ValueError(f"the document has no table {header.splitlines()[0]}")
    return found[1].splitlines()


def _replace_rows(text: str, header: str, rows: list[str]) -> str:
    before = "".join(f"{row}\n" for row in _read_rows(text, header))
    return text.replace(header + before, header + "".join(f"{row}\n" for row in rows))


if __name__ == "__main__":
    for path, render in zip(map(Path, sys.argv[1:]), (render_contract, render_wiring), strict=True):
        path.write_text(render(path.read_text(encoding="utf-8")), encoding="utf-8")
