"""Computes how many connections and streams fit into the process's limit of open files.

In:    the number of streams in the settings, the process's limit.
Out:   a raised limit, where that is allowed; the maximum of connections and of streams.
Never: a file descriptor for a client that the process needs itself: for SQLite, the broker, the log.
"""

import logging
import resource
from dataclasses import dataclass
from typing import Final

RESERVED_FILES: Final = 256
"""Descriptors for the process itself, and for connections that are closed but not yet released."""
REQUEST_CONNECTIONS: Final = 512
"""Connections besides streams: running requests, and browsers that keep theirs open for the next page."""
MIN_STREAMS: Final = 10

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Maximum of open connections, and of streams among them."""

    connections: int
    streams: int


def compute_limits(files: int, streams: int) -> ConnectionLimits:
    """Compute the limits for `files` descriptors; a quarter of them, at most RESERVED_FILES, is kept for the process.

    Args:
        files: descriptors that this process may open.
        streams: streams in the settings; a third of the connections is never used for streams.
    """
    connections = files - min(RESERVED_FILES, files // 4)
    return ConnectionLimits(
        connections, max(MIN_STREAMS, min(streams, connections - min(REQUEST_CONNECTIONS, connections // 3)))
    )


def raise_file_limit(streams: int) -> ConnectionLimits:
    """Raise the process's limit (often 1,024 in a shell) as far as the streams need it and the system allows it."""
    needed = streams + REQUEST_CONNECTIONS + RESERVED_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except OSError as fault:  # a sandbox may forbid it
            _log.warning("the limit of open files stays at %s: %s", soft, fault.strerror)
    found = compute_limits(needed if soft == resource.RLIM_INFINITY else min(soft, needed), streams)
    if found.streams < streams:
        _log.warning(
            "max_streams is %s, but this process may open %s files: %s streams at once; allow it %s files"
            " (LimitNOFILE=, ulimit -n), or set max_streams lower",
            *(streams, soft, found.streams, needed),
        )
    return found
