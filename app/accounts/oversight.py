"""What account managers look at: who works where, all programs' keys, and the record of what was done to accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from app.accounts import store, store_factors, store_oversight
from app.accounts.model import Actor, ApiToken, Entry, EventKind, Role, Staff
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool

PAGE = 50


class Happened(Struct, frozen=True):
    """One account event. ``who``: user name, or "system" for the command line and the system itself, "anonymous" for
    somebody who was not let in; ``whose``: the account it happened to, None when nobody has the name that was typed."""

    event_id: int
    at: datetime
    kind: EventKind
    who: str
    whose: str | None
    data: dict[str, Any]


class Wanted(Struct, frozen=True):
    """``staff_id``: what this account did or what was done to it. ``before``: older than this event."""

    kind: EventKind | None = None
    staff_id: UUID | None = None
    before: int | None = None


class TokenOf(Struct, frozen=True):
    token: ApiToken
    staff: Staff


class Headcount(Struct, frozen=True):
    """Active accounts of an agency by role."""

    by_role: dict[Role, int]

    @property
    def total(self) -> int:
        return sum(self.by_role.values())


async def events(pool: Pool, wanted: Wanted, by: Actor, limit: int = PAGE) -> tuple[list[Happened], int | None]:
    """The latest first, and the ``before`` of the next page. Raises Forbidden."""
    require(by, Permission.MANAGE_ACCOUNTS)
    async with pool.acquire() as conn:
        rows = await store_oversight.events(conn, wanted.kind, wanted.staff_id, wanted.before, limit + 1)
    found = [
        Happened(row["event_id"], row["at"], EventKind(row["kind"]), row["who"], row["whose"], row["data"])
        for row in rows[:limit]
    ]
    return found, found[-1].event_id if len(rows) > limit else None


async def note(conn: Conn, kind: EventKind, by: Actor, **data: Any) -> None:
    """An event that is about no single account, in the caller's transaction."""
    await store.record(conn, Entry(kind, by, None, data))


async def all_tokens(pool: Pool, by: Actor) -> list[TokenOf]:
    """Every key, the newest first. Raises Forbidden."""
    require(by, Permission.MANAGE_ACCOUNTS)
    async with pool.acquire() as conn:
        return [TokenOf(token, staff) for token, staff in await store_oversight.tokens(conn)]


async def headcounts(pool: Pool, by: Actor) -> dict[str, Headcount]:
    """By agency; those without any account are left out. Raises Forbidden."""
    require(by, Permission.MANAGE_ACCOUNTS)
    async with pool.acquire() as conn:
        counted = await store_oversight.headcounts(conn)
    found: dict[str, Headcount] = {}
    for agency_id, role, count in counted:
        found.setdefault(agency_id, Headcount({})).by_role[role] = count
    return found


async def with_factor(pool: Pool, by: Actor) -> set[UUID]:
    """Whose second factor is on. Raises Forbidden."""
    require(by, Permission.MANAGE_ACCOUNTS)
    async with pool.acquire() as conn:
        return await store_factors.with_factor(conn)
