"""What makes field mode an app on the phone: its description, and the worker that opens it without signal. Both are the
same for everybody and hold nothing of anybody."""

import re
from functools import cache
from pathlib import Path

from litestar import Response, get

from app import installing
from app.console import account_push
from app.console.assets import address
from app.console.context import BASE, Req, console
from app.console.declare import ANYONE, page
from app.console.notices import HERE as NOTICES
from app.i18n import DEFAULT, t
from app.notify.vapid import public_key

HERE = f"{BASE}/field"
_PAGES = Path(__file__).parent / "pages"
_NAMED = re.compile(r"asset\('([^']+)'\)")
LATER = ("leaflet.css", "leaflet.js", "field-map.js")
"""For the map, which must be there without signal too."""
_WORKER = ("device.js", "worker.js", "field-outbox.js", "pushing.js", "pushed.js")


@get("/field/manifest.webmanifest", **page(ANYONE))
async def manifest() -> Response[bytes]:
    sizes = (("field-192.png", "192x192"), ("field-512.png", "512x512"))
    name, short = t("field.app_name", DEFAULT), t("field.app_short", DEFAULT)
    return installing.manifest(HERE, name, short, sizes, address, maskable="field-512.png")


@cache
def worker_script(push_key: str) -> str:
    """``push_key``: what the browser subscribes with when it has to do so anew."""
    page, layout, script = (
        (_PAGES / name).read_text(encoding="utf-8") for name in ("field.html.j2", "layout.html.j2", "field-sw.js")
    )
    needed = dict.fromkeys([*_NAMED.findall(layout), *_NAMED.findall(page), *LATER])
    assets, scripts = ([address(name) for name in names] for names in (needed, _WORKER))
    title, body = t("field.app_short", DEFAULT), t("push.staff_unread", DEFAULT)
    unread = {"title": title, "body": body, "lang": DEFAULT, "tag": "phananh", "navigate": NOTICES}
    push = {"key": push_key, "where": account_push.HERE, "icon": address("field-192.png"), "unread": unread}
    return installing.worker_script({"here": HERE, "assets": assets, "scripts": scripts, "push": push}, script)


@get("/field/sw.js", **page(ANYONE))
async def worker(request: Req) -> Response[str]:
    headers = {"Service-Worker-Allowed": HERE, "Cache-Control": "no-cache"}
    script = worker_script(public_key(console(request).parts.settings.secret_key))
    return Response(script, media_type="text/javascript", headers=headers)


ROUTES = [manifest, worker]
