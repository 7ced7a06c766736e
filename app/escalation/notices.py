"""What the pages tell a member of staff: unread first to see, marked when opened, gone after three months."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.errors import NotFound
from app.escalation import store_notices as store
from app.escalation.model import Notice

PAGE = 30
KEPT = timedelta(days=90)


class Page(Struct, frozen=True):
    """The newest first; ``next``: the ``before`` of the next page."""

    notices: list[Notice]
    next: UUID | None


async def page(conn: Conn, staff_id: UUID, before: UUID | None = None, *, everything: bool = False) -> Page:
    """Those that wait to be read, or ``everything``."""
    rows = await store.page(conn, staff_id, before, PAGE + 1, unread=not everything)
    return Page(rows[:PAGE], rows[PAGE - 1].notice_id if len(rows) > PAGE else None)


async def tell(conn: Conn, staff_id: UUID, kind: str, path: str, about: str) -> None:
    """Of something that is no report: ``kind`` is said by ``officers.<kind>``, ``path`` is the page of ours that it
    leads to. Told once for each path and kind, in the caller's transaction."""
    await store.add_one(conn, staff_id, datetime.now(UTC), kind, path, about)


async def opened(conn: Conn, staff_id: UUID, notice_id: UUID) -> tuple[str | None, str | None]:
    """It counts as read; gives the code of its report, or the path it leads to. Raises NotFound for somebody else's."""
    found = await store.mark(conn, staff_id, notice_id, datetime.now(UTC))
    if found is None:
        raise NotFound("escalation.notice_gone")
    return found


async def all_read(conn: Conn, staff_id: UUID, up_to: UUID) -> None:
    """Up to the newest one that was shown."""
    await store.mark_all(conn, staff_id, up_to, datetime.now(UTC))


async def sweep(conn: Conn) -> int:
    """Forget what is older than three months; gives how many."""
    return await store.sweep(conn, KEPT)
