"""Asking for statistics."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from msgspec import structs

from app import cursors
from app.db import Conn
from app.errors import Invalid
from app.stats import store, store_counts, store_lists
from app.stats.grains import BEGINNING, dimensions_of, pieces
from app.stats.measures import FIGURES, Figure, Measure
from app.stats.model import SHARES, Answer, Count, Counted, Listed, Question
from app.stats.periods import Step
from app.stats.store import State


async def state(conn: Conn) -> State:
    """How far the history has been read. Whoever asks several things within one snapshot asks this once."""
    return await store.state(conn)


async def read_to(conn: Conn) -> tuple[object, datetime]:
    """How far the history has been read: something that is another one as soon as there is anything new, and up to
    when. For whoever shows figures over and over."""
    found = await store.state(conn)
    return (found.generation, found.cursor), found.read_at


async def ask(
    conn: Conn,
    question: Question,
    figures: Iterable[Figure] = FIGURES.values(),
    *,
    exact: bool = False,
    known: State | None = None,
) -> Answer:
    """The counts that the figures are made of (``model.value``), by group.

    At most six statements on one snapshot. ``known``: the ``state`` of that snapshot, asked before. ``exact``: medians
    and percentiles from the very times instead of the stored distribution, which takes as long as there are many.
    Raises Invalid when the period is empty or "as of" is before it has begun.
    """
    question = _possible(question)
    async with _one_snapshot(conn):
        (answer,) = await _answers(conn, question, [(question.start, question.end)], list(figures), known, exact=exact)
    return answer


@asynccontextmanager
async def _one_snapshot(conn: Conn) -> AsyncIterator[None]:
    """What several statements read belongs together."""
    if conn.is_in_transaction():
        yield
    else:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            yield


def _possible(question: Question) -> Question:
    """Nothing is known of what lies behind "as of"."""
    if question.start >= question.end or question.as_of <= question.start:
        raise Invalid("stats.period_wrong", field="period")
    return structs.replace(question, end=min(question.end, question.as_of))


async def series(
    conn: Conn,
    question: Question,
    steps: Sequence[Step],
    figures: Iterable[Figure] = FIGURES.values(),
    *,
    known: State | None = None,
) -> list[Answer]:
    """An answer for each step that has begun by ``question.as_of``, all as known then; stocks at each step's end. The
    steps follow each other without gaps."""
    begun = [(step.start, min(step.end, question.as_of)) for step in steps if step.start < question.as_of]
    if not begun:
        return []
    if any(one[1] != other[0] for one, other in pairwise(begun)):
        raise ValueError("steps with gaps")
    async with _one_snapshot(conn):
        return await _answers(conn, question, begun, list(figures), known)


async def _answers(
    conn: Conn,
    question: Question,
    steps: list[tuple[datetime, datetime]],
    figures: list[Figure],
    known: State | None,
    *,
    exact: bool = False,
) -> list[Answer]:
    """For each of these times on end."""
    state = known or await store.state(conn)
    stocks = {m for figure in figures if figure.kind == "stock" for m in figure.measures}
    wanted = stocks | {m for figure in figures for m in figure.measures}
    spreads = any(figure.kind in SHARES for figure in figures)
    bounds = [*(start for start, _ in steps), steps[-1][1]]
    dimensions = dimensions_of(question)
    found: store_counts.Found = {}
    flows = [p for n, (start, end) in enumerate(steps) for p in pieces(n, start, end, dimensions, state.known_to)]
    before = pieces(-1, BEGINNING, bounds[0], dimensions, state.known_to)
    for measures, parts in ((wanted, flows), (stocks, before)):
        kept = [p for p in parts if p.level != "single"]
        single = [p for p in parts if p.level == "single"]
        if measures and kept:
            _add(found, await store_counts.sums(conn, state, question, measures, kept, spreads=spreads and not exact))
        if measures and single:
            _add(
                found, await store_counts.single(conn, state, question, measures, single, spreads=spreads and not exact)
            )
    if question.as_of < state.known_to:
        _add(
            found,
            await store_counts.corrections(
                conn, state, question, wanted, stocks, bounds, spreads=spreads and not exact
            ),
        )
    if exact and spreads:
        for key, spread in (await store_counts.exact_times(conn, state, question, wanted, bounds)).items():
            found[key] = structs.replace(found[key], spread=spread)
    _stand(found, stocks, len(steps))
    groups: list[dict[str, dict[Measure, Count]]] = [{} for _ in steps]
    for (step, what, measure), count in found.items():
        if step >= 0 and count != Count():
            groups[step].setdefault(what, {})[measure] = count
    return [
        Answer(structs.replace(question, start=start, end=end), groups[n], state.read_at)
        for n, (start, end) in enumerate(steps)
    ]


def _stand(found: store_counts.Found, stocks: set[Measure], steps: int) -> None:
    """Of stocks each step has all that came and went up to its end."""
    for what, measure in {(what, measure) for _, what, measure in found if measure in stocks}:
        total = Count()
        for step in range(-1, steps):
            total = found[step, what, measure] = total + found.get((step, what, measure), Count())


async def listed(
    conn: Conn,
    question: Question,
    figure: Figure,
    limit: int = 50,
    after: str | None = None,
    *,
    whole: bool = False,
    slowest: bool = False,
    age: int | None = None,
) -> Listed:
    """The very reports that a figure counts, a page of them; a report that did something twice stands there twice.

    What happened comes with the latest first, or ``slowest``; a stock with the longest first. ``whole``: of a share,
    all it is a share of; ``age``: of a stock, only reports of this class of ``AGES``. Raises Invalid for an ``after``
    that no page has given.
    """
    question = _possible(question)
    state = await store.state(conn)
    if figure.kind == "stock":
        point = _read_point(after, cursors.Moment)
        rows = await store_lists.standing(conn, state, question, figure, limit + 1, point, age)
    else:
        measures = figure.among if whole and figure.kind == "share" else figure.of
        point = _read_point(after, cursors.Number if slowest else cursors.Moment)
        rows = await store_lists.happened(conn, state, question, measures, limit + 1, point, slowest=slowest)
    more = len(rows) > limit
    return Listed(rows[:limit], _write_point(rows[limit - 1], slowest=slowest) if more else None)


def _write_point(row: Counted, *, slowest: bool) -> str:
    key = (-1 if row.seconds is None else row.seconds) if slowest else row.at
    return cursors.written((key, row.report_id))


def _read_point(after: str | None, of: Any) -> tuple[Any, UUID] | None:
    if not after:
        return None
    try:
        return cursors.read(after, tuple[of, UUID])
    except ValueError:
        raise Invalid("stats.page_unknown", field="after") from None


_OPEN, _OVERDUE = FIGURES["open"], FIGURES["overdue"]


async def ageing(conn: Conn, question: Question, *, known: State | None = None) -> dict[str, tuple[int, ...]]:
    """How many of those open at the question's end are of each class of ``AGES``, by group."""
    question = _possible(question)
    state = known or await store.state(conn)
    return await store_lists.ages(conn, state, question, _OPEN)


async def longest_overdue(
    conn: Conn, question: Question, limit: int = 10, *, known: State | None = None
) -> list[Counted]:
    """Those overdue for the longest at the question's end; asked apart, the one of each group."""
    question = _possible(question)
    state = known or await store.state(conn)
    return await store_lists.longest(conn, state, question, _OVERDUE, limit)


def _add(found: store_counts.Found, more: store_counts.Found) -> None:
    for key, count in more.items():
        found[key] = found.get(key, Count()) + count
