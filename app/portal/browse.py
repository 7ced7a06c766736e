"""What everybody may read: published reports as a list and on a map, and each commune with its figures."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from app.casefile.words import agency_name, ago, category_name, status_word
from app.db import Conn
from app.errors import Invalid, NotFound
from app.i18n import Lang
from app.photos.service import own_url
from app.places.model import Commune
from app.portal.context import Req, lang_of, open_to, portal, site_policy
from app.portal.feeds import path_of
from app.portal.render import show
from app.reports import public_list
from app.reports.public_list import Box, PublicReport, State, Wanted
from app.stats import communes
from app.stats.periods import Period, current
from app.stats.written import written
from app.subscriptions.model import Area, name_of

HERE = "/reports"
_PHOTOS = "/api/v1/photos"
_STATES: tuple[State, ...] = ("open", "done")
_ZOOM_MOST = 19


class Row(Struct, frozen=True):
    seen: PublicReport
    category: str
    status: str
    agency: str
    when: str
    photo: str
    photo_after: str


class Told(Struct, frozen=True):
    """A commune's figure: what it is called, what it says, and how it is counted."""

    title: str
    value: str
    says: str


def _wanted(request: Req) -> Wanted:
    """What the address asks for; what nobody knows is left out, as an old link may name it."""
    here, params = portal(request).parts, request.query_params
    category, commune = params.get("category", ""), params.get("commune", "")
    return Wanted(
        category if category in here.rules.categories else None,
        commune if commune_of(request, commune) else None,
        next((state for state in _STATES if state == params.get("state")), None),
    )


def commune_of(request: Req, code: str) -> Commune | None:
    """A commune of the province."""
    here = portal(request).parts
    found = here.gazetteer.commune(code) if code else None
    return found if found and found.province_code == here.rules.province_code else None


def communes_of(request: Req) -> list[tuple[str, str]]:
    here = portal(request).parts
    home = here.rules.province_code
    return [(each.code, each.full_name) for each in here.gazetteer.communes if each.province_code == home]


def groups_of(request: Req, lang: Lang) -> list[tuple[str, list[tuple[str, str]]]]:
    """Categories by group, as a choice shows them."""
    rules = portal(request).parts.rules
    return [
        (
            group.name_en if lang == "en" else group.name,
            [(each, category_name(rules, each, lang)) for each in group.categories],
        )
        for group in rules.groups.values()
    ]


@get(HERE, **open_to("anyone"))
async def reports_page(request: Req) -> Response[bytes]:
    wanted, lang = _wanted(request), lang_of(request)
    async with portal(request).parts.pool.acquire() as conn:
        page = await public_list.page(conn, wanted, lang, after=request.query_params.get("after"))
    return show(
        lang,
        "browse.html.j2",
        headers=site_policy(request),
        here=HERE,
        commune=None,
        told=[],
        period="",
        wanted=wanted,
        states=_STATES,
        groups=groups_of(request, lang),
        communes=communes_of(request),
        **await _listed(request, page, wanted, HERE, lang),
    )


@get("/communes/{code:str}", **open_to("anyone"))
async def commune_page(request: Req, code: FromPath[str]) -> Response[bytes]:
    """A commune's figures of this year, and what was published there."""
    commune, lang, now = commune_of(request, code), lang_of(request), datetime.now(UTC)
    if commune is None:
        raise NotFound("portal.not_found")
    wanted = Wanted(commune=commune.code)
    year = current("year", now)
    async with portal(request).parts.pool.acquire() as conn:
        page = await public_list.page(conn, wanted, lang, after=request.query_params.get("after"))
        told = await _told(conn, commune, year, lang, now)
    path = f"/communes/{commune.code}"
    return show(
        lang,
        "browse.html.j2",
        headers=site_policy(request),
        here=path,
        commune=commune,
        told=told,
        period=year.title(lang),
        wanted=wanted,
        states=(),
        groups=[],
        communes=[],
        **await _listed(request, page, wanted, path, lang),
    )


async def _told(conn: Conn, commune: Commune, year: Period, lang: Lang, now: datetime) -> list[Told]:
    shown = await communes.told(conn, commune.code, year, now)
    return [
        Told(each.figure.title(lang), written(each.figure, each.value, lang), each.figure.says(lang)) for each in shown
    ]


async def _listed(request: Req, page: public_list.Page, wanted: Wanted, path: str, lang: Lang) -> dict[str, Any]:
    here, now = portal(request), datetime.now(UTC)
    parts = here.parts
    agencies = await here.agencies.all({row.agency_id for row in page.reports})

    def link(sha256: str) -> str:
        return own_url(parts.settings.secret_key, _PHOTOS, sha256, "small") if sha256 else ""

    asked = {"category": wanted.category, "state": wanted.state, "commune": wanted.commune}
    if path != HERE:
        del asked["commune"]
    said = {name: chosen for name, chosen in asked.items() if chosen}
    here_only = Area(wanted.commune or "", category=wanted.category or "")
    return {
        "follow": f"/follow?{urlencode({'commune': wanted.commune or '', 'topic': here_only.topic})}",
        "feeds": [
            (path_of(each, lang), name_of(parts.rules, parts.gazetteer, each, lang))
            for each in dict.fromkeys((here_only, Area()))
        ],
        "rows": [
            Row(
                row,
                category_name(parts.rules, row.category, lang),
                status_word(row.status, lang),
                agency_name(agencies, row.agency_id, lang),
                ago(row.submitted_at, now, lang),
                link(row.photo),
                link(row.photo_after),
            )
            for row in page.reports
        ],
        "more": f"{path}?{urlencode(said | {'after': page.after})}" if page.after else "",
        "points": f"{HERE}/points?{urlencode({n: v for n, v in msgspec.to_builtins(wanted).items() if v})}",
        "province": parts.rules.province_code,
        "tiles": parts.settings.tiles,
    }


@get(f"{HERE}/points", **open_to("anyone"))
async def points(request: Req) -> Response[Any]:
    """Dots for the map in view: ``box`` is south, north, west, east in degrees, ``zoom`` as on the map."""
    found = await dots(request, lang_of(request))
    return Response(found, headers={"Cache-Control": "public, max-age=60", "Vary": "Accept-Language, Cookie"})


async def dots(request: Req, lang: Lang) -> dict[str, Any]:
    """``points`` and the ``names`` of their categories. Raises Invalid."""
    box, zoom = _view(request.query_params)
    async with portal(request).parts.pool.acquire() as conn:
        found = await public_list.clusters(conn, _wanted(request), box, zoom)
    rules = portal(request).parts.rules
    names = {each.category: category_name(rules, each.category, lang) for each in found if each.category}
    return {"points": found, "names": names}


def _view(params: Any) -> tuple[Box, int]:
    try:
        south, north, west, east = (float(each) for each in params.get("box", "").split(","))
        zoom = int(params.get("zoom", ""))
    except ValueError:
        raise Invalid("web.view_wrong", field="box") from None
    if not (-90 <= south <= north <= 90 and -180 <= west <= east <= 180 and 0 <= zoom <= _ZOOM_MOST):
        raise Invalid("web.view_wrong", field="box")
    return (south, north, west, east), zoom


ROUTES = [reports_page, points, commune_page]
