"""What this machine suggests about its site: language and time zone, and the country of a time zone.

In:    environment variables, the link /etc/localtime, the table of time zones.
Out:   `MachineFacts`.
Never: a time zone without a country, such as UTC: many servers have it, and no site is there.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from collector.text.languages import Language

_LOCALE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first that is set counts. Source: POSIX.1-2017, 8.2."""
_LOCAL_TIME: Final = Path("/etc/localtime")
_ZONES_FOLDER: Final = "zoneinfo/"


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """What is known before the first question."""

    language: Language | None
    """The language of the machine; None: it is none of the pages'."""
    time_zone: str | None
    """The machine's time zone; None: unknown, or not that of a country."""
    country_by_zone: Mapping[str, str]
    """The country of each time zone, two letters."""


def read_machine_facts() -> MachineFacts:
    """Read the facts of this machine."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    target = str(_LOCAL_TIME.readlink()) if _LOCAL_TIME.is_symlink() else ""
    return derive_facts(os.environ, target, table)


def derive_facts(environ: Mapping[str, str], local_time: str, zone_table: str) -> MachineFacts:
    """Derive the facts of a machine.

    Args:
        environ: environment variables.
        local_time: target of /etc/localtime; empty if it is no link.
        zone_table: text of the time zone database's zone.tab: country, position, zone, comment, separated by tabs.
    """
    rows = [line.split("\t") for line in zone_table.splitlines() if line and not line.startswith("#")]
    country_by_zone = {row[2]: row[0] for row in rows}
    locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
    zone = environ.get("TZ", "").removeprefix(":") or local_time.rpartition(_ZONES_FOLDER)[2]
    code = locale[:2]
    return MachineFacts(
        language=Language(code) if code in set(Language) else None,
        time_zone=zone if zone in country_by_zone else None,
        country_by_zone=country_by_zone,
    )
