"""SQL of partners: who they are, what is sent where, and how far the history has been read for them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from app.db import Conn
from app.history.service import Cursor
from app.partners.model import STATES, Health, Mapped, Partner

_READING = 7_041_966_031
"""The lock of the one who reads the history on."""
COUNTED = 1_001
"""Further nobody counts: more than a thousand is many."""
_FIELDS = ", ".join(name for name in Partner.__struct_fields__ if name != "has_key")
_PARTNER = f"{_FIELDS}, api_key IS NOT NULL AS has_key"


def _partner(row: asyncpg.Record) -> Partner:
    return msgspec.convert(dict(row), Partner)


# ---------------------------------------------------------------- partners


async def every(conn: Conn) -> list[Partner]:
    rows = await conn.fetch(f"SELECT {_PARTNER} FROM partners ORDER BY name, partner_id")  # noqa: S608  # column names
    return [_partner(row) for row in rows]


async def one(conn: Conn, partner_id: UUID, *, lock: bool = False) -> Partner | None:
    row = await conn.fetchrow(
        f"SELECT {_PARTNER} FROM partners WHERE partner_id = $1{' FOR UPDATE' if lock else ''}",  # noqa: S608  # constants
        partner_id,
    )
    return _partner(row) if row else None


async def insert(conn: Conn, partner: Partner, key: bytes | None) -> None:
    await conn.execute(
        """
        INSERT INTO partners (partner_id, name, url, endpoint, form, jurisdiction, api_key, agency_id, originals,
                              repeat, created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        partner.partner_id, partner.name, partner.url, partner.endpoint, partner.form, partner.jurisdiction, key,
        partner.agency_id, partner.originals, partner.repeat, partner.created_at, partner.created_by,
    )  # fmt: skip


async def update(conn: Conn, partner: Partner, key: bytes | None) -> None:
    """``key`` None: as it was."""
    await conn.execute(
        """
        UPDATE partners SET name = $2, url = $3, endpoint = $4, form = $5, jurisdiction = $6,
               api_key = coalesce($7, api_key), agency_id = $8, originals = $9, repeat = $10
        WHERE partner_id = $1
        """,
        partner.partner_id, partner.name, partner.url, partner.endpoint, partner.form, partner.jurisdiction, key,
        partner.agency_id, partner.originals, partner.repeat,
    )  # fmt: skip


async def key_of(conn: Conn, partner_id: UUID) -> bytes | None:
    sealed: bytes | None = await conn.fetchval("SELECT api_key FROM partners WHERE partner_id = $1", partner_id)
    return sealed


async def set_active(conn: Conn, partner_id: UUID, *, active: bool) -> None:
    """Whatever was wrong before is forgotten."""
    await conn.execute(
        """
        UPDATE partners SET active = $2, failing_since = NULL, failure = '', pull_at = now(),
               held_until = NULL, holds = 0
        WHERE partner_id = $1
        """,
        partner_id,
        active,
    )


async def set_server(
    conn: Conn, partner_id: UUID, endpoint: str, form: str, services: Sequence[Any], *, has_updates: bool
) -> None:
    """What its server said of itself just now."""
    await conn.execute(
        """
        UPDATE partners SET endpoint = $2, form = $3, services = $4, services_at = now(), has_updates = $5
        WHERE partner_id = $1
        """,
        partner_id,
        endpoint,
        form,
        msgspec.to_builtins(list(services)),
        has_updates,
    )


async def delete(conn: Conn, partner_id: UUID) -> None:
    await conn.execute("DELETE FROM partners WHERE partner_id = $1", partner_id)


async def set_mapped(conn: Conn, partner_id: UUID, mapped: Mapped) -> None:
    await conn.execute(
        """
        INSERT INTO partner_services (partner_id, category, service_code, service_name, attributes, fills)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (partner_id, category) DO UPDATE
        SET service_code = $3, service_name = $4, attributes = $5, fills = $6
        """,
        partner_id,
        mapped.category,
        mapped.service_code,
        mapped.service_name,
        msgspec.to_builtins(mapped.attributes),
        msgspec.to_builtins(mapped.fills),
    )


async def unmap(conn: Conn, partner_id: UUID, category: str) -> None:
    await conn.execute("DELETE FROM partner_services WHERE partner_id = $1 AND category = $2", partner_id, category)


async def mapped(conn: Conn, partner_ids: Collection[UUID]) -> dict[UUID, dict[str, Mapped]]:
    """By partner and category."""
    rows = await conn.fetch("SELECT * FROM partner_services WHERE partner_id = ANY($1)", list(partner_ids))
    found: dict[UUID, dict[str, Mapped]] = {}
    for row in rows:
        found.setdefault(row["partner_id"], {})[row["category"]] = msgspec.convert(dict(row), Mapped)
    return found


async def counts(conn: Conn) -> dict[UUID, dict[str, int]]:
    """Of each partner how many reports are in which state, up to ``COUNTED``."""
    rows = await conn.fetch(
        """
        SELECT p.partner_id, s.state, n FROM partners p, unnest($1::text[]) AS s(state), LATERAL (
            SELECT count(*) AS n FROM (SELECT FROM partner_pushes d
                                       WHERE d.partner_id = p.partner_id AND d.state = s.state LIMIT $2) AS a_few) AS c
        WHERE n > 0
        """,
        list(STATES),
        COUNTED,
    )
    found: dict[UUID, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["partner_id"], {})[row["state"]] = row["n"]
    return found


