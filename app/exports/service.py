"""Ordering files, and having them: they are their orderer's alone, for as long as that person's rights cover them.

An order and its job are one transaction. The same question by the same rights, as known at the same moment, is the same
file: whoever asks again gets the one that is there.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from msgspec import structs
from uuid_utils.compat import uuid7

from app import orphans
from app.accounts import oversight
from app.accounts.model import Actor, EventKind
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from app.exports import store
from app.exports.columns import columns_for
from app.exports.formats import FORMATS, Maker
from app.exports.model import KEPT, RUNNING_MOST, Export, object_key, sameness
from app.exports.ranges import Part, cut
from app.i18n import Lang
from app.jobs import Job, enqueue
from app.routing import service as routing
from app.stats.asked import Asked
from app.stats.rights import narrowed
from storage.objects import ObjectMissing, ObjectStore, StoreUnavailable

log = structlog.get_logger()

_LISTED = 50
_SETTLES = timedelta(seconds=5)
"""By then what happened has been committed and read into the statistics."""


def moment_of(asked: Asked, now: datetime) -> datetime:
    """As known when: for what goes on, the last full minute of which everything is known, so that whoever asks twice
    within it asks the same."""
    minute = (now - _SETTLES).replace(second=0, microsecond=0)
    return min(asked.as_of or asked.period.end, minute)


def frozen(asked: Asked, now: datetime) -> tuple[Asked, datetime]:
    """The question, and what it is asked with as "now" whenever it is answered."""
    moment = moment_of(asked, now)
    return (asked if asked.as_of is None else structs.replace(asked, as_of=moment)), moment


def maker_of(format: str) -> Maker:  # noqa: A002  # what it is
    """Raises Invalid for a kind of file that there is not."""
    if format not in FORMATS:
        raise Invalid("exports.format_unknown", field="format", format=format[:40], known=", ".join(FORMATS))
    return FORMATS[format]


async def order(
    conn: Conn,
    actor: Actor,
    asked: Asked,
    format: str,  # noqa: A002  # what it is
    lang: Lang,
    *,
    tell: bool = True,
    cases: bool = True,
    now: datetime | None = None,
) -> Export:
    """In the caller's transaction. The person's own order of the same is given again. ``tell``: a notice and a message
    when it is ready; ``cases`` False: without what only those who read the case may know. Raises Forbidden, Invalid,
    Conflict when too many are under way."""
    maker, now = maker_of(format), now or datetime.now(UTC)
    assert actor.id is not None
    asked, moment = frozen(narrowed(actor, asked), now)
    if moment <= asked.period.start:
        raise Invalid("stats.period_wrong", field="period")
    columns = columns_for(actor, ids=maker.ids, cases=cases) if maker.lists else ()
    rules = await routing.in_force(conn)
    office = (actor.agency_id or "") if maker.paper else ""  # whose letterhead it has
    same = sameness(actor, asked, moment, format=format, lang=lang, columns=columns, rules=rules, office=office)
    await store.lock_orders(conn, actor.id)
    if (there := await store.same_of(conn, actor.id, same)) is not None:
        return there
    if await store.running(conn, actor.id) >= RUNNING_MOST:
        raise Conflict("exports.too_many", most=RUNNING_MOST)
    export = Export(
        export_id=uuid7(), staff_id=actor.id, format=format, lang=lang, query=asked.query(), as_of=moment,
        columns=columns, state="waiting", ordered_at=now, ended_at=None, done=0, total=None, rule_set=None,
        read_at=None, sha256=None, size_bytes=None, problem=None,
    )  # fmt: skip
    await store.insert(conn, export, same, tell=tell)
    found = await store.get(conn, export.export_id)
    assert found is not None
    if found.state == "waiting":
        await enqueue(conn, [_job(found.export_id)])
    await oversight.note(conn, EventKind.EXPORT_ORDERED, actor, export=_named(found), question=found.query)
    return found


def _job(export_id: UUID) -> Job:
    return Job("make_export", {"export_id": str(export_id)}, dedupe=f"export:{export_id}")


def _named(export: Export) -> str:
    return f"{export.format} {export.export_id}"


# ---------------------------------------------------------------- one's own


async def mine(conn: Conn, actor: Actor) -> list[Export]:
    """The newest first."""
    assert actor.id is not None
    return await store.recent(conn, actor.id, _LISTED)


async def get(conn: Conn, actor: Actor, export_id: UUID) -> Export:
    """Raises NotFound: whose another's is is not told."""
    export = await store.get(conn, export_id, actor.id)
    if export is None or actor.id is None:
        raise NotFound("exports.gone")
    return export


