"""SQL of what is new for everybody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from app.db import Conn
from app.reports.store_public import PUBLIC, first_photo

# Word for word the expression of the indexes reports_news….
_AT = "greatest(published_at, resolved_at)"
_SHOWN = f"""
    SELECT r.*, page.news_at, page.of_its_kind, w.body AS public_body, m.body AS result,
           (SELECT p.body FROM public_words p
            WHERE p.report_id = r.report_id AND p.message_id = m.message_id) AS public_result,
           {first_photo("<> 'after'")} AS before, {first_photo("= 'after'")} AS after
    FROM page JOIN reports r USING (report_id)
         LEFT JOIN public_words w ON w.report_id = r.report_id AND w.message_id = r.report_id
         LEFT JOIN LATERAL (
             SELECT message_id, body FROM report_messages m
             WHERE m.report_id = r.report_id AND m.kind = 'resolution' AND m.visibility = 'public'
               AND r.resolved_at IS NOT NULL
             ORDER BY m.at DESC, m.message_id DESC LIMIT 1
         ) m ON true
"""  # noqa: S608  # pieces of our own


async def latest(
    conn: Conn, statuses: Sequence[str], commune: str | None, categories: Sequence[str] | None, limit: int
) -> list[asyncpg.Record]:
    given: list[Any] = [list(statuses), limit]
    wanted = [PUBLIC, "status = ANY($1)"]
    if commune is not None:
        given.append(commune)
        wanted.append(f"commune_code = ${len(given)}")
    if categories is not None and len(categories) == 1:
        given.append(categories[0])
        wanted.append(f"category = ${len(given)}")
    elif categories is not None:
        given.append(list(categories))
        wanted.append(f"category = ANY(${len(given)})")
    return await conn.fetch(
        f"""
        WITH page AS (
            SELECT report_id, {_AT} AS news_at, 0 AS of_its_kind FROM reports WHERE {" AND ".join(wanted)}
            ORDER BY {_AT} DESC, report_id DESC LIMIT $2
        )
        {_SHOWN} ORDER BY page.news_at DESC, r.report_id DESC
        """,  # noqa: S608  # pieces of our own
        *given,
    )


_FIRST = "(SELECT min(e.at) FROM report_events e WHERE e.report_id = n.report_id AND e.kind = 'published')"
NEWS = f"""
    SELECT n.report_id, {_AT} AS news_at, n.commune_code, n.category, n.resolved_at FROM reports n
    WHERE {PUBLIC} AND status = ANY($1) AND {_AT} > $2
      AND ((resolved_at > $2 AND resolved_at <= $3) OR ({_FIRST} > $2 AND {_FIRST} <= $3))
"""  # noqa: S608  # pieces of our own
"""What became known between $2 and $3."""


async def between(
    conn: Conn,
    statuses: Sequence[str],
    since: datetime,
    until: datetime,
    parts: Sequence[tuple[str | None, str | None]],
    limit: int,
) -> list[asyncpg.Record]:
    return await conn.fetch(
        f"""
        WITH page AS (
            SELECT n.*, count(*) OVER kind AS of_its_kind,
                   row_number() OVER (kind ORDER BY news_at DESC, report_id DESC) AS place
            FROM ({NEWS}) n
            WHERE EXISTS (SELECT FROM unnest($4::text[], $5::text[]) AS a(commune, category)
                          WHERE coalesce(a.commune, n.commune_code) IS NOT DISTINCT FROM n.commune_code
                            AND coalesce(a.category, n.category) = n.category)
            WINDOW kind AS (PARTITION BY resolved_at IS NOT NULL)
        )
        {_SHOWN} WHERE page.place <= $6 ORDER BY page.news_at DESC, r.report_id DESC
        """,  # noqa: S608  # pieces of our own
        list(statuses),
        since,
        until,
        [commune for commune, _ in parts],
        [category for _, category in parts],
        limit,
    )


async def photo(conn: Conn, code: str) -> str | None:
    found: str | None = await conn.fetchval(
        f"""
        SELECT coalesce({first_photo("= 'after'")}, {first_photo("<> 'after'")}) FROM reports r
        WHERE report_id = (SELECT report_id FROM report_codes WHERE code = $1) AND {PUBLIC}
        """,  # noqa: S608  # pieces of our own
        code,
    )
    return found
