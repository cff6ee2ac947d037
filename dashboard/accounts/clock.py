"""Time for accounts: the machine's clocks, judged, with what was believed kept beside the accounts.

In:    the accounts' file.
Out:   a `SiteTime` that goes on from the last run; the accounts that live by it.
Never: sessions or a log that a wrong clock ends or deletes (docs/decisions/0030).
"""

import contextlib
from pathlib import Path
from typing import Final

from collector.site_time import SiteTime, TimeSource, read_machine
from dashboard.accounts import Accounts
from dashboard.accounts.faults import AccountsAway

COLLECTOR: Final = "collector"
"""The one witness of a dashboard's clock."""


def open_accounts(path: Path, source: TimeSource = read_machine) -> tuple[Accounts, SiteTime]:
    """The accounts of a file, and the time that they live by.

    Args:
        path: the file; made if it is missing.
        source: where the time comes from.
    """
    site_time = SiteTime(source, (COLLECTOR,))
    accounts = Accounts(path, lambda: site_time.last_ms() / 1000)
    with contextlib.suppress(AccountsAway):  # then `AccountsCare` goes on from it as soon as it can be read
        site_time.resume(accounts.load_belief())
    site_time.now_ms()
    return accounts, site_time
