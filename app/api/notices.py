"""What concerns oneself, as the pages' bell shows it: warnings, mentions, directions, cases given to one."""

from datetime import datetime
from uuid import UUID

from litestar import Response, get, post
from msgspec import Struct

from app.api import examples_staff as examples
from app.api.body import read_body, read_query
from app.api.context import Req, answer, context, staff
from app.api.declare import CASE_STAFF, call
from app.api.problems import lang_of
from app.api.views import Named, category_view
from app.escalation import notices
from app.i18n import t


class NoticesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    everything: bool = False
    before: UUID | None = None


class NoticeView(Struct):
    """``says``: ``kind`` in words. ``code``, ``category`` and ``commune`` of the report as it is now, null where it is
    about something else, which ``about`` then names. ``stands_for``: the colleague whose deputy the reader is, or
    null."""

    notice_id: UUID
    at: datetime
    kind: str
    says: str
    code: str | None
    category: Named | None
    commune: str | None
    about: str
    stands_for: str | None
    read: bool


class NoticesPage(Struct):
    """The newest first, for three months. ``next``: the ``before`` of the following page, null on the last."""

    items: list[NoticeView]
    next: UUID | None


class ReadBody(Struct, frozen=True, forbid_unknown_fields=True):
    """``up_to``: the newest notice that was shown."""

    up_to: UUID


@get(
    "/notices",
    **call(CASE_STAFF, "case", query=NoticesQuery, answer=NoticesPage, example=(None, examples.NOTICES)),
)
async def my_notices(request: Req) -> Response[bytes]:
    ctx, lang, asked = context(request), lang_of(request), read_query(request, NoticesQuery)
    me = staff(request).id
    assert me is not None
    async with ctx.parts.pool.acquire() as conn:
        found = await notices.page(conn, me, asked.before, everything=asked.everything)
    items = [
        NoticeView(
            one.notice_id,
            one.at,
            one.kind,
            t(f"officers.{one.kind}", lang),
            one.code or None,
            category_view(ctx.parts.rules, one.category, lang) if one.category else None,
            one.commune or None,
            one.about,
            one.stands_for or None,
            one.read,
        )
        for one in found.notices
    ]
    return answer(request, NoticesPage(items, found.next))


@post("/notices/read", **call(CASE_STAFF, "case", status=204, body=ReadBody, example=(examples.READ, None)))
async def read_notices(request: Req) -> Response[None]:
    body, _ = await read_body(request, ReadBody)
    me = staff(request).id
    assert me is not None
    async with context(request).parts.pool.acquire() as conn:
        await notices.all_read(conn, me, body.up_to)
    return Response(None, status_code=204)


ROUTES = [my_notices, read_notices]
