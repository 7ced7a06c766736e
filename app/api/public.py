"""What everybody may read: published reports as a list and on a map, and each commune with its figures."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Meta, Struct, structs

from app.accounts.model import Agency
from app.api import examples_public as examples
from app.api.body import read_query
from app.api.caching import etag_of, is_known, tagged, unchanged
from app.api.context import Context, Req, answer, context
from app.api.declare import ANYONE, ETAG, call
from app.api.problems import lang_of
from app.api.views import (
    LINKS_CHANGE_EVERY,
    CommuneView,
    Named,
    Voices,
    agency_view,
    category_view,
    commune_view,
    photo_link,
)
from app.casefile.words import status_word
from app.errors import Invalid, NotFound
from app.i18n import Lang
from app.places.model import Commune
from app.reports import public_list
from app.reports.model import Status
from app.reports.public_list import PublicReport, State, Wanted
from app.stats import communes as figures
from app.stats.measures import Unit
from app.stats.periods import current
from app.stats.written import written

Doc = Meta
LIMIT_MOST = 100
_ZOOM_MOST = 19


class PublicQuery(Struct, frozen=True, forbid_unknown_fields=True):
    category: str | None = None
    commune: str | None = None
    state: Annotated[State | None, Doc(description="As in the list of reports that everybody may read.")] = None
    cursor: str | None = None
    limit: Annotated[int, Doc(extra_json_schema={"minimum": 1, "maximum": LIMIT_MOST})] = 20


class PointsQuery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    south: float
    north: float
    west: float
    east: float
    zoom: Annotated[int, Doc(extra_json_schema={"minimum": 0, "maximum": _ZOOM_MOST})]
    category: str | None = None
    commune: str | None = None
    state: State | None = None


class PublicItem(Struct):
    """A published report, as edited for everybody. The place to about ten metres."""

    code: str
    status: Status
    status_word: str
    category: Named
    commune: CommuneView | None
    agency: Named
    submitted_at: datetime
    resolved_at: datetime | None
    text: str
    photo: Annotated[str | None, Doc(description="Link to the first photo, 320 pixels.")]
    photo_after: Annotated[str | None, Doc(description="Link to the first photo of the result, 320 pixels.")]
    voices: Voices
    lat: float | None
    lon: float | None


class PublicPage(Struct):
    """The newest first. ``next`` is the cursor of the following page, null on the last."""

    items: list[PublicItem]
    next: str | None


class PointView(Struct):
    """``n`` reports that lie within about 50 pixels of each other; ``code`` and ``category`` of one that is alone."""

    lat: float
    lon: float
    n: int
    code: str | None
    category: Named | None


class PointsView(Struct):
    """At most a thousand dots, those of the most reports first."""

    items: list[PointView]


class CommuneItem(Struct):
    """A commune of the province with its centre."""

    code: str
    name: str
    lat: float
    lon: float


class CommunesView(Struct):
    """All of them, by code."""

    items: list[CommuneItem]


class CommuneFigure(Struct):
    """``says``: how it is counted; ``value`` null where there is none, or a share would be of fewer than five cases;
    ``words``: as people write it."""

    name: str
    title: str
    says: str
    unit: Unit
    value: float | None
    words: str


class CommunePage(Struct):
    """A commune's figures of this year (``period``) until now."""

    code: str
    name: str
    lat: float
    lon: float
    period: str
    period_title: str
    figures: list[CommuneFigure]


_NO_COMMUNE = "reports.commune_unknown"


def _commune(ctx: Context, code: str) -> Commune | None:
    """A commune of the province."""
    found = ctx.parts.gazetteer.commune(code)
    return found if found and found.province_code == ctx.parts.rules.province_code else None


def _wanted(ctx: Context, asked: PublicQuery | PointsQuery) -> Wanted:
    if asked.category is not None and asked.category not in ctx.parts.rules.categories:
        raise Invalid("reports.category_unknown", field="category", category=asked.category[:60])
    if asked.commune is not None and _commune(ctx, asked.commune) is None:
        raise Invalid(_NO_COMMUNE, field="commune", code=asked.commune[:20])
    return Wanted(asked.category, asked.commune, asked.state)


