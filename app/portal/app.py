"""The citizens' pages as one application of their own."""

from litestar import Litestar
from litestar.datastructures import State

from app.accounts.directory import Agencies
from app.addresses import Limiter
from app.pins import PAGE
from app.portal import (
    about,
    assets,
    browse,
    devices,
    embeds,
    feeds,
    follow,
    footer,
    hearing,
    installed,
    map_page,
    opendata,
    send,
    share,
    subscribe,
    waiting,
)
from app.portal.context import Outlines, Portal
from app.portal.failures import HANDLERS
from app.portal.switched import Switched
from app.wiring import Parts

PATHS = (
    PAGE, "/", "/look", "/track", "/r", "/reports", "/communes", "/faq", "/privacy", "/language", "/map", "/static",
    opendata.HERE, embeds.HERE, embeds.FRAMES, feeds.HERE, subscribe.HERE, waiting.HERE, devices.HERE, *installed.PATHS,
)  # fmt: skip
"""Whatever lies below these is answered here."""


def portal_app(parts: Parts, limiter: Limiter, *, secure: bool) -> Litestar:
    """``secure``: the system is reached by HTTPS only. ``limiter`` counts what one address sends."""
    return Litestar(
        [
            *assets.ROUTES,
            *map_page.ROUTES,
            *send.ROUTES,
            *waiting.ROUTES,
            *devices.ROUTES,
            *hearing.ROUTES,
            *installed.ROUTES,
            *follow.ROUTES,
            *share.ROUTES,
            *browse.ROUTES,
            *embeds.ROUTES,
            *about.ROUTES,
            *opendata.ROUTES,
            *feeds.ROUTES,
            *subscribe.ROUTES,
        ],
        before_request=footer.look,
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
        state=State(
            {"portal": Portal(parts, Outlines(parts), limiter, Agencies(parts.pool), Switched(parts.pool), secure)}
        ),
    )
