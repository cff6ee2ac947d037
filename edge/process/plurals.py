"""Formats a count with its noun, for texts that are not translated: "1 door", "2 doors".

In:    a count, a noun.
Out:   the count and the noun in singular or plural.
Never: texts of pages, which use gettext.
"""


def format_count(count: int, one: str, many: str = "") -> str:
    """Format a count and its noun; give `many` if the plural is not `one` with an s."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
