"""Checks for an installation on several machines, beyond those for `ledig up`, which runs everything on one machine.

In:    a valid site.
Out:   faults, each with place, problem and remedy.
Never: files, sockets.
"""

from edge.contract.hosts import is_this_machine
from ledig.site.site_file import SiteFile


def find_installation_faults(site: SiteFile, file: str) -> tuple[str, ...]:
    """Find faults of a site whose devices are separate machines.

    Args:
        site: a valid site.
        file: name of the site file, for the faults.
    """
    host, devices = site.collector.broker.host, len(site.devices)
    if devices > 1 and is_this_machine(host):
        finding = f'host is "{host}", which means the device itself on each of the {devices} devices; give the name or'
        remedy = "address under which they reach the broker; if all run on this machine, its host name"
        return (f"{file}, broker: {finding} {remedy}",)
    return ()
