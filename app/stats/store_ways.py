"""SQL of the reports' ways between the agencies: what is kept of each, and the sums by rule."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from app.db import Conn
from app.stats.model import Missent, slot_of
from app.stats.store import Row, State, Words
from app.stats.store_sums import LONG, SLOT
from app.stats.ways import Way

_COLUMNS = ("report_id", "sent", "again_at", "last_at", "chosen", "ended_up", "returned", "transferred", "reclassified",
            "rule")  # fmt: skip
_NUMBERS = ("reports", "returned", "transferred", "reclassified")
_RIGHT = 0
"""In place of the code of who has it, of what was sent rightly."""
_AT_ONCE = 5000
Sums = Counter[tuple[datetime, str, str | None, str]]
"""By half day of sending, rule, who has them now, and name of ``_NUMBERS``."""


# ---------------------------------------------------------------- of each report


def named(ways: Iterable[Way]) -> set[str]:
    """The agencies that need a code."""
    return {agency for way in ways for agency in (way.chosen, way.ended_up) if agency is not None}


def row_of(words: Words, report_id: UUID, way: Way) -> Row:
    """As it is kept; None in place of a code that was never given."""
    code = words.codes.get
    ended_up = _RIGHT if way.ended_up is None else code(way.ended_up)
    return (report_id, way.sent, way.again_at, way.last_at, code(way.chosen), ended_up, way.returned, way.transferred,
            way.reclassified, way.rule)  # fmt: skip


async def rows_of(conn: Conn, state: State, report_ids: Sequence[UUID]) -> dict[UUID, Row]:
    rows = await conn.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM {state.ways} WHERE report_id = ANY($1)",  # noqa: S608  # names of our own
        list(report_ids),
    )
    return {row["report_id"]: tuple(row) for row in rows}


async def of_each(conn: Conn, state: State, report_ids: Sequence[UUID]) -> dict[UUID, Way]:
    """What is kept of each."""
    found = {}
    for report_id, row in (await rows_of(conn, state, report_ids)).items():
        _, sent, again_at, last_at, chosen, ended_up, returned, transferred, reclassified, rule = row
        found[report_id] = Way(
            sent, rule, state.words.word(chosen), None if ended_up == _RIGHT else state.words.word(ended_up),
            returned, transferred, reclassified, again_at, last_at,
        )  # fmt: skip
    return found


async def keep(conn: Conn, table: str, words: Words, ways: Mapping[UUID, Way]) -> None:
    """Of reports of which nothing is kept."""
    rows = [row_of(words, report_id, way) for report_id, way in ways.items()]
    await conn.copy_records_to_table(table, columns=_COLUMNS, records=rows)


async def forget(conn: Conn, state: State, report_ids: Sequence[UUID]) -> None:
    await conn.execute(f"DELETE FROM {state.ways} WHERE report_id = ANY($1)", list(report_ids))  # noqa: S608  # a name of our own


# ---------------------------------------------------------------- sums


def count(changes: Sums, way: Way, sign: int) -> None:
    """Add what one report adds to the sums, or take it away."""
    if not way.rule:
        return
    wrong = way.ended_up is not None
    counted = (True, way.returned, way.transferred, wrong and way.reclassified)
    for name, yes in zip(_NUMBERS, counted, strict=True):
        if yes:
            changes[slot_of(way.sent), way.rule, way.ended_up, name] += sign


async def add(conn: Conn, state: State, changes: Sums) -> None:
    """All in one order, so that no two writers wait for each other."""
    keys = sorted({key[:3] for key, n in changes.items() if n}, key=lambda key: (*key[:2], key[2] or ""))
    if not keys:
        return
    kept = ", ".join(f"{name} = kept.{name} + excluded.{name}" for name in _NUMBERS)
    await conn.execute(
        f"""
        INSERT INTO {state.rules} AS kept (slot, rule, ended_up, {", ".join(_NUMBERS)})
        SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::smallint[], $4::int[], $5::int[], $6::int[], $7::int[])
        ON CONFLICT (slot, rule, ended_up) DO UPDATE SET {kept}
        """,  # noqa: S608  # names of our own
        [slot for slot, _, _ in keys],
        [rule for _, rule, _ in keys],
        [_RIGHT if agency is None else state.words.codes[agency] for _, _, agency in keys],
        *([changes[*key, name] for key in keys] for name in _NUMBERS),
    )


def _summed(state: State) -> str:
    slot = SLOT.format("sent")
    return f"""
        SELECT {slot} AS slot, rule, ended_up, count(*)::int AS reports,
               (count(*) FILTER (WHERE returned))::int AS returned,
               (count(*) FILTER (WHERE transferred))::int AS transferred,
               (count(*) FILTER (WHERE reclassified AND ended_up <> {_RIGHT}))::int AS reclassified
        FROM {state.ways} WHERE rule <> '' GROUP BY 1, 2, 3
    """  # noqa: S608  # names of our own


async def sum_up(conn: Conn, state: State) -> None:
    """The sums of an empty generation."""
    columns = ", ".join(("slot", "rule", "ended_up", *_NUMBERS))
    await conn.execute(f"INSERT INTO {state.rules} ({columns}) {_summed(state)}", timeout=LONG)


async def wrong(conn: Conn, state: State) -> AsyncIterator[str]:
    """Sums that are not those of what is kept of the reports, in words. The connection is in a transaction."""
    told = ", ".join(f"coalesce(c.{name}, 0) AS {name}, coalesce(k.{name}, 0) AS {name}_kept" for name in _NUMBERS)
    same = " AND ".join(f"coalesce(c.{name}, 0) = coalesce(k.{name}, 0)" for name in _NUMBERS)
    cursor = await conn.cursor(
        f"""
        SELECT slot, rule, ended_up, {told} FROM ({_summed(state)}) c
        FULL JOIN {state.rules} k USING (slot, rule, ended_up) WHERE NOT ({same})
        """,  # noqa: S608  # names of our own
        timeout=LONG,
    )
    while rows := await cursor.fetch(_AT_ONCE, timeout=LONG):
        for row in rows:
            where = f"the half day of {row['slot']:%Y-%m-%d %H:%M}Z, rule {row['rule']}"
            for name in _NUMBERS:
                if row[name] != row[f"{name}_kept"]:
                    yield f"{name} of {where}: {row[name]} happened, {row[f'{name}_kept']} in the sums"


# ---------------------------------------------------------------- questions


async def by_rule_and_end(conn: Conn, state: State, since: datetime, until: datetime | None) -> list[asyncpg.Record]:
    """For each rule and the code of who has its wrongly sent reports now (``_RIGHT``: rightly sent): how many. Of whole
    half days: those that begin in this time."""
    return await conn.fetch(
        f"""
        SELECT rule, ended_up, sum(reports)::int AS reports, sum(returned)::int AS returned,
               sum(transferred)::int AS transferred, sum(reclassified)::int AS reclassified
        FROM {state.rules} WHERE slot >= $1 AND ($2::timestamptz IS NULL OR slot < $2)
        GROUP BY 1, 2 HAVING sum(reports) > 0 ORDER BY rule, reports DESC, ended_up
        """,  # noqa: S608  # a name of our own
        since,
        until,
    )


async def missent(
    conn: Conn, state: State, rule: str, since: datetime, until: datetime, limit: int
) -> tuple[list[Missent], int]:
    """What a rule sent wrongly, the latest first; and how many there are."""
    rows = await conn.fetch(
        f"""
        WITH wrong AS (
            SELECT *, count(*) OVER () AS number FROM {state.ways} w
            WHERE w.ended_up <> {_RIGHT} AND w.rule = $1 AND w.sent >= $2 AND w.sent < $3
            ORDER BY w.sent DESC, w.report_id LIMIT $4
        )
        SELECT w.report_id, r.code, r.submitted_at, r.category, r.commune_code, r.commune_name, w.chosen, r.agency_id,
               r.supervisor_id, w.returned, w.transferred, w.reclassified, w.number
        FROM wrong w JOIN reports r USING (report_id) ORDER BY w.sent DESC, w.report_id
        """,  # noqa: S608  # a name of our own
        rule,
        since,
        until,
        limit,
    )
    word = state.words.word
    found = []
    for row in rows:
        said = dict(row) | {"chosen": word(row["chosen"])}
        del said["number"]
        found.append(Missent(**said))
    return found, rows[0]["number"] if rows else 0
