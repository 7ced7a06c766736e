"""SQL of the reports behind the figures."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from app.db import Conn
from app.stats.measures import TIMED, Figure, Measure
from app.stats.model import AGES, Counted, Question
from app.stats.store import State
from app.stats.store_counts import REACHES, narrowed, within_reach


async def happened(
    conn: Conn,
    state: State,
    question: Question,
    measures: Iterable[Measure],
    limit: int,
    after: tuple[Any, UUID] | None,
    *,
    slowest: bool,
) -> list[Counted]:
    """What happened in the period, the latest first or the slowest; ``after``: the last page's time or seconds, and its
    report."""
    where, values = narrowed(question, state.words, 7)
    parts = [
        _first_rows(state, state.words.codes[measure], where, _order(measure, slowest=slowest))
        for measure in sorted(measures)
        if measure in state.words.codes
    ]
    if not parts:
        return []
    rows = await conn.fetch(
        f"""
        SELECT o.report_id, r.code, o.at, o.agency, o.category, o.commune, o.channel, o.seconds
        FROM (SELECT * FROM ({" UNION ALL ".join(parts)}) o ORDER BY key DESC, report_id DESC LIMIT $6) o
        JOIN reports r USING (report_id) ORDER BY o.key DESC, o.report_id DESC
        """,  # noqa: S608  # expressions of our own; what was asked goes by parameters
        question.as_of,
        question.start,
        question.end,
        *(after or (None, None)),
        limit,
        *values,
    )
    return _counted(state, rows)


def _order(measure: Measure, *, slowest: bool) -> str:
    if not slowest:
        return "o.at"
    return "o.seconds" if measure in TIMED else "(-1)::int"


def _first_rows(state: State, code: int, where: str, key: str) -> str:
    """A query of the page's rows of one measure: those that hold today, by an index in the page's order; and those that
    were held to be so then."""
    page = f"""
        o.measure = {code} AND o.known_from <= $1 AND o.at >= $2 AND o.at < $3{where}
        AND ($4::{"timestamptz" if key == "o.at" else "int"} IS NULL
             OR ({key} <= $4 AND ({key}, o.report_id) < ($4, $5)))
        ORDER BY {key} DESC, o.report_id DESC LIMIT $6
    """
    if key == "o.seconds":
        page = f"o.seconds IS NOT NULL AND {page}"  # or the index by length would not do
    ended = within_reach("greatest(at, known_from)", "known_until", "$1")
    return f"""
        (SELECT o.*, {key} AS key FROM {state.occurrences} o WHERE o.known_until IS NULL AND {page})
        UNION ALL
        (SELECT o.*, {key} FROM (
            SELECT x.* FROM {REACHES}, {state.occurrences} x
            WHERE known_until IS NOT NULL AND {ended} AND known_until > $1
         ) o WHERE {page})
    """  # noqa: S608  # expressions of our own


def _counted(state: State, rows: Sequence[asyncpg.Record]) -> list[Counted]:
    word, found = state.words.word, []
    for row in rows:
        report_id, code, at, agency, category, commune, channel, seconds = row.values()
        found.append(Counted(report_id, code, at, word(agency), word(category), word(commune), word(channel), seconds))
    return found


def _there(state: State, question: Question, figure: Figure, first: int) -> tuple[str, list[Any]]:
    """The stays in a stock that go on at the question's end, as a query over an index alone. Parameters: $1 as of, $2
    the end, which is not behind it: what is still known at the one has not ended before the other."""
    where, values = narrowed(question, state.words, first)
    codes = ", ".join(str(code) for code in state.words.known(figure.of)) or "0"
    return (
        f"""
        SELECT report_id, at, sent, agency, category, commune, channel FROM {REACHES}, {state.occurrences} o
        WHERE measure IN ({codes}) AND sent IS NOT NULL AND {within_reach("at", "least(until, known_until)", "$2")}
          AND at < $2 AND (until IS NULL OR until >= $2)
          AND known_from <= $1 AND (known_until IS NULL OR known_until > $1){where}
        """,  # noqa: S608  # conditions of our own
        values,
    )


async def standing(
    conn: Conn,
    state: State,
    question: Question,
    figure: Figure,
    limit: int,
    after: tuple[datetime, UUID] | None,
    age: int | None,
) -> list[Counted]:
    """What is in a stock at the question's end, the longest first; ``age``: only reports of this class of ``AGES``."""
    query, values = _there(state, question, figure, 8)
    rows = await conn.fetch(
        f"""
        SELECT s.report_id, r.code, s.at, s.agency, s.category, s.commune, s.channel,
               extract(epoch FROM $2 - s.at)::bigint
        FROM (
            SELECT * FROM ({query}) s
            WHERE ($3::timestamptz IS NULL OR (s.at, s.report_id) > ($3, $4))
              AND ($6::int IS NULL OR {_class("$7")} = $6)
            ORDER BY s.at, s.report_id LIMIT $5
        ) s JOIN reports r USING (report_id) ORDER BY s.at, s.report_id
        """,  # noqa: S608  # a query of our own; what was asked goes by parameters
        question.as_of,
        question.end,
        *(after or (None, None)),
        limit,
        age,
        [float(days) for days in AGES],
        *values,
    )
    return _counted(state, rows)


def _class(bounds: str) -> str:
    """Which class of age a report is in at $2, the question's end."""
    return f"width_bucket(extract(epoch FROM $2 - s.sent)::float8 / 86400, {bounds}::float8[])"


async def longest(conn: Conn, state: State, question: Question, figure: Figure, limit: int) -> list[Counted]:
    """The longest in a stock of all, or of each group."""
    query, values = _there(state, question, figure, 4)
    group = question.by or "report_id"
    rows = await conn.fetch(
        f"""
        SELECT s.report_id, r.code, s.at, s.agency, s.category, s.commune, s.channel,
               extract(epoch FROM $2 - s.at)::bigint
        FROM (
            SELECT * FROM (
                SELECT DISTINCT ON (s.{group}) s.* FROM ({query}) s ORDER BY s.{group}, s.at, s.report_id
            ) one ORDER BY at, report_id LIMIT $3
        ) s JOIN reports r USING (report_id) ORDER BY s.at, s.report_id
        """,  # noqa: S608  # a query of our own; what was asked goes by parameters
        question.as_of,
        question.end,
        limit,
        *values,
    )
    return _counted(state, rows)


async def ages(conn: Conn, state: State, question: Question, figure: Figure) -> dict[str, tuple[int, ...]]:
    """How many of a stock are of each class of age, by group."""
    query, values = _there(state, question, figure, 4)
    rows = await conn.fetch(
        f"""
        SELECT {f"s.{question.by}" if question.by else "0"} AS what,
               {_class("$3")} AS class, count(*) AS n
        FROM ({query}) s GROUP BY 1, 2
        """,  # noqa: S608  # a query of our own; what was asked goes by parameters
        question.as_of,
        question.end,
        [float(days) for days in AGES],
        *values,
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        what = state.words.word(row["what"]) if question.by else ""
        found.setdefault(what, [0] * (len(AGES) + 1))[row["class"]] = row["n"]
    return {what: tuple(numbers) for what, numbers in found.items()}
