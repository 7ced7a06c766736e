"""The worker: runs jobs. The one place that binds the channels' senders to ``app.notify``."""

import asyncio
import signal
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import structlog
from pgqueuer import DatabaseRetryEntrypointExecutor, PgQueuer
from pgqueuer.models import Job, Schedule

from app.accounts import chats
from app.accounts import service as accounts
from app.attachments import service as attachments
from app.bulk import service as bulk
from app.casefile import presence
from app.escalation import delivery, notices
from app.escalation import morning as morning_mail
from app.escalation import service as escalation
from app.exports import making as exports_making
from app.exports import service as exports
from app.exports import telling as exports_telling
from app.notify import morning, staff
from app.notify import service as notify
from app.notify.manners import Quiet
from app.notify.model import CardSenders, Senders
from app.notify.smtp import mail_sender
from app.opendata import service as opendata
from app.photos import service as photos
from app.reports import by_date, deadlines, reminders
from app.reports import service as reports
from app.reports.watching import Watch
from app.routing import service as routing
from app.schedules import sending
from app.schedules import service as schedules
from app.settings import Settings
from app.sounds import service as sounds
from app.stats import projection
from app.upkeep.service import alive
from app.wiring import Parts, open_parts
from app.worklist import feed
from bot.conversation import service as conversation
from bot.officers import store as officers
from bot.telegram.send import telegram_sender
from bot.zalo.send import zalo_senders

log = structlog.get_logger()

_HEARTBEAT = timedelta(seconds=10)
"""A job of a worker that died is taken up by another one after this."""
_LOOK_EVERY = timedelta(milliseconds=250)
"""Nobody rings when a job is added (see ``migrations/20261122000250_quiet_queue.sql``)."""
_KEYS_KEPT = timedelta(days=2)
_STATISTICS_EVERY = 2.0
"""Seconds."""


class _Tell(msgspec.Struct, frozen=True):
    report_id: UUID
    first: int
    last: int


class _Refresh(msgspec.Struct, frozen=True):
    report_id: UUID


class _Recompute(msgspec.Struct, frozen=True):
    version: str


class _Bulk(msgspec.Struct, frozen=True):
    run_id: UUID


class _SendSchedule(msgspec.Struct, frozen=True):
    run_id: UUID
    recipient: str


class _Export(msgspec.Struct, frozen=True):
    export_id: UUID


class _Correct(msgspec.Struct, frozen=True):
    month: date
    after: int
    reason: str
    by: str


class _Deliver(msgspec.Struct, frozen=True):
    report_id: UUID
    seq: int
    recipient: str
    channel: str


