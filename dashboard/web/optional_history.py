"""Reads history for a page that also works without it.

In:    a history query.
Out:   rows, or None while history is unavailable.
Never: the exception `HistoryAway`.
"""

import logging

from collector.history.measures import HistoryAway, HistoryRow
from dashboard.history import queries
from dashboard.web.app_context import get_app_context, query_history

_log = logging.getLogger(__name__)


def read_history(query: queries.HistoryQuery) -> list[HistoryRow] | None:
    """Read the rows that the privacy rules allow; None while history is unavailable."""
    here = get_app_context()
    try:
        return query_history(lambda: queries.read_permitted_rows(here.settings, query, here.plan))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return None
