"""Privacy settings of a site: who is responsible for the sensors, and what the public sees while few people are inside.

In:    table [privacy] of the site file.
Out:   validated values.
Never: the privacy rules themselves, which no setting changes (see collector/site/privacy_limits.py).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from edge.contract.settings_rejected import SettingsRejected

_YEARS = range(2000, 2100)
"""Years of a day on which members were informed; others are typing errors."""


class StrangersWhenFew(StrEnum):
    """What public pages of a site that never closes show while fewer than five people are inside."""

    LEVEL = "level"
    """The least number of free spaces: all but four. No states of spaces."""
    NOTHING = "nothing"
    """No numbers; only forecasts."""
    ALL = "all"
    """Every space, as usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    """Table [privacy] of the site file: who is responsible for the sensors, and what the public sees."""

    strangers_when_few: StrangersWhenFew = StrangersWhenFew.LEVEL
    controller: str = ""
    """Organisation responsible for the personal data, with its address (GDPR art. 13)."""
    contact: str = ""
    """Contact for members' questions: an e-mail address or telephone number."""
    legal_basis: str = ""
    """Such as "legitimate interest, art. 6(1)(f)"."""
    informed_on: str = ""
    """Date on which the members were informed, such as "2026-11-23"; sensors may start after it."""

    def __post_init__(self) -> None:
        if self.informed_on:
            try:
                is_day = date.fromisoformat(self.informed_on).year in _YEARS
            except ValueError:
                is_day = False
            if not is_day:
                raise SettingsRejected(("informed_on", f'must be a day such as "2026-11-23", got {self.informed_on!r}'))

    def find_missing(self) -> tuple[str, ...]:
        """Return the names of the settings that the register and the sign need but that are not set."""
        return tuple(
            name for name in ("controller", "contact", "legal_basis", "informed_on") if not getattr(self, name)
        )
