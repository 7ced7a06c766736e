"""Styles and scripts of our own. Their address holds their content's hash, so browsers keep them for good."""

import hashlib
from functools import cache
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from app.console.context import BASE
from app.console.declare import ANYONE, page
from app.errors import NotFound

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Name → (hash, content)."""
    contents = {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _TYPES}
    return {name: (hashlib.sha256(data).hexdigest()[:12], data) for name, data in contents.items()}


def address(name: str) -> str:
    return f"{BASE}/static/{_files()[name][0]}/{name}"


@get("/static/{version:str}/{name:str}", **page(ANYONE))
async def asset(version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    known, data = _files().get(name, ("", b""))
    if known != version:
        raise NotFound("console.not_found")
    return Response(data, media_type=_TYPES[Path(name).suffix], headers=_FOR_GOOD)


ROUTES = [asset]
