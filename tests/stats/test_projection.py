"""The statistics in the database: they follow the history, answer as a recount would, and survive being cut off."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from msgspec import structs

from app.db import Pool, transaction
from app.errors import Invalid
from app.history import service as history
from app.history.model import Event
from app.reports.model import Report, Status
from app.reports.workflow import Act
from app.stats import projection, service, store
from app.stats.life import Occurrence, occurrences
from app.stats.measures import FIGURES, Measure
from app.stats.model import Count, Question, value
from app.stats.verify import verify
from tests import small_world as world
from tests.stats.lives import AGENCIES, CATEGORIES, keep, life

DAY = timedelta(days=1)
LIVES = 600
Lives = list[tuple[Report, list[Event]]]


class _CutOff(Exception):
    pass


@pytest_asyncio.fixture(scope="module")
async def lives(settled: Pool) -> AsyncIterator[Lives]:
    """Random lives, read into the statistics."""
    dice = random.Random(2026)
    made = [life(dice) for _ in range(LIVES)]
    async with settled.acquire() as conn:
        await keep(conn, made)
    await projection.catch_up(settled)
    yield made


def recount(question: Question, rows: list[Occurrence]) -> dict[str, dict[Measure, Count]]:
    """The answer from first principles."""
    stocks = {m for f in FIGURES.values() if f.kind == "stock" for m in f.measures}
    groups: dict[str, dict[Measure, Count]] = {}
    for o in rows:
        since = o.measure in stocks or o.at >= question.start
        known = o.known_from <= question.as_of and (o.known_until is None or question.as_of < o.known_until)
        wanted = all(
            not values or getattr(o, name) in values
            for name, values in (
                ("agency", question.agencies),
                ("category", question.categories),
                ("commune", question.communes),
                ("channel", question.channels),
            )
        )
        if since and known and wanted and o.at < min(question.end, question.as_of) and _shown(o.measure):
            group = groups.setdefault(getattr(o, question.by) if question.by else "", {})
            group[o.measure] = group.get(o.measure, Count()) + Count(1, o.seconds or 0)
    return groups


def _shown(measure: Measure) -> bool:
    return any(measure in figure.measures for figure in FIGURES.values())


def some_question(dice: random.Random) -> Question:
    start = world.MONDAY + timedelta(minutes=dice.randrange(60 * 24 * 50))
    if dice.random() < 0.6:  # whole half days by Vietnam's clocks
        start = start.replace(hour=dice.choice((5, 17)), minute=0)
    end = start + dice.choice((timedelta(hours=12), DAY, 7 * DAY, 30 * DAY, timedelta(hours=31)))
    as_of = end + dice.choice((timedelta(0), 3 * DAY, 300 * DAY))

    def some(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dice.sample(values, dice.randrange(1, 3))) if dice.random() < 0.3 else ()

    return Question(
        start=start,
        end=end,
        as_of=as_of,
        agencies=some(("", *AGENCIES)),
        categories=some(CATEGORIES),
        communes=some((world.AN_XUYEN, world.TAN_THANH)),
        channels=some(("telegram", "web", "hotline")),
        by=dice.choice((None, "agency", "category", "commune", "channel")),
    )


async def test_any_question_is_answered_as_a_recount_of_the_history_would(lives: Lives, settled: Pool) -> None:
    rows = [o for _, events in lives for o in occurrences(events)]
    dice = random.Random(7)
    answered = 0
    async with settled.acquire() as conn:
        for _ in range(150):
            question = some_question(dice)
            answer = await service.ask(conn, question)
            assert answer.groups == recount(question, rows), question
            answered += bool(answer.groups)
    assert answered > 100


async def differences(pool: Pool) -> list[str]:
    return [one.says async for one in verify(pool)]


async def test_verifying_finds_nothing_and_a_forged_row_or_sum_is_found(lives: Lives, settled: Pool) -> None:
    assert await differences(settled) == []
    await settled.execute(
        "UPDATE stats_occurrences SET seconds = seconds + 1 WHERE (report_id, measure) = "
        "(SELECT report_id, measure FROM stats_occurrences WHERE seconds > 0 AND known_until IS NULL LIMIT 1)"
    )
    found = await differences(settled)
    assert len(found) == 3, found  # the right row is missing, another is there, and the sum is another one
    assert {"is missing" in one for one in found[:2]} == {True, False}
    await projection.rebuild(settled)
    assert await differences(settled) == []


async def test_a_rebuild_gives_the_same_answers_and_the_old_ones_meanwhile(lives: Lives, settled: Pool) -> None:
    question = Question(start=world.MONDAY, end=world.MONDAY + 60 * DAY, as_of=world.MONDAY + 60 * DAY, by="agency")
    seen: list[int] = []

    async def groups() -> dict[str, dict[Measure, Count]]:
        async with settled.acquire() as conn:
            return (await service.ask(conn, question)).groups

    before = await groups()
    rebuilding = asyncio.create_task(projection.rebuild(settled, lambda done, _: seen.append(done)))
    asked = 0
    while not rebuilding.done():
        assert await groups() == before
        asked += 1
    assert await rebuilding == seen[-1] >= LIVES
    assert await groups() == before
    assert asked > 1


async def test_a_rebuild_that_was_cut_off_changes_nothing_and_the_next_one_clears_it_away(
    lives: Lives, settled: Pool
) -> None:
    def cut(done: int, total: int) -> None:
        raise _CutOff

    with pytest.raises(_CutOff):
        await projection.rebuild(settled, cut)
    assert await differences(settled) == []
    await projection.rebuild(settled)
    assert await differences(settled) == []
    await projection.sweep(settled)
    tables = await settled.fetchval("SELECT count(*) FROM pg_inherits WHERE inhparent = 'stats_sums'::regclass")
    assert tables == 1


async def test_what_happens_is_counted_within_the_next_reading_and_last_months_figure_stays(settled: Pool) -> None:
    report = await world.reach(settled, Status.RESOLVED, at=world.MONDAY + 100 * DAY)
    end = world.MONDAY + 130 * DAY
    june = Question(start=world.MONDAY + 99 * DAY, end=end, as_of=end)
    await projection.catch_up(settled)
    handled = FIGURES["handled"]
    async with settled.acquire() as conn:
        assert value(handled, (await service.ask(conn, june)).groups[""]) == 1
        await world.do(settled, world.COORDINATOR, report, Act.REOPEN, text="Chưa xong.", at=end + DAY)
        await projection.catch_up(settled)
        assert value(handled, (await service.ask(conn, june)).groups[""]) == 1
        later = structs.replace(june, as_of=end + 2 * DAY)
        assert value(handled, (await service.ask(conn, later)).groups[""]) == 0
    assert await differences(settled) == []


async def test_two_readers_at_once_count_everything_once(settled: Pool) -> None:
    for _ in range(5):
        await world.reach(settled, Status.CLOSED)
    await asyncio.gather(*(projection.catch_up(settled) for _ in range(4)))
    await projection.catch_up(settled)
    assert await differences(settled) == []


async def test_a_reader_that_is_cut_off_leaves_nothing_half_done(settled: Pool) -> None:
    await world.reach(settled, Status.CLOSED)
    with pytest.raises(_CutOff):
        await _half_a_reading(settled)
    assert await _unread(settled)
    assert await differences(settled) == []
    assert not await _unread(settled)


async def _half_a_reading(pool: Pool) -> None:
    async with transaction(pool) as conn:
        assert await store.claim(conn)
        assert await projection._step(conn)
        raise _CutOff


async def _unread(pool: Pool) -> set[UUID]:
    async with pool.acquire() as conn:
        return await history.reports_since(conn, (await store.state(conn)).cursor)


@pytest.mark.parametrize(
    ("start", "end", "as_of"),
    [(DAY, DAY, 2 * DAY), (2 * DAY, DAY, 3 * DAY), (2 * DAY, 3 * DAY, DAY)],
    ids=["empty", "backwards", "known before it began"],
)
async def test_an_impossible_period_is_refused(
    start: timedelta, end: timedelta, as_of: timedelta, settled: Pool
) -> None:
    def at(days: timedelta) -> datetime:
        return world.MONDAY + days

    async with settled.acquire() as conn:
        with pytest.raises(Invalid):
            await service.ask(conn, Question(start=at(start), end=at(end), as_of=at(as_of)))
