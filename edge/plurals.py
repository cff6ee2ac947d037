"""A number with its noun, for texts that are not translated: "1 door", "2 doors".

In:    a count, a noun.
Out:   both as words.
Never: the pages' texts, which have gettext.
"""


def counted(count: int, one: str, many: str = "") -> str:
    """The count and its noun; `many` where the plural is not `one` with an s."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"
