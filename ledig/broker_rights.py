"""What each user of the broker may read and write: one table, for the broker of `ledig up` and for Mosquitto.

In:    the site's id and a user.
Out:   topics and filters; as a text, Mosquitto's ACL file (firmware-config/mosquitto/ledig.acl, by `make contract`).
Never: a right outside the site.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge import topics
from edge.topics import DeviceTopic
from ledig.site import COLLECTOR_USER, DASHBOARD_USER

INSTALLER_USER: Final = "installer"
SITE: Final = "SITE"
"""Stands in the shipped ACL file for the site's id. No id has capitals, so a file that was copied as it is lets nobody
read or write anything."""
_OWN_NAME: Final = "%u"
"""Mosquitto puts the user's name in its place."""


@dataclass(frozen=True, slots=True)
class Rights:
    """The topics of one user, as filters."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def rights(site: str, user: str) -> Rights:
    """What a user may do; whoever is not one of the three with a name of their own is the device of that name."""
    everything = _Filters(site)
    if user == COLLECTOR_USER:
        return everything.of_collector()
    if user == DASHBOARD_USER:
        return everything.of_dashboard()
    if user == INSTALLER_USER:
        return everything.of_installer()
    return everything.of_device(user)


@dataclass(frozen=True, slots=True)
class _Filters:
    site: str

    def of_device(self, device: str) -> Rights:
        own = {leaf: topics.device(self.site, device, leaf) for leaf in DeviceTopic}
        return Rights(
            writes=(own[DeviceTopic.EVENTS], own[DeviceTopic.STATUS]),
            reads=(
                own[DeviceTopic.RECEIPT],
                own[DeviceTopic.COMMAND],
                topics.space(self.site, "+"),
                topics.collector(self.site),
            ),
        )

    def of_collector(self) -> Rights:
        return Rights(
            reads=(
                self._devices(DeviceTopic.EVENTS),
                self._devices(DeviceTopic.STATUS),
                self._devices(DeviceTopic.FINDINGS),
                topics.collector(self.site),
                topics.collector_command(self.site),
                topics.space(self.site, "+"),
                *self._of_zones(),
            ),
            writes=(
                self._devices(DeviceTopic.RECEIPT),
                self._devices(DeviceTopic.STATUS),
                self._devices(DeviceTopic.FINDINGS),
                topics.space(self.site, "+"),
                *self._of_zones(),
                topics.site_summary(self.site),
                topics.alerts(self.site),
                topics.adjustments(self.site),
                topics.collector(self.site),
            ),
        )

    def of_dashboard(self) -> Rights:
        return Rights(
            reads=(
                self._devices(DeviceTopic.STATUS),
                self._devices(DeviceTopic.FINDINGS),
                topics.space(self.site, "+"),
                *self._of_zones(),
                topics.site_summary(self.site),
                topics.alerts(self.site),
                topics.adjustments(self.site),
                topics.collector(self.site),
            ),
            writes=(topics.collector_command(self.site), self._devices(DeviceTopic.COMMAND)),
        )

    def of_installer(self) -> Rights:
        return Rights(
            reads=(
                self._devices(DeviceTopic.STATUS),
                self._devices(DeviceTopic.FINDINGS),
                topics.alerts(self.site),
                topics.collector(self.site),
            ),
            writes=(topics.collector_command(self.site), self._devices(DeviceTopic.COMMAND)),
        )

    def _devices(self, leaf: DeviceTopic) -> str:
        return topics.every_device(self.site, leaf)

    def _of_zones(self) -> tuple[str, ...]:
        return tuple(one(self.site, "+") for one in (topics.tuning, topics.zone, topics.forecast))


_HEADER: Final = f"""\
# Who may read and write what at the broker. What is not named here is refused. Made by `make contract`; do not edit.
#
# passwords.sh installs it as /etc/mosquitto/ledig.acl, with the site's id in place of {SITE}: nobody has a right in any
# other site. By hand: sed 's|/{SITE}/|/your-site/|' ledig.acl
#
# `read` or `write` always stands there: a topic without either would be both. A user is named as its device is in the
# site file, or `{COLLECTOR_USER}`, `{DASHBOARD_USER}`, `{INSTALLER_USER}`: no device may have one of these three names.
"""
_SECTIONS: Final = {
    _OWN_NAME: """\
# A device ({user} is its user name) reads its own receipts and commands and writes its own events and status; for its
# lamp it reads the states of spaces and whether the collector works. (Mosquitto warns that two patterns have no {user}:
# that is meant.)""",
    COLLECTOR_USER: """\
# The collector reads every device's events, and writes receipts, findings and everything that is shown. What an earlier
# one left at the broker it reads too: what is no longer in the site file, a device's status among it, it clears.""",
    DASHBOARD_USER: """\
# The dashboard reads what is retained, sends the collector what a manager answers to a finding or mutes, and asks a
# device to identify itself.""",
    INSTALLER_USER: """\
# Whoever mounts the sensors asks a device to identify itself, and reads its status and what is found about it.""",
}


def acl_file() -> str:
    """Mosquitto's ACL file for any site: `SITE` stands for its id."""
    sections = [_HEADER]
    for user, comment in _SECTIONS.items():
        word, first = ("pattern", []) if user == _OWN_NAME else ("topic", [f"user {user}"])
        given = rights(SITE, user)
        lines = [f"{word} read {topic}" for topic in given.reads] + [f"{word} write {topic}" for topic in given.writes]
        sections.append("\n".join([comment.format(user=_OWN_NAME), *first, *lines]) + "\n")
    return "\n".join(sections)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(acl_file(), encoding="utf-8")
