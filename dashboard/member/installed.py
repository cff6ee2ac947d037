"""Web app manifest and service worker of the member page, for installing it on a phone.

In:    the plan, texts, the release, addresses.
Out:   JSON and a script. The service worker shows the last known page, marked as old, when there is no network.
Never: states: the browser alone stores the page.
"""

import json
from pathlib import Path
from typing import Any, Final

from collector.site.site_plan import SitePlan
from dashboard.text.page_texts import PageTexts
from dashboard.web import release

WORKER_FILE: Final = Path(__file__).parents[1] / "static" / "worker.js"
ICON_SIZES_PX: Final = (192, 512)


def build_manifest(plan: SitePlan, texts: PageTexts, scope: str, start: str, icons: dict[int, str]) -> dict[str, Any]:
    """Build the web app manifest in one language.

    Args:
        plan: gives the site's name.
        texts: the texts of the language.
        scope: path below which the app navigates.
        start: path that the app opens.
        icons: path by size in pixels.

    Source: W3C, Web Application Manifest.
    """
    return {
        "name": texts.gettext("{site}: free spaces").format(site=plan.name),
        "short_name": plan.name,
        "lang": texts.language,
        "dir": "ltr",
        "id": scope,
        "start_url": start,
        "scope": scope,
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#ffffff",
        "icons": [
            {"src": icons[size], "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size in ICON_SIZES_PX
            for purpose in ("any", "maskable")
        ],
    }


def build_service_worker(parts: list[str], pages: list[str]) -> str:
    """Build the service worker; each release has its own script and cache."""
    constants = {"RELEASE": release.compute_release_id(), "PARTS": parts, "PAGES": pages}
    head = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in constants.items())
    return head + WORKER_FILE.read_text()
