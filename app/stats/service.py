"""Asking for statistics."""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import structs

from app.db import Conn
from app.errors import Invalid
from app.stats import store, store_lists
from app.stats.measures import FIGURES, Figure, Measure
from app.stats.model import HALF_DAY, Answer, Count, Counted, Listed, Question, slot_of
from app.stats.periods import Step

_Found = dict[tuple[str, Measure], Count]


async def read_to(conn: Conn) -> tuple[object, datetime]:
    """How far the history has been read: something that is another one as soon as there is anything new, and up to
    when. For whoever shows figures over and over."""
    state = await store.state(conn)
    return (state.generation, state.cursor), state.read_at


async def ask(conn: Conn, question: Question, figures: Iterable[Figure] = FIGURES.values()) -> Answer:
    """The counts that the figures are made of (``model.value``), by group.

    At most nine statements; asked for whole half days as of today, three. Raises Invalid when the period is empty or
    "as of" is before it has begun.
    """
    question = _possible(question)
    state = await store.state(conn)
    wanted = list(figures)
    flows = {m for figure in wanted if figure.kind != "stock" for m in figure.measures}
    stocks = {m for figure in wanted if figure.kind == "stock" for m in figure.measures}
    found: _Found = {}
    for measures, since in ((flows, question.start), (stocks, None)):
        if measures:
            await _count(conn, state.generation, question, measures, since, found)
    if question.as_of < state.read_at:
        for measures, since in ((flows, question.start), (stocks, None)):
            if measures:
                _add(found, await store.corrections(conn, state.generation, question, measures, since))
    groups: dict[str, dict[Measure, Count]] = {}
    for (what, measure), count in found.items():
        if count != Count():
            groups.setdefault(what, {})[measure] = count
    return Answer(question, groups, state.read_at)


async def _count(
    conn: Conn, generation: int, question: Question, measures: set[Measure], since: datetime | None, found: _Found
) -> None:
    """What holds today from ``since`` (None: from the beginning) to the question's end: the whole half days from the
    sums, what is left over at either end one by one."""
    last = slot_of(question.end)
    whole = None
    if since is not None:
        whole = slot_of(since) if slot_of(since) == since else slot_of(since) + HALF_DAY
        if whole >= last:
            _add(found, await store.single(conn, generation, question, measures, since, question.end))
            return
        if since < whole:
            _add(found, await store.single(conn, generation, question, measures, since, whole))
    _add(found, await store.sums(conn, generation, question, measures, whole, last))
    if last < question.end:
        _add(found, await store.single(conn, generation, question, measures, last, question.end))


def _possible(question: Question) -> Question:
    """Nothing is known of what lies behind "as of"."""
    if question.start >= question.end or question.as_of <= question.start:
        raise Invalid("stats.period_wrong", field="period")
    return structs.replace(question, end=min(question.end, question.as_of))


async def series(
    conn: Conn, question: Question, steps: Sequence[Step], figures: Iterable[Figure] = FIGURES.values()
) -> list[Answer]:
    """An answer for each step that has begun by ``question.as_of``, all as known then; stocks at each step's end."""
    wanted = list(figures)
    return [
        await ask(conn, structs.replace(question, start=step.start, end=step.end), wanted)
        for step in steps
        if step.start < question.as_of
    ]


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
    generation = (await store.state(conn)).generation
    if figure.kind == "stock":
        point = _read_point(after, datetime)
        rows = await store_lists.standing(conn, generation, question, figure.of, figure.among, limit + 1, point, age)
    else:
        measures = figure.among if whole and figure.kind == "share" else figure.of
        point = _read_point(after, int if slowest else datetime)
        rows = await store_lists.happened(conn, generation, question, measures, limit + 1, point, slowest=slowest)
    more = len(rows) > limit
    return Listed(rows[:limit], _write_point(rows[limit - 1], slowest=slowest) if more else None)


def _write_point(row: Counted, *, slowest: bool) -> str:
    key = (-1 if row.seconds is None else row.seconds) if slowest else row.at
    return base64.urlsafe_b64encode(msgspec.json.encode((key, row.report_id))).decode().rstrip("=")


def _read_point(after: str | None, of: type) -> tuple[Any, UUID] | None:
    if not after:
        return None
    try:
        said = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
        point: tuple[Any, UUID] = msgspec.json.decode(said, type=tuple[of, UUID])  # type: ignore[valid-type]  # either
    except (ValueError, msgspec.DecodeError):
        raise Invalid("stats.page_unknown", field="after") from None
    return point


_OPEN, _OVERDUE = FIGURES["open"], FIGURES["overdue"]


async def ageing(conn: Conn, question: Question) -> dict[str, tuple[int, ...]]:
    """How many of those open at the question's end are of each class of ``AGES``, by group."""
    question = _possible(question)
    generation = (await store.state(conn)).generation
    return await store_lists.ages(conn, generation, question, _OPEN.of, _OPEN.among)


async def longest_overdue(conn: Conn, question: Question, limit: int = 10) -> list[Counted]:
    """Those overdue for the longest at the question's end; asked apart, the one of each group."""
    question = _possible(question)
    generation = (await store.state(conn)).generation
    return await store_lists.longest(conn, generation, question, _OVERDUE.of, _OVERDUE.among, limit)


def _add(found: _Found, more: _Found) -> None:
    for key, count in more.items():
        found[key] = found.get(key, Count()) + count
