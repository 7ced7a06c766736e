"""The queue: one page from which an officer clears a day's work."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from litestar import Response, get, post
from msgspec import Struct

from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import QUEUE, page
from app.console.queue_asked import UNCOUNTED, Asked, asked, filter_of, tabs_of
from app.console.queue_rows import COLUMNS, USUAL, choices_of, rows_of
from app.console.queue_saved import HERE as SAVED
from app.console.queue_saved import kept_of
from app.console.render import go, show
from app.forms import Form, whole
from app.i18n import t
from app.worklist import service as worklist
from app.worklist.model import MANY

HERE = f"{BASE}/queue"
BULK = f"{BASE}/bulk"
_COLUMNS_COOKIE = "phananh-queue-columns"
_YEAR = 365 * 24 * 3600
_LONGEST_OPEN = timedelta(days=1)
"""A page that is open for longer counts the last day's."""


class Tab(Struct, frozen=True):
    """``count`` None: not counted. ``many``: there are at least so many that counting stopped."""

    name: str
    path: str
    count: int | None
    many: bool


async def _tabs(request: Req, wanted: Asked, now: datetime) -> list[Tab]:
    reader = actor(request)
    names = tabs_of(reader)
    counted = [name for name in names if name not in UNCOUNTED]
    filters = [filter_of(Asked(tab=name), reader, now) for name in counted]
    found = dict(zip(counted, await worklist.counts(console(request).parts.pool, reader, filters), strict=True))
    return [
        Tab(name, f"{HERE}?{wanted.query(tab=name)}", found.get(name), found.get(name, 0) >= MANY) for name in names
    ]


@get("/queue", **page(QUEUE))
async def queue_page(request: Req) -> Response[bytes]:
    reader, now = actor(request), datetime.now(UTC)
    pool = console(request).parts.pool
    wanted = asked(request.query_params, reader)
    after, before = (request.query_params.get(name) for name in ("after", "before"))
    filtered = filter_of(wanted, reader, now)
    found = await worklist.queue(pool, reader, filtered, before or after or None, back=bool(before))
    choices = choices_of(request, reader, wanted.tab)
    lang = lang_of(request)
    return show(
        request,
        "queue.html.j2",
        here=HERE,
        wanted=wanted,
        tabs=await _tabs(request, wanted, now),
        many=MANY - 1,
        rows=rows_of(request, found.rows, wanted, now),
        next_page=_path(wanted, after=found.next),
        previous_page=_path(wanted, before=found.previous),
        first_page=f"{HERE}?{wanted.query()}" if after or before else "",
        choices=choices,
        chips=[
            (t(f"queue.by_{name}", lang), choices.name(name, value), f"{HERE}?{wanted.query(**{name: ''})}")
            for name, value in wanted.narrowed.items()
        ],
        columns=[name for name in _columns(request) if name != "agency" or choices.agencies],
        all_columns=[name for name in COLUMNS if name != "agency" or choices.agencies],
        bulk=BULK if _has(request, BULK) else "",
        since=int(now.timestamp() * 1000),
        watched=wanted.tab not in UNCOUNTED,
        kept=await kept_of(request),
        saved_here=SAVED,
        counted=False,
    )


def _path(wanted: Asked, **cursor: str | None) -> str:
    return f"{HERE}?{wanted.query(**{k: v for k, v in cursor.items() if v})}" if any(cursor.values()) else ""


def _has(request: Req, path: str) -> bool:
    return any(route.path == path for route in request.app.routes)


@get("/queue/next", **page(QUEUE))
async def next_case(request: Req) -> Response[Any]:
    """The case behind (or, with ``back``, before) a place in a queue, wherever that case has gone meanwhile; the queue
    itself where there is none."""
    reader, at = actor(request), request.query_params.get("at", "")
    wanted = asked(request.query_params, reader)
    now = datetime.now(UTC)
    filtered = filter_of(wanted, reader, now)
    back = "back" in request.query_params
    found = await worklist.queue(console(request).parts.pool, reader, filtered, at, 1, back=back)
    if not found.rows:
        return go(f"{HERE}?{wanted.query()}")
    (row,) = rows_of(request, found.rows, wanted, now)
    return go(row.path)


@get("/queue/new", **page(QUEUE, quiet=True))
async def new_ones(request: Req) -> Response[bytes]:
    """How many have come since a page was made, for that page to say; nothing (204) when it knows already. The rows
    stay where they are until the reader asks for them."""
    reader, now = actor(request), datetime.now(UTC)
    wanted = asked(request.query_params, reader)
    since, known = (whole(request.query_params.get(name, ""), 13) or 0 for name in ("since", "known"))
    made = max(datetime.fromtimestamp(since / 1000, UTC), now - _LONGEST_OPEN)
    filtered = filter_of(wanted, reader, now)
    count = await worklist.arrived(console(request).parts.pool, reader, filtered, made)
    if count <= known:
        return Response(b"", status_code=204)
    return show(request, "queue_new.html.j2", here=HERE, wanted=wanted, since=since, count=count, many=MANY)


@get("/queue/tags", **page(QUEUE))
async def tags(request: Req) -> Response[bytes]:
    """Options for a field in which tags are typed."""
    found = await worklist.tags_in_use(console(request).parts.pool, actor(request))
    return show(request, "queue_tags.html.j2", tags=found)


# ---------------------------------------------------------------- columns


def _columns(request: Req) -> tuple[str, ...]:
    """Those that this browser shows: what somebody wants to see depends on the screen more than on the person."""
    kept = request.cookies.get(_COLUMNS_COOKIE)
    return USUAL if kept is None else tuple(name for name in COLUMNS if name in kept.split("."))


@post("/queue/columns", **page(QUEUE))
async def choose_columns(request: Req) -> Response[Any]:
    form: Form = request.state.form
    chosen = [name for name in COLUMNS if name in form.ticked.get("columns", ())]
    kept = console(request).set_cookie(_COLUMNS_COOKIE, ".".join(chosen), _YEAR)
    back = asked(dict(parse_qsl(form.fields.get("query", "")[:4000])), actor(request))
    return go(f"{HERE}?{back.query()}", {"Set-Cookie": kept})


ROUTES = [queue_page, next_case, new_ones, tags, choose_columns]
