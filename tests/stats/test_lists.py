"""The reports behind the figures: every figure opens the list it counts."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from asyncpg.connection import LoggedQuery
from msgspec import structs

from app.db import Conn, Pool
from app.errors import Invalid
from app.stats import projection, service
from app.stats.measures import FIGURES, Figure
from app.stats.model import AGES, Count, Counted, Question, value
from app.stats.periods import parse
from tests import small_world as world
from tests.stats.lives import keep, life
from tests.stats.test_projection import some_question

DAY = timedelta(days=1)
NAIVE = "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwiMDE5OGMwZGUtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIl0"
"""A point whose time has no zone."""


@pytest_asyncio.fixture(scope="module")
async def conn(settled: Pool) -> AsyncIterator[Conn]:
    """Random lives, read into the statistics."""
    dice = random.Random(2027)
    async with settled.acquire() as conn:
        await keep(conn, [life(dice) for _ in range(300)])
        await projection.catch_up(settled)
        await conn.execute("SET enable_seqscan = off")  # as among millions
        yield conn
        await conn.execute("RESET enable_seqscan")


async def everything(conn: Conn, question: Question, figure: Figure, limit: int = 7, **how: Any) -> list[Counted]:
    """All pages."""
    rows: list[Counted] = []
    after: str | None = None
    while True:
        page = await service.listed(conn, question, figure, limit, after, **how)
        rows += page.rows
        assert (len(page.rows) == limit) or page.after is None
        if page.after is None:
            return rows
        after = page.after


async def counted(conn: Conn, question: Question, figure: Figure) -> dict[str, tuple[int, int]]:
    """How many cases of each group the figure is of, and of a share, among how many."""
    answer = await service.ask(conn, question, [figure])
    return {
        group: (
            int(value(figure, counts) or 0) if figure.kind == "stock" else _sum(figure, counts, "of"),
            _sum(figure, counts, "among"),
        )
        for group, counts in answer.groups.items()
    }


def _sum(figure: Figure, counts: object, which: str) -> int:
    assert isinstance(counts, dict)
    return sum(counts.get(measure, Count()).n for measure in getattr(figure, which))


async def test_a_list_has_the_very_reports_that_its_figure_counts(conn: Conn) -> None:
    dice = random.Random(8)
    seen = Counter[str]()
    for n in range(6 * len(FIGURES)):
        question = some_question(dice)
        figure = list(FIGURES.values())[n % len(FIGURES)]
        rows = await everything(conn, question, figure)
        groups = Counter(getattr(row, question.by) if question.by else "" for row in rows)
        said = {group: n for group, (n, _) in (await counted(conn, question, figure)).items() if n}
        assert groups == said, (figure.name, question)
        seen[figure.kind] += len(rows)
        key = [(row.at, row.report_id) for row in rows]
        assert key == sorted(key, reverse=figure.kind != "stock")
        assert len(set(key)) == len(key)
        assert all(row.code.startswith("PA-") for row in rows)
    assert set(seen) == {figure.kind for figure in FIGURES.values()}
    assert all(seen.values())


async def test_of_a_share_the_whole_can_be_listed_and_of_times_the_slowest_first(conn: Conn) -> None:
    question = Question(start=world.MONDAY, end=world.MONDAY + 60 * DAY, as_of=world.MONDAY + 60 * DAY)
    rate, hours = FIGURES["on_time_rate"], FIGURES["hours_to_resolve"]
    ((part, whole),) = (await counted(conn, question, rate)).values()
    assert 0 < part < whole
    assert len(await everything(conn, question, rate)) == part
    assert len(await everything(conn, question, rate, whole=True)) == whole
    slowest = [row.seconds or 0 for row in await everything(conn, question, hours, slowest=True)]
    assert len(slowest) == whole
    assert slowest == sorted(slowest, reverse=True)
    received = FIGURES["received"]  # which takes no time: all are equally slow
    ((all_of_them, _),) = (await counted(conn, question, received)).values()
    assert len({row.code for row in await everything(conn, question, received, slowest=True)}) == all_of_them


async def test_what_was_open_or_overdue_at_a_moment_is_read_from_an_index_alone(conn: Conn) -> None:
    asked: list[LoggedQuery] = []
    end = world.MONDAY + 30 * DAY
    question = Question(start=world.MONDAY, end=end, as_of=end + DAY, agencies=("roads",), by="category")
    state = await service.state(conn)
    with conn.query_logger(asked.append):
        await service.ageing(conn, question, known=state)
        await service.longest_overdue(conn, question, known=state)
        await asyncio.sleep(0)  # then it is told
    await conn.execute("SET enable_bitmapscan = off")
    for one in asked:
        plan = await conn.fetchval(f"EXPLAIN (FORMAT JSON) {one.query}", *one.args)
        nodes = _nodes(plan[0]["Plan"])
        assert [n["Node Type"] for n in nodes if n.get("Relation Name") == state.occurrences] == ["Index Only Scan"]
    await conn.execute("RESET enable_bitmapscan")
    assert len(asked) == 2


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for below in plan.get("Plans", []) for node in _nodes(below))]


async def test_the_ages_of_open_reports_add_up_to_those_open_and_the_longest_overdue_is_the_first_of_its_list(
    conn: Conn,
) -> None:
    dice = random.Random(9)
    found = 0
    for _ in range(15):
        question = some_question(dice)
        if question.by is None:
            question = structs.replace(question, by="category")
        ages = await service.ageing(conn, question)
        said = await counted(conn, question, FIGURES["open"])
        assert {group: sum(each) for group, each in ages.items()} == {g: n for g, (n, _) in said.items() if n}
        assert all(len(each) == len(AGES) + 1 for each in ages.values())
        listed = await everything(conn, question, FIGURES["overdue"])
        firsts = {getattr(row, question.by or ""): row for row in reversed(listed)}
        assert {getattr(row, question.by or ""): row for row in await service.longest_overdue(conn, question)} == firsts
        overall = structs.replace(question, by=None)
        assert (
            await service.longest_overdue(conn, overall, 3) == (await everything(conn, overall, FIGURES["overdue"]))[:3]
        )
        found += len(listed)
    assert found > 30


async def test_each_class_of_age_and_each_piece_of_a_sum_has_its_own_list(conn: Conn) -> None:
    question = Question(start=world.MONDAY, end=world.MONDAY + 24 * DAY, as_of=world.MONDAY + 24 * DAY)
    (ages,) = (await service.ageing(conn, question)).values()
    assert sum(1 for n in ages if n) > 2
    for place, n in enumerate(ages):
        assert len(await everything(conn, question, FIGURES["open"], age=place)) == n
    counts = (await service.ask(conn, question)).groups[""]
    for piece in FIGURES["answers"].of:
        only = structs.replace(FIGURES["answers"], of=frozenset({piece}))
        assert len(await everything(conn, question, only)) == counts[piece].n > 0


async def test_a_report_is_as_old_as_the_days_since_it_was_sent(conn: Conn, settled: Pool) -> None:
    sent = world.MONDAY + 400 * DAY
    await world.file(settled, at=sent, channel="open311")
    await projection.catch_up(settled)
    for days, old in ((0.5, 0), (1, 1), (2.9, 1), (3, 2), (29, 4), (30, 5), (300, 5)):
        end = sent + days * DAY
        ages = await service.ageing(conn, Question(start=sent, end=end, as_of=end, channels=("open311",), by="channel"))
        assert ages == {"open311": tuple(int(n == old) for n in range(len(AGES) + 1))}


async def test_a_trend_answers_each_of_its_steps_as_far_as_it_is_known(conn: Conn) -> None:
    period = parse("2026-03")
    as_of = period.start + 10 * DAY
    question = Question(start=period.start, end=period.end, as_of=as_of, by="agency")
    steps = period.steps()
    trend = await service.series(conn, question, steps)
    assert len(trend) == 10
    for step, answer in zip(steps, trend, strict=False):
        alone = await service.ask(conn, structs.replace(question, start=step.start, end=step.end))
        assert answer.groups == alone.groups


async def test_a_page_that_nobody_gave_is_refused(conn: Conn) -> None:
    question = Question(start=world.MONDAY, end=world.MONDAY + DAY, as_of=world.MONDAY + DAY)
    for figure in ("received", "open"):
        for wrong in ("!", "e30", "WzEsMl0", NAIVE):
            with pytest.raises(Invalid, match=r"stats\.page_unknown"):
                await service.listed(conn, question, FIGURES[figure], 5, wrong)
