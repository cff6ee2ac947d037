"""Which texts of people may be shown on pages, in terminals and in exports.

In:    a text.
Out:   whether it can be shown; how long it may be.
Never: a change of the text.
"""

import re
from typing import Final
from unicodedata import category

MAX_NAME_CHARS: Final = 80
"""The longest name of a space, zone, floor, door or of the site: about two lines of a phone."""
MAX_TEXT_CHARS: Final = 500
"""The longest of any other text in the site file."""
_ZERO_WIDTH_JOINER: Final = "\u200d"
"""Joins characters into one emoji."""
_LINE_ENDS: Final = frozenset({"Zl", "Zp"})
"""Unicode's separators of lines and paragraphs."""
_STACKED_MARKS: Final = re.compile("^m|m{5}")


def is_showable(text: str) -> bool:
    """Return whether a text is one line of characters that can be seen, or empty."""
    seen = text.replace(_ZERO_WIDTH_JOINER, "")
    if text and not seen.strip():
        return False
    # Control characters can reverse the text that follows; combining marks, alone or piled up, cover the lines around.
    if any(category(sign).startswith("C") or category(sign) in _LINE_ENDS for sign in seen):
        return False
    return not _STACKED_MARKS.search("".join("m" if category(sign) in {"Mn", "Me"} else "x" for sign in seen))
