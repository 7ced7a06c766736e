"""Jobs that tell other systems what happens to reports, and fetch what those say."""

import asyncio

import structlog
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from app.escalation import webhooks as notices
from app.notify.smtp import mail_sender
from app.outward import Client
from app.partners import running
from app.partners import service as partners
from app.webhooks import sending, service
from app.wiring import Parts
from app.worker.taking import Means

log = structlog.get_logger()


def register(queue: PgQueuer, means: Means) -> None:
    """What is done now and then; ``send_webhooks`` and ``work_with_partners`` do the rest."""
    parts, mail = means.parts, mail_sender(means.parts.settings)

    @queue.schedule("tell_webhooks", "*/5 * * * *")
    async def tell_webhooks(_: Schedule) -> None:
        await notices.tell(parts.pool, mail, parts.settings.public_url)

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


def partner_means(parts: Parts, http: Client) -> partners.Means:
    """As they are now: rules are replaced."""
    settings = parts.settings
    return partners.Means(
        parts.pool, http, settings.secret_key, settings.public_url, parts.rules, parts.objects, parts.lab,
        settings.networks,
    )  # fmt: skip