@get(
    "/public/reports",
    **call(
        ANYONE,
        "look_up",
        query=PublicQuery,
        headers=(ETAG,),
        answer=PublicPage,
        example=(None, examples.PUBLIC_PAGE),
        errors=(
            Invalid("reports.category_unknown", field="category", category="duong-xa"),
            Invalid(_NO_COMMUNE, field="commune", code="99999"),
            Invalid("worklist.cursor_wrong", field="cursor"),
            Invalid("worklist.limit_wrong", field="limit", most=LIMIT_MOST),
        ),
    ),
)
async def public_reports(request: Req) -> Response[bytes]:
    ctx, asked, lang = context(request), read_query(request, PublicQuery), lang_of(request)
    if not 1 <= asked.limit <= LIMIT_MOST:
        raise Invalid("worklist.limit_wrong", field="limit", most=LIMIT_MOST)
    wanted = _wanted(ctx, asked)
    async with ctx.parts.pool.acquire() as conn:
        try:
            page = await public_list.page(conn, wanted, lang, asked.limit, asked.cursor)
        except Invalid:
            raise Invalid("worklist.cursor_wrong", field="cursor") from None
    headers = {"Cache-Control": "public, no-cache", "Vary": "Accept-Language"}
    if page.after:
        query = {name: said for name, said in structs.asdict(asked).items() if said is not None}
        following = urlencode(query | {"cursor": page.after})
        headers["Link"] = f'<{ctx.root}/public/reports?{following}>; rel="next"'
    etag = etag_of(page, lang, ctx.parts.rules.version, time.time() // LINKS_CHANGE_EVERY)
    if is_known(request, etag):
        return unchanged(etag, headers)
    agencies = await ctx.agencies.all({row.agency_id for row in page.reports})
    items = [await _item(ctx, row, agencies, lang) for row in page.reports]
    return answer(request, PublicPage(items, page.after), headers={**headers, "ETag": etag})


async def _item(ctx: Context, row: PublicReport, agencies: dict[str, Agency], lang: Lang) -> PublicItem:
    return PublicItem(
        row.code,
        row.status,
        status_word(row.status, lang),
        category_view(ctx.parts.rules, row.category, lang),
        commune_view(row.commune_code, row.commune_name),
        agency_view(agencies, row.agency_id, lang),
        row.submitted_at,
        row.resolved_at,
        row.words,
        await photo_link(ctx, row.photo, "small") if row.photo else None,
        await photo_link(ctx, row.photo_after, "small") if row.photo_after else None,
        row.voices,
        row.lat,
        row.lon,
    )


@get(
    "/public/points",
    **call(
        ANYONE,
        "look_up",
        query=PointsQuery,
        headers=(ETAG,),
        answer=PointsView,
        example=(None, examples.POINTS),
        errors=(
            Invalid("web.view_wrong", field="box"),
            Invalid("api.want_number", field="south"),
            Invalid("reports.category_unknown", field="category", category="duong-xa"),
            Invalid(_NO_COMMUNE, field="commune", code="99999"),
        ),
    ),
)
async def public_points(request: Req) -> Response[bytes]:
    ctx, asked, lang = context(request), read_query(request, PointsQuery), lang_of(request)
    inside = -90 <= asked.south <= asked.north <= 90 and -180 <= asked.west <= asked.east <= 180
    if not (inside and 0 <= asked.zoom <= _ZOOM_MOST):
        raise Invalid("web.view_wrong", field="box")
    wanted, box = _wanted(ctx, asked), (asked.south, asked.north, asked.west, asked.east)
    async with ctx.parts.pool.acquire() as conn:
        found = await public_list.clusters(conn, wanted, box, asked.zoom)
    rules = ctx.parts.rules
    items = [
        PointView(
            each.lat,
            each.lon,
            each.n,
            each.code or None,
            category_view(rules, each.category, lang) if each.category else None,
        )
        for each in found
    ]
    return tagged(request, PointsView(items), {"Cache-Control": "public, max-age=60"})


@get(
    "/communes",
    **call(ANYONE, "look_up", headers=(ETAG,), answer=CommunesView, example=(None, examples.COMMUNES)),
)
async def communes(request: Req) -> Response[bytes]:
    ctx = context(request)
    home = ctx.parts.rules.province_code
    found = [each for each in ctx.parts.gazetteer.communes if each.province_code == home]
    found.sort(key=lambda each: each.code)
    view = CommunesView([CommuneItem(each.code, each.full_name, each.lat, each.lon) for each in found])
    return tagged(request, view, {"Cache-Control": "public, max-age=300"})


@get(
    "/communes/{commune_code:str}",
    **call(
        ANYONE,
        "look_up",
        headers=(ETAG,),
        answer=CommunePage,
        example=(None, examples.COMMUNE),
        errors=(NotFound(_NO_COMMUNE, code="99999"),),
    ),
)
async def commune(request: Req, commune_code: FromPath[str]) -> Response[bytes]:
    ctx, lang, now = context(request), lang_of(request), datetime.now(UTC)
    found = _commune(ctx, commune_code)
    if found is None:
        raise NotFound(_NO_COMMUNE, code=commune_code[:20])
    year = current("year", now)
    async with ctx.parts.pool.acquire() as conn:
        told = await figures.told(conn, found.code, year, now)
    shown = [_figure(each, lang) for each in told]
    view = CommunePage(found.code, found.full_name, found.lat, found.lon, year.key, year.title(lang), shown)
    return tagged(request, view, {"Cache-Control": "public, max-age=60"})


def _figure(told: figures.Told, lang: Lang) -> CommuneFigure:
    figure = told.figure
    said: dict[str, Any] = {"title": figure.title(lang), "says": figure.says(lang), "unit": figure.unit}
    return CommuneFigure(name=figure.name, value=told.value, words=written(figure, told.value, lang), **said)


ROUTES = [public_reports, public_points, communes, commune]
