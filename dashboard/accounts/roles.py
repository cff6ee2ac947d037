"""Names the two roles, and what an account is.

In:    nothing.
Out:   values.
Never: a third role, a right of its own for one account.
"""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account may do."""

    VIEWER = "viewer"
    """Sees what managers see."""
    MANAGER = "manager"
    """Sees, changes, and lets others in."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in, unless locked."""

    name: str
    role: Role
    locked: bool = False
