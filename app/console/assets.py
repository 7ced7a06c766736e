"""The console's styles and scripts."""

from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from app.assets import CHARTS, MAPS, OFFLINE, Assets
from app.console.context import BASE, Req
from app.console.declare import ANYONE, page
from app.vendor import VENDOR

_ASSETS = Assets(f"{BASE}/static", Path(__file__).parent / "static", CHARTS, MAPS, OFFLINE, VENDOR)
address = _ASSETS.address


@get("/static/{version:str}/{name:str}", **page(ANYONE))
async def asset(request: Req, version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    return _ASSETS.answer(version, name, request.headers.get("accept-encoding", ""), "console.not_found")


ROUTES = [asset]
