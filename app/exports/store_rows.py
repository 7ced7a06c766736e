"""SQL of the list of reports: those received in a period, each as it was known at a moment.

A piece is read from the reports in the order in which they were sent, so that however narrow a filter is no statement
looks at more than a piece's worth of them.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.accounts.model import Actor
from app.db import Conn
from app.stats.life import SETS_CLOCK
from app.stats.measures import Measure
from app.stats.model import Question
from app.stats.store import State

M = Measure


class Behind(Struct, frozen=True):
    """Where a piece of the list ends; the next one begins behind it."""

    at: datetime
    report_id: UUID


_AT = "AT TIME ZONE 'Asia/Ho_Chi_Minh'"
_RATINGS = {M.RATED_SATISFIED: "satisfied", M.RATED_ACCEPTABLE: "acceptable", M.RATED_DISSATISFIED: "dissatisfied"}
_RESULTS = {M.RESOLVED_ON_TIME: "on_time", M.RESOLVED_EXTENDED: "extended", M.RESOLVED_LATE: "late"}
_SEEN = """
    ($7::bool OR r.agency_id = ANY($8::text[]) OR r.supervisor_id = ANY($8::text[])) IS TRUE
    AND ($9::text[] = '{}' OR r.category = ANY($9)) AND ($10::text[] = '{}' OR r.commune_code = ANY($10)) IS TRUE"""
"""``Actor.may_see``."""


def statement(state: State, question: Question) -> str:
    """The next reports behind ``$4``, ``$5``, of ``$6``: those that ``wanted``, and the last one looked at. Everything
    but case columns is as it was known at ``$3``; those follow today's rights (``$7``–``$10``) and erasures."""
    asked = _asked(state, question)
    wanted = (
        " AND ".join(f"l.{column} = ANY(${number}::int[])" for number, (column, _) in enumerate(asked, 13)) or "true"
    )
    return f"""
        WITH page AS (
            SELECT * FROM reports
            WHERE submitted_at >= $1 AND submitted_at < $2 AND part_of IS NULL
              AND submitted_at >= $4 AND (submitted_at, report_id) > ($4, $5)
              AND ($12::text[] = '{{}}' OR channel = ANY($12))
            ORDER BY submitted_at, report_id LIMIT $6
        ), numbered AS (
            SELECT r.*, lead(r.report_id) OVER (ORDER BY r.submitted_at, r.report_id) IS NULL AS last FROM page r
        )
        SELECT r.submitted_at AS at, r.report_id, l.received > 0 AND {wanted} AS wanted,
               r.code, r.submitted_at {_AT} AS submitted_at, r.channel, l.category, l.commune, l.agency,
               CASE WHEN l.closed > 0 THEN 'closed' WHEN l.rejected > 0 THEN 'rejected'
                    WHEN l.merged > 0 THEN 'duplicate' WHEN l.withdrawn > 0 THEN 'withdrawn'
                    WHEN l.resolved_at IS NOT NULL THEN 'resolved' WHEN l.waiting <= 0 THEN 'split'
                    WHEN l.agency = {_code(state, "")} THEN 'desk' ELSE 'open' END AS status,
               l.accepted_at {_AT} AS accepted_at, l.assigned_at {_AT} AS assigned_at,
               (SELECT coalesce(e.data->'proposed'->>'due', e.data->>'due')::timestamptz {_AT} FROM report_events e
                WHERE e.report_id = r.report_id AND e.at <= $3 AND e.kind = ANY($11::text[])
                  AND coalesce(e.data->'proposed'->>'due', e.data->>'due') IS NOT NULL
                ORDER BY e.seq DESC LIMIT 1) AS due_at,
               l.resolved_at {_AT} AS resolved_at,
               coalesce(l.timeliness, CASE WHEN l.late > 0 THEN 'overdue' END) AS timeliness, l.seconds / 60 AS minutes,
               l.rating, l.returned::int AS returned, l.transferred::int AS transferred,
               l.extensions::int AS extensions, l.reopened::int AS reopened,
               CASE WHEN seen THEN r.body END AS words, CASE WHEN seen THEN r.address END AS address,
               CASE WHEN seen AND r.lat IS NOT NULL
                    THEN round(r.lat::numeric, 6) || ', ' || round(r.lon::numeric, 6) END AS place
        FROM numbered r
        CROSS JOIN LATERAL (SELECT {_SEEN} AS seen) rights
        CROSS JOIN LATERAL ({_life(state)}) l
        WHERE (l.received > 0 AND {wanted}) OR r.last
        ORDER BY r.submitted_at, r.report_id
    """  # noqa: S608  # conditions of our own; what was asked goes by parameters


