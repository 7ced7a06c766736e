"""What every report of figures is made of says what the statistics say, and the same when it is asked again."""

from datetime import UTC, datetime, timedelta

import pytest

from app.db import Pool
from app.errors import Invalid
from app.exports.summary import BY, Summary, in_words, summary
from app.reports.model import Status
from app.reports.workflow import Act
from app.stats import projection, service
from app.stats.asked import Asked, asked
from app.stats.measures import FIGURES
from app.stats.model import value
from app.stats.names import names
from app.stats.periods import parse
from tests import small_world as world

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def question(query: str, now: datetime = NOW) -> Asked:
    return asked([(name, said) for name, _, said in (part.partition("=") for part in query.split("&"))], now)


async def made(pool: Pool, query: str, now: datetime = NOW) -> Summary:
    async with pool.acquire() as conn:
        called = await names(conn, world.RULES, world.GAZETTEER)
        return await summary(conn, called, question(query, now), "vi", now)


async def test_totals_tables_and_trend_are_the_figures_of_the_statistics(lived: Pool) -> None:
    made_of = question("period=2026-03&channel=web&channel=telegram")
    found = await made(lived, "period=2026-03&channel=web&channel=telegram")
    async with lived.acquire() as conn:
        whole = (await service.ask(conn, made_of.question(NOW))).groups[""]
        before = (await service.ask(conn, made_of.question(NOW, period=parse("2026-02")))).groups.get("", {})
        apart = (await service.ask(conn, made_of.question(NOW, "agency"))).groups
    assert [(total.figure, total.value) for total in found.totals] == [
        (f.name, value(f, whole)) for f in FIGURES.values()
    ]
    assert [total.before for total in found.totals] == [value(f, before) for f in FIGURES.values()]
    assert {line.key: line.values["handled"] for line in found.table("agency").lines} == {
        key: value(FIGURES["handled"], counts) for key, counts in apart.items()
    }
    received = next(total.value for total in found.totals if total.figure == "received")
    assert received == found.count > 20
    for by in BY:
        assert sum(line.values["received"] or 0 for line in found.table(by).lines) == received
    assert sum(point.values["received"] or 0 for point in found.trend) == received
    assert len(found.trend) == 31


async def test_it_says_what_was_asked_in_words(lived: Pool) -> None:
    found = await made(lived, "period=2026-03-cut&agency=-&agency=roads&commune=32002&category=pothole")
    assert found.period == "Kỳ tháng 03/2026 (từ 12:00 25/02/2026 đến 12:00 25/03/2026)"
    assert found.period_before.startswith("Kỳ tháng 02/2026")
    assert dict(found.filters) == {
        "Cơ quan": "Bộ phận điều phối, Sở Xây dựng", "Lĩnh vực": "Ổ gà", "Xã, phường": "Phường An Xuyên",
    }  # fmt: skip
    assert found.query.endswith("as_of=2026-03-25T12%3A00%3A00")
    assert found.rule_set == world.RULES.version
    async with lived.acquire() as conn:
        many = question("period=2026-03&" + "&".join(f"agency=a{n}" for n in range(12)))
        said = dict(in_words(many, await names(conn, world.RULES, world.GAZETTEER), "vi"))["Cơ quan"]
    assert said.endswith(" và 4 mục khác")


async def test_what_happens_later_changes_nothing_of_a_past_period(lived: Pool) -> None:
    report = await world.reach(lived, Status.RESOLVED)
    later = NOW + timedelta(hours=1)
    await projection.catch_up(lived)
    first = await made(lived, "period=2026-03")
    await world.do(lived, world.COORDINATOR, report, Act.REOPEN, at=later, text="Chưa xong.")
    await projection.catch_up(lived)
    again = await made(lived, "period=2026-03", NOW + timedelta(days=30))
    assert again.totals == first.totals
    assert again.tables == first.tables
    assert again.query == first.query
    today = await made(lived, "period=2026-03&as_of=now", later + timedelta(days=1))
    assert today.totals != first.totals


async def test_a_period_that_has_not_begun_is_refused(lived: Pool) -> None:
    with pytest.raises(Invalid) as error:
        await made(lived, "period=2030")
    assert error.value.key == "stats.period_wrong"
