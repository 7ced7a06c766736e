"""Where it burns: reports by commune on a map, and the places where they pile up or come back, down to their lists."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from app.console.context import BASE, Req, actor, console, lang_of
from app.console.dashboard_asked import KINDS, Look, Pairs, chosen, look
from app.console.dashboard_head import chips_of, head
from app.console.dashboard_list import Row, row_of
from app.console.dashboard_reading import NEVER
from app.console.declare import STATS, page
from app.console.hotspots_map import HeatMap, heat_map
from app.console.queue_rows import choices_of
from app.console.render import go, packed, show
from app.console.words import when
from app.db import Conn
from app.errors import Invalid
from app.i18n import t
from app.places.drawing import Drawing, draw
from app.reports import service as reports
from app.stats import service, spots
from app.stats.asked import NOBODY, Asked
from app.stats.measures import FIGURES
from app.stats.model import Counted, value
from app.stats.names import Names, names
from app.stats.rights import narrowed
from app.stats.spots import Spot
from app.wiring import Parts

HERE = f"{BASE}/hotspots"
SORTS = ("count", "again", "open")
_RECEIVED = FIGURES["received"]
_COMMUNES = 10
_POINTS_MOST = 3000


class Place(Struct, frozen=True):
    """A spot in words. ``number``: its place in the list and its sign on the map."""

    number: int
    spot: Spot
    category: str
    commune: str
    path: str


class Reading(Struct, frozen=True):
    """Everything the page shows, asked at one moment. ``since``: spots are looked for from then on, where that is later
    than the period. ``communes``: code, name, number and list of each, the fullest
    first."""

    total: int
    least: int
    since: datetime | None
    read_at: datetime
    places: list[Place]
    drawn: HeatMap | None
    communes: list[tuple[str, str, int, str]]
    names: Names


class Drawings:
    """The province, or some of its communes, drawn once for the boundaries in use."""

    _MOST = 20

    def __init__(self) -> None:
        self._made: dict[tuple[UUID | None, str, tuple[str, ...]], Drawing | None] = {}

    async def of(self, parts: Parts, communes: tuple[str, ...]) -> Drawing | None:
        gazetteer, province = parts.gazetteer, parts.rules.province_code
        key = gazetteer.set_id, province, communes
        if key not in self._made:
            if len(self._made) >= self._MOST:
                self._made.clear()
            inside = [one for one in gazetteer.outlines(province) if not communes or one[0].code in communes]
            self._made[key] = await asyncio.to_thread(lambda: draw(inside))
        return self._made[key]


_DRAWINGS = Drawings()


@get("/hotspots", **page(STATS))
async def hotspots(request: Req) -> Response[Any]:
    now, pairs = datetime.now(UTC), list(request.query_params.multi_items())
    try:
        period = chosen(dict(pairs))
        if period is not None:
            kept = [pair for pair in pairs if pair[0] not in ("kind", "on", "from", "to")]
            return go(f"{HERE}?{look(kept, now).at(period)}")
        return await _page(request, pairs, now)
    except Invalid as error:
        problem = error.problems[0]
        return await _page(request, [], now, t(problem.key, lang_of(request), **problem.params))


async def _page(request: Req, pairs: Pairs, now: datetime, problem: str = "") -> Response[bytes]:
    """``problem``: what was wrong with what was asked; the present month is shown instead."""
    lang, settings = lang_of(request), console(request).parts.settings
    wanted = look(pairs, now)
    sort = _sort(pairs)
    reading = await _read(request, wanted, sort, now)
    headers = {}
    if settings.tiles:
        headers["Content-Security-Policy"] = (
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
            f"img-src 'self' data: {settings.tiles.origin}"
        )
    return show(
        request,
        "hotspots.html.j2",
        status=422 if problem else 200,
        headers=headers,
        problem=problem,
        here=HERE,
        wanted=wanted,
        head=head(wanted, reading.names, reading.read_at, now, lang, HERE),
        kinds=[(kind, t(f"dashboard.kind_{kind}", lang)) for kind in KINDS],
        choices=choices_of(request, actor(request), ""),
        state="unread" if reading.read_at == NEVER else "some" if reading.total else "none",
        reading=reading,
        sort=sort,
        sorts=[(t(f"hotspots.sort_{each}", lang), _path(wanted, each), each == sort) for each in SORTS],
        few=_COMMUNES,
        points=f"{HERE}/points?{wanted.query()}",
        province=console(request).parts.rules.province_code,
        tiles=settings.tiles,
    )


@get("/hotspots/part", **page(STATS, quiet=True))
async def part(request: Req) -> Response[bytes]:
    """The map and the first few spots, for other pages of figures. Raises Invalid."""
    now = datetime.now(UTC)
    wanted = look(list(request.query_params.multi_items()), now)
    reading = await _read(request, wanted, SORTS[0], now)
    return show(request, "hotspots_part.html.j2", reading=reading, whole=_path(wanted, SORTS[0]), wanted=wanted)


@get("/hotspots/place", **page(STATS))
async def place(request: Req) -> Response[bytes]:
    """The reports of one spot. Raises Invalid for what names none."""
    parts, lang, reader, now = console(request).parts, lang_of(request), actor(request), datetime.now(UTC)
    pairs = list(request.query_params.multi_items())
    wanted, cells = look(pairs, now), spots.read(dict(pairs).get("spot", ""))
    async with parts.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        question = await spots.latest(conn, narrowed(reader, wanted.asked).question(now))
        facts = await spots.facts_of(conn, question, cells)
        there = await spots.reports_at(conn, question, cells)
        seen = {one.report_id: one for one in await reports.by_ids(conn, [one.report_id for one in there])}
        called = await names(conn, parts.rules, parts.gazetteer)
    rows: list[tuple[Row, bool]] = []
    for one in there:
        report = seen[one.report_id]
        under = one.agency, cells.category, report.commune_code or "", report.channel
        counted = Counted(one.report_id, report.code, one.at, *under, None)
        rows.append((row_of(reader, counted, report, called, lang), one.again))
    return show(
        request,
        "hotspots_place.html.j2",
        category=called.of("category", cells.category, lang),
        commune=called.of("commune", facts.commune, lang) if facts else "",
        facts=facts,
        rows=rows,
        most=spots.LISTED,
        period=wanted.asked.period.title(lang),
        as_of=when(question.as_of),
        chips=chips_of(wanted, called, lang),
        back=_path(wanted, _sort(pairs)),
    )


@get("/hotspots/points", **page(STATS))
async def points(request: Req) -> Response[bytes]:
    """For the large map: the latest reports' places, and the spots with their lists. Raises Invalid."""
    now = datetime.now(UTC)
    wanted, parts = look(list(request.query_params.multi_items()), now), console(request).parts
    reading = await _read(request, wanted, SORTS[0], now)
    question = narrowed(actor(request), wanted.asked).question(now)
    async with parts.pool.acquire() as conn, conn.transaction(readonly=True):
        found = await spots.points(conn, question, _POINTS_MOST)
    lang = lang_of(request)
    return packed(
        request,
        {
            "points": [
                {"lat": round(lat, 5), "lon": round(lon, 5), "name": reading.names.of("category", category, lang)}
                for lat, lon, category in found
            ],
            "spots": [
                {
                    "lat": one.spot.facts.lat,
                    "lon": one.spot.facts.lon,
                    "number": one.number,
                    "name": t(
                        "hotspots.spot_label",
                        lang,
                        number=one.number,
                        category=one.category,
                        count=one.spot.facts.count,
                    ),
                    "path": one.path,
                }
                for one in reading.places
            ],
        },
    )


