"""SQL of webhooks."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from app.db import Conn
from app.history.service import Cursor
from app.webhooks.model import STATES, Delivery, Health, Place, Tried, Webhook

COUNTED = 1_001
"""Further nobody counts: more than a thousand is many."""
_FIELDS = ", ".join(Webhook.__struct_fields__)
_READING = 7_041_966_011
"""The lock of the one who reads the history on."""


def _webhook(row: asyncpg.Record) -> Webhook:
    fields = {name: row[name] for name in Webhook.__struct_fields__}
    return Webhook(**(fields | {"kinds": tuple(row["kinds"]), "agencies": tuple(row["agencies"])}))


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(**{name: row[name] for name in Delivery.__struct_fields__ if name in row})


# ---------------------------------------------------------------- subscriptions


async def every(conn: Conn) -> list[Webhook]:
    rows = await conn.fetch(f"SELECT {_FIELDS} FROM webhooks ORDER BY name, webhook_id")  # noqa: S608  # column names
    return [_webhook(row) for row in rows]


async def one(conn: Conn, webhook_id: UUID, *, lock: bool = False) -> Webhook | None:
    row = await conn.fetchrow(
        f"SELECT {_FIELDS} FROM webhooks WHERE webhook_id = $1{' FOR UPDATE' if lock else ''}",  # noqa: S608  # constants
        webhook_id,
    )
    return _webhook(row) if row else None


async def insert(conn: Conn, webhook: Webhook, secret: bytes) -> None:
    await conn.execute(
        """
        INSERT INTO webhooks (webhook_id, name, url, secret, kinds, agencies, words, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        webhook.webhook_id, webhook.name, webhook.url, secret, list(webhook.kinds), list(webhook.agencies),
        webhook.words, webhook.created_at, webhook.created_by,
    )  # fmt: skip


async def update(conn: Conn, webhook: Webhook) -> None:
    await conn.execute(
        "UPDATE webhooks SET name = $2, url = $3, kinds = $4, agencies = $5, words = $6 WHERE webhook_id = $1",
        webhook.webhook_id, webhook.name, webhook.url, list(webhook.kinds), list(webhook.agencies), webhook.words,
    )  # fmt: skip


async def set_state(conn: Conn, webhook_id: UUID, state: str) -> None:
    """By a person; whatever was wrong before is forgotten."""
    await conn.execute(
        """
        UPDATE webhooks SET state = $2, failing_since = NULL, disabled_at = NULL, disabled_why = NULL
        WHERE webhook_id = $1
        """,
        webhook_id,
        state,
    )


async def set_secret(conn: Conn, webhook_id: UUID, secret: bytes, old_until: datetime) -> None:
    await conn.execute(
        "UPDATE webhooks SET old_secret = secret, old_until = $3, secret = $2 WHERE webhook_id = $1",
        webhook_id,
        secret,
        old_until,
    )


async def secrets_of(conn: Conn, webhook_id: UUID, at: datetime) -> list[bytes]:
    """What signs, the present one first."""
    row = await conn.fetchrow(
        "SELECT secret, CASE WHEN old_until > $2 THEN old_secret END AS old FROM webhooks WHERE webhook_id = $1",
        webhook_id,
        at,
    )
    return [each for each in row.values() if each is not None] if row else []


async def delete(conn: Conn, webhook_id: UUID) -> None:
    await conn.execute("DELETE FROM webhooks WHERE webhook_id = $1", webhook_id)


async def counts(conn: Conn) -> dict[UUID, dict[str, int]]:
    """Of each webhook how many messages are in which state, up to ``COUNTED``."""
    rows = await conn.fetch(
        """
        SELECT w.webhook_id, s.state, n FROM webhooks w, unnest($1::text[]) AS s(state), LATERAL (
            SELECT count(*) AS n FROM (SELECT FROM webhook_deliveries d
                                       WHERE d.webhook_id = w.webhook_id AND d.state = s.state LIMIT $2) AS a_few) AS c
        WHERE n > 0
        """,
        list(STATES),
        COUNTED,
    )
    found: dict[UUID, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["webhook_id"], {})[row["state"]] = row["n"]
    return found


async def health(conn: Conn) -> list[Health]:
    rows = await conn.fetch(
        """
        SELECT w.name, w.state, coalesce(extract(epoch FROM now() - w.failing_since), 0)::float8 AS failing,
               (SELECT count(*) FROM (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.webhook_id
                                      AND d.state = 'waiting' LIMIT $1) AS a_few) AS queued,
               coalesce(extract(epoch FROM now() - (SELECT min(d.next_at) FROM webhook_deliveries d
                   WHERE d.webhook_id = w.webhook_id AND d.state = 'waiting')), 0)::float8 AS late,
               (SELECT count(*) FROM (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.webhook_id
                    AND d.state = 'given_up' AND d.created_at > now() - interval '4 days'
                    AND d.settled_at > now() - interval '1 day' LIMIT $1) AS a_few) AS given_up
        FROM webhooks w ORDER BY w.name, w.webhook_id
        """,
        COUNTED,
    )
    return [Health(row[0], row[1], row[2], row[3], max(row[4], 0.0), row[5]) for row in rows]


