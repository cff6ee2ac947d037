"""Finds what works in `ledig up`, with its broker and every device on one machine, and cannot work in an installation.

In:    a sound site.
Out:   faults, each with its place, the finding and the remedy.
Never: files, sockets.
"""

from edge.hosts import is_this_machine
from ledig.site import Site


def installation_faults(site: Site, file: str) -> tuple[str, ...]:
    """Faults of a site whose devices are machines of their own.

    Args:
        site: as it was read.
        file: the name of its file, for the faults.
    """
    host, devices = site.collector.broker.host, len(site.devices)
    if devices > 1 and is_this_machine(host):
        finding = f'host is "{host}", which means the device itself on each of the {devices} devices; give the name or'
        return (f"{file}, broker: {finding} address under which they reach the broker",)
    return ()
