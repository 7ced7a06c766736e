"""Jobs that tell other systems what happens to reports."""

import asyncio

import structlog
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from app.escalation import webhooks as notices
from app.notify.smtp import mail_sender
from app.webhooks import sending, service
from app.wiring import Parts
from app.worker.taking import Means

log = structlog.get_logger()


def register(queue: PgQueuer, means: Means) -> None:
    """What is done now and then for webhooks; ``send_webhooks`` sends their messages."""
    parts, mail = means.parts, mail_sender(means.parts.settings)

    @queue.schedule("tell_webhooks", "*/5 * * * *")
    async def tell_webhooks(_: Schedule) -> None:
        await notices.tell(parts.pool, mail, parts.settings.public_url)

    @queue.schedule("sweep_webhooks", "43 * * * *")
    async def sweep_webhooks(_: Schedule) -> None:
        forgotten = await service.sweep(parts.pool)
        log.info("old messages to webhooks forgotten", messages=forgotten)


async def send_webhooks(parts: Parts, stop: asyncio.Event) -> None:
    """What happens is sent to webhooks, until told to stop."""
    settings = parts.settings
    sender = sending.Sender(settings.secret_key, settings.public_url, settings.networks)
    try:
        await sending.run(parts.pool, sender, stop)
    finally:
        await sender.close()
