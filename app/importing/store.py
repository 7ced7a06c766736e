"""SQL of imports."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from app.db import Conn, Pool
from app.importing.model import OUTCOMES, Fault, Outcome, Run

_LOCKS = 0x1A907
"""First half of the advisory locks' keys."""
_RUN = ", ".join(field.name for field in msgspec.structs.fields(Run))


class Mark(Struct, frozen=True):
    """A report that came from elsewhere before. ``last_seq``: of what imports wrote."""

    report_id: UUID
    row_hash: bytes
    last_seq: int


@asynccontextmanager
async def alone(pool: Pool, source: str) -> AsyncIterator[bool]:
    """Whether nobody else is taking over from this source; for as long as this lasts nobody else will."""
    async with pool.acquire() as conn:
        got: bool = await conn.fetchval("SELECT pg_try_advisory_lock($1, hashtext($2))", _LOCKS, source)
        try:
            yield got
        finally:
            if got:
                await conn.execute("SELECT pg_advisory_unlock($1, hashtext($2))", _LOCKS, source)


async def first_own(conn: Conn) -> datetime | None:
    """When the first report was sent that did not come from elsewhere."""
    found: datetime | None = await conn.fetchval(
        """
        SELECT min(submitted_at) FROM reports r
        WHERE NOT EXISTS (SELECT FROM imported_reports i WHERE i.report_id = r.report_id)
        """
    )
    return found


# ---------------------------------------------------------------- runs


async def begin(conn: Conn, run: Run) -> None:
    values = msgspec.structs.astuple(run)
    holders = ", ".join(f"${i}" for i in range(1, len(values) + 1))
    await conn.execute(f"INSERT INTO import_runs ({_RUN}) VALUES ({holders})", *values)  # noqa: S608  # names of our own


async def unfinished(conn: Conn, source: str, sha256: bytes) -> Run | None:
    """The newest run over the same rows that was cut off."""
    row = await conn.fetchrow(
        f"""
        SELECT {_RUN} FROM import_runs WHERE source = $1 AND sha256 = $2 AND finished_at IS NULL
        ORDER BY started_at DESC LIMIT 1
        """,  # noqa: S608  # column names of our own
        source,
        sha256,
    )
    return msgspec.convert(dict(row), Run) if row else None


async def seen_until(conn: Conn, source: str, read_from: str) -> datetime | None:
    found: datetime | None = await conn.fetchval(
        """
        SELECT max(seen_until) FROM import_runs
        WHERE source = $1 AND read_from = $2 AND finished_at IS NOT NULL
        """,
        source,
        read_from,
    )
    return found


async def newest(conn: Conn, limit: int) -> list[Run]:
    rows = await conn.fetch(f"SELECT {_RUN} FROM import_runs ORDER BY started_at DESC LIMIT $1", limit)  # noqa: S608  # column names of our own
    return [msgspec.convert(dict(row), Run) for row in rows]


async def move_on(conn: Conn, run_id: UUID, rows: int, outcomes: dict[Outcome, int]) -> None:
    added = ", ".join(f"{name} = {name} + ${i}" for i, name in enumerate(OUTCOMES, 3))
    await conn.execute(
        f"UPDATE import_runs SET rows_done = rows_done + $2, {added} WHERE run_id = $1",  # noqa: S608  # names of our own
        run_id,
        rows,
        *(outcomes.get(name, 0) for name in OUTCOMES),
    )


async def finish(conn: Conn, run_id: UUID, at: datetime) -> None:
    await conn.execute("UPDATE import_runs SET finished_at = $2 WHERE run_id = $1", run_id, at)


async def keep_faults(conn: Conn, run_id: UUID, faults: Sequence[Fault]) -> None:
    await conn.executemany(
        "INSERT INTO import_faults VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        [(run_id, f.row, f.line, f.number, f.column, f.problem.key, f.problem.params, f.refused) for f in faults],
    )


async def faults(conn: Conn, run_id: UUID) -> list[Any]:
    """Row, line, number, column, key, params, refused: in the order of the rows."""
    rows = await conn.fetch(
        "SELECT row, line, number, field, key, params, refused FROM import_faults WHERE run_id = $1 ORDER BY row",
        run_id,
    )
    return [tuple(row) for row in rows]


# ---------------------------------------------------------------- reports


async def marks(conn: Conn, source: str, numbers: Sequence[str]) -> dict[str, Mark]:
    rows = await conn.fetch(
        """
        SELECT number, report_id, row_hash, last_seq FROM imported_reports
        WHERE source = $1 AND number = ANY($2)
        """,
        source,
        list(numbers),
    )
    return {row["number"]: Mark(row["report_id"], row["row_hash"], row["last_seq"]) for row in rows}


async def mark(conn: Conn, run_id: UUID, source: str, new: Sequence[tuple[str, str, Mark]]) -> None:
    """``new``: number, folded number, mark."""
    await conn.execute(
        """
        INSERT INTO imported_reports (source, number, report_id, run_id, row_hash, last_seq, search_text)
        SELECT $1, n.number, n.report_id, $2, n.row_hash, n.last_seq, n.search_text
        FROM unnest($3::text[], $4::text[], $5::uuid[], $6::bytea[], $7::int[])
             AS n(number, search_text, report_id, row_hash, last_seq)
        ON CONFLICT (source, number) DO UPDATE
        SET run_id = excluded.run_id, row_hash = excluded.row_hash, last_seq = excluded.last_seq
        """,
        source,
        run_id,
        [number for number, _, _ in new],
        [folded for _, folded, _ in new],
        [one.report_id for _, _, one in new],
        [one.row_hash for _, _, one in new],
        [one.last_seq for _, _, one in new],
    )
