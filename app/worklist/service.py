"""What there is to do: an agency's queue, what burns most first, in pages that do not move when new reports arrive."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app import cursors
from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.db import Pool
from app.errors import Invalid
from app.i18n.text import fold, nfc
from app.reports.model import Status
from app.worklist import store
from app.worklist.model import PAGE, Filter, QueueRow
from app.worklist.store import Window


class Page(Struct, frozen=True):
    """Rows and the cursors of the pages after and before it; None where there is none."""

    rows: list[QueueRow]
    next: str | None
    previous: str | None = None


_TAGS_SAMPLE, _TAGS_MOST = 2000, 50


def cursor_of(row: QueueRow) -> str:
    """Where a page begins that starts behind this row."""
    return cursors.written((row.at, row.report_id))


def _decode(cursor: str) -> tuple[datetime, UUID]:
    try:
        return cursors.read(cursor, tuple[cursors.Moment, UUID])
    except ValueError as error:
        raise Invalid("worklist.cursor_wrong", field="cursor") from error


def _checked(actor: Actor, *wanted: Filter) -> list[str] | None:
    """The agencies to look through, None for all. Raises Forbidden and Invalid."""
    require(actor, Permission.READ_QUEUE)
    known = {str(status) for status in Status}
    if strange := sorted({status for one in wanted for status in one.statuses} - known):
        raise Invalid("worklist.status_unknown", field="status", status=strange[0][:40])
    return None if actor.sees_all else sorted(actor.agencies)


async def queue(
    pool: Pool, actor: Actor, wanted: Filter, cursor: str | None = None, limit: int = PAGE, *, back: bool = False
) -> Page:
    """One page of the actor's queue: own agency and those below it; coordinators and leaders see every agency. Whoever
    is limited to some categories or communes sees those alone. ``back``: the page that ends before the cursor.

    One statement. Raises Forbidden for roles without a queue, Invalid for a broken cursor or unknown status.
    """
    agencies = _checked(actor, wanted)
    if not 1 <= limit <= 200:
        raise Invalid("worklist.limit_wrong", field="limit", most=200)
    window = Window(limit + 1, _decode(cursor) if cursor else None, back)
    async with pool.acquire() as conn:
        found = await store.queue(conn, agencies, wanted, fold(nfc(wanted.text)), window, actor)
    more, rows = len(found) > limit, found[:limit]
    if back:
        rows.reverse()
    first, last = (cursor_of(rows[0]), cursor_of(rows[-1])) if rows else (None, None)
    if back:
        return Page(rows, last, first if more else None)
    return Page(rows, last if more else None, first if cursor else None)


async def counts(pool: Pool, actor: Actor, wanted: Sequence[Filter]) -> list[int]:
    """How many reports of the actor's queue each filter finds, up to ``MANY``. One statement, none for nothing. Raises
    as ``queue`` does."""
    agencies = _checked(actor, *wanted)
    async with pool.acquire() as conn:
        return await store.counts(conn, agencies, [(one, fold(nfc(one.text))) for one in wanted], actor)


async def arrived(pool: Pool, actor: Actor, wanted: Filter, since: datetime) -> int:
    """How many reports that the filter finds have come since a moment, up to ``MANY``. One statement. Raises as
    ``queue`` does."""
    agencies = _checked(actor, wanted)
    async with pool.acquire() as conn:
        return await store.arrived(conn, agencies, wanted, fold(nfc(wanted.text)), since, actor)


async def tags_in_use(pool: Pool, actor: Actor) -> list[str]:
    """Tags that the actor's agencies use, to choose from. Raises Forbidden."""
    agencies = _checked(actor)
    async with pool.acquire() as conn:
        return await store.tags_in_use(conn, agencies, _TAGS_SAMPLE, _TAGS_MOST)
