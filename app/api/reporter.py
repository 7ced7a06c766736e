"""The person behind a report, for coordinators: blocked and unblocked without being named."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.api import examples_staff as examples
from app.api.body import read_body
from app.api.context import Req, answer, context, staff
from app.api.declare import COORDINATOR, call
from app.api.follow import found
from app.errors import Conflict, Invalid, NotFound
from app.forms import whole
from app.reports import blocking, service, voice
from app.reports.blocking import Block

_GONE = NotFound("reports.code_unknown", code="PA-7K3M-9QX2")
_NO_REASON = Invalid("reports.needs_reason", field="reason", least=5, most=300)


class BlockBody(Struct, frozen=True, forbid_unknown_fields=True):
    reason: str


class BlockView(Struct):
    """``in_chat``: whether the report came from a chat, so that its sender can be blocked at all. ``blocked_since``
    null: new reports are taken."""

    in_chat: bool
    blocked_since: datetime | None
    reason: str | None


def _view(block: Block) -> BlockView:
    return BlockView(block.in_chat, block.since, block.reason)


@get(
    "/reports/{code:str}/block",
    **call(COORDINATOR, "case", answer=BlockView, example=(None, examples.BLOCK), errors=(_GONE,)),
)
async def see_block(request: Req, code: FromPath[str]) -> Response[bytes]:
    parts, actor = context(request).parts, staff(request)
    report = service.visible(actor, await found(request, code))
    return answer(request, _view(await blocking.state(parts.pool, actor, report)))


@post(
    "/reports/{code:str}/block",
    **call(
        COORDINATOR,
        "case",
        body=BlockBody,
        answer=BlockView,
        example=(examples.BLOCK_BODY, examples.BLOCK),
        errors=(_NO_REASON, Conflict("reports.blocked_already"), Conflict("reports.no_chat"), _GONE),
    ),
)
async def block_reporter(request: Req, code: FromPath[str]) -> Response[bytes]:
    return await _change(request, code, blocking.block)


@post(
    "/reports/{code:str}/unblock",
    **call(
        COORDINATOR,
        "case",
        body=BlockBody,
        answer=BlockView,
        example=(examples.BLOCK_BODY, {"in_chat": True, "blocked_since": None, "reason": None}),
        errors=(_NO_REASON, Conflict("reports.not_blocked"), Conflict("reports.no_chat"), _GONE),
    ),
)
async def unblock_reporter(request: Req, code: FromPath[str]) -> Response[bytes]:
    return await _change(request, code, blocking.unblock)


async def _change(request: Req, code: str, verb: Callable[..., Awaitable[Block]]) -> Response[bytes]:
    body, _ = await read_body(request, BlockBody)
    parts, actor = context(request).parts, staff(request)
    report = service.visible(actor, await found(request, code))
    return answer(request, _view(await verb(parts.pool, parts.rules, actor, report, body.reason)))


@post(
    "/reports/{code:str}/voice/{number:str}",
    **call(
        COORDINATOR,
        "case",
        body=BlockBody,
        raw="application/octet-stream",
        example=(examples.BLOCK_BODY, None),
        errors=(_NO_REASON, NotFound("sounds.not_found"), _GONE),
    ),
)
async def hear_voice(request: Req, code: FromPath[str], number: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, BlockBody)
    parts, actor = context(request).parts, staff(request)
    report = service.visible(actor, await found(request, code))
    at = whole(number) or 0
    heard = await voice.hear(parts.pool, parts.objects, parts.rules, actor, report, at, body.reason)
    headers = {"Content-Disposition": f'attachment; filename="{report.code}-{at}"', "Cache-Control": "no-store"}
    return Response(heard.data, media_type=heard.content_type, headers=headers)


ROUTES = [see_block, block_reporter, unblock_reporter, hear_voice]
