"""How many connections and streams fit into the file descriptors that this process may open.

In:    the streams that the settings ask for, the process's limit.
Out:   a limit that is raised where that is allowed; the room for connections and for streams.
Never: a descriptor for a client that the process needs for its own work: SQLite, the broker, the log.
"""

import logging
import resource
from dataclasses import dataclass
from typing import Final

RESERVED: Final = 256
"""Descriptors for the process's own work, and for connections that are closed but not yet released."""
REQUESTS: Final = 512
"""Connections besides streams: pages on their way, and browsers that keep theirs open for the next page."""
FEWEST_STREAMS: Final = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Room:
    """How many connections may be open, and how many of them may be streams."""

    connections: int
    streams: int


def room(files: int, streams: int) -> Room:
    """The room within `files` descriptors: a quarter of them, but at most RESERVED, is never given to a client.

    Args:
        files: descriptors that this process may open.
        streams: streams that the settings ask for; a third of the connections is never given to streams.
    """
    connections = files - min(RESERVED, files // 4)
    return Room(connections, max(FEWEST_STREAMS, min(streams, connections - min(REQUESTS, connections // 3))))


def make_room(streams: int) -> Room:
    """Raise this process's limit (many shells begin with 1,024) as far as the streams need and the system allows."""
    needed = streams + REQUESTS + RESERVED
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except OSError as fault:  # a sandbox may forbid it
            _log.warning("the limit of open files stays at %s: %s", soft, fault.strerror)
    found = room(needed if soft == resource.RLIM_INFINITY else min(soft, needed), streams)
    if found.streams < streams:
        _log.warning(
            "max_streams is %s, but this process may open %s files: %s streams at once; allow it %s files"
            " (LimitNOFILE=, ulimit -n), or set max_streams lower",
            *(streams, soft, found.streams, needed),
        )
    return found