async def cancel(conn: Conn, actor: Actor, export_id: UUID) -> None:
    """Nothing happens to one that is finished. Raises NotFound."""
    await get(conn, actor, export_id)
    assert actor.id is not None
    await store.cancel(conn, export_id, actor.id, datetime.now(UTC))


async def again(pool: Pool, actor: Actor, export_id: UUID) -> None:
    """Try one again that failed or was cancelled. Raises NotFound, Forbidden, Conflict."""
    async with transaction(pool) as conn:
        check_covered(actor, await get(conn, actor, export_id))
        assert actor.id is not None
        await store.lock_orders(conn, actor.id)
        if await store.running(conn, actor.id) >= RUNNING_MOST:
            raise Conflict("exports.too_many", most=RUNNING_MOST)
        if await store.restart(conn, export_id, actor.id, datetime.now(UTC)):
            await enqueue(conn, [_job(export_id)])


async def delete(conn: Conn, actor: Actor, export_id: UUID) -> None:
    """The file goes with the next sweep, unless somebody else's order has the same one. Raises NotFound."""
    if actor.id is None or not await store.delete(conn, export_id, actor.id):
        raise NotFound("exports.gone")


def check_covered(actor: Actor, export: Export) -> None:
    """What somebody was allowed when they ordered is not theirs for ever. Raises Forbidden."""
    covered = narrowed(actor, export.asked) == export.asked
    if not covered or not set(export.columns) <= set(columns_for(actor, ids=True)):
        raise Forbidden("exports.no_longer_yours")


async def open_file(
    pool: Pool, objects: ObjectStore, actor: Actor, export_id: UUID, part: Part | None = None
) -> tuple[Export, AsyncIterator[bytes]]:
    """One's own file or a part of it, piece by piece; that it was taken away is on record. Raises NotFound,
    Forbidden, Conflict, Unavailable."""
    async with transaction(pool) as conn:
        export = await get(conn, actor, export_id)
        check_covered(actor, export)
        if export.sha256 is None:
            raise Conflict("exports.not_ready")
        await note_taken(conn, actor, _named(export), export.query, export.sha256)
    return export, await pieces(objects, export, part)


async def note_taken(conn: Conn, actor: Actor, what: str, question: str, sha256: str = "") -> None:
    """That figures or reports left the house is on record."""
    said = {"sha256": sha256} if sha256 else {}
    await oversight.note(conn, EventKind.EXPORT_TAKEN, actor, export=what, question=question, **said)


async def pieces(objects: ObjectStore, export: Export, part: Part | None = None) -> AsyncIterator[bytes]:
    """The finished file; the caller has checked whose it is. Raises NotFound, Unavailable before the first piece."""
    assert export.sha256 is not None
    source = objects.pieces(object_key(export.sha256), part.start if part else 0)
    try:
        first = await anext(source, b"")
    except ObjectMissing:
        raise NotFound("exports.gone") from None
    except StoreUnavailable as error:
        raise Unavailable("storage.unavailable") from error
    whole = _behind(first, source)
    return cut(whole, part.length) if part else whole


async def _behind(first: bytes, source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in source:
        yield piece


# ---------------------------------------------------------------- forgetting


async def sweep(pool: Pool, objects: ObjectStore, at: datetime | None = None) -> int:
    """Forget orders of a week ago, and files that no order has any more; gives how many files. Raises Unavailable."""
    async with pool.acquire() as conn:
        await store.forget(conn, (at or datetime.now(UTC)) - KEPT)
    return await orphans.sweep(pool, objects, _BLOBS, timedelta(hours=1))


_BLOBS = orphans.Blobs("export_blobs", store.UNCLAIMED, lambda sha256: [object_key(sha256)])
