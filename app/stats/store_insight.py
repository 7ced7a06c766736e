"""SQL of reports that go round."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.stats.measures import Measure
from app.stats.model import Question
from app.stats.store import State
from app.stats.store_counts import REACHES, narrowed, within_reach

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


async def going_round(conn: Conn, state: State, question: Question, least: int, limit: int) -> tuple[list[Round], int]:
    """Reports that were handed on in the period and ``least`` times in all by its end, most often first; and how many
    there are."""
    where, values = narrowed(question, state.words, 7)
    rows = await conn.fetch(
        f"""
        WITH moved AS (
            SELECT DISTINCT report_id FROM ({_moves(state)}) o WHERE true{where}
        ), rounds AS (
            SELECT report_id, count(*) AS moves, max(at) AS at, array_agg(agency ORDER BY at) AS agencies,
                   (array_agg(category ORDER BY at DESC))[1] AS category,
                   (array_agg(commune ORDER BY at DESC))[1] AS commune
            -- Report by report: few are handed on at all, which the planner cannot know.
            FROM moved m CROSS JOIN LATERAL (
                SELECT at, agency, category, commune FROM {state.occurrences} o
                WHERE o.report_id = m.report_id AND measure = ANY($2::smallint[]) AND at < $4
                  AND known_from <= $1 AND (known_until IS NULL OR known_until > $1) OFFSET 0
            ) o
            GROUP BY report_id HAVING count(*) >= $5
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
        least,
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


def _moves(state: State) -> str:
    """Those of the period as known at $1, as a query over indexes: what holds today, and what was held to be so."""
    of = "o.measure = ANY($2::smallint[]) AND o.at >= $3 AND o.at < $4 AND o.known_from <= $1"
    ended = within_reach("greatest(at, known_from)", "known_until", "$1")
    return f"""
        SELECT report_id, agency, category, commune, channel FROM {state.occurrences} o
        WHERE o.known_until IS NULL AND {of}
        UNION ALL
        SELECT report_id, agency, category, commune, channel FROM {REACHES}, {state.occurrences} o
        WHERE o.known_until IS NOT NULL AND {ended} AND o.known_until > $1 AND {of}
    """  # noqa: S608  # conditions of our own
