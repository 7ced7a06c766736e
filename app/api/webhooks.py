"""Webhooks, for programs that look after the system: kept, tried out, their ledger read, messages sent again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath
from msgspec import Meta, Struct

from app.api import examples_outward as examples
from app.api.body import read_body, read_query
from app.api.context import Req, answer, context, staff
from app.api.declare import call
from app.api.outward import SYSTEM_KEEPER, id_of, signature
from app.errors import Conflict, Invalid, NotFound
from app.outward import URL_MOST
from app.webhooks import sending, service
from app.webhooks.model import DeliveryState, State, Webhook, is_well, message_id
from app.webhooks.service import Wanted

_GONE = NotFound("webhooks.gone")
_WRONG = (
    Invalid("webhooks.name_wrong", field="name", most=80),
    Invalid("webhooks.kind_unknown", field="kinds"),
    Invalid("webhooks.agency_unknown", field="agencies"),
    Invalid("outward.url_https", field="url"),
    Invalid("outward.url_private", field="url", host="10.0.0.1"),
)


class WebhookBody(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    url: Annotated[str, Meta(max_length=URL_MOST)]
    kinds: list[str] = []
    agencies: list[str] = []
    words: bool = False

    def wanted(self) -> Wanted:
        return Wanted(
            name=self.name, url=self.url, kinds=tuple(self.kinds), agencies=tuple(self.agencies), words=self.words
        )


class ActiveBody(Struct, frozen=True, forbid_unknown_fields=True):
    active: bool


class ReplayBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Either one ``message``, or all from ``since`` until ``until``."""

    message: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class MessagesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: DeliveryState | None = None
    cursor: str | None = None


class WebhookView(Struct):
    """``kinds`` and ``agencies``: empty means all. ``failing_since``: the first failure after the last success.
    Messages are counted up to 1,001."""

    id: UUID
    name: str
    url: str
    kinds: list[str]
    agencies: list[str]
    words: bool
    state: State
    created_at: datetime
    created_by: str
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_why: str | None
    waiting: int
    given_up: int
    delivered: int


class WebhooksView(Struct):
    items: list[WebhookView]


class NewWebhook(Struct):
    """``secret`` is shown this once."""

    webhook: WebhookView
    secret: str


class NewSecret(Struct):
    """Shown this once. The one before signs along for a day."""

    secret: str


class Trial(Struct):
    """What came of a test message: the answer's ``status``, or what went wrong in ``error``."""

    delivered: bool
    status: int | None
    error: str


class SentView(Struct):
    """``message``: its ``webhook-id``. ``status`` and ``error`` of the last try; ``next_at`` of one that waits."""

    message: str
    code: str
    kind: str
    state: DeliveryState
    tries: int
    status: int | None
    error: str
    created_at: datetime
    settled_at: datetime | None
    next_at: datetime | None


class SentPage(Struct):
    """The latest first. ``next`` is the cursor of the following page, null on the last."""

    items: list[SentView]
    next: str | None


class Replayed(Struct):
    """How many messages are sent again."""

    messages: int


def _view(webhook: Webhook, counts: dict[str, int]) -> WebhookView:
    return WebhookView(
        webhook.webhook_id,
        webhook.name,
        webhook.url,
        list(webhook.kinds),
        list(webhook.agencies),
        webhook.words,
        webhook.state,
        webhook.created_at,
        webhook.created_by,
        webhook.failing_since,
        webhook.disabled_at,
        webhook.disabled_why,
        *(counts.get(state, 0) for state in ("waiting", "given_up", "delivered")),
    )


async def _one(request: Req, webhook_id: UUID) -> WebhookView:
    async with context(request).parts.pool.acquire() as conn:
        found = await service.get(conn, staff(request), webhook_id)
        return _view(found, await service.counts(conn, webhook_id))


@get("/webhooks", **call(SYSTEM_KEEPER, "outward", answer=WebhooksView, example=(None, examples.WEBHOOKS)))
async def list_webhooks(request: Req) -> Response[bytes]:
    async with context(request).parts.pool.acquire() as conn:
        found = await service.every(conn, staff(request))
    return answer(request, WebhooksView([_view(*each) for each in found]))


@post(
    "/webhooks",
    **call(
        SYSTEM_KEEPER,
        "outward",
        status=201,
        body=WebhookBody,
        answer=NewWebhook,
        example=(examples.WEBHOOK_BODY, examples.NEW_WEBHOOK),
        errors=(*_WRONG, Conflict("webhooks.many", most=50)),
    ),
)
async def add_webhook(request: Req) -> Response[bytes]:
    body, _ = await read_body(request, WebhookBody)
    parts, by = context(request).parts, await signature(request)
    settings = parts.settings
    webhook_id, secret = await service.add(
        parts.pool, settings.secret_key, staff(request), body.wanted(), by, settings.networks
    )
    return answer(request, NewWebhook(await _one(request, webhook_id), secret), 201)


