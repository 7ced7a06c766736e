"""SQL of signing in, sessions and programs' keys. Tokens stand here by their sha256 alone."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.accounts.model import Actor, ApiToken, EventKind, Role, Session, Staff
from app.accounts.store import staff_of_row
from app.db import Conn
from app.i18n import Lang

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(hours=24)
SEEN_EVERY = timedelta(minutes=1)
FREE_FAILURES = 5  # the fifth failure starts the first pause: 1 minute, then 2, 4, 8, 16
FORGOTTEN_AFTER = timedelta(days=1)

# The own agency and all below it. UNION, not UNION ALL: a circle in the tree must not hang every request.
_TREE = """
    tree AS (
        SELECT agency_id FROM found
        UNION SELECT a.agency_id FROM agencies a JOIN tree t ON a.parent_id = t.agency_id
    )"""


def _actor(row: asyncpg.Record) -> Actor:
    return Actor("staff", row["staff_id"], Role(row["role"]), row["agency_id"], frozenset(row["agencies"]))


# ---------------------------------------------------------------- signing in


class Candidate(Struct, frozen=True):
    """Who may be signing in, if anybody has the name, and until when the name is locked."""

    staff: Staff | None
    password_hash: str | None
    locked_until: datetime | None


async def candidate(conn: Conn, username: str, username_hash: bytes) -> Candidate:
    """One row whether or not anybody has the name."""
    row = await conn.fetchrow(
        """
        SELECT s.*, a.locked_until
        FROM (SELECT) AS one
        LEFT JOIN staff s ON s.username = $1
        LEFT JOIN sign_in_attempts a ON a.username_hash = $2
        """,
        username,
        username_hash,
    )
    assert row is not None
    staff = staff_of_row(row) if row["staff_id"] else None
    return Candidate(staff, row["password_hash"], row["locked_until"])


class Attempt(Struct, frozen=True):
    """A sign-in that is about to be decided. ``opens`` is set when the password was right."""

    username_hash: bytes
    at: datetime
    staff_id: UUID | None
    refusal: str
    opens: tuple[bytes, str, str] | None = None  # hash of the session's token, csrf, the password hash that was checked


async def settle(conn: Conn, attempt: Attempt) -> tuple[bool, datetime | None]:
    """Count the attempt, open the session, write the event: (signed in, locked until).

    Decided under the lock of the name's row, so that guesses made side by side get no more answers than guesses made
    one by one: those that come after the fifth failure are refused, right or wrong. FOR SHARE waits for whoever is
    disabling the account or changing its password at this moment.
    """
    token_hash, csrf, checked = attempt.opens or (None, None, None)
    row = await conn.fetchrow(
        """
        WITH counted AS (
            INSERT INTO sign_in_attempts AS a (username_hash, failures, tried_at)
            VALUES ($1, CASE WHEN $4::bytea IS NULL THEN 1 ELSE 0 END, $2)
            ON CONFLICT (username_hash) DO UPDATE SET
                tried_at = $2,
                failures = CASE WHEN a.locked_until > $2 THEN a.failures
                                WHEN $4 IS NOT NULL THEN 0
                                ELSE a.failures + 1 END,
                locked_until = CASE WHEN a.locked_until > $2 THEN a.locked_until
                                    WHEN $4 IS NOT NULL OR a.failures + 1 < $9 THEN NULL
                                    ELSE $2 + interval '1 minute' * 2 ^ least(a.failures + 1 - $9, 4) END
            RETURNING locked_until
        ), who AS (
            SELECT s.staff_id FROM staff s, counted
            WHERE s.staff_id = $3 AND s.active AND s.password_hash = $6 AND counted.locked_until IS NULL
            FOR SHARE OF s
        ), cleared AS (
            DELETE FROM staff_sessions
            WHERE staff_id = (SELECT staff_id FROM who) AND (expires_at <= $2 OR last_seen_at <= $2 - $10::interval)
        ), opened AS (
            INSERT INTO staff_sessions (token_hash, staff_id, csrf, created_at, last_seen_at, expires_at)
            SELECT $4, staff_id, $5, $2, $2, $2 + $8::interval FROM who
            RETURNING staff_id
        ), told AS (
            INSERT INTO account_events (at, kind, actor, staff_id, data)
            SELECT $2,
                   CASE WHEN o.staff_id IS NULL THEN $11 ELSE $12 END,
                   CASE WHEN o.staff_id IS NULL THEN 'anonymous' ELSE 'staff:' || o.staff_id END,
                   $3,
                   CASE WHEN o.staff_id IS NULL THEN jsonb_build_object('reason', $7::text) ELSE '{}' END
            FROM counted LEFT JOIN opened o ON true
        )
        SELECT EXISTS (SELECT FROM opened) AS signed_in, locked_until FROM counted
        """,
        attempt.username_hash,
        attempt.at,
        attempt.staff_id,
        token_hash,
        csrf,
        checked,
        attempt.refusal,
        ABSOLUTE,
        FREE_FAILURES,
        IDLE,
        EventKind.SIGN_IN_REFUSED,
        EventKind.SIGNED_IN,
    )
    assert row is not None
    return row["signed_in"], row["locked_until"]


async def unlock(conn: Conn, username_hash: bytes) -> None:
    await conn.execute("DELETE FROM sign_in_attempts WHERE username_hash = $1", username_hash)


async def session(conn: Conn, token: str, token_hash: bytes, at: datetime) -> tuple[Actor, Session] | None:
    """The live session and its actor; the time of the last request is noted at most once a minute."""
    row = await conn.fetchrow(
        f"""
        WITH RECURSIVE found AS (
            SELECT s.*, e.csrf, e.expires_at
            FROM staff_sessions e JOIN staff s USING (staff_id)
            WHERE e.token_hash = $1 AND s.active AND e.expires_at > $2 AND e.last_seen_at > $2 - $3::interval
        ), seen AS (
            UPDATE staff_sessions SET last_seen_at = $2
            WHERE token_hash = $1 AND last_seen_at <= $2 - $4::interval AND EXISTS (SELECT FROM found)
        ), {_TREE}
        SELECT *, ARRAY(SELECT agency_id FROM tree) AS agencies FROM found
        """,  # noqa: S608  # a constant of this file
        token_hash,
        at,
        IDLE,
        SEEN_EVERY,
    )
    return (_actor(row), Session(token, row["csrf"], staff_of_row(row), row["expires_at"])) if row else None


async def end_session(conn: Conn, token_hash: bytes) -> Staff | None:
    """Whose session it was, if it was one."""
    row = await conn.fetchrow(
        """
        DELETE FROM staff_sessions e USING staff s WHERE e.token_hash = $1 AND s.staff_id = e.staff_id RETURNING s.*
        """,
        token_hash,
    )
    return staff_of_row(row) if row else None


async def end_sessions(conn: Conn, staff_id: UUID) -> int:
    """How many there were, timed-out ones included."""
    return len(await conn.fetch("DELETE FROM staff_sessions WHERE staff_id = $1 RETURNING 1", staff_id))


async def sweep(conn: Conn, at: datetime) -> None:
    await conn.execute(
        """
        WITH sessions AS (DELETE FROM staff_sessions WHERE expires_at <= $1 OR last_seen_at <= $1 - $2::interval)
        DELETE FROM sign_in_attempts WHERE tried_at <= $1 - $3::interval
        """,
        at,
        IDLE,
        FORGOTTEN_AFTER,
    )


# ---------------------------------------------------------------- chats


async def actor_of_chat(conn: Conn, channel: str, user_id: str) -> tuple[Actor, Staff, Lang] | None:
    """Whose open account a chat account is linked to, and in which language they are answered."""
    row = await conn.fetchrow(
        f"""
        WITH RECURSIVE found AS (
            SELECT s.*, i.lang FROM staff_identities i JOIN staff s USING (staff_id)
            WHERE i.channel = $1 AND i.channel_user_id = $2 AND s.active
        ), {_TREE}
        SELECT *, ARRAY(SELECT agency_id FROM tree) AS agencies FROM found
        """,  # noqa: S608  # a constant of this file
        channel,
        user_id,
    )
    return (_actor(row), staff_of_row(row), row["lang"]) if row else None


# ---------------------------------------------------------------- programs' keys


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
        ), {_TREE}
        SELECT *, ARRAY(SELECT agency_id FROM tree) AS agencies FROM found
        """,  # noqa: S608  # a constant of this file
        token_hash,
        at,
        SEEN_EVERY,
    )
    return (_actor(row), frozenset(row["scopes"])) if row else None


async def tokens(conn: Conn, staff_id: UUID) -> list[ApiToken]:
    """Newest first, revoked and expired ones included."""
    rows = await conn.fetch("SELECT * FROM api_tokens WHERE staff_id = $1 ORDER BY token_id DESC", staff_id)
    return [
        ApiToken(
            row["token_id"],
            row["name"],
            tuple(row["scopes"]),
            row["created_at"],
            row["last_used_at"],
            row["expires_at"],
            row["revoked_at"],
        )
        for row in rows
    ]


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
