"""Files of figures for programs: ordering one, how far one's own are, having them; by the rights of the pages."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Struct

from app.api import examples_exports as examples
from app.api.body import read_body
from app.api.context import BASE, Req, answer, context, may_read_all, staff
from app.api.declare import ETAG, RANGE, STATS_READER, call
from app.api.problems import FieldProblem, lang_of, shown
from app.api.stats import ERRORS
from app.attachments.service import download_headers
from app.db import transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from app.exports import service as exports
from app.exports.columns import COLUMNS
from app.exports.formats import FORMATS
from app.exports.model import RUNNING_MOST, Export, State
from app.exports.ranges import Part, part_of
from app.i18n import Lang
from app.stats.asked import asked

_HERE = f"{BASE}/exports"
_GONE = NotFound("exports.gone")
_NOT_READY = Conflict("exports.not_ready")
_NOT_YOURS = Forbidden("exports.no_longer_yours")
_SCOPE = Forbidden("accounts.token_scope_missing", scope="read")


class ExportOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be in the file: the kind of file, of when, and of which reports. ``tell``: a notice on the pages and
    in the account's own chat when it is ready."""

    format: str
    period: str = ""
    agency: list[str] = []
    category: list[str] = []
    commune: list[str] = []
    channel: list[str] = []
    as_of: str = ""
    tell: bool = False


class ExportView(Struct):
    """A file that was ordered. ``question`` asks for the same again; ``as_of``: as known then. ``rows_done`` of
    ``rows_total`` reports of the list are written, the total null while it is not known; none of a file without a list.
    ``file``: where the bytes are, once it is ready, with ``sha256``, ``size_bytes`` and ``rule_set``; ``read_at``: up
    to when the history had been counted. ``problem``: why it failed."""

    id: UUID
    format: str
    state: State
    question: str
    as_of: datetime
    columns: list[str]
    rows_done: int
    rows_total: int | None
    ordered_at: datetime
    ended_at: datetime | None
    kept_until: datetime
    rule_set: str | None
    read_at: datetime | None
    file: str | None
    file_name: str
    content_type: str
    sha256: str | None
    size_bytes: int | None
    problem: FieldProblem | None


class ExportList(Struct):
    """The caller's own, the newest first."""

    items: list[ExportView]


def _view(export: Export, lang: Lang) -> ExportView:
    return ExportView(
        export.export_id,
        export.format,
        export.state,
        export.asked.settled(export.as_of).query(),
        export.as_of,
        list(export.columns),
        export.done,
        export.total,
        export.ordered_at,
        export.ended_at,
        export.expires_at,
        export.rule_set,
        export.read_at,
        f"{_HERE}/{export.export_id}/file" if export.state == "ready" else None,
        export.file_name,
        export.maker.content_type,
        export.sha256,
        export.size_bytes,
        shown([export.problem], lang)[0] if export.problem else None,
    )


