"""The clock for accounts: the machine's clocks, checked, with its state stored in the accounts file.

In:    the accounts' file.
Out:   a `SiteTime` that continues from the last run; the accounts that use it.
Never: sessions or a log that a wrong clock ends or deletes (docs/decisions/0030).
"""

import contextlib
from pathlib import Path
from typing import Final

from collector.timekeeping.site_time import SiteTime, TimeSource, read_machine_clocks
from dashboard.accounts.accounts import Accounts
from dashboard.accounts.faults import AccountsAway

COLLECTOR_WITNESS: Final = "collector"
"""The only witness of a dashboard's clock."""


def open_accounts(path: Path, source: TimeSource = read_machine_clocks) -> tuple[Accounts, SiteTime]:
    """Open the accounts of a file, with their clock.

    Args:
        path: the file; created if it is missing.
        source: where the time comes from.

    Returns:
        The accounts, and the clock that they use.
    """
    site_time = SiteTime(source, (COLLECTOR_WITNESS,))
    accounts = Accounts(path, lambda: site_time.last_ms() / 1000)
    with contextlib.suppress(AccountsAway):  # `AccountsMaintenance` loads it later, once it can be read
        site_time.resume(accounts.load_clock_state())
    site_time.now_ms()
    return accounts, site_time
