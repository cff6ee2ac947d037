"""Reads history for a page that also works without it.

In:    a history query.
Out:   rows, or None while history is unavailable.
Never: `HistoryAway`.
"""

import logging

from collector.history import HistoryAway, Row
from dashboard import past
from dashboard.serving import aside, serving

_log = logging.getLogger(__name__)


def read(query: past.Question) -> list[Row] | None:
    """Read the rows that the privacy rules allow; None while history is unavailable."""
    here = serving()
    try:
        return aside(lambda: past.told_rows(here.settings, query, here.plan))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return None
