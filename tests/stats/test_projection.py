"""The statistics in the database: they follow the history, answer as a recount would, and survive being cut off."""

import asyncio
import math
import random
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from msgspec import structs

from app.db import Pool, connect_pool, transaction
from app.errors import Invalid
from app.history import service as history
from app.history.model import Event
from app.reports.model import Report, Status
from app.reports.workflow import Act
from app.stats import projection, service, store
from app.stats.grains import GRAINS
from app.stats.life import Occurrence, occurrences
from app.stats.measures import FIGURES, SPREAD, Measure
from app.stats.model import Count, Question, value
from app.stats.rebuilding import rebuild
from app.stats.spread import ERROR, spread_of
from app.stats.verify import verify
from tests import small_world as world
from tests.stats.lives import AGENCIES, CATEGORIES, keep, life

DAY = timedelta(days=1)
LIVES = 600
_WAYS_OF_FEW = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_bitmapscan")
"""Of the planner, that it does not choose among millions."""
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
        if _known(o, question, always=o.measure in stocks) and _shown(o.measure):
            group = groups.setdefault(getattr(o, question.by) if question.by else "", {})
            spread = spread_of([o.seconds]) if o.measure in SPREAD and o.seconds is not None else {}
            group[o.measure] = group.get(o.measure, Count()) + Count(1, o.seconds or 0, spread)
    return groups


def _known(o: Occurrence, question: Question, *, always: bool = False) -> bool:
    """``always``: whenever before the question's end."""
    return (
        (always or o.at >= question.start)
        and o.at < min(question.end, question.as_of)
        and o.known_from <= question.as_of
        and (o.known_until is None or question.as_of < o.known_until)
        and all(
            not values or getattr(o, name) in values
            for name, values in (
                ("agency", question.agencies),
                ("category", question.categories),
                ("commune", question.communes),
                ("channel", question.channels),
            )
        )
    )


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
        for n in range(150):
            # Among millions it goes by indexes, among hundreds only if it has to.
            await conn.execute(f"SET enable_seqscan = {n % 2 == 0}")
            question = some_question(dice)
            answer = await service.ask(conn, question)
            assert answer.groups == recount(question, rows), question
            answered += bool(answer.groups)
        await conn.execute("RESET enable_seqscan")
    assert answered > 100


@pytest.mark.parametrize("year", [1, 1900, 1999])
async def test_a_period_before_there_was_anything_is_answered_with_nothing(
    year: int, lives: Lives, settled: Pool
) -> None:
    start = datetime(year, 2, 1, tzinfo=UTC)
    question = Question(start=start, end=start + 30 * DAY, as_of=start + 40 * DAY)
    async with settled.acquire() as conn:
        for way in _WAYS_OF_FEW:
            await conn.execute(f"SET {way} = off")
        assert (await service.ask(conn, question)).groups == {}
        assert await service.ageing(conn, question) == {}
        assert await service.longest_overdue(conn, question) == []
        for figure in (FIGURES["received"], FIGURES["hours_to_resolve"], FIGURES["overdue"]):
            assert (await service.listed(conn, question, figure)).rows == []
        await conn.execute("RESET ALL")


async def test_whether_anything_is_unread_is_seen_in_one_step_however_long_the_history_is(
    lives: Lives, settled: Pool
) -> None:
    queries: list[str] = []
    await settled.execute("VACUUM ANALYZE report_events")
    async with settled.acquire() as conn:
        with conn.query_logger(lambda asked: queries.append(asked.query)):
            await store.state(conn)
            await asyncio.sleep(0)  # then it is told
        (query,) = queries
        ((done,),) = await conn.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query}")
        pages = await conn.fetchval("SELECT pg_relation_size('report_events') / 8192")
    assert done[0]["Plan"]["Shared Hit Blocks"] + done[0]["Plan"]["Shared Read Blocks"] < 12
    assert pages > 100


async def test_asked_exactly_percentiles_are_of_the_very_times_and_the_stored_ones_within_their_error(
    lives: Lives, settled: Pool
) -> None:
    rows = [o for _, events in lives for o in occurrences(events)]
    dice, asked = random.Random(11), 0
    async with settled.acquire() as conn:
        for _ in range(30):
            question = some_question(dice)
            answer, exact = await service.ask(conn, question), await service.ask(conn, question, exact=True)
            for figure in (one for one in FIGURES.values() if one.kind in ("median", "p90")):
                for group, counts in exact.groups.items():
                    known = [
                        o.seconds or 0 for o in rows
                        if o.measure in figure.of and _known(o, question)
                        and (not question.by or getattr(o, question.by) == group)
                    ]  # fmt: skip
                    (stored, said) = (value(figure, one) for one in (answer.groups[group], counts))
                    if not known:
                        assert stored is said is None
                        continue
                    asked += 1
                    rank = math.ceil((0.5 if figure.kind == "median" else 0.9) * len(known))
                    assert said == sorted(known)[rank - 1] / 3600
                    assert stored == pytest.approx(said, rel=ERROR)
    assert asked > 50


async def differences(pool: Pool) -> list[str]:
    return [one.says async for one in verify(pool)]


async def tables(pool: Pool) -> tuple[str, str]:
    async with pool.acquire() as conn:
        state = await store.state(conn)
    return state.occurrences, state.sums


