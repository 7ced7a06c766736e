"""Pages from templates: language, menu, dates, and the parts every page has."""

import gzip
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from litestar import Response
from litestar.response import Redirect
from markupsafe import Markup, escape
from msgspec import Struct, json

from app.accounts.model import Actor
from app.console.assets import address
from app.console.context import BASE, Req, lang_of
from app.console.csrf import mask
from app.console.declare import (
    ACCOUNTS,
    DESK,
    LEADERS,
    QUEUE,
    RULE_FIGURES,
    RULES,
    SIGNED_IN,
    STATS,
    SYSTEM,
    TEMPLATES,
    WALL,
    WORDS,
    Who,
)
from app.console.words import when
from app.i18n import t
from app.pages import templates_in
from app.routing.calendar import VIETNAM

_PAGES = Path(__file__).parent / "pages"
_SQUEEZE = 4
"""gzip's level: the higher ones take twice the time for a twentieth of the bytes."""


class Entry(Struct, frozen=True):
    """One entry of the menu; its words are ``console.menu_<name>`` and ``console.menu_<name>_says``. ``within``: an
    entry whose owner does not need this one, because its pages lead there or its work is another. ``rare``: not opened
    every day, so it stands behind "more". ``also``: the beginnings of other addresses whose pages are of this entry."""

    name: str
    path: str
    who: Who
    within: str = ""
    rare: bool = False
    also: tuple[str, ...] = ()

    def leads_to(self, path: str) -> bool:
        """Whether the page at this path is this entry's own, or one of those that it leads to."""
        return any(path == begin or path.startswith(f"{begin}/") for begin in (self.path, *self.also))


_FIGURES = tuple(f"{BASE}/{name}" for name in ("hotspots", "insight", "exports", "schedules"))
_SETTINGS = tuple(f"{BASE}/{name}" for name in ("webhooks", "partners", "opendata"))

MENU = (
    Entry("queue", f"{BASE}/queue", QUEUE, also=(f"{BASE}/reports", f"{BASE}/bulk")),
    Entry("desk", f"{BASE}/desk", DESK, also=(f"{BASE}/looks",)),
    Entry("hotline", f"{BASE}/hotline", DESK),
    Entry("directions", f"{BASE}/directions", LEADERS),
    Entry("dashboard", f"{BASE}/dashboard", STATS, also=_FIGURES),
    Entry("field", f"{BASE}/field", QUEUE, within="desk"),
    Entry("templates", f"{BASE}/templates", TEMPLATES, rare=True),
    Entry("insight", f"{BASE}/insight", STATS, within="dashboard", rare=True),
    Entry("rules", f"{BASE}/rules", RULES),
    Entry("misrouted", f"{BASE}/rules/misrouted", RULE_FIGURES, within="rules", rare=True),
    Entry("staff", f"{BASE}/staff", ACCOUNTS),
    Entry("system", f"{BASE}/system", SYSTEM, also=_SETTINGS),
    Entry("words", f"{BASE}/system/words", WORDS, within="system", rare=True),
    Entry("wall", f"{BASE}/wall", WALL, rare=True),
    Entry("opendata", f"{BASE}/opendata", SYSTEM, rare=True),
    Entry("chats", f"{BASE}/chats", SIGNED_IN, rare=True),
)


STATS_PAGES = (
    Entry("dashboard", f"{BASE}/dashboard", STATS),
    Entry("hotspots", f"{BASE}/hotspots", STATS),
    Entry("insight", f"{BASE}/insight", STATS),
    Entry("exports", f"{BASE}/exports", STATS),
    Entry("schedules", f"{BASE}/schedules", STATS),
)
"""The pages of figures, linked from one another (``stats_tabs.html.j2``); their words are ``dashboard.page_<name>``."""


_COUNTED = 1_000


def machine_time(at: datetime) -> str:
    return at.astimezone(VIETNAM).isoformat(timespec="seconds")


def _number(value: int, lang: str) -> str:
    """Thousands apart: 12.345 in Vietnamese, 12,345 in English."""
    written = f"{value:,}"
    return written.replace(",", ".") if lang == "vi" else written


def _capped(value: int, lang: str) -> str:
    """What is counted only so far: 345, but never more than "1.000+"."""
    return f"{_number(_COUNTED, lang)}+" if value > _COUNTED else _number(value, lang)


def _moment(at: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine_time(at), when(at))


def _breakable(text: str) -> Markup:
    """Identifiers may wrap after a hyphen or dot, so that they fit on a telephone."""
    written = escape(text)
    for sign in "-._/":
        written = written.replace(sign, Markup("{}<wbr>").format(sign))
    return written


@cache
def _templates() -> Environment:
    made = templates_in(_PAGES)
    made.filters |= {"moment": _moment, "when": when, "breakable": _breakable}
    made.globals |= {"asset": address, "base": BASE}
    return made


def menu_of(actor: Actor | None) -> list[Entry]:
    open_to = [entry for entry in MENU if actor is not None and entry.who.includes(actor)]
    return [entry for entry in open_to if entry.within not in {other.name for other in open_to}]


def show(
    request: Req, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **params: Any
) -> Response[bytes]:
    """A page in the reader's language."""
    lang = lang_of(request)
    signed_in = getattr(request.state, "session", None)
    reader: Actor | None = getattr(request.state, "actor", None)
    words = (
        _templates()
        .get_template(template)
        .render(
            lang=lang,
            t=lambda key, **more: t(key, lang, **more),
            number=lambda value: _number(value, lang),
            capped=lambda value: _capped(value, lang),
            session=signed_in,
            csrf=mask(signed_in.csrf) if signed_in else "",
            menu=menu_of(reader),
            stats_pages=[entry for entry in STATS_PAGES if reader is not None and entry.who.includes(reader)],
            path=request.url.path,
            **params,
        )
    )
    said = {"Content-Language": lang, "Vary": "Accept-Encoding", **(headers or {})}
    body = words.encode()
    if "gzip" in request.headers.get("accept-encoding", ""):
        # What of a page is secret stands in it masked (app.console.csrf).
        body = gzip.compress(body, _SQUEEZE)
        said["Content-Encoding"] = "gzip"
    return Response(body, media_type="text/html", status_code=status, headers=said)


def packed(request: Req, value: Any, status: int = 200) -> Response[bytes]:
    """JSON without secrets, compressed."""
    body, headers = json.encode(value), {"Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = gzip.compress(body, _SQUEEZE), "gzip"
    return Response(body, media_type="application/json", status_code=status, headers=headers)


def go(path: str, headers: Mapping[str, str] | None = None) -> Redirect:
    """See the page at ``path`` next, by GET; the way out of every form."""
    return Redirect(path, status_code=303, headers=dict(headers or {}))
