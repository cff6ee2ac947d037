"""An HTTP server with limits for slow, numerous or hostile clients: none of them blocks the others."""

from dashboard.web_server.connections import ConnectionTable, address_group
from dashboard.web_server.descriptors import Room, make_room
from dashboard.web_server.server import PageServer

__all__ = ["ConnectionTable", "PageServer", "Room", "address_group", "make_room"]
