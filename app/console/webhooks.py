"""Webhooks: which other systems are told what happens to reports, whether it reaches them, and what to do where not."""

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.console.context import BASE, Req, actor, console, lang_of, signature
from app.console.declare import SYSTEM, page
from app.console.render import go, show
from app.console.staff_common import agencies_of, agency_word
from app.errors import AppError, Conflict, Invalid, NotFound
from app.forms import Form
from app.i18n import t
from app.routing.calendar import VIETNAM
from app.webhooks import sending, service
from app.webhooks.model import KINDS, KNOWN_ERRORS, DeliveryState, Webhook, is_well
from app.webhooks.service import Wanted

HERE = f"{BASE}/webhooks"
_STATES: tuple[DeliveryState, ...] = ("waiting", "given_up", "delivered")


class Row(Struct, frozen=True):
    webhook: Webhook
    host: str
    waiting: int
    delivered: int
    given_up: int


def _row(webhook: Webhook, counts: dict[str, int]) -> Row:
    host = urlsplit(webhook.url).hostname or ""
    return Row(webhook, host, *(counts.get(state, 0) for state in ("waiting", "delivered", "given_up")))


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound("webhooks.gone") from None


def _wanted(request: Req) -> Wanted:
    form: Form = request.state.form
    return Wanted(
        name=form.text("name"),
        url=form.text("url"),
        kinds=tuple(form.ticked.get("kinds", ())),
        agencies=tuple(form.ticked.get("agencies", ())),
        words=form.text("words") == "1",
    )


@get("/webhooks", **page(SYSTEM))
async def webhooks(request: Req) -> Response[bytes]:
    return await _list(request)


async def _list(request: Req, *, typed: Wanted | None = None, error: AppError | None = None) -> Response[bytes]:
    async with console(request).parts.pool.acquire() as conn:
        found = await service.every(conn, actor(request))
    return show(
        request,
        "webhooks.html.j2",
        status=error.status if error else 200,
        rows=[_row(*each) for each in found],
        typed=typed or Wanted(name="", url=""),
        done=request.query_params.get("done", ""),
        **await _form(request, error),
    )


async def _form(request: Req, error: AppError | None) -> dict[str, Any]:
    lang = lang_of(request)
    agencies = [(each.agency_id, agency_word(each, lang)) for each in await agencies_of(request) if each.active]
    return {
        "here": HERE,
        "kinds": [str(kind) for kind in KINDS],
        "agencies": sorted(agencies, key=lambda each: each[1]),
        "problems": {p.field: t(p.key, lang, **p.params) for p in error.problems} if error else {},
    }


@post("/webhooks", **page(SYSTEM, status=200))
async def add(request: Req) -> Response[Any]:
    """The page after it shows the secret, which nobody can ever see again: so it leads nowhere on."""
    parts, wanted = console(request).parts, _wanted(request)
    try:
        webhook_id, secret = await service.add(
            parts.pool, parts.settings.secret_key, actor(request), wanted, signature(request), parts.settings.networks
        )
    except (Invalid, Conflict) as error:
        return await _list(request, typed=wanted, error=error)
    return await _one(request, webhook_id, secret=secret)


