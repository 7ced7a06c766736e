"""Figures for programs: what they mean, what they are, how they went, and the reports behind them."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Literal

from litestar import Response, get
from msgspec import Struct, json

from app.api import examples_feed as examples
from app.api.body import read_query
from app.api.context import Req, answer, context, staff
from app.api.declare import ETAG, STATS_READER, call
from app.api.problems import lang_of
from app.api.stats_views import (
    AgeingGroup,
    AgeingQuery,
    AgeingView,
    CountedPage,
    CountedQuery,
    CountedReport,
    Definition,
    Definitions,
    FigureGroup,
    FiguresQuery,
    FiguresView,
    PeriodView,
    RawCount,
    SeriesQuery,
    SeriesStep,
    SeriesView,
    StatsQuery,
)
from app.api.views import Named
from app.db import Conn
from app.errors import Forbidden, Invalid
from app.i18n import Lang
from app.stats import service as stats
from app.stats.asked import Asked, asked
from app.stats.measures import FIGURES, Figure, Measure
from app.stats.model import AGES, By, Count, Counted, value
from app.stats.names import Names
from app.stats.rights import narrowed

_MOST = 200
_FILTERS = ("agency", "category", "commune", "channel")

ERRORS = (
    Invalid("stats.period_unknown", field="period"),
    Invalid("stats.period_wrong", field="period"),
    Invalid("stats.as_of_wrong", field="as_of"),
    Invalid("stats.channel_unknown", field="channel", channel="fax"),
    Invalid("stats.filter_wrong", field="agency"),
    Forbidden("stats.outside"),
)
_NO_FIGURE = Invalid("stats.figure_unknown", field="figure", figure="quality")


class _Reading(Struct):
    """A question on its way: as the caller may ask it, and the moment that counts as now."""

    asked: Asked
    now: datetime
    lang: Lang
    names: Names
    read_at: datetime

    @property
    def about(self) -> tuple[PeriodView, datetime, datetime]:
        period = self.asked.period
        view = PeriodView(period.key, period.kind, period.title(self.lang), period.start, period.end)
        return view, self.asked.question(self.now).as_of, self.read_at


def _reading(request: Req, query: StatsQuery, names: Names) -> _Reading:
    """A minute is the finest "now", so that who asks again within it asks the same."""
    now = datetime.now(UTC)
    minute = now.replace(second=0, microsecond=0)
    pairs = [("period", query.period), ("as_of", query.as_of)]
    pairs += [(name, said) for name in _FILTERS for said in getattr(query, name)]
    wanted = asked(pairs, minute)
    if minute <= wanted.period.start < now:
        minute, wanted = now, asked(pairs, now)
    return _Reading(narrowed(staff(request), wanted), minute, lang_of(request), names, now)


async def _answered(
    request: Req, query: StatsQuery, more: tuple[object, ...], view: Callable[[Conn, _Reading], Awaitable[Struct]]
) -> Response[bytes]:
    """What ``view`` makes of the question, unless the caller has just that already. ``more``: what else makes it
    another question."""
    ctx = context(request)
    names = Names(ctx.parts.rules, ctx.parts.gazetteer, await ctx.agencies.all())
    reading = _reading(request, query, names)
    # One snapshot, so that the ETag is that of what was counted.
    async with ctx.parts.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        read, read_at = await stats.read_to(conn)
        question = reading.asked.question(reading.now)
        reading.read_at = min(read_at, question.as_of)
        said = (read, reading.read_at, question, reading.asked.period, more, reading.lang, names.rules.version)
        headers = _headers(request.url.path, said)
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(b"", status_code=304, headers=headers)
        return answer(request, await view(conn, reading), headers=headers)


def _headers(path: str, said: tuple[object, ...]) -> dict[str, str]:
    whole = json.encode((version("phananh"), path, said))
    return {
        "ETag": f'"{hashlib.sha256(whole).hexdigest()[:20]}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Authorization, Cookie",
    }


def _figures(wanted: Iterable[str]) -> list[Figure]:
    """All of them when none is named. Raises Invalid."""
    chosen = list(dict.fromkeys(wanted)) or list(FIGURES)
    for name in chosen:
        if name not in FIGURES:
            raise Invalid("stats.figure_unknown", field="figure", figure=name[:60])
    return [FIGURES[name] for name in chosen]


def _values(figures: Iterable[Figure], counts: Mapping[Measure, Count]) -> dict[str, float | None]:
    return {figure.name: value(figure, counts) for figure in figures}


def _raw(counts: Mapping[Measure, Count]) -> dict[str, RawCount]:
    return {str(measure): RawCount(counts[measure].n, counts[measure].seconds) for measure in sorted(counts)}


@get(
    "/stats/definitions",
    **call(
        STATS_READER,
        "figures",
        scopes=("feed",),
        headers=(ETAG,),
        answer=Definitions,
        example=(None, examples.DEFINITIONS),
    ),
)
async def stats_definitions(request: Req) -> Response[bytes]:
    items = [
        Definition(f.name, f.kind, f.unit, f.vi, f.vi_says, f.en, f.en_says, sorted(f.of), sorted(f.among), [*f.events])
        for f in FIGURES.values()
    ]
    headers = _headers(request.url.path, (items, lang_of(request)))
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return answer(request, Definitions(items), headers=headers)


@get(
    "/stats/figures",
    **call(
        STATS_READER,
        "figures",
        scopes=("feed",),
        query=FiguresQuery,
        headers=(ETAG,),
        answer=FiguresView,
        example=(None, examples.FIGURES),
        errors=(*ERRORS, _NO_FIGURE),
    ),
)
async def stats_figures(request: Req) -> Response[bytes]:
    query = read_query(request, FiguresQuery)
    figures = _figures(query.figure)

    async def view(conn: Conn, reading: _Reading) -> FiguresView:
        found = await stats.ask(conn, reading.asked.question(reading.now, query.by), figures)
        counts: Mapping[str, Mapping[Measure, Count]] = found.groups if query.by else {"": found.groups.get("", {})}
        groups = [
            FigureGroup(key, _named(reading, query.by, key), _values(figures, of), _raw(of))
            for key, of in sorted(counts.items())
        ]
        return FiguresView(*reading.about, query.by, groups)

    return await _answered(request, query, (query.by, [figure.name for figure in figures]), view)


def _named(reading: _Reading, by: By | None, key: str) -> str:
    return reading.names.of(by, key, reading.lang) if by else ""


@get(
    "/stats/series",
    **call(
        STATS_READER,
        "figures",
        scopes=("feed",),
        query=SeriesQuery,
        headers=(ETAG,),
        answer=SeriesView,
        example=(None, examples.SERIES),
        errors=(*ERRORS, _NO_FIGURE),
    ),
)
async def stats_series(request: Req) -> Response[bytes]:
    query = read_query(request, SeriesQuery)
    figures = _figures(query.figure)

    async def view(conn: Conn, reading: _Reading) -> SeriesView:
        steps = reading.asked.period.steps()
        found = await stats.series(conn, reading.asked.question(reading.now), steps, figures)
        return SeriesView(
            *reading.about,
            [
                SeriesStep(step.start, step.end, _values(figures, of), _raw(of))
                for step, each in zip(steps, found, strict=False)
                for of in (each.groups.get("", {}),)
            ],
        )

    return await _answered(request, query, ([figure.name for figure in figures],), view)


@get(
    "/stats/ageing",
    **call(
        STATS_READER,
        "figures",
        scopes=("feed",),
        query=AgeingQuery,
        headers=(ETAG,),
        answer=AgeingView,
        example=(None, examples.AGEING),
        errors=ERRORS,
    ),
)
async def stats_ageing(request: Req) -> Response[bytes]:
    query = read_query(request, AgeingQuery)

    async def view(conn: Conn, reading: _Reading) -> AgeingView:
        found = await stats.ageing(conn, reading.asked.question(reading.now, query.by))
        if not query.by and not found:
            found = {"": (0,) * (len(AGES) + 1)}
        groups = [
            AgeingGroup(key, _named(reading, query.by, key), list(counts)) for key, counts in sorted(found.items())
        ]
        return AgeingView(*reading.about, query.by, list(AGES), groups)

    return await _answered(request, query, (query.by,), view)


@get(
    "/stats/reports",
    **call(
        STATS_READER,
        "figures",
        scopes=("feed",),
        query=CountedQuery,
        headers=(ETAG,),
        answer=CountedPage,
        example=(None, examples.COUNTED),
        errors=(
            *ERRORS,
            _NO_FIGURE,
            Invalid("worklist.limit_wrong", field="limit", most=_MOST),
            Invalid("stats.page_unknown", field="cursor"),
        ),
    ),
)
async def stats_reports(request: Req) -> Response[bytes]:
    query = read_query(request, CountedQuery)
    (figure,) = _figures([query.figure])
    if not 1 <= query.limit <= _MOST:
        raise Invalid("worklist.limit_wrong", field="limit", most=_MOST)

    async def view(conn: Conn, reading: _Reading) -> CountedPage:
        question = reading.asked.question(reading.now)
        try:
            found = await stats.listed(
                conn, question, figure, query.limit, query.cursor, whole=query.whole, slowest=query.slowest
            )
        except Invalid as error:
            if error.key == "stats.page_unknown":
                raise Invalid(error.key, field="cursor") from None
            raise
        items = [_counted(reading, row) for row in found.rows]
        return CountedPage(*reading.about, figure.name, items, found.after)

    more = (figure.name, query.whole, query.slowest, query.cursor, query.limit)
    return await _answered(request, query, more, view)


def _counted(reading: _Reading, row: Counted) -> CountedReport:
    def named(by: Literal["agency", "category", "commune"], key: str) -> Named:
        return Named(key, reading.names.of(by, key, reading.lang))

    agency, category, commune = (
        named("agency", row.agency),
        named("category", row.category),
        named("commune", row.commune),
    )
    return CountedReport(row.code, row.at, agency, category, commune, row.channel, row.seconds)


ROUTES: list[Any] = [stats_definitions, stats_figures, stats_series, stats_ageing, stats_reports]