# ---------------------------------------------------------------- following the history


async def claim(conn: Conn) -> bool:
    """Whether this transaction is the one that reads on."""
    got: bool = await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", _READING)
    return got


async def cursor(conn: Conn) -> Cursor:
    row = await conn.fetchrow("SELECT cursor_xid::text::bigint, cursor_report, cursor_seq FROM webhook_cursor")
    assert row is not None
    return (row[0], row[1], row[2])


async def move_on(conn: Conn, to: Cursor) -> None:
    await conn.execute(
        "UPDATE webhook_cursor SET cursor_xid = $1::text::xid8, cursor_report = $2, cursor_seq = $3",
        str(to[0]),
        *to[1:],
    )


async def agencies_of(conn: Conn, report_ids: Collection[UUID]) -> dict[UUID, str]:
    """Who has each of these reports now."""
    rows = await conn.fetch("SELECT report_id, agency_id FROM reports WHERE report_id = ANY($1)", list(report_ids))
    return {row["report_id"]: row["agency_id"] for row in rows}


async def queue(conn: Conn, messages: Sequence[tuple[UUID, UUID, int, str]], *, again: bool = False) -> int:
    """``messages``: (webhook, report, seq, kind). What is known already is left alone, or with ``again`` sent once more
    under the same id. Gives how many were queued."""
    if not messages:
        return 0
    anew = (
        "DO UPDATE SET state = 'waiting', tries = 0, next_at = now(), settled_at = NULL, status = NULL, error = ''"
        if again
        else "DO NOTHING"
    )
    columns = list(zip(*messages, strict=True))
    done = await conn.execute(
        f"""
        INSERT INTO webhook_deliveries (webhook_id, report_id, seq, kind)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[])
        ON CONFLICT (report_id, seq, webhook_id) {anew}
        """,  # noqa: S608  # constants
        *map(list, columns),
    )
    return int(done.rpartition(" ")[2])


async def in_range(
    conn: Conn, start: datetime, end: datetime, kinds: Sequence[str], limit: int
) -> list[asyncpg.Record]:
    """Events of a stretch of time with the agency that has each report now, oldest first."""
    return await conn.fetch(
        """
        SELECT e.report_id, e.seq, e.kind, e.at, e.actor_kind, e.actor_id, e.data, e.hash, r.agency_id
        FROM report_events e JOIN reports r USING (report_id)
        WHERE e.at >= $1 AND e.at < $2 AND e.kind = ANY($3) ORDER BY e.at, e.report_id, e.seq LIMIT $4
        """,
        start,
        end,
        list(kinds),
        limit,
    )


# ---------------------------------------------------------------- sending


async def with_work(conn: Conn) -> list[Webhook]:
    """Active webhooks that have something to send now."""
    rows = await conn.fetch(
        f"""
        SELECT {_FIELDS} FROM webhooks w WHERE state = 'active' AND EXISTS (
            SELECT FROM webhook_deliveries d
            WHERE d.webhook_id = w.webhook_id AND d.state = 'waiting' AND d.next_at <= now())
        """  # noqa: S608  # column names
    )
    return [_webhook(row) for row in rows]


async def take(conn: Conn, webhook_id: UUID, limit: int, lease: timedelta) -> list[Delivery]:
    """Messages that are due, for this sender alone until the lease ends: after that whoever asks takes them, so that
    nothing is lost with a sender that dies."""
    rows = await conn.fetch(
        """
        WITH due AS (
            SELECT report_id, seq, webhook_id FROM webhook_deliveries
            WHERE webhook_id = $1 AND state = 'waiting' AND next_at <= now()
            ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        UPDATE webhook_deliveries d SET next_at = now() + $3, tries = d.tries + 1
        FROM due WHERE (d.report_id, d.seq, d.webhook_id) = (due.report_id, due.seq, due.webhook_id)
        RETURNING d.*
        """,
        webhook_id,
        limit,
        lease,
    )
    return [_delivery(row) for row in rows]