def register_staff(queue: PgQueuer, parts: Parts, senders: CardSenders) -> None:
    """The jobs that tell staff of cases in their chats, and those that staff give."""

    @queue.entrypoint("deliver_staff", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def deliver_staff(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Deliver)
        key = (wanted.report_id, wanted.seq, wanted.recipient, wanted.channel)
        await staff.deliver(parts.pool, parts.objects, parts.rules, senders, key, parts.settings.map_link)

    @queue.entrypoint("refresh_cards", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def refresh_cards(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Refresh)
        await staff.refresh(parts.pool, parts.rules, senders, wanted.report_id, parts.settings.map_link)

    @queue.entrypoint("bulk", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def do_many(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Bulk)
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


def register_exports(queue: PgQueuer, parts: Parts, senders: CardSenders) -> None:
    """The jobs that make files of figures and tell who ordered them."""

    @queue.entrypoint("make_export", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def make_export(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Export)
        rules = await routing.current(parts.pool, parts.rules)
        await exports_making.make(parts.pool, parts.objects, rules, parts.gazetteer, wanted.export_id)

    @queue.entrypoint("tell_export", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def tell_export(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Export)
        await exports_telling.tell(parts.pool, senders, parts.settings.public_url, wanted.export_id, job.attempts + 1)

    @queue.schedule("sweep_exports", "43 * * * *")
    async def sweep_exports(_: Schedule) -> None:
        swept = await exports.sweep(parts.pool, parts.objects)
        log.info("old files of figures removed", files=swept)


def register_warnings(queue: PgQueuer, parts: Parts, senders: CardSenders) -> None:
    """The jobs that warn staff in time and bring what concerns them as persons, by chat and e-mail."""
    mail, watch = mail_sender(parts.settings), Watch()

    @queue.schedule("warn_in_time", "* * * * *")
    async def warn_in_time(_: Schedule) -> None:
        warned = await watch.look(parts.pool, parts.rules)
        log.info("deadlines warned of", reports=warned)

    @queue.entrypoint("deliver_warning", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def deliver_warning(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Deliver)
        key = (wanted.report_id, wanted.seq, wanted.recipient, wanted.channel)
        settings = parts.settings
        ways = delivery.Ways(parts.rules, senders, mail, settings.public_url, settings.map_link)
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


def register_schedules(queue: PgQueuer, parts: Parts, senders: CardSenders) -> None:
    """Reports of figures that come by themselves."""
    ways = sending.Ways(senders, mail_sender(parts.settings), parts.settings.public_url)

    @queue.schedule("plan_schedules", "* * * * *")
    async def plan_schedules(_: Schedule) -> None:
        entered = await schedules.plan(parts.pool, parts.rules.calendar)
        log.info("scheduled reports due", runs=entered)

    @queue.entrypoint("send_schedule", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def send_schedule(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_SendSchedule)
        rules = await routing.current(parts.pool, parts.rules)
        await sending.send(parts.pool, rules, parts.gazetteer, ways, wanted.run_id, wanted.recipient)

    @queue.schedule("sweep_schedules", "31 4 * * *")
    async def sweep_schedules(_: Schedule) -> None:
        swept = await schedules.sweep(parts.pool)
        log.info("old scheduled reports forgotten", runs=swept)


def register(queue: PgQueuer, parts: Parts, senders: Senders) -> None:
    """Every job that serves citizens and the reports. A failing one is tried again with back-off and parked at last,
    never dropped."""
    by_mail = mail_sender(parts.settings) is not None
    quiet = Quiet(*parts.settings.quiet_hours) if parts.settings.quiet_hours else None

    @queue.entrypoint("tell", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def tell(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Tell)
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

    @queue.entrypoint("deliver", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def deliver(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Deliver)
        key = (wanted.report_id, wanted.seq, wanted.recipient, wanted.channel)
        await notify.deliver(parts.pool, parts.objects, senders, key, lab=parts.lab, quiet=quiet)

    @queue.entrypoint("recompute_deadlines", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def recompute_deadlines(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Recompute)
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

    _register_upkeep(queue, parts)
    _register_opendata(queue, parts)


def _register_opendata(queue: PgQueuer, parts: Parts) -> None:
    """Months of open data."""

    def means() -> opendata.Means:
        return opendata.Means(parts.pool, parts.objects, parts.rules, parts.gazetteer)

    @queue.schedule("make_due_opendata", "43 * * * *")
    async def make_due_opendata(_: Schedule) -> None:
        await opendata.make_due(means())

    @queue.entrypoint("make_opendata", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def make_opendata(_: Job) -> None:
        await opendata.make_due(means())

    @queue.entrypoint("correct_opendata", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
    async def correct_opendata(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=_Correct)
        await opendata.correct(means(), wanted.month, wanted.after, wanted.reason, wanted.by)


def _register_upkeep(queue: PgQueuer, parts: Parts) -> None:
    """Forgetting what is no longer needed."""

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

    @queue.schedule("sweep_sounds", "19 * * * *")
    async def sweep_sounds(_: Schedule) -> None:
        swept = await sounds.sweep_orphans(parts.pool, parts.objects)
        log.info("orphan voice messages removed", sounds=swept)

    @queue.schedule("sweep_accounts", "41 * * * *")
    async def sweep_accounts(_: Schedule) -> None:
        await accounts.sweep(parts.pool, datetime.now(UTC))

    @queue.schedule("mark_changes", "*/5 * * * *")
    async def mark_changes(_: Schedule) -> None:
        await feed.mark(parts.pool)

    @queue.schedule("sweep_statistics", "47 3 * * *")
    async def sweep_statistics(_: Schedule) -> None:
        await projection.sweep(parts.pool)

    @queue.schedule("forget_keys", "23 * * * *")
    async def forget_keys(_: Schedule) -> None:
        await reports.forget_keys(parts.pool, datetime.now(UTC) - _KEYS_KEPT)
        await presence.sweep(parts.pool)

    @queue.schedule("forget_messages", "53 * * * *")
    async def forget_messages(_: Schedule) -> None:
        forgotten = await conversation.forget_messages(parts.pool)
        log.info("old messages forgotten", messages=forgotten)


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


async def run(settings: Settings) -> None:
    """Work until told to stop; what was taken is finished first."""
    async with (
        open_parts(settings) as parts,
        alive(parts.pool, "worker"),
        telegram_sender(settings) as telegram,
        zalo_senders(parts) as zalo,
        # PgQueuer reads and writes JSON columns as text, so it has connections of its own without our codec.
        asyncpg.create_pool(settings.database_url, min_size=2, max_size=6) as plain,
    ):
        queue = PgQueuer.from_asyncpg_pool(plain)
        senders = {**telegram, **zalo}
        register(queue, parts, senders)
        register_staff(queue, parts, telegram)
        register_exports(queue, parts, telegram)
        register_warnings(queue, parts, telegram)
        register_schedules(queue, parts, telegram)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, queue.shutdown.set)
        counting = asyncio.create_task(follow_statistics(parts, queue.shutdown))
        log.info("worker ready")
        try:
            await queue.run(heartbeat_timeout=_HEARTBEAT, dequeue_timeout=_LOOK_EVERY)
        finally:
            queue.shutdown.set()
            await counting
    log.info("worker stopped")
