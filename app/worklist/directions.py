"""Leaders' directions as lists: what a leader gave, what an agency has to report on, what became of it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool
from app.worklist import store_directions as store

State = Literal["open", "late", "done", "lifted"]
STATES: tuple[State, ...] = ("open", "late", "done", "lifted")
MOST = 200


class Given(Struct, frozen=True, kw_only=True):
    """A direction and what became of it. ``words``: the leader's; ``answer``: what was reported, or why it was taken
    back; ``on_time``: None while it is open; ``status``, ``agency_id``: the report's now."""

    direction_id: UUID
    report_id: UUID
    code: str
    status: str
    category: str
    commune_name: str
    agency_id: str
    given_at: datetime
    given_by: UUID | None
    due_at: datetime
    words: str
    ended: str | None
    ended_at: datetime | None
    ended_by: UUID | None
    on_time: bool | None
    answer: str

    def state(self, now: datetime) -> State:
        if self.ended is not None:
            return "done" if self.ended == "direction_answered" else "lifted"
        return "late" if self.due_at < now else "open"


async def directions(
    pool: Pool, actor: Actor, state: State, at: datetime, *, by: UUID | None = None, limit: int = MOST
) -> list[Given]:
    """Directions on the reports that the actor sees, in this state; ``by``: those this leader gave alone. Open ones
    (late ones among them) soonest deadline first, ended ones newest first. Raises Forbidden."""
    require(actor, Permission.READ_QUEUE)
    async with pool.acquire() as conn:
        rows = await store.directions(conn, actor, state, at, by, limit)
    return [Given(**dict(row)) for row in rows]


async def of_report(conn: Conn, report_id: UUID) -> list[Given]:
    """Every direction on a report, oldest first. Whether the reader may see the report is the caller's check."""
    return [Given(**dict(row)) for row in await store.of_report(conn, report_id)]
