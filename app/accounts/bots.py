"""How the bots are called in their channels, for links that open them."""

from app.db import Conn


async def note(conn: Conn, channel: str, name: str) -> None:
    await conn.execute(
        """
        INSERT INTO channel_bots (channel, name) VALUES ($1, $2)
        ON CONFLICT (channel) DO UPDATE SET name = excluded.name WHERE channel_bots.name <> excluded.name
        """,
        channel,
        name,
    )


async def name(conn: Conn, channel: str) -> str:
    """As the channel said; "" while the bot has not started yet."""
    found: str | None = await conn.fetchval("SELECT name FROM channel_bots WHERE channel = $1", channel)
    return found or ""
