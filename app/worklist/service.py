"""What there is to do: an agency's queue, soonest deadline first, in pages that do not move when new reports arrive."""

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Struct

from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.db import Pool
from app.errors import Invalid
from app.i18n.text import fold, nfc
from app.reports.model import Status
from app.worklist import store
from app.worklist.model import PAGE, Filter, QueueRow


class Page(Struct, frozen=True):
    """Rows and the cursor of the next page; None on the last."""

    rows: list[QueueRow]
    next: str | None


_Cursor = tuple[Annotated[datetime, msgspec.Meta(tz=True)], UUID]


def _encode(row: QueueRow) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((row.due_at, row.report_id))).decode()


def _decode(cursor: str) -> tuple[datetime, UUID]:
    try:
        due_at, report_id = msgspec.json.decode(base64.urlsafe_b64decode(cursor), type=_Cursor)
    except (ValueError, msgspec.DecodeError) as error:
        raise Invalid("worklist.cursor_wrong", field="cursor") from error
    return due_at, report_id


async def queue(pool: Pool, actor: Actor, wanted: Filter, cursor: str | None = None, limit: int = PAGE) -> Page:
    """One page of the actor's queue: own agency and those below it; coordinators and leaders see every agency. Whoever
    is limited to some categories or communes sees those alone.

    One statement. Raises Forbidden for roles without a queue, Invalid for a broken cursor or unknown status.
    """
    require(actor, Permission.READ_QUEUE)
    if not 1 <= limit <= 200:
        raise Invalid("worklist.limit_wrong", field="limit", most=200)
    known = {str(status) for status in Status}
    if strange := sorted(set(wanted.statuses) - known):
        raise Invalid("worklist.status_unknown", field="status", status=strange[0][:40])
    agencies = None if actor.sees_all else sorted(actor.agencies)
    async with pool.acquire() as conn:
        rows = await store.queue(
            conn, agencies, wanted, fold(nfc(wanted.text)), _decode(cursor) if cursor else None, limit + 1, actor
        )
    more = len(rows) > limit
    return Page(rows[:limit], _encode(rows[limit - 1]) if more else None)
