"""The files themselves: one's own, what it was made from as JSON beside it, and the list as CSV at once."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from app.accounts import service as accounts
from app.attachments.service import download_headers
from app.console.context import Req, actor, console, lang_of
from app.console.declare import STATS, page
from app.console.exports import id_of, own
from app.console.exports_view import HERE, local, told
from app.db import transaction
from app.errors import Conflict
from app.exports import csv_file
from app.exports import service as exports
from app.exports.columns import columns_for
from app.exports.making import settle_figures
from app.exports.model import file_name
from app.exports.rows import pieces
from app.exports.summary import Provenance, provenance
from app.i18n import Lang
from app.stats.asked import asked
from app.stats.names import names
from app.stats.rights import narrowed

NOW_MOST = 200_000
"""Reports of a list that is sent at once; a longer one is made by a job, whose file can be fetched in several goes."""


@get("/exports/{wanted:str}/file", **page(STATS))
async def file(request: Req, wanted: FromPath[str]) -> Stream:
    parts = console(request).parts
    export, source = await exports.open_file(parts.pool, parts.objects, actor(request), id_of(wanted))
    assert export.sha256 is not None
    headers = download_headers(export.file_name) | {
        "Content-Length": str(export.size_bytes),
        "ETag": f'"{export.sha256}"',
        "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(export.sha256)).decode()}:",
        "Link": f'<{HERE}/{export.export_id}/provenance>; rel="describedby"; type="application/json"',
        "Cache-Control": "private, no-store",
    }
    return Stream(source, media_type=export.maker.content_type, headers=headers)


@get("/exports/{wanted:str}/provenance", **page(STATS))
async def beside(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    export, parts, lang = await own(request, wanted), console(request).parts, lang_of(request)
    exports.check_covered(actor(request), export)
    if export.state != "ready":
        raise Conflict("exports.not_ready")
    async with parts.pool.acquire() as conn:
        known = await names(conn, parts.rules, parts.gazetteer)
        by = (await accounts.staff_names(conn, [export.staff_id])).get(export.staff_id, "")
    said = msgspec.json.format(msgspec.json.encode(told(export, known, by, lang)), indent=2)
    return Response(said, media_type="application/json", headers=download_headers(f"{export.file_name}.json"))


@get("/exports/now.csv", **page(STATS))
async def now_csv(request: Req) -> Stream:
    """The list of the question in the address, sent while it is read."""
    parts, lang, reader, now = console(request).parts, lang_of(request), actor(request), datetime.now(UTC)
    question, moment = exports.frozen(narrowed(reader, asked(request.query_params.multi_items(), now)), now)
    await settle_figures(parts.pool, moment)
    async with transaction(parts.pool) as conn:
        known = await names(conn, parts.rules, parts.gazetteer)
        said = await provenance(conn, known, question, lang, moment)
        if said.count > NOW_MOST:
            raise Conflict("exports.too_many_at_once", count=said.count, most=NOW_MOST)
        await exports.note_taken(conn, reader, "csv", said.query)
    columns = columns_for(reader, ids=False)
    rows = pieces(parts.pool, known, reader, question.question(moment), columns, lang)
    name = file_name(question, moment, "csv")
    headers = download_headers(name) | _from(said) | {"Cache-Control": "private, no-store"}
    return Stream(_csv(rows, columns, lang), media_type="text/csv", headers=headers)


def _from(said: Provenance) -> dict[str, str]:
    """What it was made from; a CSV has no place for it."""
    return {
        "Phananh-Question": said.query,
        "Phananh-As-Of": local(said.as_of),
        "Phananh-Rule-Set": said.rule_set,
        "Phananh-Rows": str(said.count),
    }


async def _csv(rows: AsyncIterator[list[Any]], columns: tuple[str, ...], lang: Lang) -> AsyncIterator[bytes]:
    yield csv_file.head(columns, lang)
    async for some in rows:
        yield csv_file.lines(columns, some)


ROUTES = [file, beside, now_csv]
