"""SQL that answers questions: counts from the sums or, where they are too coarse, from what happened one by one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from app.db import Conn
from app.stats.grains import DIMENSIONS, SPAN, Piece
from app.stats.measures import SPREAD, TIMED, Measure
from app.stats.model import Count, Question
from app.stats.spread import spread_of, unpacked
from app.stats.store import State, Words

Found = dict[tuple[int, str, Measure], Count]
"""By step, group and measure."""


def filters(question: Question, words: Words) -> dict[str, list[int]]:
    """The codes of what each dimension is narrowed down to, where it is."""
    asked = (question.agencies, question.categories, question.communes, question.channels)
    return {name: words.known(values) for name, values in zip(DIMENSIONS, asked, strict=True) if values}


async def sums(
    conn: Conn, state: State, question: Question, measures: Iterable[Measure], pieces: Sequence[Piece], *, spreads: bool
) -> Found:
    """Counts of whole half days and spans. ``spreads``: with how the times are spread, where that is kept."""
    wanted = sorted(measures)
    asked = filters(question, state.words)
    # All there is of a dimension that is told apart, by name: so that the index is used to its last column.
    lists = [asked.get(name, state.words.all() if name == question.by else [0]) for name in DIMENSIONS]
    dimensions = sum(1 << d for d, name in enumerate(DIMENSIONS) if name in asked or name == question.by)
    columns = [f"sum({m}) AS {m}" for m in wanted]
    columns += [f"sum({m}_seconds)::bigint AS {m}_seconds" for m in wanted if m in TIMED]
    columns += [f"string_agg({m}_spread, ''::bytea) AS {m}_spread" for m in wanted if m in SPREAD and spreads]
    rows = await conn.fetch(
        f"""
        SELECT p.step, p.sign, {f"s.{question.by}" if question.by else "0"} AS what, {", ".join(columns)}
        FROM unnest($1::int[], $2::smallint[], $3::timestamptz[], $4::timestamptz[], $5::int[])
             AS p(step, grain, since, before, sign)
        JOIN {state.sums} s ON s.grain = p.grain AND s.agency = ANY($6::smallint[]) AND s.category = ANY($7::smallint[])
             AND s.commune = ANY($8::smallint[]) AND s.channel = ANY($9::smallint[])
             AND s.slot >= p.since AND s.slot < p.before
        GROUP BY 1, 2, 3
        """,  # noqa: S608  # names of our own
        [p.step for p in pieces],
        [dimensions | (SPAN if p.level == "span" else 0) for p in pieces],
        [p.since for p in pieces],
        [p.before for p in pieces],
        [p.sign for p in pieces],
        *lists,
    )
    found: Found = {}
    for row in rows:
        what = state.words.word(row["what"]) if question.by else ""
        for m in wanted:
            if row[m] is not None:
                seconds = row[f"{m}_seconds"] or 0 if m in TIMED else 0
                kept = row[f"{m}_spread"] if m in SPREAD and spreads else None
                _put(found, (row["step"], what, m), Count(row[m], seconds, unpacked(kept) if kept else {}), row["sign"])
    return found


def _put(found: Found, key: tuple[int, str, Measure], count: Count, sign: int) -> None:
    before = found.get(key, Count())
    found[key] = before + count if sign > 0 else before - count


async def single(
    conn: Conn, state: State, question: Question, measures: Iterable[Measure], pieces: Sequence[Piece], *, spreads: bool
) -> Found:
    """The same counted one by one from what holds today: where there are no sums."""
    where, values = narrowed(question, state.words, 6)
    rows = await conn.fetch(
        f"""
        SELECT p.step, p.sign, {f"o.{question.by}" if question.by else "0"} AS what, o.measure, count(*) AS n,
               coalesce(sum(o.seconds), 0)::bigint AS seconds,
               array_agg(o.seconds) FILTER (WHERE o.seconds IS NOT NULL) AS times
        FROM unnest($2::int[], $3::timestamptz[], $4::timestamptz[], $5::int[]) AS p(step, since, before, sign)
        JOIN {state.occurrences} o ON o.measure = ANY($1::smallint[]) AND o.at >= p.since AND o.at < p.before
             AND o.known_until IS NULL{where}
        GROUP BY 1, 2, 3, 4
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        state.words.known(measures),
        [p.step for p in pieces],
        [p.since for p in pieces],
        [p.before for p in pieces],
        [p.sign for p in pieces],
        *values,
    )
    return _one_by_one(state, question, rows, spreads=spreads)


