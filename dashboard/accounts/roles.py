"""The two roles, and what an account is.

In:    nothing.
Out:   values.
Never: a third role, a permission for a single account.
"""

from dataclasses import dataclass
from enum import StrEnum


class AccountRole(StrEnum):
    """What an account may do."""

    VIEWER = "viewer"
    """May see what managers see."""
    MANAGER = "manager"
    """May see everything, change things and manage accounts."""


@dataclass(frozen=True, slots=True)
class UserAccount:
    """A user who may log in, unless locked."""

    name: str
    role: AccountRole
    locked: bool = False
