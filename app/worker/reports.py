"""Jobs that serve citizens and the reports."""

from uuid import UUID

import structlog
from msgspec import Struct
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from app.escalation import service as escalation
from app.notify import service as notify
from app.notify import staff
from app.notify.manners import Quiet
from app.notify.smtp import mail_sender
from app.outward import Client
from app.reports import by_date, deadlines, media, reminders
from app.routing import service as routing
from app.worker.taking import Means, on

log = structlog.get_logger()


class Tell(Struct, frozen=True):
    report_id: UUID
    first: int
    last: int


class Deliver(Struct, frozen=True):
    report_id: UUID
    seq: int
    recipient: str
    channel: str


class FetchMedia(Struct, frozen=True):
    report_id: UUID
    url: str


class Recompute(Struct, frozen=True):
    version: str


def register(queue: PgQueuer, means: Means) -> None:
    parts, senders = means.parts, means.senders
    by_mail = mail_sender(parts.settings) is not None
    quiet = Quiet(*parts.settings.quiet_hours) if parts.settings.quiet_hours else None

    @on(queue, "tell", Tell)
    async def tell(wanted: Tell) -> None:
        await notify.tell(parts.pool, wanted.report_id, wanted.first, wanted.last)
        # Whoever tries the demo in the evening does not want to wait for the morning.
        demo = parts.settings.simulated
        await staff.tell(parts.pool, parts.rules, wanted.report_id, wanted.first, wanted.last, at_any_hour=demo)
        await escalation.tell(
            parts.pool,
            parts.rules,
            wanted.report_id,
            wanted.first,
            wanted.last,
            by_mail=by_mail,
            at_any_hour=demo,
        )

    @on(queue, "fetch_media", FetchMedia)
    async def fetch_media(wanted: FetchMedia) -> None:
        networks = parts.settings.networks
        http = Client(networks)
        try:
            way = media.Means(parts.pool, parts.objects, parts.lab, parts.rules, http, networks)
            await media.fetch(way, wanted.report_id, wanted.url)
        finally:
            await http.close()

    @on(queue, "deliver", Deliver)
    async def deliver(wanted: Deliver) -> None:
        key = (wanted.report_id, wanted.seq, wanted.recipient, wanted.channel)
        await notify.deliver(parts.pool, parts.objects, senders, key, lab=parts.lab, quiet=quiet)

    @on(queue, "recompute_deadlines", Recompute)
    async def recompute_deadlines(wanted: Recompute) -> None:
        rules = await routing.current(parts.pool, parts.rules)
        # Rules that were replaced meanwhile have a job of their own.
        if rules.version == wanted.version:
            changed = await deadlines.recompute(parts.pool, rules)
            await staff.refresh_stale(parts.pool)
            log.info("deadlines recomputed", reports=changed, version=rules.version)

    @queue.schedule("close_silent", "*/10 * * * *")
    async def close_silent(_: Schedule) -> None:
        closed = await by_date.close_silent(parts.pool, parts.rules)
        log.info("closed after silence", reports=closed)

    @queue.schedule("resume_unanswered", "*/10 * * * *")
    async def resume_unanswered(_: Schedule) -> None:
        resumed = await by_date.resume_unanswered(parts.pool, parts.rules)
        log.info("resumed without an answer", reports=resumed)

    @queue.schedule("remind_reporters", "*/10 * * * *")
    async def remind_reporters(_: Schedule) -> None:
        reminded = await reminders.remind(parts.pool, parts.rules)
        log.info("reporters reminded", reports=reminded)
