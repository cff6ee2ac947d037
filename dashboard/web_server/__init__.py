"""HTTP for clients that are slow, many, or hostile: one of them never stops the others."""

from dashboard.web_server.connections import ConnectionTable, address_group
from dashboard.web_server.descriptors import Room, make_room
from dashboard.web_server.server import PageServer

__all__ = ["ConnectionTable", "PageServer", "Room", "address_group", "make_room"]
