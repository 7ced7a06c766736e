"""What makes field mode an app on the phone: its description, and the worker that opens it without signal. Both are the
same for everybody and hold nothing of anybody."""

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Response, get
from msgspec import json

from app.console.assets import address
from app.console.context import BASE
from app.console.declare import ANYONE, page
from app.i18n import DEFAULT, t

HERE = f"{BASE}/field"
_PAGES = Path(__file__).parent / "pages"
_NAMED = re.compile(r"asset\('([^']+)'\)")
LATER = ("leaflet.css", "leaflet.js", "field-map.js")
"""For the map, which must be there without signal too."""
_WORKER = ("device.js", "worker.js", "field-outbox.js")
_ICONS: tuple[dict[str, Any], ...] = (
    {"src": "field-192.png", "sizes": "192x192", "type": "image/png"},
    {"src": "field-512.png", "sizes": "512x512", "type": "image/png"},
    {"src": "field-512.png", "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
)


@get("/field/manifest.webmanifest", **page(ANYONE))
async def manifest() -> Response[bytes]:
    """Browsers ask for it without cookies, so it is in the default language."""
    said = {
        "id": HERE,
        "name": t("field.app_name", DEFAULT),
        "short_name": t("field.app_short", DEFAULT),
        "lang": DEFAULT,
        "start_url": HERE,
        "scope": HERE,
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b6b5d",
        "icons": [icon | {"src": address(icon["src"])} for icon in _ICONS],
    }
    return Response(json.encode(said), media_type="application/manifest+json")


@cache
def worker_script() -> str:
    """The worker's own words after what changes with the assets: a browser takes a new worker when a byte differs."""
    page, layout, script = (
        (_PAGES / name).read_text(encoding="utf-8") for name in ("field.html.j2", "layout.html.j2", "field-sw.js")
    )
    needed = dict.fromkeys([*_NAMED.findall(layout), *_NAMED.findall(page), *LATER])
    addresses = [address(name) for name in needed]
    version = hashlib.sha256("\n".join([*addresses, script]).encode()).hexdigest()[:12]
    said = {"version": version, "here": HERE, "assets": addresses, "scripts": [address(name) for name in _WORKER]}
    return f"const SETUP = {json.encode(said).decode()};\n{script}"


@get("/field/sw.js", **page(ANYONE))
async def worker() -> Response[str]:
    headers = {"Service-Worker-Allowed": HERE, "Cache-Control": "no-cache"}
    return Response(worker_script(), media_type="text/javascript", headers=headers)


ROUTES = [manifest, worker]
