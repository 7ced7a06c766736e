"""SQL for rule sets, the record of which was in force when, and the agencies they name."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from app.db import Conn
from app.routing.model import Agency
from app.routing.versions import CHANNEL, Activation, How


async def lock_rules(conn: Conn) -> None:
    """One process at a time changes rules, until its transaction ends: they all do so when they start together."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('phananh rules'))")


async def put_rule_set(conn: Conn, version: str, source: str, note: str, by: str) -> None:
    """Keep this version. One that is already there keeps the note of its first time."""
    await conn.execute(
        "INSERT INTO rule_sets (version, source, note, applied_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        version,
        source,
        note,
        by,
    )


async def activate(
    conn: Conn, version: str, *, note: str, by: str, how: How, warnings: Sequence[str]
) -> Activation | None:
    """Put a kept version into force, with its record, and tell every process once this is committed.

    None: it was in force already. That the file has come to say the same is recorded, nothing else.
    """
    previous = await active_version(conn)
    if previous == version and (how != "file" or await version_from_file(conn) == version):
        return None
    await conn.execute("UPDATE rule_sets SET active = false WHERE active AND version <> $1", version)
    await conn.execute("UPDATE rule_sets SET active = true WHERE NOT active AND version = $1", version)
    row = await conn.fetchrow(
        """
        INSERT INTO rule_set_activations (version, previous, by, how, note, warnings)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING *
        """,
        version,
        previous,
        by,
        how,
        note,
        list(warnings),
    )
    assert row is not None
    if previous == version:
        return None
    await conn.execute("SELECT pg_notify($1, $2)", CHANNEL, version)
    return _activation(row)


def _activation(row: asyncpg.Record) -> Activation:
    return Activation(
        row["activation_id"],
        row["version"],
        row["previous"],
        row["at"],
        row["by"],
        row["how"],
        row["note"],
        tuple(row["warnings"]),
    )


async def activations(conn: Conn) -> list[Activation]:
    """All of them, oldest first."""
    rows = await conn.fetch("SELECT * FROM rule_set_activations ORDER BY activation_id")
    return [_activation(row) for row in rows]


async def version_from_file(conn: Conn) -> str | None:
    """The version that was last taken from the file; None when none ever was."""
    version: str | None = await conn.fetchval(
        "SELECT version FROM rule_set_activations WHERE how = 'file' ORDER BY activation_id DESC LIMIT 1"
    )
    return version


async def active_version(conn: Conn) -> str | None:
    version: str | None = await conn.fetchval("SELECT version FROM rule_sets WHERE active")
    return version


async def version_at(conn: Conn, at: datetime) -> str | None:
    version: str | None = await conn.fetchval(
        """
        SELECT version FROM rule_set_activations
        ORDER BY at <= $1 DESC, CASE WHEN at <= $1 THEN -activation_id ELSE activation_id END LIMIT 1
        """,
        at,
    )
    return version


async def versions_like(conn: Conn, beginning: str) -> list[str]:
    """At most two kept versions that begin so."""
    rows = await conn.fetch("SELECT version FROM rule_sets WHERE starts_with(version, $1) LIMIT 2", beginning)
    return [row["version"] for row in rows]


async def rule_set_source(conn: Conn, version: str) -> str | None:
    source: str | None = await conn.fetchval("SELECT source FROM rule_sets WHERE version = $1", version)
    return source


async def offices(conn: Conn) -> list[Agency]:
    """The active commune offices."""
    rows = await conn.fetch(
        """
        SELECT agency_id, kind, name, name_en, parent_id, commune_code FROM agencies
        WHERE active AND kind = 'commune_office' ORDER BY agency_id
        """
    )
    return [Agency(*row.values()) for row in rows]


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
