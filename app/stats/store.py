"""SQL of the statistics. ``generation`` comes first in every table, so that a rebuild disturbs no reader."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from app.db import Conn, Pool
from app.history.service import Cursor
from app.stats.life import Occurrence
from app.stats.measures import Measure
from app.stats.model import Count, Question

_TABLES = ("stats_occurrences", "stats_sums")
Key = tuple[datetime, str, str, str, str, str]
"""Of a sum: slot, measure, agency, category, commune, channel."""
_ROW = ("measure", "at", "known_from", "known_until", "agency", "category", "commune", "channel", "seconds")
_READING, _WHOLE = 7_041_966_001, 7_041_966_002
"""Locks of the one who reads the history on, and of the one who works on the whole."""


class State(Struct, frozen=True):
    generation: int
    cursor: Cursor
    read_at: datetime


async def claim(conn: Conn) -> bool:
    """Whether this transaction is the one that reads on; another one may be at it."""
    got: bool = await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", _READING)
    return got


async def wait_for_claim(conn: Conn) -> None:
    await conn.execute("SELECT pg_advisory_xact_lock($1)", _READING)


@asynccontextmanager
async def alone(pool: Pool) -> AsyncIterator[None]:
    """The only one who rebuilds or verifies; another one waits. Reading on and answering go on meanwhile."""
    async with pool.acquire() as conn:
        await conn.execute("SELECT pg_advisory_lock($1)", _WHOLE, timeout=24 * 3600)
        try:
            yield
        finally:
            await conn.execute("SELECT pg_advisory_unlock($1)", _WHOLE)


async def state(conn: Conn) -> State:
    row = await conn.fetchrow(
        """
        SELECT generation, cursor_xid::text::bigint, cursor_report, cursor_seq,
               CASE WHEN isfinite(read_at) THEN read_at ELSE timestamptz 'epoch' END
        FROM stats_state
        """
    )
    assert row is not None
    generation, xid, report_id, seq, read_at = row.values()
    return State(generation, (xid, report_id, seq), read_at)


async def move_on(conn: Conn, cursor: Cursor, read_at: datetime | None) -> None:
    """``read_at``: given when the history was read to its end."""
    await conn.execute(
        """
        UPDATE stats_state SET cursor_xid = $1::text::xid8, cursor_report = $2, cursor_seq = $3,
                               read_at = coalesce($4, read_at)
        """,
        str(cursor[0]),
        cursor[1],
        cursor[2],
        read_at,
    )


# ---------------------------------------------------------------- occurrences


async def occurrences_of(conn: Conn, generation: int, report_ids: Sequence[UUID]) -> dict[UUID, list[Occurrence]]:
    rows = await conn.fetch(
        f"SELECT report_id, {', '.join(_ROW)} FROM stats_occurrences WHERE generation = $1 AND report_id = ANY($2)",  # noqa: S608  # column names of our own
        generation,
        list(report_ids),
    )
    found: dict[UUID, list[Occurrence]] = {}
    for row in rows:
        report_id, measure, *rest = row.values()
        found.setdefault(report_id, []).append(Occurrence(Measure(measure), *rest))
    return found


async def replace(conn: Conn, generation: int, lives: Mapping[UUID, Iterable[Occurrence]], *, fresh: bool) -> None:
    """What is kept of these reports from now on. ``fresh``: nothing was kept before."""
    if not fresh:
        await conn.execute(
            "DELETE FROM stats_occurrences WHERE generation = $1 AND report_id = ANY($2)", generation, list(lives)
        )
    await conn.copy_records_to_table(
        "stats_occurrences",
        columns=("generation", "report_id", *_ROW),
        records=[
            (generation, report_id, str(o.measure), o.at, o.known_from, o.known_until, o.agency, o.category, o.commune,
             o.channel, o.seconds)
            for report_id, life in lives.items()
            for o in life
        ],
    )  # fmt: skip


async def add(conn: Conn, generation: int, changes: Mapping[Key, Count]) -> None:
    """Add to the sums (or take from them). In one order, so that no two writers wait for each other."""
    rows = sorted((*key, change.n, change.seconds) for key, change in changes.items() if change != Count())
    if not rows:
        return
    await conn.execute(
        """
        INSERT INTO stats_sums (generation, slot, measure, agency, category, commune, channel, n, seconds)
        SELECT $1, s.* FROM unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                                   $8::int[], $9::bigint[]) AS s
        ON CONFLICT (generation, measure, slot, agency, category, commune, channel)
        DO UPDATE SET n = stats_sums.n + excluded.n, seconds = stats_sums.seconds + excluded.seconds
        """,
        generation,
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def add_up(conn: Conn, generation: int) -> None:
    """The sums of everything that is kept, once, into an empty generation."""
    await conn.execute(
        f"""
        INSERT INTO stats_sums (generation, slot, measure, agency, category, commune, channel, n, seconds)
        SELECT $1, {_SLOT}, measure, agency, category, commune, channel, count(*), coalesce(sum(seconds), 0)
        FROM stats_occurrences WHERE generation = $1 AND known_until IS NULL GROUP BY 2, 3, 4, 5, 6, 7
        """,  # noqa: S608  # an expression of our own
        generation,
        timeout=3600,
    )


_SLOT = "date_bin('12 hours', at, timestamptz '1970-01-01 05:00+00')"


async def wrong_sums(conn: Conn, generation: int) -> list[str]:
    """Sums that are not those of the occurrences, in words."""
    rows = await conn.fetch(
        f"""
        WITH counted AS (
            SELECT {_SLOT} AS slot, measure, agency, category, commune, channel, count(*) AS n,
                   coalesce(sum(seconds), 0) AS seconds
            FROM stats_occurrences WHERE generation = $1 AND known_until IS NULL GROUP BY 1, 2, 3, 4, 5, 6
        ), kept AS (
            SELECT slot, measure, agency, category, commune, channel, n, seconds FROM stats_sums
            WHERE generation = $1 AND (n, seconds) <> (0, 0)
        )
        SELECT slot, measure, agency, category, commune, channel, counted.n AS counted, kept.n AS kept
        FROM counted FULL JOIN kept USING (slot, measure, agency, category, commune, channel)
        WHERE (counted.n, counted.seconds) IS DISTINCT FROM (kept.n, kept.seconds) ORDER BY 1, 2, 3, 4, 5, 6
        """,  # noqa: S608  # an expression of our own
        generation,
        timeout=3600,
    )
    return [
        f"{row['measure']} of {row['slot']:%Y-%m-%d %H:%M}Z, {row['agency'] or 'the desk'}, {row['category']}, "
        f"{row['commune'] or 'no commune'}, {row['channel']}: "
        f"{row['counted'] or 0} happened, {row['kept'] or 0} in the sums"
        for row in rows
    ]


# ---------------------------------------------------------------- generations


async def drop_others(conn: Conn) -> None:
    """Only the generation that answers stays."""
    in_use = await conn.fetchval("SELECT generation FROM stats_state")
    for table in _TABLES:
        parts = await conn.fetch(
            """
            SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = $1::text::regclass AND c.relname <> $2
            """,
            table,
            f"{table}_{in_use}",
        )
        for part in parts:
            await conn.execute(f"DROP TABLE {part['relname']}")


async def begin_generation(conn: Conn, generation: int) -> None:
    """Empty tables for the next generation."""
    for table in _TABLES:
        await conn.execute(f"CREATE TABLE {table}_{generation} PARTITION OF {table} FOR VALUES IN ({generation})")


async def end_generation(conn: Conn, generation: int) -> None:
    """From now on this one answers. The one before stays for whoever is reading it (``drop_others``)."""
    await conn.execute("UPDATE stats_state SET generation = $1", generation)


# ---------------------------------------------------------------- questions


def conditions(question: Question, first: int) -> tuple[str, list[Any]]:
    """Conditions and their parameters, from ``$first`` on."""
    wanted = (
        ("agency", question.agencies),
        ("category", question.categories),
        ("commune", question.communes),
        ("channel", question.channels),
    )
    asked = [(column, list(values)) for column, values in wanted if values]
    where = "".join(f" AND {column} = ANY(${first + i}::text[])" for i, (column, _) in enumerate(asked))
    return where, [values for _, values in asked]


def _counted(rows: Iterable[Any]) -> dict[tuple[str, Measure], Count]:
    return {(row["what"], Measure(row["measure"])): Count(row["n"], int(row["seconds"])) for row in rows}


async def sums(
    conn: Conn,
    generation: int,
    question: Question,
    measures: Iterable[Measure],
    since: datetime | None,
    before: datetime,
) -> dict[tuple[str, Measure], Count]:
    """By group and measure, of whole slots from ``since`` (None: from the beginning) up to before ``before``."""
    where, values = conditions(question, 5)
    rows = await conn.fetch(
        f"""
        SELECT {question.by or "''"} AS what, measure, sum(n) AS n, sum(seconds) AS seconds FROM stats_sums
        WHERE generation = $1 AND measure = ANY($2::text[]) AND ($3::timestamptz IS NULL OR slot >= $3)
          AND slot < $4{where}
        GROUP BY 1, 2
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        generation,
        [str(measure) for measure in measures],
        since,
        before,
        *values,
    )
    return _counted(rows)


