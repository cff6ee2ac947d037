"""Asks history for a page that can do without.

In:    a question.
Out:   rows, or word that history is away.
Never: an exception for a history that may come back.
"""

import logging

from collector.history import HistoryAway, Row
from dashboard import past
from dashboard.serving import aside, serving

_log = logging.getLogger(__name__)


def read(asked: past.Question) -> list[Row] | None:
    """What history answers, of what may be told; None while it is away."""
    here = serving()
    try:
        return aside(lambda: past.told_rows(here.settings, asked, here.plan))
    except HistoryAway as away:
        _log.warning("history is not available: %s", away)
        return None
