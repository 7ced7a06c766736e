"""Styles and scripts of the citizens' pages, and what these use of others."""

from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from app.assets import MAPS, OFFLINE, Assets
from app.portal.context import Req, open_to
from app.vendor import VENDOR

_ASSETS = Assets("/static", Path(__file__).parent / "static", MAPS, OFFLINE, VENDOR)
address = _ASSETS.address


@get("/static/{version:str}/{name:str}", **open_to("anyone"))
async def asset(request: Req, version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    return _ASSETS.answer(version, name, request.headers.get("accept-encoding", ""), "portal.not_found")


ROUTES = [asset]
