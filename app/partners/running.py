"""The work on partners that never ends: following the history, sending, fetching news."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import structlog

from app.partners import pulling, sending, service, store
from app.partners.model import Partner
from app.partners.sending import PACE, Pace
from app.partners.service import Means

log = structlog.get_logger()

_EVERY = 2.0
"""Seconds between two looks."""


async def run(
    means: Callable[[], Means], stop: asyncio.Event, pace: Pace = PACE, pull_every: timedelta = pulling.EVERY
) -> None:
    """Until told to stop; what is under way is finished first. ``means`` as they are now. Each partner has a task of
    its own, so that a slow one holds nobody else up."""
    under_way: dict[UUID, asyncio.Task[None]] = {}
    while not stop.is_set():
        try:
            now = means()
            await service.follow(now.pool)
            async with now.pool.acquire() as conn:
                partners = await store.with_work(conn)
            for partner in partners:
                task = under_way.get(partner.partner_id)
                if task is None or task.done():
                    under_way[partner.partner_id] = asyncio.create_task(work(now, partner, pace, pull_every))
        except Exception as error:
            # Nothing is lost: rows wait, and the cursor stands where it stood.
            log.exception("partners wait", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _EVERY)
    await asyncio.gather(*under_way.values(), return_exceptions=True)


async def work(means: Means, partner: Partner, pace: Pace = PACE, pull_every: timedelta = pulling.EVERY) -> None:
    """What one partner needs now."""
    try:
        await sending.send_due(means, partner, pace)
        async with means.pool.acquire() as conn:
            mine = await store.claim_pull(conn, partner.partner_id, pull_every)
            again = await store.one(conn, partner.partner_id)
        if mine and again is not None:
            await pulling.pull(means, again)
    except Exception as error:  # one partner's trouble is not the others'
        log.exception("a partner waits", partner=str(partner.partner_id), error=type(error).__name__)
