"""SQL of followers: who hears of a report that somebody else sent, and what they think of the result."""

from datetime import datetime
from uuid import UUID

from app.db import Conn
from app.reports.model import Rating
from app.reports.voices import voices_of


async def add(conn: Conn, report_id: UUID, citizen_id: UUID, at: datetime) -> bool:
    """False: they follow it already."""
    done = await conn.execute(
        "INSERT INTO report_followers (report_id, citizen_id, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        report_id,
        citizen_id,
        at,
    )
    return done.endswith(" 1")


async def remove(conn: Conn, report_id: UUID, citizen_id: UUID) -> bool:
    """False: they did not follow it."""
    done = await conn.execute(
        "DELETE FROM report_followers WHERE report_id = $1 AND citizen_id = $2", report_id, citizen_id
    )
    return done.endswith(" 1")


async def follows(conn: Conn, report_id: UUID, citizen_id: UUID) -> bool:
    """Whether they follow this very report."""
    found = await conn.fetchval(
        "SELECT 1 FROM report_followers WHERE report_id = $1 AND citizen_id = $2", report_id, citizen_id
    )
    return found is not None


async def stands_behind(conn: Conn, report_id: UUID, citizen_id: UUID) -> tuple[bool, bool]:
    """Whether they reported it, and whether they follow it: it, or any report that was merged into it."""
    row = await conn.fetchrow(
        """
        WITH RECURSIVE family (report_id) AS (
            SELECT $1::uuid UNION SELECT r.report_id FROM reports r JOIN family f ON r.duplicate_of = f.report_id
        )
        SELECT EXISTS (SELECT FROM report_contacts JOIN family USING (report_id) WHERE citizen_id = $2) AS reported,
               EXISTS (SELECT FROM report_followers JOIN family USING (report_id) WHERE citizen_id = $2) AS follows
        """,
        report_id,
        citizen_id,
    )
    assert row is not None
    return row["reported"], row["follows"]


async def voices(conn: Conn, report_id: UUID) -> int:
    """How many people stand behind a report, see ``app.reports.voices``."""
    count: int = await conn.fetchval(f"SELECT {voices_of('$1::uuid')}", report_id)
    return count


async def rate(conn: Conn, report_id: UUID, citizen_id: UUID, rating: Rating, at: datetime) -> None:
    """One word a person: the later one counts."""
    await conn.execute(
        """
        INSERT INTO follower_ratings (report_id, citizen_id, rating, rated_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (report_id, citizen_id) DO UPDATE SET rating = $3, rated_at = $4
        """,
        report_id,
        citizen_id,
        rating,
        at,
    )


async def rating_of(conn: Conn, report_id: UUID, citizen_id: UUID) -> Rating | None:
    """What this follower thinks of the result that stands now."""
    found = await conn.fetchval(
        """
        SELECT f.rating FROM follower_ratings f JOIN reports r USING (report_id)
        WHERE report_id = $1 AND f.citizen_id = $2 AND rated_at >= r.resolved_at
        """,
        report_id,
        citizen_id,
    )
    return Rating(found) if found else None


async def standing(conn: Conn, report_id: UUID) -> tuple[int, dict[Rating, int]]:
    """``voices``, and how many followers think what of the result that stands now; a result that did not stand takes
    its own along."""
    row = await conn.fetchrow(
        f"""
        SELECT {voices_of("$1::uuid")} AS voices,
               ARRAY(SELECT f.rating FROM follower_ratings f JOIN reports r USING (report_id)
                     WHERE report_id = $1 AND rated_at >= r.resolved_at) AS ratings
        """,  # noqa: S608  # pieces of our own
        report_id,
    )
    assert row is not None
    return row["voices"], {Rating(rating): row["ratings"].count(rating) for rating in sorted(set(row["ratings"]))}
