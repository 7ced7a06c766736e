"""What stands below every page for citizens: links of all that has no place in the menu."""

from contextvars import ContextVar

from app.portal.context import Req, portal

_OPTIONAL: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("optional", default=())

LINKS = (
    ("/mine", "devices.foot"),
    ("/follow", "follow.menu"),
    ("/faq", "faq.title"),
    ("/privacy", "web.foot_privacy"),
    ("/embeds", "embeds.menu"),
)
"""Path and name of each; those that are there only when switched on follow."""
_OPENDATA = ("/opendata", "web.foot_opendata")


async def look(request: Req) -> None:
    """Before each request: which optional pages are there. Templates are filled where nothing can be awaited."""
    if request.method == "GET":
        _OPTIONAL.set((_OPENDATA,) if await portal(request).switched.opendata() else ())


def links() -> tuple[tuple[str, str], ...]:
    return LINKS + _OPTIONAL.get()
