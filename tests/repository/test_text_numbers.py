"""A number in a text comes from the constant or the setting that decides it, through a placeholder."""

import re
from typing import Final

import pytest
from babel.messages.pofile import read_po

from collector.text.languages import TRANSLATIONS

_NUMBER: Final = re.compile(
    r"\b(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|half an?|half)\b",
    re.IGNORECASE,
)
_PLACEHOLDER: Final = re.compile(r"\{\w+\}|%\(\w+\)[sd]")
DECIDED_BY_NOTHING: Final = {
    "09:00-15:00": "an example",
    "10:30": "an example",
    "2026-11-23": "an example",
    "such as 60": "an example",
    "movement 6 minutes ago": "an example",
    "Four words of your own": "advice",
    "look again in 5 minutes": "advice",
    "A4": "a size of paper",
    "08:00-12:00, 13:00-17:00": "an example",
    "CO2": "a gas",
    "Two devices with one name": "the smallest count",
    "Two clients": "the smallest count",
    "Changes between the two": "the two that were named",
    "The two periods": "a comparison",
    "of 1 desk": "the count itself",
    "of 1 machine": "the count itself",
    "of 1 phone booth": "the count itself",
    "of 1 room": "the count itself",
    "1 to {": "the smallest count",
    "for every 100 out": "the base of a ratio",
    "under 15 min": "a length class, which is stored under this name",
    "15–30 min": "a length class",  # noqa: RUF001
    "30–60 min": "a length class",  # noqa: RUF001
    "1–2 h": "a length class",  # noqa: RUF001
    "2–4 h": "a length class",  # noqa: RUF001
    "4–8 h": "a length class",  # noqa: RUF001
    "8 h or more": "a length class",
    "three hours ahead": "a lead, which is stored under this name",
    "1 hour": "a choice, which is stored under this name",
}
"""Numbers that no constant and no setting decides, with the reason."""


def find_numbers(text: str) -> list[str]:
    """Return the numbers that a text states itself."""
    for known in DECIDED_BY_NOTHING:
        text = text.replace(known, "")
    return _NUMBER.findall(_PLACEHOLDER.sub("", text))


def test_texts_of_the_catalogue_state_no_number_of_their_own() -> None:
    with (TRANSLATIONS / "sv/LC_MESSAGES/messages.po").open("rb") as file:
        messages = [message.id for message in read_po(file) if message.id]
    ids = [text for one in messages for text in ((one,) if isinstance(one, str) else one)]
    assert {text for text in ids if find_numbers(text)} == set(), "use a placeholder and the constant"


@pytest.mark.parametrize(
    "text", ["Wait 15 minutes and try again.", "the last three days", "the 80%% range", "after half an hour"]
)
def test_scan_finds_numbers(text: str) -> None:
    assert find_numbers(text)
