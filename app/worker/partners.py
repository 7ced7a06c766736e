"""Jobs that tell other systems what happens to reports, and fetch what those say."""

import asyncio

import structlog
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from app.db import transaction
from app.escalation import incidents
from app.escalation import webhooks as of_webhooks
from app.notify.smtp import mail_sender
from app.outward import Client
from app.partners import deciding, running
from app.partners import service as partners
from app.webhooks import sending, service
from app.wiring import Parts, partner_means
from app.worker.taking import Means

log = structlog.get_logger()


def register(queue: PgQueuer, means: Means) -> None:
    """What is done now and then; ``send_webhooks`` and ``work_with_partners`` do the rest."""
    parts, mail = means.parts, mail_sender(means.parts.settings)

    @queue.schedule("keep_incidents", "* * * * *")
    async def keep_incidents(_: Schedule) -> None:
        async with transaction(parts.pool) as conn:
            standing = [*await of_webhooks.troubles(conn), *await deciding.troubles(conn)]
            await incidents.keep(conn, standing, by_mail=mail is not None)
        if mail is not None:
            await incidents.send(parts.pool, mail, parts.settings.public_url)

    @queue.schedule("sweep_webhooks", "43 * * * *")
    async def sweep_webhooks(_: Schedule) -> None:
        forgotten = await service.sweep(parts.pool)
        log.info("old messages to webhooks forgotten", messages=forgotten)

    @queue.schedule("sweep_partners", "51 4 * * *")
    async def sweep_partners(_: Schedule) -> None:
        forgotten = await partners.sweep(parts.pool)
        log.info("old attempts at partners forgotten", attempts=forgotten)


async def send_webhooks(parts: Parts, stop: asyncio.Event) -> None:
    """What happens is sent to webhooks, until told to stop."""
    settings = parts.settings
    sender = sending.Sender(settings.secret_key, settings.public_url, settings.networks)
    try:
        await sending.run(parts.pool, sender, stop)
    finally:
        await sender.close()


async def work_with_partners(parts: Parts, stop: asyncio.Event) -> None:
    """Reports are sent to partners' Open311 servers, and their news fetched, until told to stop."""
    http = Client(parts.settings.networks)
    try:
        await running.run(lambda: partner_means(parts, http), stop)
    finally:
        await http.close()
