"""SQL of programs' keys. They stand here by their sha256 alone."""

from datetime import datetime
from uuid import UUID

import asyncpg

from app.accounts.model import Actor, ApiToken
from app.accounts.store_access import SEEN_EVERY, TREE, actor_of_row
from app.db import Conn


async def insert_token(conn: Conn, staff_id: UUID, token: ApiToken, token_hash: bytes) -> bool:
    """Whether it was added: not when the account is disabled or unknown."""
    added = await conn.fetchval(
        """
        INSERT INTO api_tokens (token_hash, token_id, staff_id, name, scopes, created_at, expires_at)
        SELECT $1, $2, staff_id, $3, $4, $5, $6 FROM staff WHERE staff_id = $7 AND active FOR SHARE
        RETURNING true
        """,
        token_hash,
        token.token_id,
        token.name,
        list(token.scopes),
        token.created_at,
        token.expires_at,
        staff_id,
    )
    return added is not None


async def actor_of_token(conn: Conn, token_hash: bytes, at: datetime) -> tuple[Actor, frozenset[str]] | None:
    """Whom a live key acts for, and its scopes."""
    row = await conn.fetchrow(
        f"""
        WITH RECURSIVE found AS (
            SELECT s.*, t.scopes
            FROM api_tokens t JOIN staff s USING (staff_id)
            WHERE t.token_hash = $1 AND s.active AND t.revoked_at IS NULL
              AND (t.expires_at IS NULL OR t.expires_at > $2)
        ), used AS (
            UPDATE api_tokens SET last_used_at = $2
            WHERE token_hash = $1 AND (last_used_at IS NULL OR last_used_at <= $2 - $3::interval)
              AND EXISTS (SELECT FROM found)
        ), {TREE}
        SELECT *, ARRAY(SELECT agency_id FROM tree) AS agencies FROM found
        """,  # noqa: S608  # a constant of ours
        token_hash,
        at,
        SEEN_EVERY,
    )
    return (actor_of_row(row), frozenset(row["scopes"])) if row else None


def token_of_row(row: asyncpg.Record, created_at: datetime) -> ApiToken:
    return ApiToken(
        row["token_id"],
        row["name"],
        tuple(row["scopes"]),
        created_at,
        row["last_used_at"],
        row["expires_at"],
        row["revoked_at"],
    )


async def tokens(conn: Conn, staff_id: UUID) -> list[ApiToken]:
    """Newest first, revoked and expired ones included."""
    rows = await conn.fetch("SELECT * FROM api_tokens WHERE staff_id = $1 ORDER BY token_id DESC", staff_id)
    return [token_of_row(row, row["created_at"]) for row in rows]


async def owner_of_token(conn: Conn, token_id: UUID) -> UUID | None:
    owner: UUID | None = await conn.fetchval("SELECT staff_id FROM api_tokens WHERE token_id = $1", token_id)
    return owner


async def revoke_token(conn: Conn, token_id: UUID) -> bool:
    """Whether it was still valid."""
    done = await conn.fetchval(
        "UPDATE api_tokens SET revoked_at = now() WHERE token_id = $1 AND revoked_at IS NULL RETURNING true", token_id
    )
    return done is not None


async def revoke_tokens(conn: Conn, staff_id: UUID) -> int:
    """How many were not revoked yet."""
    return len(
        await conn.fetch(
            "UPDATE api_tokens SET revoked_at = now() WHERE staff_id = $1 AND revoked_at IS NULL RETURNING 1", staff_id
        )
    )
