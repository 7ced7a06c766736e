"""What partners were sent, what waits for a person, and deciding about it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.api import examples_outward as examples
from app.api.body import read_body, read_query
from app.api.context import Req, answer, context, staff
from app.api.declare import call
from app.api.outward import SYSTEM_KEEPER, id_of
from app.api.partners import GONE
from app.errors import Conflict, Invalid, NotFound
from app.partners import deciding, ledger, service
from app.partners.model import STATES, Push, State
from app.reports import service as reports

_ATTEMPTS = 50
_NOT_THERE = NotFound("partners.push_gone")
_NOT_NOW = Conflict("partners.not_waiting")
Waiting = Literal["refused", "unsure", "gave_up", "reopened", "unmapped"]


class PushesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: State | None = None
    cursor: str | None = None


class PushView(Struct):
    """``state`` ``person``: it waits for somebody to decide, ``reason`` says why. ``number`` is the partner's own;
    ``their_status`` and ``their_words`` what it said last."""

    code: str
    state: State
    reason: str
    number: str | None
    their_status: str
    their_words: str
    their_at: datetime | None
    tries: int
    error: str
    sent_at: datetime | None
    updated_at: datetime


class PushesPage(Struct):
    """The latest first. ``next`` is the cursor of the following page, null on the last."""

    items: list[PushView]
    next: str | None


class AttemptView(Struct):
    """``what``: send, look (for a request that may have arrived), token (ask for its number), pull (news)."""

    at: datetime
    what: str
    came: str
    said: str


class NewsView(Struct):
    """``became``: what it was made of here."""

    at: datetime
    status: str
    words: str
    became: str


class PushCase(Struct):
    """One report at a partner. ``sent``: what went along, without the words."""

    push: PushView
    sent: dict[str, Any]
    attempts: list[AttemptView]
    news: list[NewsView]


class SendBody(Struct, frozen=True, forbid_unknown_fields=True):
    code: str


class DecisionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """``number``: with the decision of this name, what the partner has it under."""

    decision: Literal["again", "number", "leave"]
    number: str = ""


class DecisionsBody(Struct, frozen=True, forbid_unknown_fields=True):
    waits_for: Waiting
    decision: Literal["again", "leave"]


class Decided(Struct):
    """How many reports it was about."""

    reports: int


def _view(one: Push) -> PushView:
    return PushView(
        one.code,
        one.state,
        one.reason,
        one.number,
        one.their_status,
        one.their_words,
        one.their_at,
        one.tries,
        one.error,
        one.sent_at,
        one.updated_at,
    )


@get(
    "/partners/{partner_id:str}/reports",
    **call(
        SYSTEM_KEEPER,
        "outward",
        query=PushesQuery,
        answer=PushesPage,
        example=(None, examples.PUSHES),
        errors=(GONE,),
    ),
)
async def partner_reports(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    asked, ident = read_query(request, PushesQuery), id_of(partner_id, "partners.gone")
    async with context(request).parts.pool.acquire() as conn:
        await service.get(conn, staff(request), ident)
        states = [asked.state] if asked.state else STATES
        rows, following = await service.page(conn, ident, states, asked.cursor or "")
    return answer(request, PushesPage([_view(one) for one in rows], following))


@post(
    "/partners/{partner_id:str}/reports",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=SendBody,
        answer=PushCase,
        example=(examples.SEND_BODY, examples.PUSH_CASE),
        errors=(
            GONE,
            NotFound("reports.code_unknown", code="PA-7K3M-9QX2"),
            Invalid("partners.decide_overtaken", field="code"),
            Invalid("partners.decide_unmapped", field="code"),
            Invalid("partners.decide_private", field="code"),
        ),
    ),
)
async def send_to_partner(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, SendBody)
    ident = id_of(partner_id, "partners.gone")
    await deciding.send(context(request).parts.pool, staff(request), ident, body.code)
    return answer(request, await _case(request, ident, body.code))


async def _report_id(request: Req, code: str) -> UUID:
    return (await reports.find(context(request).parts.pool, code)).report_id


@get(
    "/partners/{partner_id:str}/reports/{code:str}",
    **call(SYSTEM_KEEPER, "outward", answer=PushCase, example=(None, examples.PUSH_CASE), errors=(GONE, _NOT_THERE)),
)
async def partner_report(request: Req, partner_id: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    return answer(request, await _case(request, id_of(partner_id, "partners.gone"), code))


async def _case(request: Req, partner_id: UUID, code: str) -> PushCase:
    async with context(request).parts.pool.acquire() as conn:
        await service.get(conn, staff(request), partner_id)
    report_id = await _report_id(request, code)
    async with context(request).parts.pool.acquire() as conn:
        push = await ledger.push(conn, partner_id, report_id)
        if push is None:
            raise _NOT_THERE
        attempts = await ledger.attempts(conn, partner_id, report_id, _ATTEMPTS)
        news = await ledger.news(conn, partner_id, report_id)
    return PushCase(
        _view(push),
        dict(push.sent),
        [AttemptView(one["at"], one["what"], one["came"], one["said"]) for one in attempts],
        [NewsView(one["at"], one["status"], one["words"], one["became"]) for one in news],
    )


@post(
    "/partners/{partner_id:str}/reports/{code:str}/decision",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=DecisionBody,
        answer=PushCase,
        example=(examples.DECISION_BODY, examples.PUSH_CASE),
        errors=(GONE, _NOT_THERE, _NOT_NOW, Invalid("partners.number_wrong", field="number")),
    ),
)
async def decide_report(request: Req, partner_id: FromPath[str], code: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, DecisionBody)
    pool, who, ident = context(request).parts.pool, staff(request), id_of(partner_id, "partners.gone")
    report_id = await _report_id(request, code)
    match body.decision:
        case "again":
            await deciding.again(pool, who, ident, report_id)
        case "number":
            await deciding.numbered(pool, who, ident, report_id, body.number)
        case "leave":
            await deciding.leave(pool, who, ident, report_id)
    return answer(request, await _case(request, ident, code))


@post(
    "/partners/{partner_id:str}/decisions",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=DecisionsBody,
        answer=Decided,
        example=(examples.DECISIONS_BODY, examples.DECIDED),
        errors=(GONE, Invalid("partners.one_by_one", field="decision")),
    ),
)
async def decide_reports(request: Req, partner_id: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, DecisionsBody)
    ident = id_of(partner_id, "partners.gone")
    count = await deciding.decide_all(
        context(request).parts.pool, staff(request), ident, body.waits_for, body.decision
    )  # fmt: skip
    return answer(request, Decided(count))


ROUTES = [partner_reports, send_to_partner, partner_report, decide_report, decide_reports]
