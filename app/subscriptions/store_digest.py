"""SQL of the digests: who is due, what became of each message."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.db import Conn
from app.reports.public_list import shown_statuses
from app.reports.store_news import NEWS
from app.subscriptions.model import Digest, Rhythm


async def due(conn: Conn, rhythm: Rhythm, until: datetime, limit: int) -> dict[UUID, datetime]:
    """Whose time up to ``until`` has not been gone through, locked, and since when: in the order of an index, however
    many they are."""
    rows = await conn.fetch(
        """
        SELECT follower_id, told_until FROM area_followers WHERE rhythm = $1 AND told_until < $2
        ORDER BY told_until LIMIT $3 FOR UPDATE SKIP LOCKED
        """,
        rhythm,
        until,
        limit,
    )
    return {row["follower_id"]: row["told_until"] for row in rows}


async def with_news(
    conn: Conn, followers: Sequence[UUID], since: datetime, until: datetime, groups: Sequence[tuple[str, str]]
) -> set[UUID]:
    """Those of them for whom there may be something; who has turned all messages off is left in peace. ``groups``:
    group and category of each category.

    What can be followed and has news is found once, with its latest; each area is then looked up in it.
    """
    rows = await conn.fetch(
        f"""
        WITH news AS MATERIALIZED (
            SELECT n.commune_code, n.category, max(n.news_at) AS latest FROM ({NEWS}) n GROUP BY 1, 2
        ), heard AS MATERIALIZED (
            SELECT commune, topic_group, k.category, max(latest) AS latest
            FROM news n CROSS JOIN LATERAL (VALUES (''), (n.commune_code)) AS c(commune) CROSS JOIN LATERAL (
                VALUES ('', ''), ('', n.category)
                UNION ALL SELECT m.topic_group, '' FROM unnest($5::text[], $6::text[]) AS m(topic_group, category)
                WHERE m.category = n.category
            ) AS k(topic_group, category)
            GROUP BY 1, 2, 3
        )
        SELECT DISTINCT f.follower_id
        FROM area_followers f JOIN followed_areas a USING (follower_id)
        JOIN heard h USING (commune, topic_group, category) LEFT JOIN citizens c USING (citizen_id)
        WHERE f.follower_id = ANY($4) AND c.muted_at IS NULL AND h.latest > f.told_until
        """,  # noqa: S608  # a piece of our own
        list(shown_statuses()),
        since,
        until,
        list(followers),
        [group for group, _ in groups],
        [category for _, category in groups],
    )
    return {row["follower_id"] for row in rows}


async def gone_through(conn: Conn, followers: Sequence[UUID], until: datetime) -> None:
    await conn.execute("UPDATE area_followers SET told_until = $2 WHERE follower_id = ANY($1)", list(followers), until)


async def enter(conn: Conn, digests: Sequence[Digest], at: datetime) -> None:
    await conn.executemany(
        """
        INSERT INTO area_digests (follower_id, until, since, status, updated_at) VALUES ($1, $2, $3, 'queued', $4)
        ON CONFLICT DO NOTHING
        """,
        [(one.follower_id, one.until, one.since, at) for one in digests],
    )


async def waiting(conn: Conn, follower_id: UUID, until: datetime) -> Digest | None:
    """One that is still to be sent, for its job. What was being sent when a worker died becomes uncertain: nobody can
    know whether it arrived, and nobody is told twice because of us."""
    row = await conn.fetchrow(
        """
        UPDATE area_digests SET status = CASE status WHEN 'sending' THEN 'uncertain' ELSE status END,
               reason = CASE status WHEN 'sending' THEN 'interrupted' ELSE reason END
        WHERE follower_id = $1 AND until = $2 AND status IN ('queued', 'sending')
        RETURNING status, since, attempts
        """,
        follower_id,
        until,
    )
    return Digest(follower_id, until, row["since"], row["attempts"]) if row and row["status"] == "queued" else None


async def claim(conn: Conn, digest: Digest, channel: str) -> bool:
    """Right before the call. False: somebody else did, or they have ended it."""
    done = await conn.fetchval(
        """
        UPDATE area_digests SET status = 'sending', attempts = attempts + 1, channel = $3, reason = '',
               updated_at = now()
        WHERE follower_id = $1 AND until = $2 AND status = 'queued' RETURNING true
        """,
        digest.follower_id,
        digest.until,
        channel,
    )
    return done is not None


async def settle(conn: Conn, digest: Digest, status: str, reason: str = "") -> None:
    """What became of it. Somebody may have taken us for dead and written 'uncertain' meanwhile: we know better, but
    send it no more."""
    was = ["queued", "sending"] if status == "queued" else ["queued", "sending", "uncertain"]
    await conn.execute(
        """
        UPDATE area_digests SET status = $3, reason = $4, updated_at = now()
        WHERE follower_id = $1 AND until = $2 AND status = ANY($5)
        """,
        digest.follower_id,
        digest.until,
        status,
        reason,
        was,
    )


async def chats(conn: Conn, citizen_id: UUID) -> list[tuple[str, str]]:
    """Channel and address of each chat of the person that can be reached, the one they wrote in last first."""
    rows = await conn.fetch(
        """
        SELECT channel, channel_user_id FROM channel_identities WHERE citizen_id = $1 AND unreachable_since IS NULL
        ORDER BY last_heard_at DESC, channel, channel_user_id
        """,
        citizen_id,
    )
    return [(row["channel"], row["channel_user_id"]) for row in rows]
