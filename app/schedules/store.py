"""SQL of reports that come by themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from app.db import Conn
from app.schedules.model import Draft, Run, Schedule, When

_COLUMNS = """schedule_id, owner_id, name, kind, day, minute, office_days, lang, query, formats, people, addresses,
              paused, version, planned_until"""


def _schedule(row: asyncpg.Record) -> Schedule:
    return Schedule(
        schedule_id=row["schedule_id"],
        owner_id=row["owner_id"],
        draft=Draft(
            name=row["name"],
            when=When(row["kind"], row["day"], row["minute"], row["office_days"]),
            lang=row["lang"],
            query=row["query"],
            formats=tuple(row["formats"]),
            people=tuple(row["people"]),
            addresses=tuple(row["addresses"]),
        ),
        paused=row["paused"],
        version=row["version"],
        planned_until=row["planned_until"],
    )


def _fields(draft: Draft) -> tuple[object, ...]:
    when = draft.when
    return (
        draft.name, when.kind, when.day, when.minute, when.office_days, draft.lang, draft.query, list(draft.formats),
        list(draft.people), list(draft.addresses),
    )  # fmt: skip


async def listed(conn: Conn, owner_id: UUID | None) -> list[Schedule]:
    """By name; ``owner_id`` None: everybody's."""
    rows = await conn.fetch(
        f"""
        SELECT {_COLUMNS} FROM schedules WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR owner_id = $1)
        ORDER BY name, schedule_id
        """,  # noqa: S608  # names of columns
        owner_id,
    )
    return [_schedule(row) for row in rows]


async def get(conn: Conn, schedule_id: UUID, *, lock: bool = False) -> Schedule | None:
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM schedules WHERE schedule_id = $1 AND deleted_at IS NULL"  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        schedule_id,
    )
    return _schedule(row) if row else None


async def add(conn: Conn, schedule_id: UUID, owner_id: UUID, draft: Draft, at: datetime, most: int) -> bool:
    """False: the person has too many. Under the person's lock, so that two at once are counted one after the other."""
    await conn.execute("SELECT FROM staff WHERE staff_id = $1 FOR NO KEY UPDATE", owner_id)
    made = await conn.fetchval(
        """
        INSERT INTO schedules (schedule_id, owner_id, name, kind, day, minute, office_days, lang, query, formats,
                               people, addresses, created_at, planned_until)
        SELECT $1, $2, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $3::timestamptz, $3
        WHERE (SELECT count(*) FROM schedules WHERE owner_id = $2 AND deleted_at IS NULL) < $4
        RETURNING true
        """,
        schedule_id,
        owner_id,
        at,
        most,
        *_fields(draft),
    )
    return made is not None


async def change(
    conn: Conn, schedule_id: UUID, version: int, owner_id: UUID, draft: Draft, planned_until: datetime
) -> bool:
    """False: somebody else has changed it since."""
    done = await conn.fetchval(
        """
        UPDATE schedules SET owner_id = $3, planned_until = $4, version = version + 1, name = $5, kind = $6, day = $7,
               minute = $8, office_days = $9, lang = $10, query = $11, formats = $12, people = $13, addresses = $14
        WHERE schedule_id = $1 AND version = $2 AND deleted_at IS NULL RETURNING true
        """,
        schedule_id,
        version,
        owner_id,
        planned_until,
        *_fields(draft),
    )
    return done is not None


async def pause(conn: Conn, schedule_id: UUID, *, paused: bool, at: datetime) -> None:
    """What came due meanwhile is not made up for."""
    await conn.execute(
        """
        UPDATE schedules SET paused = $2, version = version + 1, planned_until = greatest(planned_until, $3)
        WHERE schedule_id = $1 AND paused <> $2
        """,
        schedule_id,
        paused,
        at,
    )


async def delete(conn: Conn, schedule_id: UUID, at: datetime) -> None:
    await conn.execute(
        "UPDATE schedules SET deleted_at = $2, version = version + 1 WHERE schedule_id = $1", schedule_id, at
    )


# ---------------------------------------------------------------- runs


async def active(conn: Conn) -> list[Schedule]:
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM schedules WHERE NOT paused AND deleted_at IS NULL ORDER BY schedule_id"  # noqa: S608
    )
    return [_schedule(row) for row in rows]


async def planned(conn: Conn, schedule_id: UUID, until: datetime) -> None:
    await conn.execute("UPDATE schedules SET planned_until = $2 WHERE schedule_id = $1", schedule_id, until)


async def add_run(conn: Conn, run: Run) -> bool:
    """False: this period has its run."""
    done = await conn.fetchval(
        """
        INSERT INTO schedule_runs (run_id, schedule_id, period, due_at, planned_at, late, trial)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING true
        """,
        *(getattr(run, name) for name in Run.__struct_fields__),
    )
    return done is not None


async def run(conn: Conn, run_id: UUID) -> Run | None:
    row = await conn.fetchrow("SELECT * FROM schedule_runs WHERE run_id = $1", run_id)
    return Run(*(row[name] for name in Run.__struct_fields__)) if row else None


async def runs(conn: Conn, schedule_id: UUID, limit: int) -> list[Run]:
    """The latest first."""
    rows = await conn.fetch(
        "SELECT * FROM schedule_runs WHERE schedule_id = $1 ORDER BY due_at DESC, run_id DESC LIMIT $2",
        schedule_id,
        limit,
    )
    return [Run(*(row[name] for name in Run.__struct_fields__)) for row in rows]


async def last_runs(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, Run]:
    """The latest of each schedule that was no trial."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT ON (schedule_id) * FROM schedule_runs WHERE schedule_id = ANY($1) AND NOT trial
        ORDER BY schedule_id, due_at DESC
        """,
        list(ids),
    )
    return {row["schedule_id"]: Run(*(row[name] for name in Run.__struct_fields__)) for row in rows}


async def sweep(conn: Conn, kept: timedelta) -> int:
    """Forget runs this old, and schedules that were deleted and have none any more."""
    swept: int = await conn.fetchval(
        """
        WITH gone AS (DELETE FROM schedule_runs WHERE due_at < now() - $1::interval RETURNING 1)
        SELECT count(*) FROM gone
        """,
        kept,
    )
    await conn.execute(
        """
        DELETE FROM schedules s WHERE deleted_at < now() - $1::interval
          AND NOT EXISTS (SELECT FROM schedule_runs r WHERE r.schedule_id = s.schedule_id)
        """,
        kept,
    )
    return swept
