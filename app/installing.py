"""What makes pages an app on the phone: how a browser hears of it, and its worker. The same for everybody."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from litestar import Response
from msgspec import json

from app.i18n import DEFAULT


def manifest(
    here: str,
    name: str,
    short_name: str,
    sizes: Iterable[tuple[str, str]],
    icon: Callable[[str], str],
    *,
    maskable: str,
) -> Response[bytes]:
    """The web app's description. ``sizes``: file and size of each icon; ``maskable``: the file that may be cut to any
    form; ``icon``: a file's address. Browsers ask without cookies, so it is in the default language."""
    icons = [{"src": icon(file), "sizes": size, "type": "image/png"} for file, size in sizes]
    icons.append({"src": icon(maskable), "sizes": "512x512", "type": "image/png", "purpose": "maskable"})
    said = {
        "id": here,
        "name": name,
        "short_name": short_name,
        "lang": DEFAULT,
        "start_url": here,
        "scope": here,
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b6b5d",
        "icons": icons,
    }
    return Response(json.encode(said), media_type="application/manifest+json")


def worker_script(setup: Mapping[str, Any], script: str) -> str:
    """The script after its SETUP, which names a version of both: a browser takes a new worker when a byte differs."""
    version = hashlib.sha256(json.encode(setup) + script.encode()).hexdigest()[:12]
    return f"const SETUP = {json.encode({**setup, 'version': version}).decode()};\n{script}"
