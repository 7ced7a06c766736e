"""What the pages for citizens share, how they get at it, and how each says who may open it."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response
from msgspec import Struct, field

from app.accounts.directory import Agencies
from app.addresses import Limit, Limiter
from app.assets import Packed, pack
from app.errors import Forbidden
from app.i18n import LANGS, Lang, pick
from app.photos.uploads import AT_ONCE
from app.places.outline import outline
from app.portal.cards import Cards
from app.portal.switched import Switched
from app.wiring import Parts

Req = Request[Any, Any, Any]


class Outlines:
    """The provinces' maps, each made once for the boundaries in use."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._set: UUID | None = None
        self._made: dict[str, Packed] = {}

    async def of(self, province_code: str) -> Packed:
        gazetteer = self._parts.gazetteer
        if gazetteer.set_id != self._set:
            self._set, self._made = gazetteer.set_id, {}
        found = self._made.get(province_code)
        if found is None:
            found = await asyncio.to_thread(lambda: pack(outline(gazetteer, province_code), "application/geo+json"))
            if gazetteer.set_id == self._set:
                self._made[province_code] = found
        return found


ASKS = Limit("follow", 10, 1 / 120, "follow.too_many")
"""Confirmations of following that one network address may have sent: a family's, not a mailing list's."""


class Portal(Struct, frozen=True):
    """``secure``: the system is reached by HTTPS, so cookies must not leave by anything else."""

    parts: Parts
    outlines: Outlines
    limiter: Limiter
    agencies: Agencies
    switched: Switched
    secure: bool
    cards: Cards = field(default_factory=Cards)
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    asks: Limiter = field(default_factory=lambda: Limiter(limit=ASKS))


def portal(request: Req) -> Portal:
    found = request.app.state.portal
    assert isinstance(found, Portal)
    return found


def policy(request: Req) -> dict[str, str]:
    """The headers of the map for a chat: inside Telegram in a browser the page is a frame of Telegram's. (Browsers that
    know frame-ancestors ignore X-Frame-Options.)"""
    settings = portal(request).parts.settings
    around = "https://web.telegram.org"
    if settings.simulated:
        around = f"http://127.0.0.1:{settings.simulator_port} http://localhost:{settings.simulator_port}"
    return _policy(request, "", around)


def site_policy(request: Req) -> dict[str, str]:
    """The headers of the other pages: a photo about to be sent is shown by the browser itself."""
    return _policy(request, " blob:", "'none'")


def _policy(request: Req, pictures: str, around: str) -> dict[str, str]:
    """Pictures also come from the tile server."""
    settings = portal(request).parts.settings
    tiles = f" {settings.tiles.origin}" if settings.tiles else ""
    said = (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        f"img-src 'self' data:{pictures}{tiles}; frame-ancestors {around}"
    )
    return {"Content-Security-Policy": said}


LANGUAGE_COOKIE = "phananh-language"
"""The console's too: one person, one language."""


def lang_of(request: Req) -> Lang:
    """The one that was chosen, here or where a link comes from, else the browser's."""
    chosen = request.cookies.get(LANGUAGE_COOKIE) or request.query_params.get("lang")
    return next((lang for lang in LANGS if lang == chosen), None) or pick(request.headers.get("accept-language"))


def from_here(request: Req) -> None:
    """A page of another site acts for nobody by their cookie. Raises Forbidden."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("devices.elsewhere")


def go(path: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """On to another page of ours, by GET."""
    return Response(b"", status_code=303, headers={"Location": path, **(headers or {})})


def open_to(who: str) -> dict[str, Any]:
    """Keyword arguments for a Litestar route decorator. ``who``: ``anyone``; ``link``: whoever has a link from their
    chat, which the handler reads first; ``secret``: whoever has the report's tracking secret."""
    return {"opt": {"who": who}, "status_code": 200}
