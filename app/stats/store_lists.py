"""SQL of the reports behind the figures."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db import Conn
from app.stats.measures import Measure
from app.stats.model import AGES, Counted, Question
from app.stats.store import conditions

_DIMENSIONS = "agency, category, commune, channel"
_KNOWN = "known_from <= $2 AND (known_until IS NULL OR known_until > $2)"


async def happened(
    conn: Conn,
    generation: int,
    question: Question,
    measures: Iterable[Measure],
    limit: int,
    after: tuple[Any, UUID] | None,
    *,
    slowest: bool,
) -> list[Counted]:
    """What happened in the period, the latest first or the slowest; ``after``: the last page's time or seconds, and its
    report."""
    where, values = conditions(question, 9)
    key = "coalesce(seconds, -1)" if slowest else "at"
    of = "int" if slowest else "timestamptz"
    rows = await conn.fetch(
        f"""
        SELECT o.report_id, r.code, o.at, o.agency, o.category, o.commune, o.channel, o.seconds
        FROM (
            SELECT *, {key} AS key FROM stats_occurrences
            WHERE generation = $1 AND {_KNOWN} AND measure = ANY($3::text[]) AND at >= $4 AND at < $5{where}
              AND ($6::{of} IS NULL OR ({key}, report_id) < ($6, $7))
            ORDER BY {key} DESC, report_id DESC LIMIT $8
        ) o JOIN reports r USING (report_id) ORDER BY o.key DESC, report_id DESC
        """,  # noqa: S608  # expressions of our own; what was asked goes by parameters
        generation,
        question.as_of,
        [str(measure) for measure in measures],
        question.start,
        question.end,
        *(after or (None, None)),
        limit,
        *values,
    )
    return [Counted(*row.values()) for row in rows]


def _standing(first: int, question: Question) -> tuple[str, list[Any]]:
    """The reports that are in a stock at the question's end, as a query; since when. Parameters: $1 generation, $2 as
    of, $3 measures that bring in, $4 those that take out, $5 the end."""
    where, values = conditions(question, first)
    return (
        f"""
        SELECT report_id, {_DIMENSIONS}, max(at) FILTER (WHERE measure = ANY($3::text[])) AS at FROM stats_occurrences
        WHERE generation = $1 AND {_KNOWN} AND measure = ANY($3::text[] || $4::text[]) AND at < $5{where}
        GROUP BY report_id, {_DIMENSIONS}
        HAVING sum(CASE WHEN measure = ANY($3::text[]) THEN 1 ELSE -1 END) > 0
        """,  # noqa: S608  # conditions of our own
        values,
    )


def _stock(
    generation: int, question: Question, came: Iterable[Measure], went: Iterable[Measure]
) -> tuple[int, datetime, list[str], list[str], datetime]:
    return generation, question.as_of, [str(m) for m in came], [str(m) for m in went], question.end


async def standing(
    conn: Conn,
    generation: int,
    question: Question,
    came: Iterable[Measure],
    went: Iterable[Measure],
    limit: int,
    after: tuple[datetime, UUID] | None,
    age: int | None,
) -> list[Counted]:
    """What is in a stock at the question's end, the longest first; ``age``: only reports of this class of ``AGES``."""
    query, values = _standing(11, question)
    rows = await conn.fetch(
        f"""
        SELECT s.report_id, r.code, s.at, s.agency, s.category, s.commune, s.channel,
               extract(epoch FROM $5 - s.at)::bigint
        FROM ({query}) s JOIN reports r USING (report_id)
        WHERE ($6::timestamptz IS NULL OR (s.at, s.report_id) > ($6, $7)) AND ($9::int IS NULL OR {_class("$10")} = $9)
        ORDER BY s.at, s.report_id LIMIT $8
        """,  # noqa: S608  # a query of our own; what was asked goes by parameters
        *_stock(generation, question, came, went),
        *(after or (None, None)),
        limit,
        age,
        [float(days) for days in AGES],
        *values,
    )
    return [Counted(*row.values()) for row in rows]


def _class(bounds: str) -> str:
    """Which class of age a report is in at $5, the question's end."""
    return f"width_bucket(extract(epoch FROM $5 - r.submitted_at)::float8 / 86400, {bounds}::float8[])"


async def longest(
    conn: Conn, generation: int, question: Question, came: Iterable[Measure], went: Iterable[Measure], limit: int
) -> list[Counted]:
    """The longest in a stock of all, or of each group."""
    query, values = _standing(7, question)
    group = question.by or "report_id"
    rows = await conn.fetch(
        f"""
        SELECT * FROM (
            SELECT DISTINCT ON (s.{group}) s.report_id, r.code, s.at, s.agency, s.category, s.commune, s.channel,
                   extract(epoch FROM $5 - s.at)::bigint
            FROM ({query}) s JOIN reports r USING (report_id)
            ORDER BY s.{group}, s.at, s.report_id
        ) one ORDER BY at, report_id LIMIT $6
        """,  # noqa: S608  # a query of our own; what was asked goes by parameters
        *_stock(generation, question, came, went),
        limit,
        *values,
    )
    return [Counted(*row.values()) for row in rows]


async def ages(
    conn: Conn, generation: int, question: Question, came: Iterable[Measure], went: Iterable[Measure]
) -> dict[str, tuple[int, ...]]:
    """How many of a stock are of each class of age, by group."""
    query, values = _standing(7, question)
    rows = await conn.fetch(
        f"""
        SELECT {f"s.{question.by}" if question.by else "''"} AS what,
               {_class("$6")} AS class,
               count(*) AS n
        FROM ({query}) s JOIN reports r USING (report_id) GROUP BY 1, 2
        """,  # noqa: S608  # a query of our own; what was asked goes by parameters
        *_stock(generation, question, came, went),
        [float(days) for days in AGES],
        *values,
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["what"], [0] * (len(AGES) + 1))[row["class"]] = row["n"]
    return {what: tuple(numbers) for what, numbers in found.items()}
