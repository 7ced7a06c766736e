"""The page by which leaders see how things stand: figures of a period, held against others, by whom and where."""

from datetime import UTC, datetime
from typing import Any

from litestar import Response, get
from msgspec import Struct

from app.accounts.model import Actor
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.dashboard_asked import BYS, HERE, KINDS, Look, Pairs, chosen, look
from app.console.dashboard_groups import Groups
from app.console.dashboard_head import Choice, head
from app.console.dashboard_pieces import ON_TIME, RATED, pieces
from app.console.dashboard_reading import MAIN, NEVER, Reading, read
from app.console.dashboard_view import shown, trend
from app.console.declare import STATS, page
from app.console.queue_rows import choices_of
from app.console.render import go, show
from app.db import Conn
from app.errors import Invalid
from app.i18n import Lang, t
from app.reports import service as reports
from app.stats.measures import FIGURES
from app.stats.ranking import MINIMUM
from app.stats.rights import narrowed
from app.stats.written import number

_LATE = 10
"""Groups whose longest overdue report is shown until all are asked for."""


class Late(Struct, frozen=True):
    """The longest overdue report of a group. ``case`` "": it is no business of the reader any more."""

    name: str
    code: str
    case: str
    days: str
    path: str


@get("/dashboard", **page(STATS))
async def dashboard(request: Req) -> Response[Any]:
    now, pairs = datetime.now(UTC), list(request.query_params.multi_items())
    try:
        period = chosen(dict(pairs))
        if period is not None:
            return go(f"{HERE}?{look(_without_form(pairs), now).at(period)}")
        return await _page(request, pairs, now)
    except Invalid as error:
        problem = error.problems[0]
        return await _page(request, [], now, t(problem.key, lang_of(request), **problem.params))


def _without_form(pairs: Pairs) -> Pairs:
    return [pair for pair in pairs if pair[0] not in ("kind", "on", "from", "to")]


async def _page(request: Req, pairs: Pairs, now: datetime, problem: str = "") -> Response[bytes]:
    """``problem``: what was wrong with what was asked; the present month is shown instead."""
    parts, lang, reader = console(request).parts, lang_of(request), actor(request)
    wanted = look(pairs, now)
    allowed = narrowed(reader, wanted.asked)
    # One moment for all of it: the tiles add up to what the tables say.
    async with (
        parts.pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        reading = await read(conn, parts, wanted, allowed, now)
        late = await _late(conn, reader, wanted, reading, lang)
    groups = Groups(wanted, reading, lang)
    return show(
        request,
        "dashboard.html.j2",
        status=422 if problem else 200,
        problem=problem,
        here=HERE,
        wanted=wanted,
        head=head(wanted, reading.names, reading.answer.read_at, now, lang, HERE),
        kinds=[(kind, t(f"dashboard.kind_{kind}", lang)) for kind in KINDS],
        choices=choices_of(request, reader, ""),
        state=_state(reading),
        unknown=[other for other, counts in reading.others.items() if not counts],
        tiles=[shown(wanted, reading, lang, name) for name in MAIN],
        figures=[shown(wanted, reading, lang, name) for name in FIGURES],
        trend=trend(wanted, reading, lang),
        bys=[Choice(t(f"dashboard.by_{by}", lang), f"{HERE}?{wanted.query(by=by)}", by == wanted.by) for by in BYS],
        table=groups.table(),
        on_time=pieces(ON_TIME, wanted, reading, groups.name, lang),
        satisfaction=pieces(RATED, wanted, reading, groups.name, lang),
        ages=groups.ages(),
        ranking=groups.ranking() if wanted.by in ("agency", "commune") else None,
        late=late,
        minimum=number(MINIMUM, lang),
    )


def _state(reading: Reading) -> str:
    """ "unread": the history has never been read to its end; "none": there is nothing to count."""
    if reading.answer.read_at == NEVER:
        return "unread"
    return "some" if any(count.n for count in reading.total.values()) else "none"


async def _late(conn: Conn, reader: Actor, wanted: Look, reading: Reading, lang: Lang) -> list[Late]:
    rows = reading.late[: None if wanted.every else _LATE]
    found = {one.report_id: one for one in await reports.by_ids(conn, [row.report_id for row in rows])}
    return [
        Late(
            reading.names.of(wanted.by, getattr(row, wanted.by), lang),
            row.code,
            f"{BASE}/reports/{row.code}" if reader.may_see(found[row.report_id]) else "",
            t("stats.days", lang, n=number((row.seconds or 0) / 86400, lang, 1)),
            wanted.of_group("overdue", getattr(row, wanted.by)),
        )
        for row in rows
    ]


ROUTES = [dashboard]