def _id_of(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise _GONE from None


@post(
    "/exports",
    **call(
        STATS_READER,
        "figures",
        status=201,
        also=(200,),
        scopes=("feed",),
        body=ExportOrder,
        answer=ExportView,
        example=(examples.ORDER, examples.WAITING),
        errors=(
            *ERRORS,
            Invalid("exports.format_unknown", field="format", format="docx", known="xlsx, pdf, csv"),
            Conflict("exports.too_many", most=RUNNING_MOST),
        ),
    ),
)
async def order_export(request: Req) -> Response[bytes]:
    (order, _), now, lang = await read_body(request, ExportOrder), datetime.now(UTC), lang_of(request)
    pairs = [("period", order.period), ("as_of", order.as_of)]
    pairs += [(name, said) for name in ("agency", "category", "commune", "channel") for said in getattr(order, name)]
    async with transaction(context(request).parts.pool) as conn:
        export = await exports.order(
            conn, staff(request), asked(pairs, now), order.format, lang,
            tell=order.tell, cases=may_read_all(request), now=now,
        )  # fmt: skip
    there = {"Location": f"{_HERE}/{export.export_id}"}
    return answer(request, _view(export, lang), status=201 if export.ordered_at == now else 200, headers=there)


@get(
    "/exports",
    **call(STATS_READER, "figures", scopes=("feed",), answer=ExportList, example=(None, {"items": [examples.READY]})),
)
async def list_exports(request: Req) -> Response[bytes]:
    lang = lang_of(request)
    async with context(request).parts.pool.acquire() as conn:
        mine = await exports.mine(conn, staff(request))
    return answer(request, ExportList([_view(one, lang) for one in mine]))


@get(
    "/exports/{export_id:str}",
    **call(
        STATS_READER, "figures", scopes=("feed",), answer=ExportView, example=(None, examples.MAKING), errors=(_GONE,)
    ),
)
async def see_export(request: Req, export_id: FromPath[str]) -> Response[bytes]:
    return await _seen(request, export_id)


@post(
    "/exports/{export_id:str}/cancel",
    **call(
        STATS_READER,
        "figures",
        scopes=("feed",),
        answer=ExportView,
        example=(None, examples.CANCELLED),
        errors=(_GONE,),
    ),
)
async def cancel_export(request: Req, export_id: FromPath[str]) -> Response[bytes]:
    async with context(request).parts.pool.acquire() as conn:
        await exports.cancel(conn, staff(request), _id_of(export_id))
    return await _seen(request, export_id)


async def _seen(request: Req, export_id: str) -> Response[bytes]:
    async with context(request).parts.pool.acquire() as conn:
        export = await exports.get(conn, staff(request), _id_of(export_id))
    return answer(request, _view(export, lang_of(request)))


@delete(
    "/exports/{export_id:str}",
    **call(STATS_READER, "figures", status=204, scopes=("feed",), errors=(_GONE,)),
)
async def delete_export(request: Req, export_id: FromPath[str]) -> None:
    async with context(request).parts.pool.acquire() as conn:
        await exports.delete(conn, staff(request), _id_of(export_id))


@get(
    "/exports/{export_id:str}/file",
    **call(
        STATS_READER,
        "figures",
        also=(206,),
        scopes=("feed",),
        headers=(ETAG, RANGE),
        raw=tuple(maker.content_type for maker in FORMATS.values()),
        errors=(_GONE, _NOT_READY, _NOT_YOURS, _SCOPE, Unavailable("storage.unavailable")),
    ),
)
async def export_file(request: Req, export_id: FromPath[str]) -> Response[bytes] | Stream:
    parts, actor, wanted = context(request).parts, staff(request), _id_of(export_id)
    async with parts.pool.acquire() as conn:
        export = await exports.get(conn, actor, wanted)
    exports.check_covered(actor, export)
    if not may_read_all(request) and any(COLUMNS[name].case for name in export.columns):
        raise _SCOPE
    if export.sha256 is None or export.size_bytes is None:
        raise _NOT_READY
    tag = f'"{export.sha256}"'
    kept = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=kept)
    part = None
    if request.headers.get("if-range", tag) == tag:
        part = part_of(request.headers.get("range", ""), export.size_bytes)
    _, source = await exports.open_file(parts.pool, parts.objects, actor, wanted, part)
    return _stream(export, source, part, kept)


def _stream(export: Export, source: AsyncIterator[bytes], part: Part | None, kept: dict[str, str]) -> Stream:
    assert export.sha256 is not None
    assert export.size_bytes is not None
    digest = base64.b64encode(bytes.fromhex(export.sha256)).decode()
    headers = download_headers(export.file_name) | kept | {
        "Accept-Ranges": "bytes",
        "Repr-Digest": f"sha-256=:{digest}:",
        "Content-Length": str(part.length if part else export.size_bytes),
    }  # fmt: skip
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{export.size_bytes}"
    return Stream(
        source, media_type=export.maker.content_type, headers=headers, status_code=206 if part is not None else 200
    )


ROUTES: list[Any] = [order_export, list_exports, see_export, cancel_export, delete_export, export_file]
