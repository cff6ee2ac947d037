"""Makes what installs the page on a phone: its manifest, and the worker that shows the last known page as old.

In:    the plan, words, the release, addresses.
Out:   JSON and a script.
Never: a state. What an installed page keeps, it keeps by itself, and marks it as old.
"""

import json
from pathlib import Path
from typing import Any, Final

from collector.plan import SitePlan
from dashboard import release
from dashboard.words import Words

WORKER: Final = Path(__file__).parents[1] / "static" / "worker.js"
SIZES: Final = (192, 512)


def manifest(plan: SitePlan, words: Words, scope: str, start: str, icons: dict[int, str]) -> dict[str, Any]:
    """The web app manifest in one language. Source: W3C, Web Application Manifest."""
    return {
        "name": words.gettext("{house}: free spaces").format(house=plan.name),
        "short_name": plan.name,
        "lang": words.language,
        "dir": "ltr",
        "id": scope,
        "start_url": start,
        "scope": scope,
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#ffffff",
        "icons": [
            {"src": icons[size], "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size in SIZES
            for purpose in ("any", "maskable")
        ],
    }


def worker(parts: list[str], pages: list[str]) -> str:
    """The service worker of this release: another release is another script, and another cache."""
    known = {"RELEASE": release.mark(), "PARTS": parts, "PAGES": pages}
    head = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in known.items())
    return head + WORKER.read_text()
