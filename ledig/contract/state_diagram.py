"""The state diagram in docs/architecture.md, generated from the table of transitions.

In:    the table of transitions; the text of architecture.md.
Out:   the text with the diagram between its two markers replaced; `make contract` writes it.
Never: any other part of architecture.md.
"""

import re
import sys
from pathlib import Path
from typing import Final

from collector.occupancy.state_transitions import STATE_TRANSITIONS, StateTransition

BEGIN: Final = "<!-- states; `make contract` writes the diagram -->"
END: Final = "<!-- /states -->"


def build_diagram() -> str:
    """Build the diagram in Mermaid's language."""
    lines = ["```mermaid", "stateDiagram-v2", *map(_build_line, STATE_TRANSITIONS), "```"]
    return "\n".join(lines)


def replace_diagram(text: str) -> str:
    """Return the text of architecture.md with the present diagram.

    Raises:
        ValueError: the text does not have both markers.
    """
    found = re.fullmatch(f"(.*{re.escape(BEGIN)}\n).*(\n{re.escape(END)}.*)", text, re.DOTALL)
    if found is None:
        raise ValueError(f"architecture.md must contain {BEGIN!r} and {END!r}, each on its own line")
    return found[1] + build_diagram() + found[2]


def _build_line(transition: StateTransition) -> str:
    before, after, cause = transition
    line = f"    {'[*]' if before is None else before.value} --> {after.value}"
    return f"{line}: {cause}" if cause else line


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(replace_diagram(document.read_text(encoding="utf-8")), encoding="utf-8")
