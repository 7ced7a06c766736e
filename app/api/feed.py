"""What has changed, for programs that keep a copy: the operations centre's own, or the province's data exchange."""

import hashlib
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlencode

from litestar import Response, get
from msgspec import Meta, Struct, json

from app.accounts.model import Agency
from app.api import examples_feed as examples
from app.api.body import read_query
from app.api.context import BASE, Context, Req, answer, context, may_read_all, staff
from app.api.declare import CASE_STAFF, ETAG, call
from app.api.problems import lang_of
from app.api.views import CommuneView, Named, agency_view, category_view, commune_view
from app.casefile.words import status_word
from app.errors import Forbidden, Invalid
from app.i18n import Lang
from app.reports.model import Rating, Status, Urgency
from app.worklist import feed

Doc = Meta


class FeedQuery(Struct, frozen=True, forbid_unknown_fields=True):
    updated_since: datetime | None = None
    cursor: str | None = None
    words: bool = False
    limit: int = feed.MOST


class FeedReport(Struct):
    """A report as it is now, without who reported it. ``original``: the report it was merged into; ``part_of``: the
    one it was split off from. ``text`` is the published one, masked or as a coordinator edited it, or with ``words``
    the report's own. ``erased_at``: personal data was erased then, so that words and addresses kept from before must
    go as well."""

    code: str
    status: Status
    status_word: str
    category: Named
    commune: CommuneView | None
    lat: float | None
    lon: float | None
    place_approximate: bool
    address: Annotated[str | None, Doc(description="As the reporter wrote it; with `words` only.")]
    agency: Named
    supervisor: Named | None
    channel: str
    urgency: Urgency
    visibility: Literal["public", "private"]
    published: bool
    submitted_at: datetime
    assigned_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    intake_due_at: datetime
    due_at: datetime
    paused_at: datetime | None
    extended_to: datetime | None
    rating: Rating | None
    original: str | None
    part_of: str | None
    text: str | None
    erased_at: datetime | None
    updated_at: datetime


class FeedPage(Struct):
    """Reports that have changed, in the order of the changes, each as it is now; one that changes again comes again.
    ``gone``: codes of reports that the caller could see and cannot any more. ``next``: where to go on, also when there
    is no more for now; ``more``: there is more already, even where this page is short or empty."""

    items: list[FeedReport]
    gone: list[str]
    next: str
    more: bool


@get(
    "/reports",
    **call(
        CASE_STAFF,
        "figures",
        scopes=("feed",),
        query=FeedQuery,
        headers=(ETAG,),
        answer=FeedPage,
        example=(None, examples.FEED),
        errors=(
            Invalid("worklist.cursor_wrong", field="cursor"),
            Invalid("worklist.cursor_ahead", field="cursor"),
            Invalid("worklist.limit_wrong", field="limit", most=feed.MOST),
            Invalid("api.want_time_zone", field="updated_since"),
            Invalid("api.one_or_other", field="updated_since", other="cursor"),
            Forbidden("accounts.token_scope_missing", scope="read"),
        ),
    ),
)
async def reports_feed(request: Req) -> Response[bytes]:
    ctx, asked, lang = context(request), read_query(request, FeedQuery), lang_of(request)
    if asked.words and not may_read_all(request):
        raise Forbidden("accounts.token_scope_missing", scope="read")
    page = await feed.page(ctx.parts.pool, staff(request), await _place(ctx, asked), asked.limit)
    known = await ctx.agencies.all({state.report.agency_id for state in page.states})
    items = [_item(ctx, state, known, lang, words=asked.words) for state in page.states]
    following = feed.encode(page.place)
    view = FeedPage(items, page.gone, following, page.more)
    etag = f'"{hashlib.sha256(json.encode(view) + lang.encode()).hexdigest()[:20]}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Authorization, Cookie",
        "Link": f'<{_next(ctx, asked, following)}>; rel="next"',
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return answer(request, view, headers=headers)


async def _place(ctx: Context, asked: FeedQuery) -> feed.Place:
    if asked.cursor is not None:
        if asked.updated_since is not None:
            raise Invalid("api.one_or_other", field="updated_since", other="cursor")
        return feed.decode(asked.cursor)
    if asked.updated_since is not None and asked.updated_since.tzinfo is None:
        raise Invalid("api.want_time_zone", field="updated_since")
    return await feed.begin(ctx.parts.pool, asked.updated_since)


def _next(ctx: Context, asked: FeedQuery, cursor: str) -> str:
    query = {"cursor": cursor, "limit": str(asked.limit)} | ({"words": "true"} if asked.words else {})
    return f"{ctx.parts.settings.public_url}{BASE}/reports?{urlencode(query)}"


def _item(ctx: Context, state: feed.State, known: dict[str, Agency], lang: Lang, *, words: bool) -> FeedReport:
    report = state.report
    supervisor = agency_view(known, report.supervisor_id, lang) if report.supervisor_id else None
    return FeedReport(
        report.code,
        report.status,
        status_word(report.status, lang),
        category_view(ctx.parts.rules, report.category, lang),
        commune_view(report.commune_code, report.commune_name),
        report.lat,
        report.lon,
        report.place_approximate,
        report.address if words else None,
        agency_view(known, report.agency_id, lang),
        supervisor,
        report.channel,
        report.urgency,
        report.visibility,
        report.published_at is not None,
        report.submitted_at,
        report.assigned_at,
        report.resolved_at,
        report.ended_at,
        report.intake_due_at,
        report.due_at,
        report.paused_at,
        report.extended_to,
        report.rating,
        state.original,
        state.whole,
        report.body if words else state.public,
        state.erased_at,
        report.updated_at,
    )


ROUTES = [reports_feed]
