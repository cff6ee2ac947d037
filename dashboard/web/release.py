"""Identifies the release of the pages, so that a page from another release reloads itself.

In:    templates, scripts, styles and translations as they are on disk.
Out:   eight characters that change when a byte of them changes.
Never: a version set by hand, which would not always be updated.
"""

import zlib
from functools import cache
from pathlib import Path
from typing import Final

PACKAGES_FOLDER: Final = Path(__file__).parents[2]
RELEASE_FILES: Final = ("dashboard/static/*", "dashboard/templates/*", "collector/translations/*/LC_MESSAGES/*.mo")


@cache
def compute_release_id(folder: Path = PACKAGES_FOLDER) -> str:
    """Return the identifier of the files below a folder."""
    crc = 0
    for part in RELEASE_FILES:
        for path in sorted(folder.glob(part)):
            crc = zlib.crc32(path.name.encode() + path.read_bytes(), crc)
    return f"{crc:08x}"
