"""Webhooks that were switched off because nothing reached them: what administrators hear of them."""

from app.db import Conn
from app.escalation.model import Trouble
from app.webhooks import store


async def troubles(conn: Conn) -> list[Trouble]:
    return [
        Trouble(one.webhook_id, f"webhook_{one.disabled_why}", f"/console/webhooks/{one.webhook_id}", one.name)
        for one in await store.every(conn)
        if one.state == "disabled"
    ]
