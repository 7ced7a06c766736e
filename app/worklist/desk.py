"""The coordinators' desk: what waits for a coordinator, in six lists.

intake       arrived or received, no agency yet; the intake deadline that ends first is on top
returned     an agency says that it is not theirs, for the first time
competence   handed on twice or more, and no coordinator has decided yet whose it is
objections   the citizen does not agree with the result; back in work under the agency above
extensions   the agency asks for more time
proof        resolved, and something about the proof is odd (``app.reports.proof``); the oldest result is on top
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from app import cursors
from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.db import Conn
from app.errors import Invalid
from app.history import service as history
from app.history.model import Event, Kind
from app.reports import store as report_store
from app.reports.model import Report
from app.worklist import store_desk as store
from app.worklist.store_desk import COUNTED_MOST

__all__ = ["COUNTED_MOST", "LISTS", "Page", "Row", "counts", "one", "page"]

LISTS: Sequence[str] = tuple(store.LISTS)
PAGE = 20


class Row(Struct, frozen=True):
    """A report that waits, with its past. ``photo``: sha256 of the first, hex; ``voices``: people behind it;
    ``words``: everything said, by the message's id."""

    report: Report
    photo: str | None
    has_photo: bool
    voices: int
    events: list[Event]
    words: dict[UUID, str]

    def last(self, *kinds: Kind) -> Event | None:
        return next((event for event in reversed(self.events) if event.kind in kinds), None)

    def said_at(self, event: Event | None) -> str:
        """What was written on the occasion; "" where nothing was."""
        message = event.data.get("message_id") if event else None
        return self.words.get(UUID(message), "") if message else ""


class Page(Struct, frozen=True):
    """Rows and the cursor of the next page; None on the last."""

    rows: list[Row]
    next: str | None


async def counts(conn: Conn, actor: Actor) -> dict[str, int]:
    """How many wait in each list, at most COUNTED_MOST. One statement. Raises Forbidden."""
    require(actor, Permission.KEEP_DESK)
    return await store.counts(conn, actor)


async def page(conn: Conn, actor: Actor, name: str, cursor: str = "", limit: int = PAGE) -> Page:
    """One page of a list. Three statements. Raises Forbidden, Invalid for a broken cursor; ``name`` is one of LISTS."""
    require(actor, Permission.KEEP_DESK)
    found = await store.waiting(conn, name, actor, _decode(cursor) if cursor else None, limit + 1)
    rows = await _rows(conn, found[:limit])
    column = store.LISTS[name][0]
    more = len(found) > limit
    return Page(rows, _encode(getattr(rows[-1].report, column), rows[-1].report.report_id) if more else None)


async def one(conn: Conn, actor: Actor, report: Report) -> Row:
    """A single report as a list shows it. The caller has checked that the actor may see it. Raises Forbidden."""
    require(actor, Permission.KEEP_DESK)
    return (await _rows(conn, [await store.one(conn, report.report_id)]))[0]


async def _rows(conn: Conn, found: Sequence[asyncpg.Record]) -> list[Row]:
    ids = [row["report_id"] for row in found]
    events = await history.of_reports(conn, ids)
    words = await store.words(conn, ids)
    return [
        Row(
            report_store.report_of(row),
            row["photo"],
            row["has_photo"],
            row["voices"],
            events[row["report_id"]],
            words.get(row["report_id"], {}),
        )
        for row in found
    ]


def _encode(at: datetime, report_id: UUID) -> str:
    return cursors.written((at, report_id))


def _decode(cursor: str) -> tuple[datetime, UUID]:
    try:
        return cursors.read(cursor, tuple[cursors.Moment, UUID])
    except ValueError as error:
        raise Invalid("worklist.cursor_wrong", field="after") from error
