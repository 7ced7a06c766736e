"""The worker: runs jobs. The one place that binds the channels' senders to ``app.notify``."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer import PgQueuer

from app.db import Pool, close_pool
from app.notify.push import CHANNEL as PUSH
from app.notify.push import push_sender
from app.settings import Settings
from app.stats import projection
from app.upkeep.service import alive
from app.wiring import Parts, open_parts
from app.worker import figures, followers, partners, reports, staff, upkeep
from app.worker.taking import Means
from bot.telegram.send import telegram_sender
from bot.zalo.send import zalo_senders

log = structlog.get_logger()

REGISTERS: tuple[Callable[[PgQueuer, Means], None], ...] = (
    reports.register,
    staff.register,
    figures.register,
    followers.register,
    partners.register,
    upkeep.register,
)
"""Every slice's jobs."""

_HEARTBEAT = timedelta(seconds=10)
"""A job of a worker that died is taken up by another one after this."""
_LOOK_EVERY = timedelta(milliseconds=250)
"""Nobody rings when a job is added (see ``migrations/20261122000250_quiet_queue.sql``)."""
_STATISTICS_EVERY = 2.0
"""Seconds."""


async def follow_statistics(parts: Parts, stop: asyncio.Event) -> None:
    """The statistics stay a few seconds behind the history."""
    while not stop.is_set():
        try:
            await projection.catch_up(parts.pool)
        except Exception as error:
            # Nothing is lost: it begins again where it stood, and how old the figures are is shown beside them.
            log.exception("statistics wait", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _STATISTICS_EVERY)


FOLLOWERS = (follow_statistics, partners.send_webhooks, partners.work_with_partners)
"""What reads the history as long as a worker runs."""


@asynccontextmanager
async def _plain_pool(settings: Settings) -> AsyncIterator[Pool]:
    """PgQueuer reads and writes JSON columns as text, so it has connections of its own without our codec."""
    pool = await asyncpg.create_pool(settings.database_url, min_size=2, max_size=6)
    try:
        yield pool
    finally:
        await close_pool(pool)


async def run(settings: Settings) -> None:
    """Work until told to stop; what was taken is finished first."""
    async with (
        open_parts(settings) as parts,
        alive(parts.pool, "worker"),
        telegram_sender(settings) as telegram,
        zalo_senders(parts) as zalo,
        push_sender(parts.pool, settings) as push,
        _plain_pool(settings) as plain,
    ):
        queue = PgQueuer.from_asyncpg_pool(plain)
        means = Means(parts, {**telegram, **zalo, PUSH: push}, telegram, push)
        for register in REGISTERS:
            register(queue, means)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, queue.shutdown.set)
        reading = [asyncio.create_task(follow(parts, queue.shutdown)) for follow in FOLLOWERS]
        log.info("worker ready")
        try:
            await queue.run(heartbeat_timeout=_HEARTBEAT, dequeue_timeout=_LOOK_EVERY)
        finally:
            queue.shutdown.set()
            await asyncio.gather(*reading)
    log.info("worker stopped")
