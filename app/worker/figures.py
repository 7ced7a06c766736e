"""Jobs that bring figures to people and programs."""

from datetime import date
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct
from pgqueuer import PgQueuer
from pgqueuer.models import Job, Schedule

from app.exports import making as exports_making
from app.exports import service as exports
from app.exports import telling as exports_telling
from app.notify.smtp import mail_sender
from app.opendata import service as opendata
from app.routing import service as routing
from app.schedules import sending
from app.schedules import service as schedules
from app.stats import projection
from app.worker.taking import KEPT, Means, Nothing, on
from app.worklist import feed

log = structlog.get_logger()


class Export(Struct, frozen=True):
    export_id: UUID


class SendSchedule(Struct, frozen=True):
    run_id: UUID
    recipient: str


class Correct(Struct, frozen=True):
    month: date
    after: int
    reason: str
    by: str


def register(queue: PgQueuer, means: Means) -> None:
    _register_exports(queue, means)
    _register_schedules(queue, means)
    _register_opendata(queue, means)
    _register_reading(queue, means)


def _register_exports(queue: PgQueuer, means: Means) -> None:
    """Files of figures are made, and whoever ordered one is told."""
    parts, senders = means.parts, means.cards

    @on(queue, "make_export", Export)
    async def make_export(wanted: Export) -> None:
        rules = await routing.current(parts.pool, parts.rules)
        await exports_making.make(parts.pool, parts.objects, rules, parts.gazetteer, wanted.export_id)

    @queue.entrypoint("tell_export", **KEPT)
    async def tell_export(job: Job) -> None:
        wanted = msgspec.json.decode(job.payload or b"", type=Export)
        await exports_telling.tell(parts.pool, senders, parts.settings.public_url, wanted.export_id, job.attempts + 1)

    @queue.schedule("sweep_exports", "43 * * * *")
    async def sweep_exports(_: Schedule) -> None:
        swept = await exports.sweep(parts.pool, parts.objects)
        log.info("old files of figures removed", files=swept)


def _register_schedules(queue: PgQueuer, means: Means) -> None:
    """Reports of figures that come by themselves."""
    parts = means.parts
    ways = sending.Ways(means.cards, mail_sender(parts.settings), parts.settings.public_url)

    @queue.schedule("plan_schedules", "* * * * *")
    async def plan_schedules(_: Schedule) -> None:
        entered = await schedules.plan(parts.pool, parts.rules.calendar)
        log.info("scheduled reports due", runs=entered)

    @on(queue, "send_schedule", SendSchedule)
    async def send_schedule(wanted: SendSchedule) -> None:
        rules = await routing.current(parts.pool, parts.rules)
        await sending.send(parts.pool, rules, parts.gazetteer, ways, wanted.run_id, wanted.recipient)

    @queue.schedule("sweep_schedules", "31 4 * * *")
    async def sweep_schedules(_: Schedule) -> None:
        swept = await schedules.sweep(parts.pool)
        log.info("old scheduled reports forgotten", runs=swept)


def _register_opendata(queue: PgQueuer, means: Means) -> None:
    """Months of open data."""
    parts = means.parts

    def current() -> opendata.Means:
        return opendata.Means(parts.pool, parts.objects, parts.rules, parts.gazetteer)

    @queue.schedule("make_due_opendata", "43 * * * *")
    async def make_due_opendata(_: Schedule) -> None:
        await opendata.make_due(current())

    @on(queue, "make_opendata", Nothing)
    async def make_opendata(_: Nothing) -> None:
        await opendata.make_due(current())

    @on(queue, "correct_opendata", Correct)
    async def correct_opendata(wanted: Correct) -> None:
        await opendata.correct(current(), wanted.month, wanted.after, wanted.reason, wanted.by)


def _register_reading(queue: PgQueuer, means: Means) -> None:
    """What figures and feeds are read from."""
    parts = means.parts

    @queue.schedule("mark_changes", "*/5 * * * *")
    async def mark_changes(_: Schedule) -> None:
        await feed.mark(parts.pool)

    @queue.schedule("sweep_statistics", "47 3 * * *")
    async def sweep_statistics(_: Schedule) -> None:
        await projection.sweep(parts.pool)
