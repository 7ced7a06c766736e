"""SQL of the places where reports of one category lie close together.

The ground is cut into cells of a fixed size, the same at any time, so that an address can name some of them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.places.geo import LAT_M, LON_M
from app.stats.measures import FIGURES, RESOLUTIONS, Measure
from app.stats.model import Question
from app.stats.store import State
from app.stats.store_counts import REACHES, narrowed, within_reach

CELL_M = 150
_COS = 0.9613
"""Of 16° north: a cell is 146 to 155 m wide anywhere in the country."""
ROWS, COLUMNS = LAT_M / CELL_M, LON_M * _COS / CELL_M
"""Cells in a degree."""
BEFORE = timedelta(days=365)
"""A result as long ago as this, before the period, is one after which a matter can come back."""
_KNOWN = "o.known_from <= $1 AND (o.known_until IS NULL OR o.known_until > $1)"
_OPEN = FIGURES["open"]
_CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Cells of a window, in the order of its counts."""


class Window(Struct, frozen=True):
    """Four cells with a corner in common: from ``x``, ``y`` one further east and north. ``counts``: south-west,
    south-east, north-west, north-east."""

    category: str
    x: int
    y: int
    counts: tuple[int, int, int, int]


class Cells(Struct, frozen=True):
    """Some cells of a window, for reports of one category; ``mask``: a bit for each, in the order of the counts."""

    category: str
    x: int
    y: int
    mask: int

    def each(self) -> list[tuple[int, int]]:
        return [(self.x + bit % 2, self.y + bit // 2) for bit in range(4) if self.mask >> bit & 1]


class Facts(Struct, frozen=True):
    """``again``: reports that came after one before them, at the same place, had got a result. ``report_id`` and what
    follows it: the report nearest to the middle, of those with an address if any has one."""

    count: int
    open: int
    again: int
    first: datetime
    last: datetime
    lat: float
    lon: float
    report_id: UUID
    address: str
    commune: str


async def start_of_latest(conn: Conn, state: State, question: Question, most: int) -> datetime | None:
    """When the latest ``most`` reports of the period began to come; None when there are no more than that."""
    where, values = narrowed(question, state.words, 4)
    found: datetime | None = await conn.fetchval(
        f"""
        SELECT o.at FROM {state.occurrences} o
        WHERE o.known_until IS NULL AND o.measure = {_codes(state, [Measure.RECEIVED])}
          AND o.at >= $1 AND o.at < $2{where}
        ORDER BY o.at DESC OFFSET $3 LIMIT 1
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        question.start,
        question.end,
        most,
        *values,
    )
    return found


async def windows(conn: Conn, state: State, question: Question, least: int, most: int) -> list[Window]:
    """Those with ``least`` reports of one category or more, the fullest first.

    Added up in one go: to put so many cells in order would take longer than all the rest."""
    received, values = _received(state, question, 8)
    await _planned_anew(conn)
    await conn.execute("SET LOCAL work_mem = '32MB'")  # the places of that many reports, without a detour by the disk
    corners = ", ".join(f"({dx}, {dy})" for dx, dy in _CORNERS)
    counts = ", ".join(f"coalesce(sum(n) FILTER (WHERE (dx, dy) = ({dx}, {dy})), 0)::int" for dx, dy in _CORNERS)
    rows = await conn.fetch(
        f"""
        WITH cells AS MATERIALIZED (
            SELECT o.category, floor(r.lon * $5)::int AS x, floor(r.lat * $4)::int AS y, count(*)::int AS n
            FROM ({received}) o JOIN reports r USING (report_id) WHERE r.lat IS NOT NULL GROUP BY 1, 2, 3
        )
        SELECT category, x - dx AS x, y - dy AS y, {counts} FROM cells CROSS JOIN (VALUES {corners}) AS d(dx, dy)
        GROUP BY 1, 2, 3 HAVING sum(n) >= $6 ORDER BY sum(n) DESC, 1, 2, 3 LIMIT $7
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        *_period(question),
        ROWS,
        COLUMNS,
        least,
        most,
        *values,
    )
    word = state.words.word
    return [Window(word(category), x, y, (sw, se, nw, ne)) for category, x, y, sw, se, nw, ne in rows]


async def facts(conn: Conn, state: State, question: Question, places: Sequence[Cells]) -> list[Facts | None]:
    """What there is to know of each place; None where nothing is. The connection is in a transaction."""
    await _planned_anew(conn)
    where, values = narrowed(question, state.words, 9)
    rows = await conn.fetch(
        f"""
        WITH {_there(state)}, {_received_there(state, where)}, middle AS (
            SELECT place, round(avg(lat)::numeric, 5)::float8 AS lat, round(avg(lon)::numeric, 5)::float8 AS lon,
                   count(*) AS n, count(*) FILTER (WHERE at > first_done) AS again, min(at) AS first, max(at) AS last
            FROM received GROUP BY place
        ), whole_and_parts AS (
            SELECT place, report_id AS whole, report_id FROM received UNION ALL
            SELECT v.place, v.report_id, p.report_id FROM received v CROSS JOIN LATERAL (
                SELECT p.report_id FROM reports p WHERE p.part_of = v.report_id OFFSET 0
            ) p
        ), unfinished AS (
            SELECT place, count(DISTINCT whole) AS n FROM whole_and_parts w CROSS JOIN LATERAL (
                SELECT FROM {state.occurrences} o WHERE o.report_id = w.report_id AND {_KNOWN} AND o.at < $3
                AND o.measure IN ({_codes(state, _OPEN.of)}) AND (o.until IS NULL OR o.until >= $3) LIMIT 1
            ) o GROUP BY 1
        )
        SELECT DISTINCT ON (m.place) m.place, m.n, coalesce(u.n, 0) AS open, m.again, m.first, m.last, m.lat, m.lon,
               v.report_id, v.address, v.commune
        FROM middle m JOIN received v USING (place) LEFT JOIN unfinished u USING (place)
        ORDER BY m.place, v.address = '', abs(v.lat - m.lat) + abs(v.lon - m.lon), v.report_id
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        *_period(question),
        question.start - BEFORE,
        *_cells(state, places),
        *values,
    )
    found = {}
    for row in rows:
        place, *known, commune = row.values()
        found[place] = Facts(*[*known, state.words.word(commune)])
    return [found.get(place) for place in range(len(places))]


async def reports_at(
    conn: Conn, state: State, question: Question, place: Cells, limit: int
) -> list[tuple[UUID, datetime, str, bool]]:
    """The reports of a place, the latest first: id, when it came, for which agency, whether a result came before."""
    where, values = narrowed(question, state.words, 10)
    rows = await conn.fetch(
        f"""
        WITH {_there(state)}, {_received_there(state, where)}
        SELECT report_id, at, agency, coalesce(at > first_done, false) AS again FROM received
        ORDER BY at DESC, report_id DESC LIMIT $9
        """,  # noqa: S608  # conditions of our own; what was asked goes by parameters
        *_period(question),
        question.start - BEFORE,
        *_cells(state, [place]),
        limit,
        *values,
    )
    return [(row["report_id"], row["at"], state.words.word(row["agency"]), row["again"]) for row in rows]


async def points(conn: Conn, state: State, question: Question, limit: int) -> list[tuple[float, float, str]]:
    """Where the latest of them are, and their category. The connection is in a transaction."""
    await _planned_anew(conn)
    (holds, held), values = _holds_and_held(state, question, 5)

    def of(received: str) -> str:
        return f"""(
            SELECT r.lat, r.lon, o.category, o.at FROM ({received}) o JOIN reports r USING (report_id)
            WHERE r.lat IS NOT NULL ORDER BY o.at DESC LIMIT $4
        )"""  # noqa: S608  # conditions of our own

    rows = await conn.fetch(
        # Each by itself, so that of what holds today no more is read than is wanted: an index has it in this order.
        f"SELECT * FROM ({of(holds)} UNION ALL {of(held)}) o ORDER BY at DESC LIMIT $4",  # noqa: S608  # as above
        *_period(question),
        limit,
        *values,
    )
    return [(row["lat"], row["lon"], state.words.word(row["category"])) for row in rows]


# ---------------------------------------------------------------- pieces


async def _planned_anew(conn: Conn) -> None:
    """For the rest of the transaction. The plan for any period, which a connection keeps after some questions, takes
    ten times as long."""
    await conn.execute("SET LOCAL plan_cache_mode = force_custom_plan")


def _period(question: Question) -> tuple[datetime, datetime, datetime]:
    return question.as_of, question.start, question.end


def _codes(state: State, measures: Iterable[Measure]) -> str:
    return ", ".join(str(code) for code in state.words.known(measures)) or "0"


def _received(state: State, question: Question, first: int) -> tuple[str, list[Any]]:
    """What came in the period, as a query over indexes."""
    parts, values = _holds_and_held(state, question, first)
    return " UNION ALL ".join(parts), values


def _holds_and_held(state: State, question: Question, first: int) -> tuple[tuple[str, str], list[Any]]:
    """Of what came in the period: what holds today, and what was held to be so at "as of" and is not any more."""
    where, values = narrowed(question, state.words, first)
    of = f"o.measure = {_codes(state, [Measure.RECEIVED])} AND o.at >= $2 AND o.at < $3{where}"
    ended = within_reach("greatest(at, known_from)", "known_until", "$1")
    holds = f"""
        SELECT o.report_id, o.at, o.category FROM {state.occurrences} o
        WHERE o.known_until IS NULL AND o.known_from <= $1 AND {of}
    """  # noqa: S608  # conditions of our own
    held = f"""
        SELECT o.report_id, o.at, o.category FROM (
            SELECT x.* FROM {REACHES}, {state.occurrences} x
            WHERE known_until IS NOT NULL AND {ended} AND known_until > $1
        ) o WHERE {of}
    """  # noqa: S608  # conditions of our own
    return (holds, held), values


def _cells(state: State, places: Iterable[Cells]) -> tuple[list[int], list[int], list[float], list[float]]:
    """Place, category, and the south-western corner of each cell."""
    rows = [
        (at, state.words.codes.get(one.category, 0), y / ROWS, x / COLUMNS)
        for at, one in enumerate(places)
        for x, y in one.each()
    ]
    at, category, south, west = (list(column) for column in zip(*rows, strict=True))
    return at, category, south, west


def _there(state: State) -> str:
    """``lives``: all that happened to the reports within the cells, under the cells' category. OFFSET 0: report by
    report, for there are few; the planner, who cannot know, would rather read all there is."""
    return f"""
        there AS MATERIALIZED (
            SELECT c.place, c.category, r.report_id, r.lat, r.lon, r.address
            FROM unnest($5::int[], $6::smallint[], $7::float8[], $8::float8[]) AS c(place, category, south, west)
            CROSS JOIN LATERAL (
                SELECT * FROM reports r WHERE r.lat >= c.south AND r.lat < c.south + {1 / ROWS!r}
                                          AND r.lon >= c.west AND r.lon < c.west + {1 / COLUMNS!r} OFFSET 0
            ) r
        ), lives AS MATERIALIZED (
            SELECT t.*, o.measure, o.at, o.agency, o.commune, o.channel FROM there t CROSS JOIN LATERAL (
                SELECT * FROM {state.occurrences} o WHERE o.report_id = t.report_id AND {_KNOWN} OFFSET 0
            ) o WHERE o.category = t.category AND o.at < $3
        )"""  # noqa: S608  # conditions of our own


def _received_there(state: State, where: str) -> str:
    return f"""
        received AS (
            SELECT o.*, first_done FROM lives o LEFT JOIN (
                SELECT o.place, min(o.at) AS first_done FROM lives o
                WHERE o.measure IN ({_codes(state, RESOLUTIONS)}) AND o.at >= $4{where} GROUP BY 1
            ) done USING (place)
            WHERE o.measure = {_codes(state, [Measure.RECEIVED])} AND o.at >= $2{where}
        )"""  # noqa: S608  # conditions of our own
