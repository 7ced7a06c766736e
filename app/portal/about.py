"""What becomes of people's data, in plain words."""

from litestar import Response, get

from app.portal.context import Req, lang_of, open_to, site_policy
from app.portal.render import show


@get("/privacy", **open_to("anyone"))
async def privacy(request: Req) -> Response[bytes]:
    return show(lang_of(request), "privacy.html.j2", headers=site_policy(request), here="/privacy")


ROUTES = [privacy]
