"""Jobs that serve staff: what they are told, and what they have set going."""

from uuid import UUID

import structlog
from msgspec import Struct
from pgqueuer import PgQueuer
from pgqueuer.models import Schedule

from app.accounts import chats
from app.bulk import service as bulk
from app.escalation import delivery, notices
from app.escalation import morning as morning_mail
from app.notify import morning, staff
from app.notify.smtp import mail_sender
from app.reports.watching import Watch
from app.routing import service as routing
from app.worker.reports import Deliver
from app.worker.taking import Means, on
from bot.officers import store as officers

log = structlog.get_logger()


class Refresh(Struct, frozen=True):
    report_id: UUID


class Bulk(Struct, frozen=True):
    run_id: UUID


def register(queue: PgQueuer, means: Means) -> None:
    _register_chats(queue, means)
    _register_warnings(queue, means)


def _register_chats(queue: PgQueuer, means: Means) -> None:
    """Cases in the chats of staff, and what staff have done in bulk."""
    parts, senders = means.parts, means.cards

    @on(queue, "deliver_staff", Deliver)
    async def deliver_staff(wanted: Deliver) -> None:
        key = (wanted.report_id, wanted.seq, wanted.recipient, wanted.channel)
        await staff.deliver(parts.pool, parts.objects, parts.rules, senders, key, parts.settings.map_link)

    @on(queue, "refresh_cards", Refresh)
    async def refresh_cards(wanted: Refresh) -> None:
        await staff.refresh(parts.pool, parts.rules, senders, wanted.report_id, parts.settings.map_link)

    @on(queue, "bulk", Bulk)
    async def do_many(wanted: Bulk) -> None:
        await bulk.work(parts.pool, await routing.current(parts.pool, parts.rules), wanted.run_id)

    @queue.schedule("sweep_bulk", "37 * * * *")
    async def sweep_bulk(_: Schedule) -> None:
        swept = await bulk.sweep(parts.pool)
        log.info("old acts on many reports forgotten", runs=swept)

    @queue.schedule("staff_digests", "*/5 * * * *")
    async def staff_digests(_: Schedule) -> None:
        sent = await morning.send_digests(parts.pool, parts.rules, senders)
        log.info("summaries sent", digests=sent)

    @queue.schedule("sweep_officers", "*/20 * * * *")
    async def sweep_officers(_: Schedule) -> None:
        async with parts.pool.acquire() as conn:
            await chats.sweep(conn)
            await officers.sweep(conn)
            await staff.sweep(conn)
        await staff.refresh_stale(parts.pool)


def _register_warnings(queue: PgQueuer, means: Means) -> None:
    """Warnings in time, and what concerns somebody as a person, by chat and e-mail."""
    parts, senders = means.parts, means.cards
    mail, watch = mail_sender(parts.settings), Watch()

    @queue.schedule("warn_in_time", "* * * * *")
    async def warn_in_time(_: Schedule) -> None:
        warned = await watch.look(parts.pool, parts.rules)
        log.info("deadlines warned of", reports=warned)

    @on(queue, "deliver_warning", Deliver)
    async def deliver_warning(wanted: Deliver) -> None:
        key = (wanted.report_id, wanted.seq, wanted.recipient, wanted.channel)
        settings = parts.settings
        ways = delivery.Ways(parts.rules, senders, mail, means.push, settings.public_url, settings.map_link)
        await delivery.deliver(parts.pool, ways, key)

    @queue.schedule("staff_mails", "*/5 * * * *")
    async def staff_mails(_: Schedule) -> None:
        if mail is not None:
            sent = await morning_mail.send(parts.pool, parts.rules, mail, parts.settings.public_url)
            log.info("the morning's mails sent", mails=sent)

    @queue.schedule("sweep_notices", "29 * * * *")
    async def sweep_notices(_: Schedule) -> None:
        async with parts.pool.acquire() as conn:
            swept = await notices.sweep(conn)
        log.info("old notices forgotten", notices=swept)
