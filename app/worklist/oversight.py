"""What coordinators answer for towards reporters: who is blocked and why, and every look at somebody's identity."""

from datetime import datetime

from msgspec import Struct

from app.accounts.model import Actor
from app.accounts.permissions import Permission, may, require
from app.db import Conn
from app.errors import Forbidden
from app.worklist import store_oversight as store

MOST = store.MOST


class Blocked(Struct, frozen=True):
    """Somebody whose new reports are refused, known by the report that was the reason. ``reports``: how many they have
    sent so far."""

    code: str
    reason: str
    since: datetime
    by: str
    reports: int


class Look(Struct, frozen=True):
    """Somebody read who sent a report, and why."""

    code: str
    at: datetime
    by: str
    reason: str


async def blocked(conn: Conn, actor: Actor) -> list[Blocked]:
    """The newest first, at most MOST, within the actor's categories and communes. Raises Forbidden."""
    require(actor, Permission.KEEP_DESK)
    return [
        Blocked(row["code"], row["reason"], row["blocked_at"], row["by"], row["reports"])
        for row in await store.blocked(conn, actor)
    ]


async def looks(conn: Conn, actor: Actor, code: str | None = None, before: datetime | None = None) -> list[Look]:
    """The newest first, at most MOST: of the report with this code, or all before a moment. For coordinators and for
    those who look after accounts. Raises Forbidden."""
    if not (may(actor, Permission.KEEP_DESK) or may(actor, Permission.MANAGE_ACCOUNTS)):
        raise Forbidden("accounts.not_allowed")
    return [Look(*row.values()) for row in await store.looks(conn, actor, code, before)]
