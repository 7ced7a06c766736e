"""Jobs that forget what is no longer needed."""

from datetime import UTC, datetime, timedelta

import structlog
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from app.accounts import service as accounts
from app.attachments import service as attachments
from app.casefile import presence
from app.photos import resumable
from app.photos import service as photos
from app.reports import service as reports
from app.sounds import service as sounds
from app.worker.taking import Means
from bot.conversation import service as conversation

log = structlog.get_logger()

_KEYS_KEPT = timedelta(days=2)


def register(queue: PgQueuer, means: Means) -> None:
    parts = means.parts

    @queue.schedule("expire_drafts", "*/5 * * * *")
    async def expire_drafts(_: Schedule) -> None:
        await conversation.expire_drafts(parts.pool)

    @queue.schedule("sweep_documents", "13 * * * *")
    async def sweep_documents(_: Schedule) -> None:
        swept = await attachments.sweep(parts.pool, parts.objects)
        log.info("orphan documents removed", documents=swept)

    @queue.schedule("sweep_photos", "17 * * * *")
    async def sweep_photos(_: Schedule) -> None:
        swept = await photos.sweep_orphans(parts.pool, parts.objects)
        log.info("orphan photos removed", photos=swept)

    @queue.schedule("sweep_uploads", "47 * * * *")
    async def sweep_uploads(_: Schedule) -> None:
        swept = await resumable.sweep(parts.pool)
        log.info("unused uploads removed", uploads=swept)

    @queue.schedule("sweep_sounds", "19 * * * *")
    async def sweep_sounds(_: Schedule) -> None:
        swept = await sounds.sweep_orphans(parts.pool, parts.objects)
        log.info("orphan voice messages removed", sounds=swept)

    @queue.schedule("sweep_accounts", "41 * * * *")
    async def sweep_accounts(_: Schedule) -> None:
        await accounts.sweep(parts.pool, datetime.now(UTC))

    @queue.schedule("forget_keys", "23 * * * *")
    async def forget_keys(_: Schedule) -> None:
        await reports.forget_keys(parts.pool, datetime.now(UTC) - _KEYS_KEPT)
        await presence.sweep(parts.pool)

    @queue.schedule("forget_messages", "53 * * * *")
    async def forget_messages(_: Schedule) -> None:
        forgotten = await conversation.forget_messages(parts.pool)
        log.info("old messages forgotten", messages=forgotten)
