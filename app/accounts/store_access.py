"""SQL of signing in and of sessions. Tokens stand here by their sha256 alone."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.accounts import push_devices
from app.accounts.model import Actor, EventKind, Origin, Role, Session, Staff, Waits
from app.accounts.store import staff_of_row
from app.db import Conn
from app.i18n import Lang

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(hours=24)
STEP_TIME = timedelta(minutes=10)  # between the password and the second factor
SEEN_EVERY = timedelta(minutes=1)
FREE_FAILURES = 5  # the fifth failure starts the first pause: 1 minute, then 2, 4, 8, 16
FORGOTTEN_AFTER = timedelta(days=1)

# The own agency and all below it. UNION, not UNION ALL: a circle in the tree must not hang every request.
TREE = """
    tree AS (
        SELECT agency_id FROM found
        UNION SELECT a.agency_id FROM agencies a JOIN tree t ON a.parent_id = t.agency_id
    )"""


def actor_of_row(row: asyncpg.Record) -> Actor:
    return Actor(
        "staff",
        row["staff_id"],
        Role(row["role"]),
        row["agency_id"],
        frozenset(row["agencies"]),
        frozenset(row["categories"]),
        frozenset(row["communes"]),
    )


# ---------------------------------------------------------------- signing in


class Candidate(Struct, frozen=True):
    """Who may be signing in, if anybody has the name, and until when the name is locked."""

    staff: Staff | None
    password_hash: str | None
    locked_until: datetime | None
    has_factor: bool = False


async def candidate(conn: Conn, username: str, username_hash: bytes) -> Candidate:
    """One row whether or not anybody has the name."""
    row = await conn.fetchrow(
        """
        SELECT s.*, a.locked_until, f.secret IS NOT NULL AS has_factor
        FROM (SELECT) AS one
        LEFT JOIN staff s ON s.username = $1
        LEFT JOIN sign_in_attempts a ON a.username_hash = $2
        LEFT JOIN second_factors f ON f.staff_id = s.staff_id
        """,
        username,
        username_hash,
    )
    assert row is not None
    staff = staff_of_row(row) if row["staff_id"] else None
    return Candidate(staff, row["password_hash"], row["locked_until"], row["has_factor"])


class Second(Struct, frozen=True):
    """The second factor that came along: the time step of a code, the hash of a recovery code, or the word of an
    identity provider."""

    step: int | None = None
    recovery: bytes | None = None
    provider: bool = False

    @property
    def kind(self) -> str | None:
        if self.step is not None:
            return "app"
        return "recovery_code" if self.recovery else "provider" if self.provider else None


class Attempt(Struct, frozen=True):
    """A sign-in that is about to be decided.

    ``wrong`` counts as a failure. ``asked``: the password was right and the second factor is still to come, which
    neither counts nor clears anything: whoever knows a password must not get endless guesses at the codes. ``right``
    opens a session. ``checked``: the password hash that was checked, None where no password was asked for.
    """

    username_hash: bytes
    at: datetime
    staff_id: UUID | None
    refusal: str
    verdict: Literal["wrong", "asked", "right"] = "wrong"
    checked: str | None = None
    opens: tuple[bytes, str] | None = None  # hash of the session's token, csrf
    begins: bytes | None = None  # hash of the token of a sign-in that waits for the second factor
    ends: bytes | None = None  # such a token's hash, used up by this
    second: Second = Second()
    origin: Origin = Origin()


_SETTLE = """\
WITH counted AS (
    INSERT INTO sign_in_attempts AS a (username_hash, failures, tried_at)
    VALUES ($1, CASE WHEN $4 = 'wrong' THEN 1 ELSE 0 END, $2)
    ON CONFLICT (username_hash) DO UPDATE SET
        tried_at = $2,
        failures = CASE WHEN a.locked_until > $2 OR $4 = 'asked' THEN a.failures
                        WHEN $4 = 'right' THEN 0
                        ELSE a.failures + 1 END,
        locked_until = CASE WHEN a.locked_until > $2 THEN a.locked_until
                            WHEN $4 <> 'wrong' OR a.failures + 1 < $9 THEN NULL
                            ELSE $2 + interval '1 minute' * 2 ^ least(a.failures + 1 - $9, 4) END
    RETURNING locked_until
), who AS (
    SELECT s.staff_id,
           EXISTS (SELECT FROM second_factors f
                   WHERE f.staff_id = s.staff_id AND f.secret IS NOT NULL) AS guarded
    FROM staff s, counted
    WHERE s.staff_id = $3 AND $4 <> 'wrong' AND s.active AND ($5::text IS NULL OR s.password_hash = $5)
      AND counted.locked_until IS NULL
    FOR SHARE OF s
), stepped AS (
    UPDATE second_factors f SET last_step = $15 FROM who
    WHERE f.staff_id = who.staff_id AND f.secret IS NOT NULL AND f.last_step < $15 RETURNING true
), recovered AS (
    UPDATE recovery_codes c SET used_at = $2 FROM who
    WHERE c.staff_id = who.staff_id AND c.code_hash = $16 AND c.used_at IS NULL RETURNING true
), cleared AS (
    DELETE FROM staff_sessions
    WHERE staff_id = (SELECT staff_id FROM who) AND (expires_at <= $2 OR last_seen_at <= $2 - $10::interval)
), opened AS (
    INSERT INTO staff_sessions
        (token_hash, staff_id, csrf, created_at, last_seen_at, expires_at, browser, address)
    SELECT $6, staff_id, $7, $2, $2, $2 + $8::interval, $19, $20 FROM who
    WHERE $4 = 'right' AND ($17 OR EXISTS (SELECT FROM stepped) OR EXISTS (SELECT FROM recovered)
                            OR (NOT guarded AND $15::bigint IS NULL AND $16::bytea IS NULL))
    RETURNING staff_id
), begun AS (
    INSERT INTO sign_ins_begun (token_hash, staff_id, password_hash, expires_at)
    SELECT $13, staff_id, $5, $2 + $14::interval FROM who WHERE $13::bytea IS NOT NULL
), used AS (
    DELETE FROM sign_ins_begun WHERE token_hash = $18 AND EXISTS (SELECT FROM opened)
), decided AS (
    SELECT (SELECT staff_id FROM opened) AS opened_for,
           EXISTS (SELECT FROM opened) OR ($4 = 'asked' AND EXISTS (SELECT FROM who)) AS as_said
), told AS (
    INSERT INTO account_events (at, kind, actor, staff_id, data)
    SELECT $2,
           CASE WHEN as_said THEN $12 ELSE $11 END,
           CASE WHEN as_said THEN 'staff:' || opened_for ELSE 'anonymous' END,
           $3,
           CASE WHEN NOT as_said THEN jsonb_build_object('reason', $21::text)
                WHEN $22::text IS NULL THEN '{}'
                ELSE jsonb_build_object('second_factor', $22::text) END
    FROM decided WHERE NOT as_said OR opened_for IS NOT NULL
)
SELECT as_said, locked_until FROM decided, counted
"""


async def settle(conn: Conn, attempt: Attempt) -> tuple[bool, datetime | None]:
    """Count the attempt, open the session, write the event: (as the verdict says, locked until).

    Decided under the lock of the name's row, so that guesses made side by side get no more answers than guesses made
    one by one: those that come after the fifth failure are refused, right or wrong. FOR SHARE waits for whoever is
    disabling the account or changing its password at this moment. A code opens one session: its step, or the recovery
    code, is used up in this statement.
    """
    row = await conn.fetchrow(
        _SETTLE,
        attempt.username_hash,
        attempt.at,
        attempt.staff_id,
        attempt.verdict,
        attempt.checked,
        *(attempt.opens or (None, None)),
        ABSOLUTE,
        FREE_FAILURES,
        IDLE,
        EventKind.SIGN_IN_REFUSED,
        EventKind.SIGNED_IN,
        attempt.begins,
        STEP_TIME,
        attempt.second.step,
        attempt.second.recovery,
        attempt.second.provider,
        attempt.ends,
        attempt.origin.browser,
        attempt.origin.address,
        attempt.refusal,
        attempt.second.kind,
    )
    assert row is not None
    return row["as_said"], row["locked_until"]


async def begun(conn: Conn, token_hash: bytes, at: datetime) -> tuple[Staff, str | None, bool] | None:
    """Whose sign-in waits for the second factor: (who, the password hash that was checked, whether they have one)."""
    row = await conn.fetchrow(
        """
        SELECT s.*, b.password_hash AS checked, f.secret IS NOT NULL AS has_factor
        FROM sign_ins_begun b JOIN staff s USING (staff_id) LEFT JOIN second_factors f USING (staff_id)
        WHERE b.token_hash = $1 AND b.expires_at > $2 AND s.active
          AND (b.password_hash IS NULL OR b.password_hash = s.password_hash)
        """,
        token_hash,
        at,
    )
    return (staff_of_row(row), row["checked"], row["has_factor"]) if row else None


async def unlock(conn: Conn, username_hash: bytes) -> None:
    await conn.execute("DELETE FROM sign_in_attempts WHERE username_hash = $1", username_hash)


async def session(
    conn: Conn, token: str, token_hash: bytes, at: datetime, *, quiet: bool = False
) -> tuple[Actor, Session] | None:
    """The live session and its actor; the time of the last request is noted at most once a minute, of a ``quiet`` one
    never."""
    row = await conn.fetchrow(
        f"""
        WITH RECURSIVE found AS (
            SELECT s.*, e.csrf, e.expires_at
            FROM staff_sessions e JOIN staff s USING (staff_id)
            WHERE e.token_hash = $1 AND s.active AND e.expires_at > $2 AND e.last_seen_at > $2 - $3::interval
        ), seen AS (
            UPDATE staff_sessions SET last_seen_at = $2
            WHERE token_hash = $1 AND last_seen_at <= $2 - $4::interval AND NOT $5 AND EXISTS (SELECT FROM found)
        ), {TREE}
        SELECT *, ARRAY(SELECT agency_id FROM tree) AS agencies,
               -- On every page, so it rides along here.
               (SELECT count(*) FROM (SELECT FROM notices n WHERE n.staff_id = found.staff_id AND n.read_at IS NULL
                                      LIMIT 100) AS a_few) AS unread,
               -- Nobody else may do anything about it.
               CASE WHEN role = 'administrator' THEN ARRAY[
                   (SELECT count(*) FROM (SELECT FROM partners p JOIN partner_pushes d USING (partner_id)
                                          WHERE d.state = 'person' LIMIT 100) AS a_few),
                   (SELECT count(*) FROM webhooks WHERE state = 'disabled')] ELSE ARRAY[0, 0]::bigint[] END AS waits
        FROM found
        """,  # noqa: S608  # a constant of this file
        token_hash,
        at,
        IDLE,
        SEEN_EVERY,
        quiet,
    )
    if row is None:
        return None
    return actor_of_row(row), Session(
        token, row["csrf"], staff_of_row(row), row["expires_at"], row["unread"], Waits(*row["waits"])
    )


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
    """How many there were, timed-out ones included. A device that tells them what is new ends with them."""
    await push_devices.end(conn, staff_id)
    return len(await conn.fetch("DELETE FROM staff_sessions WHERE staff_id = $1 RETURNING 1", staff_id))


async def sweep(conn: Conn, at: datetime) -> None:
    await conn.execute(
        """
        WITH sessions AS (DELETE FROM staff_sessions WHERE expires_at <= $1 OR last_seen_at <= $1 - $2::interval),
        begun AS (DELETE FROM sign_ins_begun WHERE expires_at <= $1),
        away AS (DELETE FROM single_sign_ons WHERE expires_at <= $1)
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
        ), {TREE}
        SELECT *, ARRAY(SELECT agency_id FROM tree) AS agencies FROM found
        """,  # noqa: S608  # a constant of this file
        channel,
        user_id,
    )
    return (actor_of_row(row), staff_of_row(row), row["lang"]) if row else None


async def actor_of_staff(conn: Conn, staff_id: UUID) -> Actor | None:
    """Somebody with an open account, with the rights that they have now."""
    row = await conn.fetchrow(
        f"""
        WITH RECURSIVE found AS (SELECT * FROM staff WHERE staff_id = $1 AND active), {TREE}
        SELECT *, ARRAY(SELECT agency_id FROM tree) AS agencies FROM found
        """,  # noqa: S608  # a constant of this file
        staff_id,
    )
    return actor_of_row(row) if row else None
