"""Proof that the statistics are what the history says: every report's life worked out anew and held against what is
kept, and the sums against what they add up."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from itertools import chain
from uuid import UUID

from app.db import Pool
from app.history import service as history
from app.stats import sharing, store, store_ways
from app.stats import store_recount as recount
from app.stats.grains import ROUNDS
from app.stats.life import Occurrence
from app.stats.model import Difference
from app.stats.projection import catch_up, worked_out

_BATCH = 2000


async def verify(
    pool: Pool, progress: Callable[[int], None] | None = None, url: str | None = None
) -> AsyncIterator[Difference]:
    """Recount everything; yields what differs. Reads the history to its end first; a report that goes on meanwhile is
    not yet read, which is no difference. ``progress`` gets the number of reports recounted. ``url``: of the database,
    for processes of our own."""
    async with store.alone(pool):
        await catch_up(pool)
        async with pool.acquire() as conn:
            shares = await sharing.shares(conn)
        done = 0
        async for number, found in sharing.done(_share, pool, url, shares):
            for difference in found:
                yield difference
            done += number
            if progress:
                progress(done)
        async for says in _of_all(pool):
            yield Difference(None, says)


async def _share(pool: Pool, beyond: UUID, last: UUID) -> tuple[int, list[Difference]]:
    """How many reports there are between these, and what differs of them."""
    done = 0
    found: list[Difference] = []
    while True:
        differences, report_ids = await _batch(pool, beyond, last)
        if not report_ids:
            return done, found
        found += differences
        done, beyond = done + len(report_ids), report_ids[-1]


async def _of_all(pool: Pool) -> AsyncIterator[str]:
    """What differs of the sums, and what is kept of reports that are none. Not in one transaction, which would keep old
    rows alive everywhere until its end."""
    async with store.as_it_stands(pool) as conn:
        state = await store.state(conn)
        for report_id in await store.strangers(conn, state):
            yield f"something is kept of {report_id}, which is no report"
        try:
            await recount.lay(conn, state)
            for grain in chain.from_iterable(ROUNDS):
                async for says in recount.wrong(conn, state, grain):
                    yield says
            async with conn.transaction(readonly=True):
                async for says in store_ways.wrong(conn, state):
                    yield says
        finally:
            await store.drop_recount(conn)


async def _batch(pool: Pool, beyond: UUID, last: UUID) -> tuple[list[Difference], list[UUID]]:
    """The next reports and what differs of them."""
    # One snapshot: what is kept, how far was read, and the history belong together.
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        state = await store.state(conn)
        report_ids = [i for i in await history.next_reports(conn, beyond, _BATCH) if i <= last]
        if not report_ids:
            return [], []
        unread = await history.reports_since(conn, state.cursor)
        lives, ways = await worked_out(conn, report_ids)
        kept = await store.rows_of(conn, state, report_ids)
        kept_ways = await store_ways.rows_of(conn, state, report_ids)
    found: list[Difference] = []
    for i in report_ids:
        if i not in unread:
            found += _apart(state.words, i, lives[i], kept.get(i, []))
            way = store_ways.row_of(state.words, i, ways[i]) if i in ways else None
            if way != kept_ways.get(i):
                found.append(Difference(i, f"its way between the agencies is {way}, kept is {kept_ways.get(i)}"))
    return found, report_ids


def _apart(words: store.Words, report_id: UUID, life: list[Occurrence], kept: list[store.Row]) -> list[Difference]:
    counted = [store.row_of(words, report_id, o) for o in life]
    if counted == kept:  # mostly in the same order
        return []
    a, b = Counter(counted), Counter(kept)
    return [
        Difference(report_id, f"{store.said_of(words, row)} {says}")
        for says, rows in (("is missing", a - b), ("did not happen", b - a))
        for row in rows.elements()
    ]
