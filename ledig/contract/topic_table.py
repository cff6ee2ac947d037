"""The table of topics in firmware-config/contract.md, generated from the table in edge/contract/topics.py.

In:    the table of topics; the text of contract.md.
Out:   the text with the table between its two markers replaced; `make contract` writes it.
Never: any other part of contract.md.
"""

import re
import sys
from pathlib import Path
from typing import Final

from edge.contract.topics import TOPIC_KINDS, Role, TopicKind, TopicParameter

BEGIN: Final = "<!-- begin of the generated table; `make contract` writes it -->"
END: Final = "<!-- end of the generated table -->"
_DEVICES: Final[dict[TopicParameter | None, str]] = {
    TopicParameter.DEVICE: "that device",
    TopicParameter.SPACE: "devices whose lamp shows it",
}
"""The devices that use a kind of topic, by what its pattern contains; others are used by every device."""
_COLUMNS: Final = ("topic", "type", "who writes", "who reads", "may be shown to", "retained", "QoS", "what")


def build_table() -> str:
    """Build the table as Markdown, with a heading row and one row for each kind of topic."""
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_build_row(topic_kind) for topic_kind in TOPIC_KINDS)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def replace_table(text: str) -> str:
    """Return the text of contract.md with the present table.

    Raises:
        ValueError: the text does not have both markers.
    """
    found = re.fullmatch(f"(.*{re.escape(BEGIN)}\n\n).*(\n\n{re.escape(END)}.*)", text, re.DOTALL)
    if found is None:
        raise ValueError(f"contract.md must contain {BEGIN!r} and {END!r}, each on its own line")
    return found[1] + build_table() + found[2]


def _build_row(topic_kind: TopicKind) -> tuple[str, ...]:
    device = _DEVICES.get(topic_kind.parameter, "every device")

    def describe(roles: tuple[Role, ...]) -> str:
        return ", ".join(device if role is Role.DEVICE else role.value for role in roles)

    return (
        f"`{topic_kind.pattern}`",
        ", ".join(topic_kind.messages),
        describe(topic_kind.writers),
        describe(topic_kind.readers),
        topic_kind.audience.value,
        "yes" if topic_kind.is_retained else "no",
        str(topic_kind.qos),
        topic_kind.summary,
    )


if __name__ == "__main__":
    document = Path(sys.argv[1])
    document.write_text(replace_table(document.read_text(encoding="utf-8")), encoding="utf-8")
