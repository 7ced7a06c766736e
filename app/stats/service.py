"""Asking for statistics."""

from collections.abc import Iterable
from datetime import datetime

from msgspec import structs

from app.db import Conn
from app.errors import Invalid
from app.stats import store
from app.stats.measures import FIGURES, Figure, Measure
from app.stats.model import HALF_DAY, Answer, Count, Question, slot_of

_Found = dict[tuple[str, Measure], Count]


async def ask(conn: Conn, question: Question, figures: Iterable[Figure] = FIGURES.values()) -> Answer:
    """The counts that the figures are made of (``model.value``), by group.

    At most nine statements; asked for whole half days as of today, three. Raises Invalid when the period is empty or
    "as of" is before it has begun.
    """
    if question.start >= question.end or question.as_of <= question.start:
        raise Invalid("stats.period_wrong", field="period")
    question = structs.replace(question, end=min(question.end, question.as_of))
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


def _add(found: _Found, more: _Found) -> None:
    for key, count in more.items():
        found[key] = found.get(key, Count()) + count
