"""The longest pause of the site's server before it tries again what failed.

The collector uses it for its connection and its journal, `ledig up` for the restart of a process. Agents and dashboards
have `MAX_RECONNECT_PAUSE_S` of `edge/contract/broker_client.py`.
"""

from typing import Final

MAX_RECOVERY_PAUSE_S: Final = 15.0
"""Short enough that every process works again within 30 s after a fault of the environment ends."""
