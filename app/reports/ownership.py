"""What belongs to a citizen here: reports, follows, mutes. It moves when chats of one person are joined or parted."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.db import Conn


async def hand_over(conn: Conn, giver: UUID, taker: UUID) -> tuple[list[UUID], list[UUID]]:
    """Everything of the one becomes the other's; gives the ids of the reports and of those that were followed."""
    own = await conn.fetch(
        "UPDATE report_contacts SET citizen_id = $2 WHERE citizen_id = $1 RETURNING report_id", giver, taker
    )
    followed = await conn.fetch(
        """
        WITH gone AS (DELETE FROM report_followers WHERE citizen_id = $1 RETURNING report_id, since)
        INSERT INTO report_followers (report_id, citizen_id, since) SELECT report_id, $2, since FROM gone
        ON CONFLICT DO NOTHING RETURNING report_id
        """,
        giver,
        taker,
    )
    await conn.execute(
        """
        WITH gone AS (DELETE FROM report_mutes WHERE citizen_id = $1 RETURNING report_id, since)
        INSERT INTO report_mutes (report_id, citizen_id, since) SELECT report_id, $2, since FROM gone
        ON CONFLICT DO NOTHING
        """,
        giver,
        taker,
    )
    await conn.execute(
        """
        WITH gone AS (DELETE FROM follower_ratings WHERE citizen_id = $1 RETURNING report_id, rating, rated_at)
        INSERT INTO follower_ratings (report_id, citizen_id, rating, rated_at)
        SELECT report_id, $2, rating, rated_at FROM gone
        ON CONFLICT DO NOTHING
        """,
        giver,
        taker,
    )
    await _hand_over_areas(conn, giver, taker)
    return [row["report_id"] for row in own], [row["report_id"] for row in followed]


async def _hand_over_areas(conn: Conn, giver: UUID, taker: UUID) -> None:
    """What both follow becomes one wish, in the taker's rhythm. It stays with the taker when the chats part again."""
    await conn.execute(
        """
        INSERT INTO followed_areas (follower_id, commune, topic_group, category)
        SELECT t.follower_id, a.commune, a.topic_group, a.category
        FROM area_followers g JOIN followed_areas a USING (follower_id) JOIN area_followers t ON t.citizen_id = $2
        WHERE g.citizen_id = $1 ON CONFLICT DO NOTHING
        """,
        giver,
        taker,
    )
    await conn.execute(
        """
        WITH merged AS (DELETE FROM area_followers WHERE citizen_id = $1
                      AND EXISTS (SELECT FROM area_followers WHERE citizen_id = $2) RETURNING 1)
        UPDATE area_followers SET citizen_id = $2 WHERE citizen_id = $1 AND NOT EXISTS (SELECT FROM merged)
        """,
        giver,
        taker,
    )


async def give_back(
    conn: Conn,
    holder: UUID,
    owner: UUID,
    reports: Sequence[UUID],
    follows: Sequence[UUID],
    later: tuple[str, datetime] | None,
) -> None:
    """What was handed over goes back; ``later``: also what was reported through this channel since this moment."""
    channel, since = later or (None, None)
    await conn.execute(
        """
        UPDATE report_contacts c SET citizen_id = $2 FROM reports r
        WHERE c.citizen_id = $1 AND r.report_id = c.report_id
          AND (c.report_id = ANY($3) OR r.channel = $4 AND r.submitted_at > $5)
        """,
        holder,
        owner,
        list(reports),
        channel,
        since,
    )
    for table in ("report_followers", "follower_ratings", "report_mutes"):
        await conn.execute(
            f"UPDATE {table} SET citizen_id = $2 WHERE citizen_id = $1 AND report_id = ANY($3)",  # noqa: S608  # our own
            holder,
            owner,
            [*reports, *follows] if table == "report_mutes" else list(follows),
        )


async def muted(conn: Conn, citizen_id: UUID, report_id: UUID) -> bool | None:
    """Whether the citizen has muted a report; None when they would not hear of it anyway."""
    found: bool | None = await conn.fetchval(
        """
        SELECT EXISTS (SELECT FROM report_mutes WHERE citizen_id = $1 AND report_id = $2)
        WHERE EXISTS (SELECT FROM report_contacts WHERE citizen_id = $1 AND report_id = $2)
           OR EXISTS (SELECT FROM report_followers WHERE citizen_id = $1 AND report_id = $2)
        """,
        citizen_id,
        report_id,
    )
    return found
