"""When an Official Account may write: within 48 hours of the person's last message, and eight times.

Zalo has the last word; what is kept here spares the calls that it would refuse, and lets the ledger say why.
"""

from datetime import UTC, datetime, timedelta

from app.db import Conn

OPEN_FOR = timedelta(hours=48)
FREE_MOST = 8


async def closed(conn: Conn, channel: str, user_id: str) -> str:
    """Why nothing may be sent to this person now; empty when something may."""
    row = await conn.fetchrow(
        "SELECT last_heard_at, told_since FROM channel_identities WHERE channel = $1 AND channel_user_id = $2",
        channel,
        user_id,
    )
    if row is None:
        return ""
    if datetime.now(UTC) - row["last_heard_at"] >= OPEN_FOR:
        return f"window closed: nothing heard for {OPEN_FOR.total_seconds() / 3600:.0f} hours"
    if row["told_since"] >= FREE_MOST:
        return f"window closed: {FREE_MOST} messages since the person last wrote"
    return ""


async def count(conn: Conn, channel: str, user_id: str, messages: int = 1) -> None:
    """One message more is sent, or one less was."""
    await conn.execute(
        """
        UPDATE channel_identities SET told_since = greatest(told_since + $3, 0)
        WHERE channel = $1 AND channel_user_id = $2
        """,
        channel,
        user_id,
        messages,
    )
