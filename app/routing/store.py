"""SQL for rule sets and the agencies they name."""

from collections.abc import Sequence

from app.db import Conn
from app.routing.model import Agency


async def lock_rules(conn: Conn) -> None:
    """One process at a time installs rules, until its transaction ends: they all do so when they start together."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('phananh rules'))")


async def activate_rule_set(conn: Conn, version: str, source: str, note: str, by: str) -> None:
    """Make this version the active one. One that is already there keeps the note of its first time."""
    await conn.execute("UPDATE rule_sets SET active = false WHERE active AND version <> $1", version)
    await conn.execute(
        """
        INSERT INTO rule_sets (version, source, note, applied_by, active) VALUES ($1, $2, $3, $4, true)
        ON CONFLICT (version) DO UPDATE SET active = true
        """,
        version,
        source,
        note,
        by,
    )


async def rule_set_source(conn: Conn, version: str) -> str | None:
    source: str | None = await conn.fetchval("SELECT source FROM rule_sets WHERE version = $1", version)
    return source


async def is_active(conn: Conn, version: str) -> bool:
    found = await conn.fetchval("SELECT 1 FROM rule_sets WHERE version = $1 AND active", version)
    return found is not None


async def put_agencies(conn: Conn, agencies: Sequence[Agency]) -> None:
    """Make these the active agencies. Others stay, because reports and staff refer to them, but become inactive."""
    await conn.execute(
        """
        WITH wanted AS (
            SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
                AS w (agency_id, parent_id, kind, name, name_en, commune_code)
        ), put AS (
            INSERT INTO agencies AS a (agency_id, parent_id, kind, name, name_en, commune_code, active)
            SELECT agency_id, parent_id, kind, name, name_en, commune_code, true FROM wanted
            ON CONFLICT (agency_id) DO UPDATE
                SET parent_id = excluded.parent_id, kind = excluded.kind, name = excluded.name,
                    name_en = excluded.name_en, commune_code = excluded.commune_code, active = true
                WHERE a IS DISTINCT FROM excluded
        )
        UPDATE agencies SET active = false
        WHERE active AND agency_id NOT IN (SELECT agency_id FROM wanted)
        """,
        [agency.agency_id for agency in agencies],
        [agency.parent_id for agency in agencies],
        [agency.kind for agency in agencies],
        [agency.name for agency in agencies],
        [agency.name_en for agency in agencies],
        [agency.commune_code for agency in agencies],
    )
