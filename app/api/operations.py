"""For those who run the system: is it alive, can it serve, and how does it do."""

import asyncio
import time
from typing import Literal

import asyncpg
import structlog
from litestar import Response, get
from msgspec import Struct

from app import jobs
from app.api import examples
from app.api.context import Context, Req, answer, context
from app.api.declare import ANYONE, HOUSE, call
from app.api.metrics import CONTENT_TYPE, Outward
from app.notify import service as notify
from app.partners import store as partners
from app.upkeep import store as upkeep
from app.webhooks import store as webhooks
from storage.objects import StoreUnavailable

log = structlog.get_logger(__name__)
_PATIENCE = 3.0
_STORE_CHECK_EVERY = 10.0
"""The store is proved by writing to it; that is not done for everyone who asks."""


class Alive(Struct):
    alive: bool = True


class Ready(Struct):
    """``queue_seconds``: how long the oldest job that could run has waited; null when the database is away."""

    ready: bool
    database: Literal["ok", "away"]
    photos: Literal["ok", "away"]
    queue_seconds: float | None


class Probe:
    """Looks at the parts others run: the database at every question, the object store now and then."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._store_at = float("-inf")
        self._store_ok = False
        self._looking = asyncio.Lock()

    async def look(self) -> Ready:
        age, store = await asyncio.gather(self._queue_age(), self._store())
        ready = age is not None and store
        return Ready(ready, "away" if age is None else "ok", "ok" if store else "away", age)

    async def _queue_age(self) -> float | None:
        try:
            async with asyncio.timeout(_PATIENCE), self._ctx.parts.pool.acquire() as conn:
                return round(await jobs.oldest_age(conn), 1)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("not ready", part="database", error=type(error).__name__)
            return None

    async def _store(self) -> bool:
        async with self._looking:
            if time.monotonic() - self._store_at > _STORE_CHECK_EVERY:
                try:
                    async with asyncio.timeout(_PATIENCE):
                        await self._ctx.parts.objects.check()
                    self._store_ok = True
                except (StoreUnavailable, TimeoutError) as error:
                    log.warning("not ready", part="object store", error=str(error) or type(error).__name__)
                    self._store_ok = False
                self._store_at = time.monotonic()
        return self._store_ok


@get(
    "/healthz",
    **call(
        ANYONE,
        "operations",
        answer=Alive,
        example=(None, {"alive": True}),
    ),
)
async def healthz(request: Req) -> Response[bytes]:
    return answer(request, Alive())


@get(
    "/readyz",
    **call(
        ANYONE,
        "operations",
        also=(503,),
        answer=Ready,
        example=(None, examples.READY),
    ),
)
async def readyz(request: Req) -> Response[bytes]:
    ready = await request.app.state.probe.look()
    return answer(request, ready, 200 if ready.ready else 503)


@get(
    "/metrics",
    **call(
        HOUSE,
        "operations",
        raw=CONTENT_TYPE,
    ),
)
async def metrics(request: Req) -> Response[bytes]:
    ctx = context(request)
    async with ctx.parts.pool.acquire() as conn:
        age, sent, told = await jobs.oldest_age(conn), await upkeep.reports(conn), await notify.counts(conn)
        outward = Outward(await partners.health(conn), await webhooks.health(conn))
    return Response(ctx.metrics.page(age, sent, told, outward), media_type=CONTENT_TYPE)


ROUTES = [healthz, readyz, metrics]
