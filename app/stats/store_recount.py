"""SQL that proves the sums: everything counted once more, and held against what is kept."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import asyncpg

from app.db import Conn
from app.history import service as history
from app.stats.grains import DIMENSIONS, SPAN, source
from app.stats.spread import unlike, unpacked
from app.stats.store import RECOUNT, State, Words, drop_recount
from app.stats.store_sums import LONG, NUMBERS, SPREADS, base, rolled

_AT_ONCE = 5000


def _table(grain: int | None) -> str:
    return RECOUNT if grain is None else f"{RECOUNT}_{grain}"


async def lay(conn: Conn, state: State) -> None:
    """For ``wrong``. Not temporary, which several processes could not read at once."""
    await drop_recount(conn)
    async with conn.transaction():
        await history.writes_none(conn)
        await conn.execute(f"CREATE UNLOGGED TABLE {RECOUNT} AS {base(state)}", timeout=LONG)


async def wrong(conn: Conn, state: State, grain: int) -> AsyncIterator[str]:
    """Sums of a grain that are not those of the occurrences, in words. Grain by grain in the order of ``ROUNDS``."""
    made = rolled(grain, _table(source(grain)))
    async with conn.transaction():
        await history.writes_none(conn)
        await conn.execute(f"CREATE UNLOGGED TABLE {_table(grain)} AS {made}", timeout=LONG)
        await conn.execute(f"ANALYZE {_table(grain)} ({', '.join(('slot', *DIMENSIONS))})", timeout=LONG)
    async with conn.transaction(readonly=True):
        cursor = await conn.cursor(_held_against(state, grain), timeout=LONG)
        while rows := await cursor.fetch(_AT_ONCE, timeout=LONG):
            for says in _differences(state.words, grain, rows):
                yield says


def _held_against(state: State, grain: int) -> str:
    """A query of the rows whose numbers differ, and of those whose spreads are written otherwise, which may say the
    same."""
    same = " AND ".join(f"c.{name} IS NOT DISTINCT FROM k.{name}" for name in NUMBERS)
    alike = " AND ".join(f"c.{name} IS NOT DISTINCT FROM k.{name}" for name in SPREADS)
    nothing = " AND ".join(f"{name} IS NULL" for name in NUMBERS)
    spreads = ", ".join(
        f"CASE WHEN c.{name} IS DISTINCT FROM k.{name} THEN {side}.{name} END AS {side}_{name}"
        for name in SPREADS
        for side in ("c", "k")
    )
    return f"""
        SELECT slot, {", ".join(DIMENSIONS)}, CASE WHEN NOT same THEN to_jsonb(c) END AS counted,
               CASE WHEN NOT same THEN to_jsonb(k) END AS kept, {spreads}
        FROM {_table(grain)} c
        FULL JOIN (SELECT * FROM {state.sums} WHERE grain = {grain} AND NOT ({nothing})) k
             USING (slot, {", ".join(DIMENSIONS)}),
        LATERAL (SELECT c.grain IS NOT NULL AND k.grain IS NOT NULL AND {same} AS same) s
        WHERE NOT (same AND {alike})
    """  # noqa: S608  # names of our own


def _differences(words: Words, grain: int, rows: Sequence[asyncpg.Record]) -> Iterable[str]:
    unlike_spreads = {
        name: unlike([row[f"c_{name}"] or b"" for row in rows], [row[f"k_{name}"] or b"" for row in rows])
        for name in SPREADS
    }
    for at, row in enumerate(rows):
        counted: Mapping[str, int | None] = row["counted"] or {}
        kept: Mapping[str, int | None] = row["kept"] or {}
        pairs = [(name, str(counted.get(name) or 0), str(kept.get(name) or 0)) for name in NUMBERS]
        pairs += [
            (name, _times(row[f"c_{name}"]), _times(row[f"k_{name}"])) for name in SPREADS if at in unlike_spreads[name]
        ]
        for name, happened, summed in pairs:
            if happened != summed:
                yield f"{name} of {_where(words, grain, row)}: {happened} happened, {summed} in the sums"


def _where(words: Words, grain: int, row: asyncpg.Record) -> str:
    apart = [words.word(row[name]) or "none" for d, name in enumerate(DIMENSIONS) if grain & 1 << d]
    slot = f"the {'span' if grain & SPAN else 'half day'} of {row['slot']:%Y-%m-%d %H:%M}Z"
    return f"{slot}, {', '.join(apart) or 'all'}"


def _times(spread: bytes | None) -> str:
    times = unpacked(spread or b"")
    return f"{sum(times.values())} times of {sum(s * n for s, n in times.items()):.0f} s"