async def test_verifying_finds_nothing_and_a_forged_occurrence_is_found(lives: Lives, settled: Pool) -> None:
    assert await differences(settled) == []
    occurrences_now, _ = await tables(settled)
    await settled.execute(
        f"UPDATE {occurrences_now} SET seconds = seconds + 1 WHERE (report_id, measure) = "
        f"(SELECT report_id, measure FROM {occurrences_now} WHERE seconds > 0 AND known_until IS NULL LIMIT 1)"
    )
    await settled.execute(
        f"INSERT INTO {occurrences_now} SELECT '00000000-0000-0000-0000-000000000001', at, known_from, now(), until, "
        f"sent, seconds, measure, agency, category, commune, channel FROM {occurrences_now} LIMIT 1"
    )
    found = await differences(settled)
    assert {"is missing" in one for one in found[:2]} == {True, False}
    assert "which is no report" in found[2]
    assert {grain for grain in GRAINS if sum("_seconds of" in one for one in found[3:]) == len(GRAINS)} == {*GRAINS}
    await rebuild(settled)
    assert await differences(settled) == []


@pytest.mark.parametrize(
    "forged",
    [
        "received = received + 1",
        "assigned_seconds = assigned_seconds + 1",
        "assigned_spread = assigned_spread || '\\x000200000001'",
    ],
    ids=["a number", "seconds", "a spread"],
)
async def test_a_forged_sum_is_found_in_every_grain(forged: str, lives: Lives, settled: Pool) -> None:
    column = forged.split(" ")[0]
    _, sums_now = await tables(settled)
    await settled.execute(f"CREATE TABLE as_they_were AS SELECT * FROM {sums_now}")
    for grain in GRAINS:
        await settled.execute(
            f"UPDATE {sums_now} SET {forged} WHERE ctid = "
            f"(SELECT ctid FROM {sums_now} WHERE grain = {grain} AND {column} IS NOT NULL LIMIT 1)"
        )
    found = await differences(settled)
    assert len(found) == len(GRAINS)
    assert all(one.startswith(f"{column} of the ") for one in found)
    await settled.execute(f"DELETE FROM {sums_now}")
    await settled.execute(f"INSERT INTO {sums_now} SELECT * FROM as_they_were")
    await settled.execute("DROP TABLE as_they_were")
    assert await differences(settled) == []


async def test_a_sum_that_is_gone_or_too_many_is_found(lives: Lives, settled: Pool) -> None:
    _, sums_now = await tables(settled)
    await settled.execute(f"DELETE FROM {sums_now} WHERE grain = 1")
    await settled.execute(
        f"INSERT INTO {sums_now} (grain, agency, category, commune, channel, slot, received) "
        "VALUES (0, 0, 0, 0, 0, '2001-01-01 05:00+00', 7)"
    )
    found = await differences(settled)
    assert any("7 in the sums" in one for one in found)
    assert any("0 in the sums" in one for one in found)
    await rebuild(settled)
    assert await differences(settled) == []


async def test_a_rebuild_gives_the_same_answers_and_the_old_ones_meanwhile(lives: Lives, settled: Pool) -> None:
    question = Question(start=world.MONDAY, end=world.MONDAY + 60 * DAY, as_of=world.MONDAY + 60 * DAY, by="agency")
    seen: list[int] = []

    async def groups() -> dict[str, dict[Measure, Count]]:
        async with settled.acquire() as conn:
            return (await service.ask(conn, question)).groups

    before = await groups()
    rebuilding = asyncio.create_task(rebuild(settled, lambda done, _: seen.append(done)))
    asked = 0
    while not rebuilding.done():
        assert await groups() == before
        asked += 1
    assert await rebuilding == seen[-1] >= LIVES
    assert await groups() == before
    assert asked > 1


async def test_what_happens_during_a_rebuild_is_in_the_first_answer_of_the_new_tables(
    database_url: str, lives: Lives, settled: Pool
) -> None:
    """They answer no earlier than they know as much as those before."""
    day, received = world.MONDAY + 200 * DAY, FIGURES["received"]
    question = Question(start=day, end=day + DAY, as_of=day + DAY)

    async def happen() -> None:
        async with await connect_pool(database_url, 1) as pool:
            await world.file(pool, day)

    def meanwhile(*_: int) -> None:
        """When the lives are worked out, and while the rebuild stands still."""
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, happen()).result()

    async with settled.acquire() as reader:
        before = (await store.state(reader)).generation
        rebuilding = asyncio.create_task(rebuild(settled, meanwhile))
        while (await store.state(reader)).generation == before:
            assert not rebuilding.done()
        assert value(received, (await service.ask(reader, question)).groups[""]) == 1
    await rebuilding


async def test_a_rebuild_that_was_cut_off_changes_nothing_and_the_next_one_clears_it_away(
    lives: Lives, settled: Pool
) -> None:
    def cut(done: int, total: int) -> None:
        raise _CutOff

    with pytest.raises(_CutOff):
        await rebuild(settled, cut)
    assert await differences(settled) == []
    await rebuild(settled)
    assert await differences(settled) == []
    await projection.sweep(settled)
    kept = await settled.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^stats_sums_.*'")
    assert [row["relname"] for row in kept] == [(await tables(settled))[1]]


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
