"""Marks what the pages are made of, in short: one that another release made loads itself anew.

In:    templates, scripts, styles and words as they are on disk.
Out:   eight characters, other ones as soon as a byte of them is.
Never: a version by hand, which is forgotten.
"""

import zlib
from functools import cache
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
PARTS: Final = ("static/*", "templates/*", "translations/*/LC_MESSAGES/*.mo")


@cache
def mark(folder: Path = HERE) -> str:
    """The mark of what lies in a folder of pages."""
    crc = 0
    for part in PARTS:
        for path in sorted(folder.glob(part)):
            crc = zlib.crc32(path.name.encode() + path.read_bytes(), crc)
    return f"{crc:08x}"
