"""The copies of the site file in the backup folder: their names, and when they are deleted.

In:    the folder, the time.
Out:   the copies in order; copies that were replaced long ago are deleted.
Never: a file with another name; the newest copy, which is in effect.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from edge.timekeeping.durations import DAY_MS

KEEP_REPLACED_MS: Final = 35 * DAY_MS
"""A name that was removed from the site file stays in a copy for at most this long."""
_NAME: Final = re.compile(r"site-(?P<number>[0-9]{6,})-(?P<made_ms>[0-9]+)\.toml")


@dataclass(frozen=True, slots=True, order=True)
class SiteCopy:
    """One version of the site file; `made_ms` is when it came into effect, Unix ms."""

    number: int
    made_ms: int
    path: Path


def list_site_copies(folder: Path) -> list[SiteCopy]:
    """The copies, the oldest first."""
    found = ((_NAME.fullmatch(path.name), path) for path in folder.glob("site-*.toml"))
    return sorted(SiteCopy(int(name["number"]), int(name["made_ms"]), path) for name, path in found if name)


def delete_replaced_copies(folder: Path, now_ms: int) -> None:
    """Delete copies that a newer one replaced more than `KEEP_REPLACED_MS` ago. Raises OSError."""
    copies = list_site_copies(folder)
    for old, newer in pairwise(copies):
        if now_ms - newer.made_ms > KEEP_REPLACED_MS:
            old.path.unlink(missing_ok=True)
