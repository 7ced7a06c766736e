"""SQL of the system's own state."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.db import MIGRATIONS, Conn
from app.upkeep.model import Backup, Chats, Database, Failure, Process, Queue


async def queues(conn: Conn) -> list[Queue]:
    rows = await conn.fetch(
        """
        SELECT entrypoint, count(*) FILTER (WHERE status = 'queued' AND execute_after <= now()),
               count(*) FILTER (WHERE status = 'queued' AND execute_after > now()),
               count(*) FILTER (WHERE status = 'picked'), count(*) FILTER (WHERE status = 'failed'),
               coalesce(extract(epoch FROM now() - min(execute_after)
                                FILTER (WHERE status = 'queued' AND execute_after <= now())), 0)::float8
        FROM pgqueuer GROUP BY entrypoint ORDER BY entrypoint
        """
    )
    return [Queue(*row.values()) for row in rows]


async def failures(conn: Conn, limit: int) -> list[Failure]:
    """Held jobs, the latest first, each with its last error."""
    rows = await conn.fetch(
        """
        SELECT j.id, j.entrypoint, j.created, coalesce(l.created, j.updated), l.traceback ->> 'exception_type',
               l.traceback ->> 'traceback', c.code
        FROM pgqueuer j
        LEFT JOIN LATERAL (SELECT created, traceback FROM pgqueuer_log
                           WHERE job_id = j.id AND traceback IS NOT NULL ORDER BY created DESC LIMIT 1) l ON true
        LEFT JOIN LATERAL (
            SELECT r.code FROM reports r
            WHERE r.report_id::text = substring(convert_from(j.payload, 'UTF8') FROM '"report_id":"([0-9a-f-]{36})"')
        ) c ON true
        WHERE j.status = 'failed' ORDER BY j.updated DESC, j.id DESC LIMIT $1
        """,
        limit,
    )
    return [Failure(row[0], row[1], row[2], row[3], row[4] or "", _place(row[5] or ""), row[6]) for row in rows]


def _place(traceback: str) -> str:
    """File and line of the last frame."""
    frames = [line.strip() for line in traceback.splitlines() if line.strip().startswith("File ")]
    if not frames:
        return ""
    path, line, *_ = frames[-1].removeprefix("File ").split(", ")
    name = path.strip('"').rpartition("/")[2]
    return f"{name}:{line.removeprefix('line ')}"


async def retry(conn: Conn, ids: Sequence[int]) -> list[str]:
    """Put held jobs back into the queue, as if they were new; what already waits there under the same dedupe key is
    not doubled. Gives the kinds of those that were held."""
    rows = await conn.fetch(
        """
        WITH held AS (
            SELECT id, entrypoint, priority, dedupe_key IS NOT NULL AND (
                       EXISTS (SELECT FROM pgqueuer o WHERE o.dedupe_key = j.dedupe_key
                               AND o.status IN ('queued', 'picked'))
                       OR row_number() OVER (PARTITION BY dedupe_key ORDER BY id) > 1) AS doubled
            FROM (SELECT * FROM pgqueuer WHERE id = ANY($1::bigint[]) AND status = 'failed' FOR UPDATE) j
        ), gone AS (
            DELETE FROM pgqueuer USING held WHERE pgqueuer.id = held.id AND held.doubled
        ), again AS (
            UPDATE pgqueuer SET status = 'queued', execute_after = now(), updated = now(), attempts = 0,
                                queue_manager_id = NULL
            FROM held WHERE pgqueuer.id = held.id AND NOT held.doubled
        ), logged AS (
            INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
            SELECT id, CASE WHEN doubled THEN 'deleted' ELSE 'queued' END::pgqueuer_status, entrypoint, priority
            FROM held
        )
        SELECT entrypoint FROM held
        """,
        list(ids),
    )
    return [row["entrypoint"] for row in rows]


async def discard(conn: Conn, ids: Sequence[int]) -> list[str]:
    """Drop held jobs for good; gives the kinds of those that were held."""
    rows = await conn.fetch(
        """
        WITH held AS (
            DELETE FROM pgqueuer WHERE id = ANY($1::bigint[]) AND status = 'failed' RETURNING id, entrypoint, priority
        ), logged AS (
            INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)
            SELECT id, 'deleted', entrypoint, priority FROM held
        )
        SELECT entrypoint FROM held
        """,
        list(ids),
    )
    return [row["entrypoint"] for row in rows]


async def beat(conn: Conn, name: str, host: str, pid: int, version: str, started_at: datetime) -> None:
    """Say that this process lives. Those that have been silent for a day are forgotten."""
    await conn.execute(
        """
        WITH old AS (DELETE FROM processes WHERE beat_at < now() - interval '1 day')
        INSERT INTO processes (name, host, pid, version, started_at, beat_at) VALUES ($1, $2, $3, $4, $5, now())
        ON CONFLICT (name, host, pid) DO UPDATE
        SET beat_at = now(), version = excluded.version, started_at = excluded.started_at
        """,
        name,
        host,
        pid,
        version,
        started_at,
    )


async def gone(conn: Conn, name: str, host: str, pid: int) -> None:
    await conn.execute("DELETE FROM processes WHERE name = $1 AND host = $2 AND pid = $3", name, host, pid)


async def processes(conn: Conn) -> list[Process]:
    rows = await conn.fetch("SELECT name, host, version, started_at, beat_at FROM processes ORDER BY name, started_at")
    return [Process(*row.values()) for row in rows]


async def add_backup(conn: Conn, size_bytes: int | None, note: str) -> None:
    await conn.execute("INSERT INTO backups (size_bytes, note) VALUES ($1, $2)", size_bytes, note)


async def backups(conn: Conn, limit: int) -> list[Backup]:
    rows = await conn.fetch("SELECT at, size_bytes, note FROM backups ORDER BY backup_id DESC LIMIT $1", limit)
    return [Backup(*row.values()) for row in rows]


async def database(conn: Conn) -> Database:
    row = await conn.fetchrow(
        """
        SELECT current_setting('server_version'), pg_database_size(current_database()),
               (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
               current_setting('max_connections')::int,
               (SELECT array_agg(version::text ORDER BY version) FROM schema_migrations) AS applied
        """
    )
    assert row is not None
    ours = {path.name.split("_")[0] for path in MIGRATIONS.glob("*.sql")}
    applied = row["applied"] or []
    return Database(row[0], row[1], row[2], row[3], max(applied, default=""), len(ours - set(applied)))


async def chats(conn: Conn, long: timedelta) -> Chats:
    row = await conn.fetchrow(
        """
        SELECT count(*),
               (SELECT count(*) FROM outbox
                WHERE status IN ('queued', 'sending') AND created_at < now() - $1::interval)
        FROM inbox WHERE processed_at IS NULL AND received_at < now() - $1::interval
        """,
        long,
    )
    assert row is not None
    return Chats(*row.values())


async def photos(conn: Conn) -> tuple[int, int]:
    """How many photos there are, and the bytes of their originals."""
    row = await conn.fetchrow("SELECT count(*), coalesce(sum(size_bytes), 0)::bigint FROM photo_blobs")
    assert row is not None
    return row[0], row[1]


async def boundaries(conn: Conn) -> str:
    """Where the communes' boundaries come from; "" as long as places are only approximate."""
    return await conn.fetchval("SELECT source FROM place_sets WHERE active") or ""


async def reports(conn: Conn) -> dict[str, int]:
    """How many were sent over the last day, by channel."""
    rows = await conn.fetch(
        "SELECT channel, count(*) FROM reports WHERE submitted_at > now() - interval '1 day' GROUP BY channel"
    )
    return {row["channel"]: row["count"] for row in rows}
