"""Jobs that tell those who follow an area."""

from datetime import datetime
from uuid import UUID

import structlog
from msgspec import Struct
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from app.notify.smtp import mail_sender
from app.subscriptions import letters, sending, service
from app.worker.taking import Means, on

log = structlog.get_logger()


class Confirm(Struct, frozen=True):
    request_id: UUID


class SendDigest(Struct, frozen=True):
    follower_id: UUID
    until: datetime


def register(queue: PgQueuer, means: Means) -> None:
    parts, senders, mail = means.parts, means.senders, mail_sender(means.parts.settings)

    def words() -> letters.Means:
        settings = parts.settings
        return letters.Means(parts.rules, parts.gazetteer, settings.secret_key, settings.public_url)

    @on(queue, "confirm_follow", Confirm)
    async def confirm_follow(wanted: Confirm) -> None:
        await sending.confirm(parts.pool, words(), mail, wanted.request_id)

    @queue.schedule("plan_area_digests", "*/5 * * * *")
    async def plan_area_digests(_: Schedule) -> None:
        entered = await sending.plan(parts.pool, parts.rules)
        log.info("digests of areas due", digests=entered)

    @on(queue, "send_area_digest", SendDigest)
    async def send_area_digest(wanted: SendDigest) -> None:
        await sending.send(parts.pool, words(), senders, mail, wanted.follower_id, wanted.until)

    @queue.schedule("sweep_followers", "59 * * * *")
    async def sweep_followers(_: Schedule) -> None:
        swept = await service.sweep(parts.pool)
        log.info("unconfirmed wishes forgotten", wishes=swept)
