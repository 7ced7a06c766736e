"""SQL of the feed: which reports have changed, and what is shown of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.accounts.model import SEES_OWN_AGENCY, Actor
from app.db import Conn
from app.history.model import Kind

_MARKS_KEPT = "2 years"


class Scanned(NamedTuple):
    """A row that was looked at. ``mine``: the reader may see the report now; ``once``: may have seen it before."""

    report_id: UUID
    mine: bool
    once: bool = False
    shown: bool = True
    xid: int = 0
    seq: int = 0


# As Actor.may_see and Actor.within_limits have it; tests/worklist/test_feed.py holds them against each other.
_MINE = """
    ($1::text[] IS NULL OR r.agency_id = ANY($1) OR coalesce(r.supervisor_id = ANY($1), false))
    AND (cardinality($2::text[]) = 0 OR r.category = ANY($2))
    AND (cardinality($3::text[]) = 0 OR coalesce(r.commune_code = ANY($3), false))
"""


def _reader(actor: Actor) -> tuple[list[str] | None, list[str], list[str]]:
    """The agencies whose reports are the reader's (None: all), categories and communes (empty: all)."""
    agencies = None if actor.sees_all else sorted(actor.agencies if actor.role in SEES_OWN_AGENCY else ())
    return agencies, sorted(actor.categories), sorted(actor.communes)


async def mark(conn: Conn) -> None:
    """Remember where in the order of changes this moment is."""
    await conn.execute(
        f"""
        WITH old AS (DELETE FROM change_marks WHERE at < now() - interval '{_MARKS_KEPT}')
        INSERT INTO change_marks (at, xid) VALUES (now(), history_settled_before())
        ON CONFLICT DO NOTHING
        """  # noqa: S608  # a constant of this file
    )


async def mark_before(conn: Conn, at: datetime) -> int | None:
    """All transactions below this one had finished before ``at``; None: nobody knows where that was."""
    xid: int | None = await conn.fetchval(
        """
        SELECT xid::text::bigint FROM change_marks
        WHERE at <= $1 AND xid <= pg_snapshot_xmax(pg_current_snapshot()) ORDER BY at DESC LIMIT 1
        """,
        at,
    )
    return xid


async def is_ahead(conn: Conn, xid: int) -> bool:
    """Whether no transaction is as young as that: the cursor comes from another database."""
    ahead: bool = await conn.fetchval(
        "SELECT $1::text::xid8 > pg_snapshot_xmax(pg_current_snapshot())",
        str(xid),
    )
    return ahead


async def stock(conn: Conn, reader: Actor, since: datetime | None, beyond: UUID, limit: int) -> list[Scanned]:
    """The next reports there are, by id; of those that have not changed ``since``, none is the reader's."""
    rows = await conn.fetch(
        f"""
        SELECT r.report_id, ($4::timestamptz IS NULL OR r.updated_at >= $4) AND {_MINE} AS mine
        FROM reports r WHERE r.report_id > $5 ORDER BY r.report_id LIMIT $6
        """,  # noqa: S608  # conditions of our own
        *_reader(reader),
        since,
        beyond,
        limit,
    )
    return [Scanned(row["report_id"], row["mine"]) for row in rows]


async def changes(
    conn: Conn, reader: Actor, cursor: tuple[int, UUID, int], hidden: Sequence[str], limit: int
) -> list[Scanned]:
    """The next events in the order of their transactions, of those alone that all earlier ones have finished before."""
    rows = await conn.fetch(
        f"""
        SELECT e.report_id, e.xid::text::bigint AS xid, e.seq, e.kind <> ALL($7::text[]) AS shown, {_MINE} AS mine,
               NOT ({_MINE}) AND EXISTS (
                   SELECT FROM report_events b
                   WHERE b.report_id = e.report_id AND b.kind = ANY($9::text[])
                     AND ($1::text[] IS NULL OR b.data ->> 'agency' = ANY($1) OR b.data ->> 'supervisor' = ANY($1))
               ) AS once
        FROM (
            SELECT report_id, xid, seq, kind FROM report_events
            WHERE (xid, report_id, seq) > ($4::text::xid8, $5, $6) AND xid < history_settled_before()
            ORDER BY xid, report_id, seq LIMIT $8
        ) e JOIN reports r USING (report_id)
        ORDER BY e.xid, e.report_id, e.seq
        """,  # noqa: S608  # conditions of our own
        *_reader(reader),
        str(cursor[0]),
        cursor[1],
        cursor[2],
        list(hidden),
        limit,
        [Kind.ASSIGNED, Kind.TRANSFERRED, Kind.DISPUTED, Kind.RECLASSIFIED],
    )
    return [Scanned(r["report_id"], r["mine"], r["once"], r["shown"], r["xid"], r["seq"]) for r in rows]


async def erased_at(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When personal data was last erased from these, where it was."""
    rows = await conn.fetch(
        """
        SELECT report_id, max(at) AS at FROM report_events WHERE report_id = ANY($1) AND kind = $2 GROUP BY report_id
        """,
        list(report_ids),
        Kind.DATA_ERASED,
    )
    return {row["report_id"]: row["at"] for row in rows}


async def codes(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await conn.fetch("SELECT report_id, code FROM reports WHERE report_id = ANY($1)", list(report_ids))
    return {row["report_id"]: row["code"] for row in rows}


async def public_texts(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The reports' own words as a coordinator edited them, where one did."""
    rows = await conn.fetch(
        "SELECT report_id, body FROM public_words WHERE report_id = ANY($1) AND message_id = report_id",
        list(report_ids),
    )
    return {row["report_id"]: row["body"] for row in rows}
