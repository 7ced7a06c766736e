"""Links that open the wall display without signing in: made and revoked by coordinators and administrators.

A link is a secret and nothing else: whoever has it sees what the wall shows, which is nothing personal. It is kept as a
digest, ends by itself, and can be ended at any time.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid7

from app.accounts import store as accounts
from app.accounts.model import Actor, Entry, EventKind
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import AppError, Conflict, Invalid, NotFound
from app.i18n.text import nfc

PAGE = "/wall"
NAME_MOST = 80
DAYS_MOST = 732
LIVE_MOST = 50
"""Links that are good at the same time."""
_KEPT = timedelta(days=90)
"""What has ended is listed so long."""
_RANDOM_BYTES, _MAC_BYTES = 24, 12


class Gone(AppError):
    """The link was good once."""

    status = 410


class WallLink(Struct, frozen=True):
    link_id: UUID
    name: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_seen_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


async def make(pool: Pool, secret: bytes, actor: Actor, name: str, days: int, by: str) -> str:
    """Gives the token, this once. ``by``: the person in words. Raises Forbidden, Invalid, Conflict."""
    require(actor, Permission.MANAGE_WALL)
    name = nfc(name)
    if not 1 <= len(name) <= NAME_MOST:
        raise Invalid("wall.name_length", field="name", most=NAME_MOST)
    if not 1 <= days <= DAYS_MOST:
        raise Invalid("wall.days_wrong", field="days", most=DAYS_MOST)
    token, now = _sign(secret, secrets.token_bytes(_RANDOM_BYTES)), datetime.now(UTC)
    async with transaction(pool) as conn:
        live = await conn.fetchval("SELECT count(*) FROM wall_links WHERE revoked_at IS NULL AND expires_at > $1", now)
        if live >= LIVE_MOST:
            raise Conflict("wall.links_many", most=LIVE_MOST)
        await conn.execute(
            """
            INSERT INTO wall_links (link_id, token_hash, name, made_by, made_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            uuid7(),
            digest(token),
            name,
            by,
            now,
            now + timedelta(days=days),
        )
        await accounts.record(conn, Entry(EventKind.WALL_LINK_MADE, actor, None, {"name": name, "days": days}))
    return token


async def revoke(pool: Pool, actor: Actor, link_id: UUID) -> None:
    """Whoever has the screen open is cut off within seconds. Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_WALL)
    async with transaction(pool) as conn:
        name = await conn.fetchval(
            "UPDATE wall_links SET revoked_at = now() WHERE link_id = $1 AND revoked_at IS NULL RETURNING name", link_id
        )
        if name is None:
            raise NotFound("wall.link_unknown")
        await accounts.record(conn, Entry(EventKind.WALL_LINK_REVOKED, actor, None, {"name": name}))


async def listed(conn: Conn, actor: Actor) -> list[WallLink]:
    """Those that are open first, then those that ended lately; the newest first. Raises Forbidden."""
    require(actor, Permission.MANAGE_WALL)
    rows = await conn.fetch(
        """
        SELECT link_id, name, made_by, made_at, expires_at, revoked_at, last_seen_at FROM wall_links
        WHERE coalesce(revoked_at, expires_at) > $1
        ORDER BY (revoked_at IS NULL AND expires_at > now()) DESC, made_at DESC
        """,
        datetime.now(UTC) - _KEPT,
    )
    return [WallLink(*row.values()) for row in rows]


# ---------------------------------------------------------------- what a screen brings


async def check(conn: Conn, secret: bytes, token: str) -> bytes:
    """The digest of a token whose link is open. Raises NotFound ``wall.link_unknown``, Gone ``wall.link_ended``."""
    if not _is_ours(secret, token):
        raise NotFound("wall.link_unknown")
    row = await conn.fetchrow(
        "SELECT revoked_at IS NULL AND expires_at > now() AS open FROM wall_links WHERE token_hash = $1", digest(token)
    )
    if row is None:
        raise NotFound("wall.link_unknown")
    if not row["open"]:
        raise Gone("wall.link_ended")
    return digest(token)


async def still_open(conn: Conn, digests: Collection[bytes]) -> set[bytes]:
    """Which of these are; notes, a minute exact, that they were seen."""
    rows = await conn.fetch(
        """
        WITH seen AS (
            UPDATE wall_links SET last_seen_at = now()
            WHERE token_hash = ANY($1) AND (last_seen_at IS NULL OR last_seen_at < now() - interval '1 minute')
        )
        SELECT token_hash FROM wall_links WHERE token_hash = ANY($1) AND revoked_at IS NULL AND expires_at > now()
        """,
        list(digests),
    )
    return {row["token_hash"] for row in rows}


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _sign(secret: bytes, random: bytes) -> str:
    return base64.urlsafe_b64encode(random + _mac(secret, random)).decode()


def _is_ours(secret: bytes, token: str) -> bool:
    """Guessed tokens are told apart without asking the database."""
    try:
        said = base64.b64decode(token, b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(said[_RANDOM_BYTES:], _mac(secret, said[:_RANDOM_BYTES]))


def _mac(secret: bytes, random: bytes) -> bytes:
    # The first word keeps these apart from everything else that is signed with the same secret.
    return hmac.digest(secret, b"wall\n" + random, hashlib.sha256)[:_MAC_BYTES]
