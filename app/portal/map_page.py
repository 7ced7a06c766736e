"""The map on which a citizen chooses the place of the report in their chat (see ``app.pins``)."""

import math
import time
from typing import Any
from urllib.parse import parse_qsl

from litestar import Response, get, post
from litestar.params import FromPath

from app import pins
from app.assets import FOR_GOOD
from app.errors import Forbidden, Invalid, NotFound, TooLarge
from app.forms import Cut, pieces
from app.i18n import Lang, t
from app.i18n.text import nfc
from app.pins import Link, Pin
from app.places.model import check_point, parse_coordinates
from app.portal.context import Req, open_to, policy, portal
from app.portal.failures import words_of
from app.portal.render import show
from app.portal.telegram import opened_by

_BODY_MOST = 32_000
_ADDRESS_MOST = 300
_SCRIPT_WORDS = (
    "near", "outside", "drag_first", "locating", "rough", "denied", "no_position", "not_found_address", "no_search",
    "no_tiles", "offline", "zoom_in", "zoom_out", "results",
)  # fmt: skip
"""What the page's script says, from the catalogue; figures and names are put in there."""


def _opened(request: Req, token: str) -> Link:
    link = pins.read_link(portal(request).parts.settings.secret_key, token, time.time())
    request.state.lang = link.lang  # whatever goes wrong from here on is said in the citizen's language
    return link


@get(f"{pins.PAGE}/{{token:str}}", **open_to("link"))
async def page(request: Req, token: FromPath[str]) -> Response[bytes]:
    link = _opened(request, token)
    async with portal(request).parts.pool.acquire() as conn:
        await pins.check_open(conn, link)
    return await _form(request, link)


async def _form(request: Req, link: Link, error: Invalid | None = None, address: str = "") -> Response[bytes]:
    here = portal(request)
    settings, province = here.parts.settings, here.parts.rules.province_code
    outline = await here.outlines.of(province)
    return show(
        link.lang,
        "map.html.j2",
        status=error.status if error else 200,
        headers=policy(request),
        areas=f"/map/{outline.version}/{province}",
        setup={
            "tiles": settings.tiles.url if settings.tiles else "",
            "credit": settings.tiles.credit if settings.tiles else "",
            "words": {name: _raw(f"portal.{name}", link.lang) for name in _SCRIPT_WORDS},
        },
        address=address,
        problems=words_of(error, link.lang) if error else [],
    )


def _raw(key: str, lang: Lang) -> str:
    """A text with its fields left for the script to fill."""
    return t(key, lang, place="{place}", metres="{metres}", count="{count}")


@post(f"{pins.PAGE}/{{token:str}}", **open_to("link"))
async def choose(request: Req, token: FromPath[str]) -> Response[Any]:
    link = _opened(request, token)
    form = await _read(request)
    parts = portal(request).parts
    if link.channel == "telegram":
        person = opened_by(parts.settings.telegram_token, form.get("init_data", ""), time.time())
        if person != link.chat_id:
            raise Forbidden("portal.not_from_telegram")
    asked_by_script = "application/json" in request.headers.get("accept", "")
    try:
        pin = _pin(form, link)
    except Invalid as error:
        if asked_by_script:
            raise
        return await _form(request, link, error, form.get("address", "")[:_ADDRESS_MOST])
    async with parts.pool.acquire() as conn:
        await pins.send(conn, link, pin)
    return Response({"sent": True}) if asked_by_script else _sent(request, link)


def _sent(request: Req, link: Link) -> Response[bytes]:
    return show(link.lang, "sent.html.j2", headers=policy(request))


async def _read(request: Req) -> dict[str, str]:
    body = bytearray()
    try:
        async for piece in pieces(request):
            body += piece
            if len(body) > _BODY_MOST:
                raise TooLarge("portal.large")
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=10))
    except (Cut, ValueError):
        raise Invalid("portal.nothing_chosen") from None


def _pin(form: dict[str, str], link: Link) -> Pin:
    """Raises Invalid for a point that cannot be, or when there is neither point nor address."""
    if form.get("lat") or form.get("lon"):
        lat, lon = check_point(_number(form.get("lat", "")), _number(form.get("lon", "")))
        return Pin(draft_id=link.draft_id, lang=link.lang, lat=lat, lon=lon)
    address = " ".join(nfc(form.get("address", "")).split())
    if not any(c.isalnum() for c in address):
        raise Invalid("portal.nothing_chosen", field="address")
    if len(address) > _ADDRESS_MOST:
        raise Invalid("reports.address_long", field="address", most=_ADDRESS_MOST)
    return Pin(draft_id=link.draft_id, lang=link.lang, address=address)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan  # which check_point tells of in words


@get("/map/{version:str}/{province:str}", **open_to("anyone"))
async def areas(request: Req, version: FromPath[str], province: FromPath[str]) -> Response[bytes]:
    """A province's communes. The newest, whichever version was asked for; only the newest is kept by browsers."""
    here = portal(request)
    if not any(commune.province_code == province for commune in here.parts.gazetteer.communes):
        raise NotFound("portal.not_found")
    found = await here.outlines.of(province)
    etag = f'"{found.version}"'
    # Anybody's: also for frames on others' pages, which are nobody's origin.
    headers = {
        "Access-Control-Allow-Origin": "*",
        "ETag": etag,
        "Cache-Control": FOR_GOOD if version == found.version else "no-cache",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers | {"Vary": "Accept-Encoding"})
    return found.answer(request.headers.get("accept-encoding", ""), headers)


@get("/map/search", **open_to("anyone"))
async def search(request: Req) -> Response[Any]:
    """Where a typed address may be: at most three communes by their centres, or the very point of two coordinates."""
    words = nfc(request.query_params.get("q", ""))[:_ADDRESS_MOST]
    if point := parse_coordinates(words):
        lat, lon = check_point(*point)
        return Response([{"name": "", "lat": lat, "lon": lon}])
    parts = portal(request).parts
    found = parts.gazetteer.search(words, default_province_code=parts.rules.province_code)
    ours = [one.commune for one in found if one.commune.province_code == parts.rules.province_code]
    return Response([{"name": one.full_name, "lat": one.lat, "lon": one.lon} for one in ours])


ROUTES = [page, choose, areas, search]
