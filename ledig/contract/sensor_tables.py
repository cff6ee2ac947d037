"""Write the two tables of the contract that follow from the table of sensor kinds: quantities, and what a kind sends.

In:    the table of sensor kinds; the contract's text.
Out:   the text with a line for each quantity and each kind.
Never: the lines of event kinds that no sensor kind has, such as `heartbeat`; they stay as they are.

    python -m ledig.contract.sensor_tables firmware-config/contract.md
"""

import re
import sys
from pathlib import Path
from typing import Final

from edge.contract.sensor_kinds import QUANTITIES, SensorKind
from edge.contract.sensor_traits import SensorTraits

QUANTITY_HEADER: Final = "| kind | from | to | meaning |\n| --- | --- | --- | --- |\n"
SENSOR_HEADER: Final = "| sensor | sends |\n| --- | --- |\n"


def render_contract(text: str) -> str:
    """Return the contract's text with current tables."""
    quantities = [f"| `{one.name}` | {one.low:.0f} | {one.high:.0f} | {one.meaning} |" for one in QUANTITIES]
    sensors = [f"| `{kind}` | {_describe_sent(kind.traits)} |" for kind in SensorKind]
    names = {one.name for one in QUANTITIES}
    others = [row for row in _read_rows(text, QUANTITY_HEADER) if row.split("`")[1] not in names]
    return _replace_rows(_replace_rows(text, QUANTITY_HEADER, [*quantities, *others]), SENSOR_HEADER, sensors)


def _describe_sent(traits: SensorTraits) -> str:
    sent = ", ".join(f"`{one.name}`" for one in traits.quantities)
    return sent if traits.supply_quantity is None else f"{sent} at a seat, `{traits.supply_quantity.name}` at a supply"


def _read_rows(text: str, header: str) -> list[str]:
    found = re.search(re.escape(header) + r"((?:\|.*\n)*)", text)
    if found is None:
        raise ValueError(f"the contract has no table {header.splitlines()[0]}")
    return found[1].splitlines()


def _replace_rows(text: str, header: str, rows: list[str]) -> str:
    before = "".join(f"{row}\n" for row in _read_rows(text, header))
    return text.replace(header + before, header + "".join(f"{row}\n" for row in rows))


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(render_contract(path.read_text(encoding="utf-8")), encoding="utf-8")
