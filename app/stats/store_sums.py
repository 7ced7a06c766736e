"""SQL of the sums: adding to them, working them out anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.db import Conn
from app.stats.grains import DIMENSIONS, GRAINS, SPAN, source, span_of
from app.stats.measures import SPREAD, TIMED, Measure
from app.stats.model import Count
from app.stats.spread import EDGES, bucket_of, packed
from app.stats.store import BASE, State, Words

Key = tuple[datetime, str, str, str, str]
"""Of what is added: half day, agency, category, commune, channel."""
_TIMED = [m for m in Measure if m in TIMED]
_SPREAD = [m for m in Measure if m in SPREAD]
NUMBERS = [*(str(m) for m in Measure), *(f"{m}_seconds" for m in _TIMED)]
SPREADS = [f"{m}_spread" for m in _SPREAD]
VALUES = [*NUMBERS, *SPREADS]
_KEY = ("grain", "slot", *DIMENSIONS)
SLOT = "date_bin('12 hours', {}, timestamptz '1970-01-01 05:00+00')"
_PACK_FROM = 1200
"""Bytes from which a spread is tidied up."""
LONG = 4 * 3600.0
"""Seconds that one statement over everything may take."""


# ---------------------------------------------------------------- writing


def change_of(sign: int, measure: Measure, seconds: int | None) -> Count:
    """What one occurrence adds to the sums (``add``)."""
    spread: dict[float, int] = {bucket_of(seconds): sign} if measure in SPREAD and seconds is not None else {}
    return Count(sign, sign * (seconds or 0), spread)


async def add(conn: Conn, state: State, changes: Mapping[Key, Mapping[Measure, Count]]) -> None:
    """Add to the sums of every grain, or take from them; of a change's ``spread`` the keys are buckets. All in one
    order, so that no two writers wait for each other."""
    rows = [(key, counts) for key, counts in changes.items() if any(count != Count() for count in counts.values())]
    if not rows:
        return
    code = state.words.codes
    columns: list[list[Any]] = [[], [], [], [], [], []]
    values: dict[str, list[Any]] = {name: [None] * len(rows) for name in VALUES}
    for i, ((slot, *names), counts) in enumerate(rows):
        for column, each in zip(columns, (slot, span_of(slot), *(code[name] for name in names)), strict=True):
            column.append(each)
        for measure, count in counts.items():
            values[str(measure)][i] = count.n
            if measure in TIMED:
                values[f"{measure}_seconds"][i] = count.seconds
            if measure in SPREAD:
                values[f"{measure}_spread"][i] = packed(count.spread)  # type: ignore[arg-type]  # buckets
    types = ["timestamptz", "timestamptz", *["smallint"] * 4, *["bigint"] * len(NUMBERS), *["bytea"] * len(SPREADS)]
    given = ", ".join(f"${i}::{of}[]" for i, of in enumerate(types, 1))
    grains = ", ".join(f"({grain})" for grain in GRAINS)
    kept = ", ".join(_kept(name) for name in VALUES)
    await conn.execute(
        f"""
        INSERT INTO {state.sums} AS kept ({", ".join((*_KEY, *VALUES))})
        SELECT grain, CASE WHEN grain & {SPAN} > 0 THEN span ELSE slot END, {_apart("grain")}, {_added()}
        FROM unnest({given}) AS d(slot, span, {", ".join((*DIMENSIONS, *VALUES))}), (VALUES {grains}) AS g(grain)
        GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (grain, agency, category, commune, channel, slot) DO UPDATE SET {kept}
        """,  # noqa: S608  # names of our own
        *columns,
        *values.values(),
    )


def _kept(name: str) -> str:
    if name not in SPREADS:
        return f"{name} = nullif(coalesce(kept.{name}, 0) + coalesce(excluded.{name}, 0), 0)"
    both = f"coalesce(kept.{name}, '') || excluded.{name}"
    tidy = f"CASE WHEN length({both}) > {_PACK_FROM} THEN stats_packed({both}) ELSE {both} END"
    return f"{name} = CASE WHEN excluded.{name} IS NULL THEN kept.{name} ELSE {tidy} END"


def _apart(grain: str) -> str:
    """The dimensions that a grain tells apart."""
    return ", ".join(f"CASE WHEN {grain} & {1 << d} > 0 THEN {name} ELSE 0 END" for d, name in enumerate(DIMENSIONS))


def _added() -> str:
    numbers = [f"nullif(sum({name}), 0)" for name in NUMBERS]
    return ", ".join([*numbers, *(f"string_agg({name}, ''::bytea)" for name in SPREADS)])


def _counted(words: Words) -> str:
    """What happened of each measure, as the columns of the sums have it."""
    one = "'\\x00000001'::bytea"
    bucket = f"int2send(width_bucket(seconds, '{{{','.join(map(str, EDGES))}}}'::int[])::int2)"

    def of(measure: Measure) -> str:
        return f"FILTER (WHERE measure = {words.codes.get(measure, 0)})"

    return ", ".join(
        [f"nullif(count(*) {of(m)}, 0) AS {m}" for m in Measure]
        + [f"nullif(sum(seconds) {of(m)}, 0) AS {m}_seconds" for m in _TIMED]
        + [f"string_agg({bucket} || {one}, ''::bytea) {of(m)} AS {m}_spread" for m in _SPREAD]
    )


def base(state: State) -> str:
    """Everything that holds today by half days and all dimensions."""
    return f"""
        SELECT {SLOT.format("at")} AS slot, {", ".join(DIMENSIONS)}, {_counted(state.words)}
        FROM {state.occurrences} WHERE known_until IS NULL GROUP BY 1, 2, 3, 4, 5
    """  # noqa: S608  # names of our own


def rolled(grain: int, made_from: str) -> str:
    """The sums of a grain out of those of a finer one."""
    slot = "stats_span(slot)" if grain & SPAN else "slot"
    dimensions = ", ".join(name if grain & 1 << d else f"0::smallint AS {name}" for d, name in enumerate(DIMENSIONS))
    numbers = [f"nullif(sum({name}), 0) AS {name}" for name in NUMBERS]
    spreads = [f"{_tidy(f'string_agg({name}, NULL::bytea)')} AS {name}" for name in SPREADS]
    return f"""
        SELECT {grain}::smallint AS grain, {slot} AS slot, {dimensions}, {", ".join([*numbers, *spreads])}
        FROM {made_from} GROUP BY 2, 3, 4, 5, 6
    """  # noqa: S608  # names of our own


def _tidy(spread: str) -> str:
    return f"CASE WHEN length({spread}) > {_PACK_FROM} THEN stats_packed({spread}) ELSE {spread} END"


async def lay_base(conn: Conn, state: State) -> None:
    """A table for this rebuild alone, that the sums are made from."""
    await conn.execute(f"DROP TABLE IF EXISTS {BASE}")
    await conn.execute(f"CREATE UNLOGGED TABLE {BASE} AS {base(state)}", timeout=LONG)
    await conn.execute(f"ANALYZE {BASE} ({', '.join(('slot', *DIMENSIONS))})", timeout=LONG)


async def sum_up(conn: Conn, state: State, grain: int) -> None:
    """The sums of one grain, once, into an empty generation; after those that it is made from."""
    finer, made_from = source(grain), BASE
    if finer is not None:
        made_from = f"(SELECT * FROM {state.sums} WHERE grain = {finer}) AS finer"  # noqa: S608  # names of our own
    columns, order = ", ".join((*_KEY, *VALUES)), ", ".join((*DIMENSIONS, "slot"))
    await conn.execute(
        f"INSERT INTO {state.sums} ({columns}) {rolled(grain, made_from)} ORDER BY {order}",  # names of our own
        timeout=LONG,
    )