async def single(
    conn: Conn, generation: int, question: Question, measures: Iterable[Measure], since: datetime, before: datetime
) -> dict[tuple[str, Measure], Count]:
    """The same counted one by one from what holds today: for the ends of a period that are no whole slots."""
    where, values = conditions(question, 5)
    rows = await conn.fetch(
        f"""
        SELECT {question.by or "''"} AS what, measure, count(*) AS n, coalesce(sum(seconds), 0) AS seconds
        FROM stats_occurrences
        WHERE generation = $1 AND measure = ANY($2::text[]) AND at >= $3 AND at < $4 AND known_until IS NULL{where}
        GROUP BY 1, 2
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        generation,
        [str(measure) for measure in measures],
        since,
        before,
        *values,
    )
    return _counted(rows)


async def corrections(
    conn: Conn, generation: int, question: Question, measures: Iterable[Measure], since: datetime | None
) -> dict[tuple[str, Measure], Count]:
    """What ``question.as_of`` sees more (or less) than today, of the time from ``since`` to the question's end."""
    where, values = conditions(question, 6)
    rows = await conn.fetch(
        f"""
        WITH otherwise AS (
            SELECT *, CASE WHEN known_until IS NULL THEN -1 ELSE 1 END AS sign FROM stats_occurrences
            WHERE generation = $1 AND measure = ANY($2::text[]) AND ($3::timestamptz IS NULL OR at >= $3) AND at < $4
              AND (known_until IS NOT NULL OR known_from > at)
              AND CASE WHEN known_until IS NULL THEN known_from > $5 ELSE known_from <= $5 AND known_until > $5 END
              {where}
        )
        SELECT {question.by or "''"} AS what, measure, sum(sign) AS n, coalesce(sum(sign * seconds), 0) AS seconds
        FROM otherwise GROUP BY 1, 2
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        generation,
        [str(measure) for measure in measures],
        since,
        question.end,
        question.as_of,
        *values,
    )
    return _counted(rows)