async def settle(
    conn: Conn, webhook_id: UUID, tried: Sequence[Tried], next_at: Sequence[datetime | None]
) -> Webhook | None:
    """Write down what came of attempts; ``next_at`` None: no more of this one. Gives the webhook as it is then.

    The rows are looked up one by one: what the planner knows of a table that has just filled or emptied leads it to
    read everything that waits for the webhook instead, with each batch."""
    reports, seqs = [one.delivery.report_id for one in tried], [one.delivery.seq for one in tried]
    await conn.execute(
        """
        WITH came AS (
            SELECT * FROM unnest($2::uuid[], $3::int[], $4::timestamptz[], $5::int[], $6::text[], $7::int[],
                                 $8::timestamptz[], $9::boolean[])
                AS c(report_id, seq, at, status, error, ms, next_at, well)
        ), written AS (
            INSERT INTO webhook_attempts (webhook_id, report_id, seq, at, status, error, ms)
            SELECT $1, report_id, seq, at, status, error, ms FROM came
        )
        UPDATE webhook_deliveries d
        SET state = CASE WHEN c.well THEN 'delivered' WHEN c.next_at IS NULL THEN 'given_up' ELSE 'waiting' END,
            next_at = coalesce(c.next_at, d.next_at), status = c.status, error = c.error,
            settled_at = CASE WHEN c.well OR c.next_at IS NULL THEN now() END
        FROM came c, LATERAL (
            SELECT ctid FROM webhook_deliveries x
            WHERE x.report_id = c.report_id AND x.seq = c.seq AND x.webhook_id = $1
            FOR UPDATE
        ) found
        WHERE d.ctid = found.ctid AND d.state = 'waiting'
        """,
        webhook_id,
        reports,
        seqs,
        [one.at for one in tried],
        [one.status for one in tried],
        [one.error for one in tried],
        [one.ms for one in tried],
        list(next_at),
        [one.well for one in tried],
    )
    row = await conn.fetchrow(
        f"""
        UPDATE webhooks SET failing_since = CASE WHEN $2 THEN NULL ELSE coalesce(failing_since, now()) END
        WHERE webhook_id = $1 RETURNING {_FIELDS}
        """,  # noqa: S608  # column names
        webhook_id,
        any(one.well for one in tried),
    )
    return _webhook(row) if row else None


async def disable(conn: Conn, webhook_id: UUID, why: str) -> bool:
    done = await conn.fetchval(
        """
        UPDATE webhooks SET state = 'disabled', disabled_at = now(), disabled_why = $2
        WHERE webhook_id = $1 AND state = 'active' RETURNING true
        """,
        webhook_id,
        why,
    )
    return done is not None


# ---------------------------------------------------------------- the ledger


async def deliveries(
    conn: Conn, webhook_id: UUID, states: Sequence[str], before: Place | None, limit: int
) -> list[Delivery]:
    """The latest first, with the report's code; ``before``: older than this one."""
    rows = await conn.fetch(
        """
        SELECT d.*, r.code FROM unnest($2::text[]) AS s(state), LATERAL (
            SELECT * FROM webhook_deliveries d WHERE d.webhook_id = $1 AND d.state = s.state
              AND ($3::timestamptz IS NULL OR (d.created_at, d.report_id, d.seq) < ($3, $4::uuid, $5::int))
            ORDER BY d.created_at DESC, d.report_id DESC, d.seq DESC LIMIT $6
        ) d JOIN reports r USING (report_id)
        ORDER BY d.created_at DESC, d.report_id DESC, d.seq DESC LIMIT $6
        """,
        webhook_id,
        list(states),
        *(before or (None, None, None)),
        limit,
    )
    return [_delivery(row) for row in rows]


async def attempts(conn: Conn, webhook_id: UUID, limit: int) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        SELECT a.at, a.status, a.error, a.ms, a.seq, r.code FROM webhook_attempts a JOIN reports r USING (report_id)
        WHERE webhook_id = $1 ORDER BY at DESC LIMIT $2
        """,
        webhook_id,
        limit,
    )


async def forget(conn: Conn, webhook_id: UUID, before: datetime, limit: int) -> int:
    """Some of what is older than ``before``: attempts, settled messages, and of a webhook that is not active also what
    still waits for it. Gives how many rows."""
    done = await conn.fetchrow(
        """
        WITH tried AS (
            DELETE FROM webhook_attempts WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM webhook_attempts WHERE webhook_id = $1 AND at < $2 LIMIT $3)) RETURNING 1
        ), told AS (
            DELETE FROM webhook_deliveries WHERE ctid = ANY(ARRAY(
                SELECT d.ctid FROM unnest($4::text[]) AS s(state), LATERAL (
                    SELECT d.ctid FROM webhook_deliveries d
                    WHERE d.webhook_id = $1 AND d.state = s.state AND d.created_at < $2
                      AND (d.state <> 'waiting'
                           OR EXISTS (SELECT FROM webhooks WHERE webhook_id = $1 AND state <> 'active'))
                    LIMIT $3) d)) RETURNING 1
        )
        SELECT (SELECT count(*) FROM tried), (SELECT count(*) FROM told)
        """,
        webhook_id,
        before,
        limit,
        list(STATES),
    )
    assert done is not None
    return int(max(done))