# ---------------------------------------------------------------- reading


async def _read(request: Req, wanted: Look, sort: str, now: datetime) -> Reading:
    parts, lang = console(request).parts, lang_of(request)
    allowed = narrowed(actor(request), wanted.asked)
    drawing = await _DRAWINGS.of(parts, allowed.communes)
    async with parts.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        counts, read_at = await _by_commune(conn, allowed, now)
        total = sum(counts.values())
        least = spots.least_of(total)
        looked_at = await spots.latest(conn, allowed.question(now))
        found = await spots.found(conn, looked_at, least)
        called = await names(conn, parts.rules, parts.gazetteer)
    places = [
        Place(number, one, called.of("category", one.category, lang), called.of("commune", one.facts.commune, lang),
              f"{HERE}/place?{wanted.query(spot=one.key)}")
        for number, one in enumerate(_sorted(found, sort), 1)
    ]  # fmt: skip
    since = looked_at.start if looked_at.start > allowed.period.start else None
    paths = {code: wanted.listing("received", commune=code or NOBODY) for code in counts}
    drawn = None
    if drawing is not None:
        at = [(one.path, one.spot.facts.lat, one.spot.facts.lon) for one in places]
        drawn = heat_map(drawing, counts, at, paths)
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    communes = [(code, called.of("commune", code, lang), count, paths[code]) for code, count in ordered]
    return Reading(total, least, since, read_at, places, drawn, communes, called)


async def _by_commune(conn: Conn, allowed: Asked, now: datetime) -> tuple[dict[str, int], datetime]:
    answer = await service.ask(conn, allowed.question(now, by="commune"), [_RECEIVED])
    counts = {code: int(value(_RECEIVED, its) or 0) for code, its in answer.groups.items()}
    return {code: count for code, count in counts.items() if count}, answer.read_at


def _sorted(found: Sequence[Spot], sort: str) -> list[Spot]:
    return sorted(found, key=lambda spot: (-getattr(spot.facts, sort), -spot.facts.count, spot.key))


def _sort(pairs: Pairs) -> str:
    said = dict(pairs).get("by_spot", "")
    return said if said in SORTS else SORTS[0]


def _path(wanted: Look, sort: str) -> str:
    return f"{HERE}?{wanted.query(by_spot=None if sort == SORTS[0] else sort)}"


ROUTES = [hotspots, part, place, points]