def _one_by_one(state: State, question: Question, rows: Iterable[asyncpg.Record], *, spreads: bool) -> Found:
    found: Found = {}
    for row in rows:
        measure = Measure(state.words.word(row["measure"]))
        times = row["times"] if spreads and measure in SPREAD else None
        count = Count(row["n"], row["seconds"], spread_of(times) if times else {})
        what = state.words.word(row["what"]) if question.by else ""
        _put(found, (row["step"], what, measure), count, row["sign"])
    return found


def narrowed(question: Question, words: Words, first: int) -> tuple[str, list[Any]]:
    """Conditions on ``o``, and their parameters from ``$first`` on."""
    asked = filters(question, words)
    where = "".join(f" AND o.{name} = ANY(${first + i}::smallint[])" for i, name in enumerate(asked))
    return where, list(asked.values())


REACHES = "generate_series(0, 31) AS r"


def within_reach(since: str, until: str, moment: str) -> str:
    """The condition that something began at such a time before a moment that it may have lasted until then, for each
    of ``REACHES``; in a form that short ranges of an index answer."""
    return (
        f"stats_reach({since}, {until}) = r AND {since} <= {moment} AND {since} >= "
        f"CASE WHEN r > 20 THEN timestamptz '2000-01-01' ELSE {moment} - (1 << r) * interval '1 hour' END"
    )


async def corrections(
    conn: Conn,
    state: State,
    question: Question,
    measures: Iterable[Measure],
    stocks: Iterable[Measure],
    bounds: Sequence[datetime],
    *,
    spreads: bool,
) -> Found:
    """What ``question.as_of`` sees more (or less) than today: of the steps that ``bounds`` begin and end, and of stocks
    of all the time before (step -1)."""
    where, values = narrowed(question, state.words, 6)
    ended = within_reach("greatest(at, known_from)", "known_until", "$1")
    learnt = within_reach("at", "known_from", "$1")
    rows = await conn.fetch(
        f"""
        WITH otherwise AS (
            SELECT o.*, 1 AS sign FROM {REACHES}, {state.occurrences} o
            WHERE known_until IS NOT NULL AND {ended} AND known_until > $1
            UNION ALL
            SELECT o.*, -1 FROM {REACHES}, {state.occurrences} o
            WHERE known_until IS NULL AND known_from > at AND {learnt} AND known_from > $1
        )
        SELECT width_bucket(at, $4::timestamptz[]) - 1 AS step, sign,
               {f"o.{question.by}" if question.by else "0"} AS what, o.measure, count(*) AS n,
               coalesce(sum(seconds), 0)::bigint AS seconds,
               array_agg(seconds) FILTER (WHERE seconds IS NOT NULL) AS times
        FROM otherwise o
        WHERE at < $5 AND CASE WHEN at >= ($4::timestamptz[])[1] THEN measure = ANY($2::smallint[])
                               ELSE measure = ANY($3::smallint[]) END{where}
        GROUP BY 1, 2, 3, 4
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        question.as_of,
        state.words.known(measures),
        state.words.known(stocks),
        list(bounds[:-1]),
        bounds[-1],
        *values,
    )
    return _one_by_one(state, question, rows, spreads=spreads)


async def exact_times(
    conn: Conn, state: State, question: Question, measures: Iterable[Measure], bounds: Sequence[datetime]
) -> dict[tuple[int, str, Measure], dict[float, int]]:
    """How the times are spread to the second, as known at ``question.as_of``."""
    where, values = narrowed(question, state.words, 5)
    rows = await conn.fetch(
        f"""
        SELECT width_bucket(at, $3::timestamptz[]) - 1 AS step, {f"o.{question.by}" if question.by else "0"} AS what,
               o.measure, o.seconds, count(*) AS n
        FROM {state.occurrences} o
        WHERE measure = ANY($2::smallint[]) AND at >= ($3::timestamptz[])[1] AND at < $4 AND seconds IS NOT NULL
          AND known_from <= $1 AND (known_until IS NULL OR known_until > $1){where}
        GROUP BY 1, 2, 3, 4
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        question.as_of,
        state.words.known(set(measures) & SPREAD),
        list(bounds[:-1]),
        bounds[-1],
        *values,
    )
    found: dict[tuple[int, str, Measure], dict[float, int]] = {}
    for row in rows:
        what = state.words.word(row["what"]) if question.by else ""
        key = (row["step"], what, Measure(state.words.word(row["measure"])))
        found.setdefault(key, {})[row["seconds"]] = row["n"]
    return found
