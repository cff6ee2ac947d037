"""Syntax of ids: short enough for a topic, plain enough for a file name and a URL.

In:    an id from the site file or the command line.
Out:   the problem, or None.
Never: whether something has that id.
"""

import re

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_ID_LENGTH = 64


def find_id_fault(name: str) -> str | None:
    """Return the problem of an id with its remedy; None if the id is valid."""
    if _ID.fullmatch(name) and len(name) <= MAX_ID_LENGTH:
        return None
    return (
        f'id "{name}" is not allowed; use at most {MAX_ID_LENGTH} lowercase letters a-z and digits, with'
        ' single hyphens between them, such as "desk-14"'
    )
