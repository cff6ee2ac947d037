"""An HTTP server with limits for slow, numerous or hostile clients: none of them blocks the others."""

from dashboard.web_server.connections import ConnectionTable, address_group
from dashboard.web_server.descriptors import ConnectionLimits, raise_file_limit
from dashboard.web_server.server import PageServer

__all__ = ["ConnectionLimits", "ConnectionTable", "PageServer", "address_group", "raise_file_limit"]