@get(
    "/webhooks/{webhook_id:str}",
    **call(SYSTEM_KEEPER, "outward", answer=WebhookView, example=(None, examples.WEBHOOK), errors=(_GONE,)),
)
async def see_webhook(request: Req, webhook_id: FromPath[str]) -> Response[bytes]:
    return answer(request, await _one(request, id_of(webhook_id, "webhooks.gone")))


@put(
    "/webhooks/{webhook_id:str}",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=WebhookBody,
        answer=WebhookView,
        example=(examples.WEBHOOK_BODY, examples.WEBHOOK),
        errors=(_GONE, *_WRONG),
    ),
)
async def change_webhook(request: Req, webhook_id: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, WebhookBody)
    parts, ident = context(request).parts, id_of(webhook_id, "webhooks.gone")
    await service.change(parts.pool, staff(request), ident, body.wanted(), parts.settings.networks)
    return answer(request, await _one(request, ident))


@delete("/webhooks/{webhook_id:str}", **call(SYSTEM_KEEPER, "outward", status=204, errors=(_GONE,)))
async def remove_webhook(request: Req, webhook_id: FromPath[str]) -> Response[None]:
    await service.remove(context(request).parts.pool, staff(request), id_of(webhook_id, "webhooks.gone"))
    return Response(None, status_code=204)


@put(
    "/webhooks/{webhook_id:str}/state",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=ActiveBody,
        answer=WebhookView,
        example=(examples.ACTIVE_BODY, examples.WEBHOOK),
        errors=(_GONE,),
    ),
)
async def switch_webhook(request: Req, webhook_id: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, ActiveBody)
    ident = id_of(webhook_id, "webhooks.gone")
    await service.switch(context(request).parts.pool, staff(request), ident, on=body.active)
    return answer(request, await _one(request, ident))


@post(
    "/webhooks/{webhook_id:str}/test",
    **call(SYSTEM_KEEPER, "outward", answer=Trial, example=(None, examples.TRIAL), errors=(_GONE,)),
)
async def test_webhook(request: Req, webhook_id: FromPath[str]) -> Response[bytes]:
    parts, ident = context(request).parts, id_of(webhook_id, "webhooks.gone")
    async with parts.pool.acquire() as conn:
        found = await service.get(conn, staff(request), ident)
    status, error = await sending.try_once(parts.pool, parts.settings, found)
    return answer(request, Trial(is_well(status), status, error))


@post(
    "/webhooks/{webhook_id:str}/secret",
    **call(SYSTEM_KEEPER, "outward", answer=NewSecret, example=(None, examples.SECRET), errors=(_GONE,)),
)
async def renew_webhook_secret(request: Req, webhook_id: FromPath[str]) -> Response[bytes]:
    parts, ident = context(request).parts, id_of(webhook_id, "webhooks.gone")
    secret = await service.renew_secret(parts.pool, parts.settings.secret_key, staff(request), ident)
    return answer(request, NewSecret(secret))


@get(
    "/webhooks/{webhook_id:str}/messages",
    **call(
        SYSTEM_KEEPER,
        "outward",
        query=MessagesQuery,
        answer=SentPage,
        example=(None, examples.MESSAGES),
        errors=(_GONE,),
    ),
)
async def webhook_messages(request: Req, webhook_id: FromPath[str]) -> Response[bytes]:
    asked, ident = read_query(request, MessagesQuery), id_of(webhook_id, "webhooks.gone")
    async with context(request).parts.pool.acquire() as conn:
        await service.get(conn, staff(request), ident)
        rows, following = await service.ledger(conn, ident, asked.state, asked.cursor or "")
    items = [
        SentView(
            message_id(one.report_id, one.seq),
            one.code,
            one.kind,
            one.state,
            one.tries,
            one.status,
            one.error,
            one.created_at,
            one.settled_at,
            one.next_at if one.state == "waiting" else None,
        )
        for one in rows
    ]
    return answer(request, SentPage(items, following))


@post(
    "/webhooks/{webhook_id:str}/replay",
    **call(
        SYSTEM_KEEPER,
        "outward",
        body=ReplayBody,
        answer=Replayed,
        example=(examples.REPLAY_BODY, examples.REPLAYED),
        errors=(
            _GONE,
            NotFound("webhooks.message_gone"),
            Invalid("webhooks.range_wrong", field="until"),
            Invalid("webhooks.range_many", field="until", most=service.REPLAY_MOST),
        ),
    ),
)
async def replay_webhook(request: Req, webhook_id: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, ReplayBody)
    pool, who, ident = context(request).parts.pool, staff(request), id_of(webhook_id, "webhooks.gone")
    if body.message is not None:
        await service.replay_message(pool, who, ident, body.message)
        return answer(request, Replayed(1))
    since, until = (at if at is not None and at.tzinfo else None for at in (body.since, body.until))
    if since is None or until is None:
        raise Invalid("webhooks.range_wrong", field="until")
    return answer(request, Replayed(await service.replay(pool, who, ident, since, until)))


ROUTES = [
    list_webhooks,
    add_webhook,
    see_webhook,
    change_webhook,
    remove_webhook,
    switch_webhook,
    test_webhook,
    renew_webhook_secret,
    webhook_messages,
    replay_webhook,
]