async def health(conn: Conn) -> list[Health]:
    """Of those that are on, or have something for a person."""
    rows = await conn.fetch(
        """
        SELECT p.name, p.active, coalesce(extract(epoch FROM now() - p.failing_since), 0)::float8 AS failing,
               (SELECT count(*) FROM (SELECT FROM partner_pushes d WHERE d.partner_id = p.partner_id
                                      AND d.state = 'person' LIMIT $1) AS a_few) AS person,
               (SELECT count(*) FROM (SELECT FROM partner_pushes d WHERE d.partner_id = p.partner_id
                                      AND d.state IN ('waiting', 'posting', 'unknown', 'token')
                                      LIMIT $1) AS a_few) AS queued,
               coalesce(extract(epoch FROM now() - (
                   SELECT min(d.next_at) FROM partner_pushes d WHERE d.partner_id = p.partner_id
                     AND d.state IN ('waiting', 'posting', 'unknown', 'token'))), 0)::float8 AS overdue
        FROM partners p ORDER BY p.name, p.partner_id
        """,
        COUNTED,
    )
    return [Health(row["name"], row["active"], row["failing"], row["person"], row["queued"], max(row["overdue"], 0.0))
            for row in rows]  # fmt: skip


async def stuck(conn: Conn) -> list[tuple[UUID, str, str]]:
    """(partner, its name, why): where something waits for a person."""
    rows = await conn.fetch(
        """
        SELECT p.partner_id, p.name, d.reason FROM partners p, LATERAL (
            SELECT DISTINCT reason FROM partner_pushes WHERE partner_id = p.partner_id AND state = 'person') d
        """
    )
    return [(row["partner_id"], row["name"], row["reason"]) for row in rows]


# ---------------------------------------------------------------- following the history


async def claim(conn: Conn) -> bool:
    """Whether this transaction is the one that reads on."""
    got: bool = await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", _READING)
    return got


async def cursor(conn: Conn) -> Cursor:
    row = await conn.fetchrow("SELECT cursor_xid::text::bigint, cursor_report, cursor_seq FROM partner_cursor")
    assert row is not None
    return (row[0], row[1], row[2])


async def move_on(conn: Conn, to: Cursor) -> None:
    await conn.execute(
        "UPDATE partner_cursor SET cursor_xid = $1::text::xid8, cursor_report = $2, cursor_seq = $3",
        str(to[0]),
        *to[1:],
    )


# ---------------------------------------------------------------- working


async def with_work(conn: Conn) -> list[Partner]:
    """Partners that are on, not left alone for now, and have something to be sent, or whose news are due."""
    rows = await conn.fetch(
        f"""
        SELECT {_PARTNER} FROM partners p WHERE active AND (held_until IS NULL OR held_until <= now())
          AND (pull_at <= now() OR EXISTS (
            SELECT FROM partner_pushes d WHERE d.partner_id = p.partner_id AND d.next_at <= now()
              AND d.state IN ('waiting', 'posting', 'unknown', 'token')))
        """  # noqa: S608  # column names
    )
    return [_partner(row) for row in rows]


async def answers(conn: Conn, partner_id: UUID, *, sends: bool) -> None:
    """It does its part, so whatever was wrong is over. ``sends``: it took a request; that it gives news proves nothing
    of that, and ends no trouble with what still waits to be sent."""
    await conn.execute(
        """
        UPDATE partners SET failure = '', failing_since = NULL, held_until = NULL, holds = 0
        WHERE partner_id = $1 AND (failing_since IS NOT NULL OR holds > 0) AND ($2 OR holds = 0 OR NOT EXISTS (
            SELECT FROM partner_pushes d
            WHERE d.partner_id = $1 AND d.state IN ('waiting', 'posting', 'unknown', 'token')))
        """,
        partner_id,
        sends,
    )


async def fails(conn: Conn, partner_id: UUID, failure: str, pause: timedelta | None, *, sends: bool) -> None:
    """It does not; with ``pause`` it is left alone for so long. ``sends``: a request was to be sent."""
    await conn.execute(
        """
        UPDATE partners SET failure = $2, failing_since = coalesce(failing_since, now()), holds = holds + $4::int,
               held_until = greatest(held_until, now() + $3::interval)
        WHERE partner_id = $1
        """,
        partner_id,
        failure[:300],
        pause,
        int(sends),
    )


async def pull_now(conn: Conn, partner_id: UUID) -> None:
    await conn.execute("UPDATE partners SET pull_at = now() WHERE partner_id = $1", partner_id)


async def claim_pull(conn: Conn, partner_id: UUID, every_so_often: timedelta) -> bool:
    """Whether this one fetches the news now."""
    done = await conn.fetchval(
        "UPDATE partners SET pull_at = now() + $2 WHERE partner_id = $1 AND active AND pull_at <= now() RETURNING true",
        partner_id,
        every_so_often,
    )
    return done is not None


async def pulled(conn: Conn, partner_id: UUID) -> None:
    await conn.execute("UPDATE partners SET pulled_at = now() WHERE partner_id = $1", partner_id)


async def updates_read(conn: Conn, partner_id: UUID, until: datetime) -> None:
    await conn.execute("UPDATE partners SET updates_since = $2 WHERE partner_id = $1", partner_id, until)
