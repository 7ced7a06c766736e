"""SQL of the response templates."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.db import Conn
from app.reports.model import Report
from app.reports.workflow import Act
from app.templates.model import Change, Draft, Template

_COLUMNS = ", ".join(f"t.{name}" for name in Template.__struct_fields__)
_CHAIN = """
    chain AS (
        SELECT agency_id, parent_id FROM agencies WHERE agency_id = ANY($1::text[])
        UNION SELECT a.agency_id, a.parent_id FROM agencies a JOIN chain c ON a.agency_id = c.parent_id
    )"""
"""The agencies $1 and all above them."""


def _template(row: asyncpg.Record) -> Template:
    return Template(**{name: row[name] for name in Template.__struct_fields__} | {"act": Act(row["act"])})


async def of_agencies(conn: Conn, agencies: Sequence[str] | None) -> list[Template]:
    """Those of the agencies and of all above them, removed ones included; None: everybody's."""
    rows = await conn.fetch(
        f"""
        WITH RECURSIVE {_CHAIN}
        SELECT {_COLUMNS} FROM response_templates t
        WHERE $1::text[] IS NULL OR agency_id IN (SELECT agency_id FROM chain)
        ORDER BY active DESC, act, used DESC, title, template_id
        """,  # noqa: S608  # columns of our own
        agencies,
    )
    return [_template(row) for row in rows]


class Names(Struct, frozen=True):
    """Who is named in what is filled in: the agency that has the report, and whoever writes."""

    agency: str
    agency_en: str
    officer: str


async def fitting(
    conn: Conn, agencies: Sequence[str], act: Act | None, of: Report, group_id: str | None, writer: UUID | None
) -> list[tuple[Template, Names]]:
    """Those that may be used on this report, most used first; of equally used ones the closest. With the names to be
    filled in, so that a case's page asks once."""
    rows = await conn.fetch(
        f"""
        WITH RECURSIVE {_CHAIN}
        SELECT {_COLUMNS}, coalesce(a.name, $5) AS agency, coalesce(nullif(a.name_en, ''), a.name, $5) AS agency_en,
               coalesce((SELECT full_name FROM staff WHERE staff_id = $6), '') AS officer
        FROM response_templates t LEFT JOIN agencies a ON a.agency_id = $5
        WHERE t.active AND t.agency_id IN (SELECT agency_id FROM chain) AND ($2::text IS NULL OR act = $2)
          AND (category = $3 OR group_id = $4 OR (category IS NULL AND group_id IS NULL))
        ORDER BY used DESC, category IS NULL, group_id IS NULL, title, template_id
        """,  # noqa: S608  # columns of our own
        list(agencies),
        act,
        of.category,
        group_id,
        of.agency_id,
        writer,
    )
    return [(_template(row), Names(row["agency"], row["agency_en"], row["officer"])) for row in rows]


async def by_id(conn: Conn, template_id: UUID, *, lock: bool = False) -> Template | None:
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM response_templates t WHERE template_id = $1 {'FOR UPDATE' if lock else ''}",  # noqa: S608  # columns of our own
        template_id,
    )
    return _template(row) if row else None


async def count(conn: Conn, agency_id: str) -> int:
    found: int = await conn.fetchval(
        "SELECT count(*) FROM response_templates WHERE agency_id = $1 AND active", agency_id
    )
    return found


async def insert(conn: Conn, template_id: UUID, agency_id: str, draft: Draft) -> bool:
    """False: it was there before."""
    added = await conn.fetchval(
        """
        INSERT INTO response_templates (template_id, agency_id, act, group_id, category, title, body, body_en)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING true
        """,
        template_id, agency_id, draft.act, draft.group_id, draft.category, draft.title, draft.body, draft.body_en,
    )  # fmt: skip
    return bool(added)


async def change(conn: Conn, template_id: UUID, draft: Draft) -> None:
    await conn.execute(
        """
        UPDATE response_templates SET act = $2, group_id = $3, category = $4, title = $5, body = $6, body_en = $7,
               version = version + 1
        WHERE template_id = $1
        """,
        template_id, draft.act, draft.group_id, draft.category, draft.title, draft.body, draft.body_en,
    )  # fmt: skip


async def switch(conn: Conn, template_id: UUID, *, active: bool) -> None:
    await conn.execute(
        "UPDATE response_templates SET active = $2, version = version + 1 WHERE template_id = $1", template_id, active
    )


async def record(conn: Conn, template_id: UUID, at: datetime, staff_id: UUID | None) -> None:
    """Keep the template as it stands now, in the caller's transaction."""
    await conn.execute(
        """
        INSERT INTO response_template_changes (template_id, version, at, staff_id, active, title, body, body_en)
        SELECT template_id, version, $2, $3, active, title, body, body_en FROM response_templates
        WHERE template_id = $1
        """,
        template_id,
        at,
        staff_id,
    )


async def changes(conn: Conn, template_id: UUID) -> list[Change]:
    rows = await conn.fetch(
        "SELECT * FROM response_template_changes WHERE template_id = $1 ORDER BY version DESC", template_id
    )
    return [Change(**{name: row[name] for name in Change.__struct_fields__}) for row in rows]


async def used(conn: Conn, template_id: UUID) -> None:
    await conn.execute("UPDATE response_templates SET used = used + 1 WHERE template_id = $1", template_id)
