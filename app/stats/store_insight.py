"""SQL of reports that go round."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.stats.measures import Measure
from app.stats.model import Question
from app.stats.store import State
from app.stats.store_counts import narrowed
from app.stats.ways import AGAIN

_MOVES = (Measure.RETURNED, Measure.TRANSFERRED)


class Round(Struct, frozen=True):
    """A report that was returned or handed on ``moves`` times; ``agencies``: those that did, in order; ``at``: last."""

    report_id: UUID
    code: str
    category: str
    commune: str
    agencies: tuple[str, ...]
    moves: int
    at: datetime


async def going_round(conn: Conn, state: State, question: Question, limit: int) -> tuple[list[Round], int]:
    """Reports that were handed on in the period and ``AGAIN`` times in all by its end, most often first; and how many
    there are."""
    where, values = narrowed(question, state.words, 7)
    rows = await conn.fetch(
        f"""
        -- Those that may be some by what is known of them today. Few are, and the lives of no others are looked at.
        WITH again AS MATERIALIZED (
            SELECT report_id FROM {state.ways} WHERE again_at < $4 AND last_at >= $3
        ), rounds AS (
            SELECT report_id, count(*) AS moves, max(at) AS at, array_agg(agency ORDER BY at) AS agencies,
                   (array_agg(category ORDER BY at DESC))[1] AS category,
                   (array_agg(commune ORDER BY at DESC))[1] AS commune
            -- Report by report, which the planner would not choose.
            FROM again a CROSS JOIN LATERAL (
                SELECT at, agency, category, commune, channel FROM {state.occurrences} o
                WHERE o.report_id = a.report_id AND measure = ANY($2::smallint[]) AND at < $4
                  AND known_from <= $1 AND (known_until IS NULL OR known_until > $1) OFFSET 0
            ) o
            GROUP BY report_id HAVING count(*) >= $5 AND bool_or(at >= $3{where})
        ), first AS (
            SELECT *, count(*) OVER () AS number FROM rounds ORDER BY moves DESC, at DESC, report_id LIMIT $6
        )
        SELECT f.report_id, r.code, f.category, f.commune, f.agencies, f.moves, f.at, f.number
        FROM first f JOIN reports r USING (report_id) ORDER BY f.moves DESC, f.at DESC, f.report_id
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        question.as_of,
        state.words.known(_MOVES),
        question.start,
        question.end,
        AGAIN,
        limit,
        *values,
    )
    word = state.words.word
    found = [
        Round(row["report_id"], row["code"], word(row["category"]), word(row["commune"]),
              tuple(word(each) for each in row["agencies"]), row["moves"], row["at"])
        for row in rows
    ]  # fmt: skip
    return found, rows[0]["number"] if rows else 0
