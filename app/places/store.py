"""Place sets and their communes."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from app.db import Conn


async def active_set(conn: Conn) -> UUID | None:
    found: UUID | None = await conn.fetchval("SELECT set_id FROM place_sets WHERE active")
    return found


async def active_communes(conn: Conn) -> list[asyncpg.Record]:
    """One statement, so that an import in between cannot pull the set away."""
    return await conn.fetch(
        "SELECT set_id, code, name, full_name, kind, province_code, province_name, lat, lon, boundary"
        " FROM communes JOIN place_sets USING (set_id) WHERE active ORDER BY code"
    )


async def lock_sets(conn: Conn) -> None:
    """Two imports at once wait for each other; readers do not wait."""
    await conn.execute("LOCK TABLE place_sets IN SHARE ROW EXCLUSIVE MODE")


async def drop_sets(conn: Conn) -> None:
    await conn.execute("DELETE FROM place_sets")


async def insert_set(conn: Conn, set_id: UUID, source: str, sha256: bytes, commune_count: int) -> None:
    await conn.execute(
        "INSERT INTO place_sets (set_id, source, sha256, commune_count, active) VALUES ($1, $2, $3, $4, true)",
        set_id, source, sha256, commune_count,
    )  # fmt: skip


async def insert_communes(conn: Conn, rows: Iterable[tuple[object, ...]]) -> None:
    """``rows``: the columns of ``active_communes``."""
    await conn.copy_records_to_table(
        "communes",
        records=rows,
        columns=[
            "set_id",
            "code",
            "name",
            "full_name",
            "kind",
            "province_code",
            "province_name",
            "lat",
            "lon",
            "boundary",
        ],
    )
