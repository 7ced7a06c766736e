"""Stored bytes that nothing claims, and their end: one way for photos, documents and voice messages.

Each has a table of blobs (``sha256``, ``touched_at``) whose row is written before the object is put. Whatever no report
or draft has claimed for long enough is deleted, row and object.
"""

from collections.abc import Callable
from datetime import timedelta

from msgspec import Struct

from app.db import Conn, Pool, transaction
from app.errors import Unavailable
from storage.objects import ObjectStore, StoreUnavailable

_UNCLAIMED_FOR = timedelta(hours=24)


class Blobs(Struct, frozen=True):
    """``unclaimed``: when a row ``b`` of the table is, in SQL. ``keys``: the objects of a hash in hex."""

    table: str
    unclaimed: str
    keys: Callable[[str], list[str]]


async def sweep(
    pool: Pool, objects: ObjectStore, blobs: Blobs, older_than: timedelta = _UNCLAIMED_FOR, batch: int = 100
) -> int:
    """Delete what nothing has claimed for ``older_than``, with its objects; gives how many.

    Safe beside uploads, claims and other sweeps. A crash or a failing store leaves the rows, so the next sweep deletes
    the objects again. Raises Unavailable.
    """
    swept = 0
    while True:
        # Slow work inside a transaction, for once: the row locks are what makes an upload of the same bytes wait.
        async with transaction(pool) as conn:
            locked = await _lock(conn, blobs, older_than, batch)
            if not locked:
                return swept
            gone = await delete_unclaimed(conn, blobs, locked)
            try:
                await objects.delete([key for sha256 in gone for key in blobs.keys(sha256.hex())])
            except StoreUnavailable as error:
                raise Unavailable("storage.unavailable") from error
        swept += len(gone)


async def _lock(conn: Conn, blobs: Blobs, older_than: timedelta, limit: int) -> list[bytes]:
    """Lock what was untouched for ``older_than`` and seems unclaimed, oldest first, passing over what others hold."""
    rows = await conn.fetch(
        f"""
        SELECT sha256 FROM {blobs.table} b
        WHERE touched_at < now() - $1::interval AND {blobs.unclaimed}
        ORDER BY touched_at LIMIT $2
        FOR UPDATE OF b SKIP LOCKED
        """,  # noqa: S608  # constants of the slices
        older_than,
        limit,
    )
    return [row["sha256"] for row in rows]


async def delete_unclaimed(conn: Conn, blobs: Blobs, locked: list[bytes]) -> list[bytes]:
    """Delete those of the locked that are truly unclaimed, and give them.

    A claim committed between the first statement's snapshot and its lock is seen only by this second one; once the row
    is locked no new claim can come, because its foreign key waits for the lock.
    """
    rows = await conn.fetch(
        f"DELETE FROM {blobs.table} b WHERE sha256 = ANY($1) AND {blobs.unclaimed} RETURNING sha256",  # noqa: S608  # constants of the slices
        locked,
    )
    return [row["sha256"] for row in rows]