def _code(state: State, word: str) -> int:
    """-1 for what nothing was ever counted of."""
    return state.words.codes.get(word, -1)


def _life(state: State) -> str:
    """What had happened to a report and still held, in one row."""

    def of(*measures: Measure) -> str:
        return f"FILTER (WHERE x.measure IN ({', '.join(str(_code(state, m)) for m in measures)}))"

    def said(words: dict[Measure, str]) -> str:
        return f"max(CASE x.measure {' '.join(f'WHEN {_code(state, m)} THEN {w!r}' for m, w in words.items())} END)"

    return f"""
        SELECT count(*) {of(M.RECEIVED)} AS received, max(x.agency) {of(M.RECEIVED)} AS agency,
               max(x.category) {of(M.RECEIVED)} AS category, max(x.commune) {of(M.RECEIVED)} AS commune,
               count(*) {of(M.CLOSED)} AS closed, count(*) {of(M.REJECTED)} AS rejected,
               count(*) {of(M.MERGED)} AS merged, count(*) {of(M.WITHDRAWN)} AS withdrawn,
               count(*) {of(M.RETURNED)} AS returned, count(*) {of(M.TRANSFERRED)} AS transferred,
               count(*) {of(M.EXTENDED)} AS extensions, count(*) {of(M.REOPENED, M.DISPUTED)} AS reopened,
               count(*) {of(M.OPEN_IN)} - count(*) {of(M.OPEN_OUT)} AS waiting,
               count(*) {of(M.OVERDUE_IN)} - count(*) {of(M.OVERDUE_OUT)} AS late,
               min(x.at) {of(M.ACCEPTED_ON_TIME, M.ACCEPTED_LATE)} AS accepted_at,
               min(x.at) {of(M.ASSIGNED)} AS assigned_at, max(x.at) {of(*_RESULTS)} AS resolved_at,
               max(x.seconds) {of(*_RESULTS)} AS seconds, {said(_RESULTS)} AS timeliness, {said(_RATINGS)} AS rating
        FROM {state.occurrences} x
        WHERE x.report_id = r.report_id AND x.at < $3 AND x.known_from <= $3
          AND (x.known_until IS NULL OR x.known_until > $3)"""  # noqa: S608  # names and codes of our own


def _asked(state: State, question: Question) -> list[tuple[str, list[int]]]:
    """What is filtered by, in codes; what has none is no report's."""
    every = (("agency", question.agencies), ("category", question.categories), ("commune", question.communes))
    return [(column, state.words.known(values)) for column, values in every if values]


def arguments(state: State, question: Question, reader: Actor, behind: Behind, limit: int) -> list[Any]:
    return [
        question.start,
        min(question.end, question.as_of),
        question.as_of,
        behind.at,
        behind.report_id,
        limit,
        reader.sees_all,
        sorted(reader.agencies),
        sorted(reader.categories),
        sorted(reader.communes),
        sorted(SETS_CLOCK),
        list(question.channels),
        *(values for _, values in _asked(state, question)),
    ]


async def piece(
    conn: Conn, state: State, question: Question, reader: Actor, behind: Behind, limit: int
) -> list[asyncpg.Record]:
    """The rows of the next ``limit`` reports, and the last one looked at whether it is ``wanted`` or not; none behind
    the end."""
    async with conn.transaction(readonly=True):
        # A plan for any period and any number of rows would sort all reports for each piece.
        await conn.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        return await conn.fetch(statement(state, question), *arguments(state, question, reader, behind, limit))
