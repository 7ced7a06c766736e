"""SQL of what the pages tell staff."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid7

from app.db import Conn
from app.escalation.model import Notice


class New(Struct, frozen=True):
    staff_id: UUID
    kind: str
    seq: int
    stands_for: UUID | None


async def add(conn: Conn, report_id: UUID, at: datetime, new: Sequence[New]) -> int:
    """Those that are there already stay as they are. Gives the number of new ones."""
    done = await conn.fetchval(
        """
        WITH added AS (
            INSERT INTO notices (staff_id, notice_id, at, kind, report_id, seq, stands_for)
            SELECT n.staff_id, n.notice_id, $2, n.kind, $1, n.seq, n.stands_for
            FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::uuid[])
                 AS n(staff_id, notice_id, kind, seq, stands_for)
            ON CONFLICT DO NOTHING RETURNING 1
        )
        SELECT count(*) FROM added
        """,
        report_id,
        at,
        [one.staff_id for one in new],
        [uuid7() for _ in new],
        [one.kind for one in new],
        [one.seq for one in new],
        [one.stands_for for one in new],
    )
    return int(done)


async def add_one(conn: Conn, staff_id: UUID, at: datetime, kind: str, path: str, about: str) -> None:
    """One that leads to a page of ours; there once."""
    await conn.execute(
        """
        INSERT INTO notices (staff_id, notice_id, at, kind, path, about, seq) VALUES ($1, $2, $3, $4, $5, $6, 0)
        ON CONFLICT DO NOTHING
        """,
        staff_id,
        uuid7(),
        at,
        kind,
        path,
        about,
    )


async def raise_again(conn: Conn, people: Sequence[UUID], at: datetime, kind: str, path: str, about: str) -> None:
    """One that leads to a page of ours, for each of them; one that they have had before is new again."""
    await conn.execute(
        """
        INSERT INTO notices (staff_id, notice_id, at, kind, path, about, seq)
        SELECT p.staff_id, p.notice_id, $3, $4, $5, $6, 0 FROM unnest($1::uuid[], $2::uuid[]) AS p(staff_id, notice_id)
        ON CONFLICT (staff_id, path, kind) WHERE path IS NOT NULL
        DO UPDATE SET notice_id = excluded.notice_id, at = excluded.at, about = excluded.about, read_at = NULL
        """,
        list(people),
        [uuid7() for _ in people],
        at,
        kind,
        path,
        about,
    )


async def page(conn: Conn, staff_id: UUID, before: UUID | None, limit: int, *, unread: bool) -> list[Notice]:
    """The newest first, from behind ``before``."""
    rows = await conn.fetch(
        """
        SELECT n.notice_id, n.at, n.kind, coalesce(r.code, '') AS code, coalesce(r.category, '') AS category,
               coalesce(r.commune_name, '') AS commune, coalesce(r.status, '') AS status, n.seq,
               coalesce(s.full_name, '') AS stands_for, n.read_at IS NOT NULL AS read, n.about
        FROM notices n LEFT JOIN reports r USING (report_id) LEFT JOIN staff s ON s.staff_id = n.stands_for
        WHERE n.staff_id = $1 AND ($2::uuid IS NULL OR n.notice_id < $2) AND (NOT $4 OR n.read_at IS NULL)
        ORDER BY n.notice_id DESC LIMIT $3
        """,
        staff_id,
        before,
        limit,
        unread,
    )
    return [Notice(*row.values()) for row in rows]


async def mark(conn: Conn, staff_id: UUID, notice_id: UUID, at: datetime) -> tuple[str | None, str | None] | None:
    """It has been read; gives the code of its report or its path. None: there is no such notice of this person's."""
    row = await conn.fetchrow(
        """
        UPDATE notices n SET read_at = coalesce(n.read_at, $3) WHERE n.staff_id = $1 AND n.notice_id = $2
        RETURNING (SELECT r.code FROM reports r WHERE r.report_id = n.report_id) AS code, n.path
        """,
        staff_id,
        notice_id,
        at,
    )
    return (row["code"], row["path"]) if row else None


async def mark_all(conn: Conn, staff_id: UUID, up_to: UUID, at: datetime) -> None:
    """Everything up to the newest one that was shown: what came since has not been seen."""
    await conn.execute(
        "UPDATE notices SET read_at = $3 WHERE staff_id = $1 AND read_at IS NULL AND notice_id <= $2",
        staff_id,
        up_to,
        at,
    )


async def sweep(conn: Conn, kept: timedelta) -> int:
    done = await conn.execute("DELETE FROM notices WHERE at < now() - $1::interval", kept)
    return int(done.split()[-1])
