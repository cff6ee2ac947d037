"""Identifies the release of the pages, so that a page from another release reloads itself.

In:    templates, scripts, styles and translations as they are on disk.
Out:   eight characters that change when a byte of them changes.
Never: a version set by hand, which is easily forgotten.
"""

import zlib
from functools import cache
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PARTS: Final = ("static/*", "templates/*", "translations/*/LC_MESSAGES/*.mo")


@cache
def mark(folder: Path = HERE) -> str:
    """Return the identifier of the files in a folder of pages."""
    crc = 0
    for part in PARTS:
        for path in sorted(folder.glob(part)):
            crc = zlib.crc32(path.name.encode() + path.read_bytes(), crc)
    return f"{crc:08x}"
