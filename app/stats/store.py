"""SQL of the statistics: how far the history was read, and what is kept of each report. Every generation has tables of
its own, so that a rebuild disturbs no reader; those of generation n are called ``stats_…_n``."""

import re
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

BASE, RECOUNT = "stats_base", "stats_recount"
"""Tables for the time of a rebuild, and of a proof."""
_TABLES = {
    "stats_occurrences": "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02",
    "stats_sums": "fillfactor = 85",
    "stats_ways": "autovacuum_vacuum_scale_factor = 0.02",
    "stats_rules": "fillfactor = 85",
}
"""And their settings: stocks are read from an index alone, of pages that are known to be visible; sums are written over
again."""
_TIMES = ("at", "known_from", "known_until", "until", "sent", "seconds")
_WORDS = ("measure", "agency", "category", "commune", "channel")
_COLUMNS = ("report_id", *_TIMES, *_WORDS)
_READING, _WHOLE = 7_041_966_001, 7_041_966_002
"""Locks of the one who reads the history on, and of the one who works on the whole."""


class Words:
    """Codes and what they stand for."""

    def __init__(self, codes: Mapping[str, int]) -> None:
        self.codes = codes
        self._words = {code: word for word, code in codes.items()}

    def word(self, code: int) -> str:
        return self._words[code]

    def known(self, words: Iterable[str]) -> list[int]:
        """The codes of those that have one; of others nothing was ever counted."""
        return sorted(self.codes[word] for word in words if word in self.codes)

    def all(self) -> list[int]:
        return list(self.codes.values())


class State(Struct, frozen=True):
    """``read_at``: up to when the history is read; ``known_to``: nothing that was read is later."""

    generation: int
    cursor: Cursor
    read_at: datetime
    known_to: datetime
    words: Words

    @property
    def occurrences(self) -> str:
        return f"stats_occurrences_{self.generation}"

    @property
    def sums(self) -> str:
        return f"stats_sums_{self.generation}"

    @property
    def ways(self) -> str:
        return f"stats_ways_{self.generation}"

    @property
    def rules(self) -> str:
        return f"stats_rules_{self.generation}"


async def claim(conn: Conn) -> bool:
    """Whether this transaction is the one that reads on; another one may be at it."""
    got: bool = await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", _READING)
    return got


async def wait_for_claim(conn: Conn) -> None:
    await conn.execute("SELECT pg_advisory_xact_lock($1)", _READING)


@asynccontextmanager
async def alone(pool: Pool) -> AsyncIterator[None]:
    """The only one who rebuilds or verifies; another one waits. Reading on and answering go on meanwhile."""
    async with _locked(pool, _WHOLE):
        yield


@asynccontextmanager
async def as_it_stands(pool: Pool) -> AsyncIterator[Conn]:
    """A connection; nobody reads on as long as it is used, so that what several transactions see belongs together."""
    async with _locked(pool, _READING) as conn:
        yield conn


@asynccontextmanager
async def _locked(pool: Pool, key: int) -> AsyncIterator[Conn]:
    async with pool.acquire() as conn:
        await conn.execute("SELECT pg_advisory_lock($1)", key, timeout=24 * 3600)
        try:
            yield conn
        finally:
            await conn.execute("SELECT pg_advisory_unlock($1)", key)


async def state(conn: Conn) -> State:
    """Where nothing is unread, what is kept is what holds now; nobody needs to write that down every two seconds."""
    row = await conn.fetchrow(
        """
        SELECT generation, cursor_xid::text::bigint, cursor_report, cursor_seq,
               greatest(read_at, timestamptz 'epoch') AS known_to, clock_timestamp() AS now,
               -- The newest of all, which is one step into the index however many there are.
               coalesce((SELECT (xid, report_id, seq) > (cursor_xid, cursor_report, cursor_seq) FROM report_events
                         ORDER BY xid DESC, report_id DESC, seq DESC LIMIT 1), false) AS unread, words, codes
        FROM stats_state, (SELECT array_agg(word) AS words, array_agg(code) AS codes FROM stats_words) AS w
        """
    )
    assert row is not None
    generation, xid, report_id, seq, known_to, now, unread, words, codes = row.values()
    known = Words(dict(zip(words or (), codes or (), strict=True)))
    return State(generation, (xid, report_id, seq), known_to if unread else now, known_to, known)


def named(lives: Iterable[Iterable[Occurrence]]) -> set[str]:
    """Everything in these lives that needs a code."""
    return {word for life in lives for o in life for word in (o.measure, o.agency, o.category, o.commune, o.channel)}


async def with_codes(conn: Conn, words: Words, named: Iterable[str]) -> Words:
    """With a code for each of these."""
    new = sorted(set(named) - words.codes.keys())
    if not new:
        return words
    # Another process of the same rebuild may be at it: whoever comes second takes what the first one gave.
    await conn.execute("INSERT INTO stats_words (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", new)
    rows = await conn.fetch("SELECT word, code FROM stats_words")
    return Words({row["word"]: row["code"] for row in rows})


