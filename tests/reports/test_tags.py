"""Tags: one form for what is the same tag, all of them at once, and a fact of the history each time."""

import pytest

from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid
from app.reports import service
from app.reports.model import Form
from app.reports.tags import LETTERS_MOST, TAGS_MOST, tidy
from app.reports.workflow import Act
from app.worklist.model import Filter
from app.worklist.service import queue, tags_in_use
from tests import small_world as world
from tests.small_world import settled  # noqa: F401  # a fixture


@pytest.mark.parametrize(
    ("typed", "tags"),
    [
        (["Mùa Mưa", "mùa  mưa ", "mu\u0300a mưa"], ("mùa mưa",)),
        (["chợ", "Đêm", "chợ"], ("chợ", "đêm")),
        (["", "  "], ()),
        ([], ()),
    ],
)
def test_the_same_tag_has_one_form(typed: list[str], tags: tuple[str, ...]) -> None:
    assert tidy(typed) == tags


async def test_tags_are_set_all_at_once_and_the_history_says_what_they_were(settled: Pool) -> None:  # noqa: F811
    report = (await world.file(settled)).report
    tagged = await world.do(settled, world.OFFICER, report, Act.TAG, tags=("Mùa mưa", "chợ đêm"))
    assert (tagged.tags, tagged.status, tagged.version) == (("mùa mưa", "chợ đêm"), report.status, report.version + 1)
    bare = await world.do(settled, world.COORDINATOR, tagged, Act.TAG, tags=())
    assert bare.tags == ()
    async with settled.acquire() as conn:
        data = await conn.fetchval(
            "SELECT data FROM report_events WHERE report_id = $1 ORDER BY seq DESC LIMIT 1", report.report_id
        )
    assert data == {"tags": [], "was": ["mùa mưa", "chợ đêm"]}


async def test_tags_that_are_there_already_write_nothing(settled: Pool) -> None:  # noqa: F811
    report = await world.do(settled, world.LEAD, (await world.file(settled)).report, Act.TAG, tags=("a", "b"))
    again = await world.do(settled, world.LEAD, report, Act.TAG, tags=("B", "A"))
    assert again.version == report.version


async def test_too_many_and_too_long_tags_are_refused_together(settled: Pool) -> None:  # noqa: F811
    report = (await world.file(settled)).report
    many = (*(f"nhãn {n}" for n in range(TAGS_MOST)), "x" * (LETTERS_MOST + 1), "một, hai")
    error = await world.refusal(settled, world.OFFICER, report, Act.TAG, tags=many)
    assert isinstance(error, Invalid)
    assert [problem.key for problem in error.problems] == ["reports.tags_many", "reports.tag_long", "reports.tag_comma"]
    missing = await world.refusal(settled, world.OFFICER, report, Act.TAG)
    assert missing.key == "reports.needs_tags"
    longest = await world.do(settled, world.OFFICER, report, Act.TAG, tags=("ă" * LETTERS_MOST,))
    assert len(longest.tags[0]) == LETTERS_MOST


async def test_two_who_set_tags_at_once_do_not_overwrite_each_other(settled: Pool) -> None:  # noqa: F811
    report = (await world.file(settled)).report
    await world.do(settled, world.OFFICER, report, Act.TAG, tags=("một",), version=report.version)
    with pytest.raises(Conflict):
        await service.perform(
            settled, world.RULES, world.LEAD, report, Act.TAG, Form(tags=("hai",)), version=report.version
        )
    assert (await service.find(settled, report.code)).tags in (("một",), ("hai",))


async def test_leaders_and_other_agencies_set_no_tags(settled: Pool) -> None:  # noqa: F811
    report = (await world.file(settled)).report
    assert isinstance(await world.refusal(settled, world.LEADER, report, Act.TAG, tags=("a",)), Forbidden)
    await world.refusal(settled, world.POLICE, report, Act.TAG, tags=("a",))


async def test_tags_are_filtered_by_and_suggested_within_the_own_agencies(settled: Pool) -> None:  # noqa: F811
    ours = await world.do(settled, world.OFFICER, (await world.file(settled)).report, Act.TAG, tags=("tuyến 63",))
    theirs = (await world.file(settled, category="noise")).report
    await world.do(settled, world.POLICE, theirs, Act.TAG, tags=("quán nhậu", "tuyến 63"))
    assert [row.code for row in (await queue(settled, world.OFFICER, Filter(tag="tuyến 63"))).rows] == [ours.code]
    assert len((await queue(settled, world.COORDINATOR, Filter(tag="tuyến 63"))).rows) == 2
    assert "quán nhậu" not in await tags_in_use(settled, world.OFFICER)
    assert (await tags_in_use(settled, world.COORDINATOR))[0] == "tuyến 63"
    with pytest.raises(Forbidden):
        await tags_in_use(settled, world.ADMINISTRATOR)