@get("/webhooks/{wanted:str}", **page(SYSTEM))
async def webhook(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    return await _one(request, _id(wanted))


async def _one(
    request: Req,
    webhook_id: UUID,
    *,
    typed: Wanted | None = None,
    error: AppError | None = None,
    secret: str = "",
    tried: tuple[int | None, str] | None = None,
) -> Response[bytes]:
    """``tried``: what came of a test message."""
    state = next((each for each in _STATES if each == request.query_params.get("state")), None)
    async with console(request).parts.pool.acquire() as conn:
        found = await service.get(conn, actor(request), webhook_id)
        counts = await service.counts(conn, webhook_id)
        before = request.query_params.get("before", "")
        rows, end = await service.ledger(conn, webhook_id, state, before)
        attempts = await service.attempts(conn, webhook_id)
    usual = Wanted(name=found.name, url=found.url, kinds=found.kinds, agencies=found.agencies, words=found.words)
    return show(
        request,
        "webhook.html.j2",
        status=error.status if error else 200,
        row=_row(found, counts),
        typed=typed or usual,
        secret=secret,
        tried=tried,
        well=tried is not None and is_well(tried[0]),
        state=state or "",
        states=_STATES,
        rows=rows,
        older=end,
        before=before,
        attempts=attempts,
        done=request.query_params.get("done", ""),
        known=KNOWN_ERRORS,
        count=request.query_params.get("count", "0")[:9],
        since=_day(found.disabled_at or datetime.now(VIETNAM) - timedelta(days=1)),
        until=_day(datetime.now(VIETNAM)),
        **await _form(request, error),
    )


def _day(at: datetime) -> str:
    return at.astimezone(VIETNAM).date().isoformat()


@post("/webhooks/{wanted:str}", **page(SYSTEM))
async def change(request: Req, wanted: FromPath[str]) -> Response[Any]:
    parts, typed, webhook_id = console(request).parts, _wanted(request), _id(wanted)
    try:
        await service.change(parts.pool, actor(request), webhook_id, typed, parts.settings.networks)
    except Invalid as error:
        return await _one(request, webhook_id, typed=typed, error=error)
    return go(f"{HERE}/{webhook_id}?done=changed")


@post("/webhooks/{wanted:str}/try", **page(SYSTEM, status=200))
async def try_out(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    parts, webhook_id = console(request).parts, _id(wanted)
    async with parts.pool.acquire() as conn:
        found = await service.get(conn, actor(request), webhook_id)
    tried = await sending.try_once(parts.pool, parts.settings, found)
    return await _one(request, webhook_id, tried=tried)


@post("/webhooks/{wanted:str}/switch", **page(SYSTEM))
async def switch(request: Req, wanted: FromPath[str]) -> Response[Any]:
    webhook_id, on = _id(wanted), request.state.form.text("on") == "1"
    await service.switch(console(request).parts.pool, actor(request), webhook_id, on=on)
    return go(f"{HERE}/{webhook_id}?done={'on' if on else 'paused'}")


@post("/webhooks/{wanted:str}/secret", **page(SYSTEM, status=200))
async def renew_secret(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    parts, webhook_id = console(request).parts, _id(wanted)
    secret = await service.renew_secret(parts.pool, parts.settings.secret_key, actor(request), webhook_id)
    return await _one(request, webhook_id, secret=secret)


@post("/webhooks/{wanted:str}/remove", **page(SYSTEM))
async def remove(request: Req, wanted: FromPath[str]) -> Response[Any]:
    await service.remove(console(request).parts.pool, actor(request), _id(wanted))
    return go(f"{HERE}?done=removed")


@post("/webhooks/{wanted:str}/replay", **page(SYSTEM))
async def replay(request: Req, wanted: FromPath[str]) -> Response[Any]:
    """One message of the ledger (``message``: report and place), or all of some days, both included."""
    form: Form = request.state.form
    pool, who, webhook_id = console(request).parts.pool, actor(request), _id(wanted)
    if message := form.text("message"):
        await service.replay_message(pool, who, webhook_id, message)
        return go(f"{HERE}/{webhook_id}?done=again&count=1#ledger")
    try:
        count = await service.replay(pool, who, webhook_id, *_days(form))
    except Invalid as error:
        return await _one(request, webhook_id, error=error)
    return go(f"{HERE}/{webhook_id}?done=again&count={count}#ledger")


def _days(form: Form) -> tuple[datetime, datetime]:
    try:
        first, last = (date.fromisoformat(form.text(name)) for name in ("since", "until"))
    except ValueError:
        raise Invalid("webhooks.range_wrong", field="until") from None
    midnight = [datetime.combine(day, time(0), VIETNAM) for day in (first, last)]
    return midnight[0], midnight[1] + timedelta(days=1)


ROUTES = [webhooks, add, webhook, change, try_out, switch, renew_secret, remove, replay]