async def move_on(conn: Conn, cursor: Cursor, read_at: datetime) -> None:
    """``read_at``: nothing that was read is later."""
    await conn.execute(
        """
        UPDATE stats_state SET cursor_xid = $1::text::xid8, cursor_report = $2, cursor_seq = $3,
                               read_at = greatest(read_at, $4)
        """,
        str(cursor[0]),
        cursor[1],
        cursor[2],
        read_at,
    )


# ---------------------------------------------------------------- occurrences


Row = tuple[Any, ...]
"""An occurrence as it is kept: the values of ``_COLUMNS``."""


def row_of(words: Words, report_id: UUID, o: Occurrence) -> Row:
    """None in place of a code that was never given."""
    code = words.codes.get
    return (report_id, o.at, o.known_from, o.known_until, o.until, o.sent, o.seconds, code(o.measure), code(o.agency),
            code(o.category), code(o.commune), code(o.channel))  # fmt: skip


def said_of(words: Words, row: Row) -> str:
    """What a row says, in short."""
    said = dict(zip(_COLUMNS, row, strict=True))
    measure = words.word(said["measure"]) if said["measure"] else "something unheard of"
    return f"{measure} at {said['at']:%Y-%m-%d %H:%M:%S}Z"


async def rows_of(conn: Conn, state: State, report_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """What is kept of each, mostly in the order in which it was."""
    rows = await conn.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM {state.occurrences} WHERE report_id = ANY($1)",  # noqa: S608  # names of our own
        list(report_ids),
    )
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(tuple(row))
    return found


async def occurrences_of(conn: Conn, state: State, report_ids: Sequence[UUID]) -> dict[UUID, list[Occurrence]]:
    kept = await rows_of(conn, state, report_ids)
    return {report_id: [_occurrence(state.words, row) for row in rows] for report_id, rows in kept.items()}


def _occurrence(words: Words, row: Row) -> Occurrence:
    _, at, known_from, known_until, until, sent, seconds, *codes = row
    measure, agency, category, commune, channel = (words.word(code) for code in codes)
    return Occurrence(
        Measure(measure), at, known_from, known_until, agency, category, commune, channel, seconds, until, sent
    )


async def forget(conn: Conn, state: State, report_ids: Sequence[UUID]) -> None:
    await conn.execute(f"DELETE FROM {state.occurrences} WHERE report_id = ANY($1)", list(report_ids))  # noqa: S608  # a name of our own


async def keep(conn: Conn, table: str, words: Words, lives: Mapping[UUID, Iterable[Occurrence]]) -> None:
    """What is kept of these reports from now on; nothing was kept, or it is forgotten."""
    await conn.copy_records_to_table(
        table,
        columns=_COLUMNS,
        records=[row_of(words, report_id, o) for report_id, life in lives.items() for o in life],
    )


async def strangers(conn: Conn, state: State) -> list[UUID]:
    """What is kept of reports that are none."""
    rows = await conn.fetch(
        f"""
        SELECT DISTINCT report_id FROM {state.occurrences} o
        WHERE NOT EXISTS (SELECT FROM reports r WHERE r.report_id = o.report_id) LIMIT 100
        """,  # noqa: S608  # a name of our own
        timeout=3600,
    )
    return [row["report_id"] for row in rows]


# ---------------------------------------------------------------- generations


async def drop_others(conn: Conn) -> None:
    """Only the generation that answers stays, and nothing of a rebuild or a proof that was cut off."""
    in_use = await conn.fetchval("SELECT generation FROM stats_state")
    await _drop(conn, rf"^({'|'.join(_TABLES)})_\d+$|^{BASE}$", [f"{table}_{in_use}" for table in _TABLES])
    await drop_recount(conn)


async def drop_recount(conn: Conn) -> None:
    await _drop(conn, rf"^{RECOUNT}(_\d+)?$")


async def _drop(conn: Conn, pattern: str, but: Sequence[str] = ()) -> None:
    # The underscore of LIKE would be any character.
    rows = await conn.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ $1 AND relname <> ALL ($2::text[])",
        pattern,
        list(but),
    )
    for row in rows:
        await conn.execute(f"DROP TABLE {row['relname']}")


async def begin_generation(conn: Conn, generation: int) -> None:
    """Empty tables for the next generation, without indexes as long as they are being filled."""
    for table, settings in _TABLES.items():
        made = f"(LIKE {table} INCLUDING ALL EXCLUDING INDEXES) WITH ({settings})"
        await conn.execute(f"CREATE TABLE {table}_{generation} {made}")


async def indexes(conn: Conn, table: str, generation: int) -> list[str]:
    """The statements that give a generation's table the indexes that the table it is made like has."""
    rows = await conn.fetch(
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::text::regclass ORDER BY 1", table
    )
    return [re.sub(rf"\b{table}", f"{table}_{generation}", row[0]) for row in rows]


async def end_generation(conn: Conn, generation: int) -> None:
    """From now on this one answers. The one before stays for whoever is reading it (``drop_others``)."""
    await conn.execute("UPDATE stats_state SET generation = $1", generation)
