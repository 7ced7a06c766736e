"""Filters of the queue that people keep by name, for themselves or for their whole agency. What a filter finds is
decided each time by who asks: a colleague's filter shows nobody more than the own queue has."""

from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid7

from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound
from app.i18n.text import nfc
from app.worklist import store_saved as store

NAME_MOST = 60
FILTERS_MOST = 20
"""For each person; what others share comes on top."""
_QUERY_MOST = 2000


class Saved(Struct, frozen=True):
    """``query``: of the queue's address. ``mine``: else a colleague shares it, whose name is ``by``."""

    filter_id: UUID
    name: str
    query: str
    shared: bool
    mine: bool
    by: str


async def of_person(conn: Conn, actor: Actor) -> list[Saved]:
    """One's own in one's own order, then those that colleagues share. One statement."""
    return [Saved(*row.values()) for row in await store.of_person(conn, actor.id, actor.agency_id)]


async def save(pool: Pool, actor: Actor, name: str, query: str, *, shared: bool) -> None:
    """Keep a filter; one of the same name is replaced. Raises Forbidden, Invalid, Conflict when there are too many."""
    require(actor, Permission.READ_QUEUE)
    name = " ".join(nfc(name).split())
    if not 1 <= len(name) <= NAME_MOST:
        raise Invalid("queue.saved_name", field="name", most=NAME_MOST)
    if len(query) > _QUERY_MOST:
        raise Invalid("queue.saved_long", field="query")
    async with transaction(pool) as conn:
        with_agency = actor.agency_id if shared else None
        if not await store.put(conn, uuid7(), actor.id, name, query, with_agency, FILTERS_MOST):
            raise Conflict("queue.saved_many", most=FILTERS_MOST)


async def delete(pool: Pool, actor: Actor, filter_id: UUID) -> None:
    """Raises NotFound for what is not one's own."""
    async with pool.acquire() as conn:
        if not await store.delete(conn, actor.id, filter_id):
            raise NotFound("queue.saved_gone")


async def share(pool: Pool, actor: Actor, filter_id: UUID, *, shared: bool) -> None:
    """With the own agency, or no longer. Raises NotFound for what is not one's own."""
    async with pool.acquire() as conn:
        if not await store.share(conn, actor.id, filter_id, actor.agency_id if shared else None):
            raise NotFound("queue.saved_gone")


async def move_up(pool: Pool, actor: Actor, filter_id: UUID) -> None:
    """Before the one above it; the first stays. Raises NotFound for what is not one's own."""
    async with transaction(pool) as conn:
        if not await store.move_up(conn, actor.id, filter_id):
            raise NotFound("queue.saved_gone")
