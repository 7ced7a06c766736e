"""What makes the citizens' pages an app on the phone: its description, the worker that opens the sending page without
signal, and what is shown instead of the other pages then. All the same for everybody."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Response, get

from app import installing
from app.i18n import DEFAULT, t
from app.notify.vapid import public_key
from app.portal import devices, hearing
from app.portal.assets import address
from app.portal.context import Req, lang_of, open_to, portal, site_policy
from app.portal.render import show
from app.portal.send import HOME

_PAGES = Path(__file__).parent / "pages"
_NAMED = re.compile(r"asset\('([^']+)'\)")
_MANIFEST, _WORKER_AT, _OFFLINE = PATHS = ("/manifest.webmanifest", "/sw.js", "/offline")
SITE = ("/track", "/mine", "/r", "/reports", "/communes", "/faq", "/privacy", "/opendata", "/follow", "/embeds")
"""Pages that say in our words, not the browser's, that there is no signal. None of them is kept on the device."""
_LATER = ("leaflet.css", "leaflet.js")
"""Kept once somebody has opened a map."""
_WORKER = ("device.js", "worker.js", "outbox.js", "pushing.js", "pushed.js")


@get(_MANIFEST, **open_to("anyone"))
async def manifest() -> Response[bytes]:
    sizes = (("app-192.png", "192x192"), ("app-512.png", "512x512"))
    name, short = t("web.send_title", DEFAULT), t("portal.name", DEFAULT)
    return installing.manifest(HOME, name, short, sizes, address, maskable="app-maskable-512.png")


@cache
def worker_script(push_key: str) -> str:
    """``push_key``: what the browser subscribes with when it has to do so anew."""
    sources = [
        (_PAGES / name).read_text(encoding="utf-8") for name in ("layout.html.j2", "site.html.j2", "send.html.j2")
    ]
    script = (_PAGES / "sw.js").read_text(encoding="utf-8")
    needed: Iterable[str] = dict.fromkeys(name for source in sources for name in _NAMED.findall(source))
    assets = [address(name) for name in needed if name not in _LATER and not name.endswith(".png")]
    scripts = [address(name) for name in _WORKER]
    setup: dict[str, Any] = {"here": HOME, "offline": _OFFLINE, "site": SITE, "assets": assets, "scripts": scripts}
    setup["push"] = {"key": push_key, "where": hearing.HERE, "icon": address("app-192.png"), "unread": _unread()}
    return installing.worker_script(setup, script)


def _unread() -> dict[str, str]:
    """What is shown of a message that cannot be read: browsers want something shown of each."""
    title, body = t("portal.name", DEFAULT), t("push.glance_unread", DEFAULT)
    return {"title": title, "body": body, "lang": DEFAULT, "tag": "phananh", "navigate": devices.HERE}


@get(_WORKER_AT, **open_to("anyone"))
async def worker(request: Req) -> Response[str]:
    script = worker_script(public_key(portal(request).parts.settings.secret_key))
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@get(_OFFLINE, **open_to("anyone"))
async def offline(request: Req) -> Response[bytes]:
    return show(lang_of(request), "offline.html.j2", headers=site_policy(request), here=_OFFLINE)


ROUTES = [manifest, worker, offline]
