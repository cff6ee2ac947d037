"""What one kind of alert consists of: the columns of the table in `alert_kinds.py`.

In:    nothing.
Out:   the type of a row. Every column is required, so that a missing one fails at import.
Never: evaluation, clocks.
"""

from collections.abc import Callable
from dataclasses import dataclass

from collector.configuration.alert_settings import AlertSettings
from collector.contract.alerts import Alert, Severity
from collector.site.site_plan import SitePlan
from collector.text.languages import Catalogue

AlertSentence = Callable[[Catalogue, Alert], str]
"""Returns a sentence of a language; its placeholders are those that `AlertTexts` fills in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertKindRow:
    """One kind of alert."""

    severity: Severity
    raise_after_min: Callable[[AlertSettings], int]
    """For how many minutes the condition must hold."""
    clear_after_min: int
    """For how many minutes it must be gone before the alert ends."""
    default_when: str
    """When it is evaluated unless the site file says otherwise: "always" or "open"."""
    settings: tuple[str, ...]
    """The settings under [alerts] that affect it, besides `when`."""
    subjects: Callable[[SitePlan, AlertSettings], frozenset[str]]
    """What it can be about; also what a manager can mute. A mute of a device covers its sensors."""
    name: Callable[[Catalogue], str]
    threshold: Callable[[Catalogue, AlertSettings, SitePlan], str]
    """When it begins, for the list of rules."""
    problem: AlertSentence
    remedy: AlertSentence
    end: AlertSentence
    """The sentence for an alert that has ended."""
    many: Callable[[Catalogue, int], str] | None
    """One line for many sensors of one device; None: each alert has its own line."""
