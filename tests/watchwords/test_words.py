"""Words after which a person looks first: found as whole words, and what becomes of a report that has one."""

import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid
from app.reports.intake import file_report
from app.reports.model import LOOK_FIRST, Report, Status
from app.reports.workflow import Act
from app.watchwords import service
from app.watchwords.model import NONE, WordList, tidy
from tests import small_world as world

WORDS = WordList(["đồ điên", "khùng", "lon"])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Đường hư mà không ai sửa, ĐỒ  ĐIÊN!", ["đồ điên"]),
        ("Duong hu ma khong ai sua, do dien!", ["do dien"]),
        ("Đô điện lực chưa sửa", []),
        ("Lũ khùng, khùng thật", ["khùng"]),
        ("Khu khùngkhùng", []),
        ("Người ta vứt vỏ lon ra đường", ["lon"]),
        ("Con đường lớn bị ngập", []),
        ("đồ, điên", ["đồ điên"]),
        ("", []),
    ],
)
def test_a_word_is_found_whole_and_with_its_accents(text: str, found: list[str]) -> None:
    assert WORDS.found(text) == found


def test_an_empty_list_finds_nothing_and_a_word_has_one_form() -> None:
    assert NONE.found("đồ điên") == []
    assert tidy("  Đồ –  ĐIÊN. ") == "đồ điên"


async def filed(pool: Pool, **changes: object) -> Report:
    new = world.new(**changes)
    done = await file_report(pool, world.RULES, world.GAZETTEER, world.KEY, new, world.MONDAY, WORDS)
    return done.report


async def test_a_report_with_such_a_word_goes_to_the_desk_and_is_not_published_before_somebody_looked(
    settled: Pool,
) -> None:
    report = await filed(settled, text="Đường nhiều ổ gà, đồ điên nào làm vậy.")
    assert (report.status, report.agency_id) == (Status.SUBMITTED, "ioc")
    assert report.tags == (LOOK_FIRST,)
    assert not world.OFFICER.may_see(report)
    error = await world.refusal(settled, world.COORDINATOR, report, Act.PUBLISH)
    assert error.key == "reports.words_first"
    report = await world.do(settled, world.COORDINATOR, report, Act.TAG, tags=("đường",))
    report = await world.do(settled, world.COORDINATOR, report, Act.PUBLISH)
    assert report.published_at is not None


async def test_what_is_urgent_waits_for_nobody_and_its_agency_cannot_take_the_tag_off(settled: Pool) -> None:
    report = await filed(settled, text="Cháy nhà rồi, lũ khùng!", category="pothole")
    assert (report.status, report.agency_id) == (Status.ASSIGNED, "roads")
    assert LOOK_FIRST in report.tags
    error = await world.refusal(settled, world.OFFICER, report, Act.TAG, tags=("cháy",))
    assert (error.key, error.problems[0].field) == ("reports.words_kept", "tags")
    kept = await world.do(settled, world.OFFICER, report, Act.TAG, tags=("cháy", LOOK_FIRST))
    assert set(kept.tags) == {"cháy", LOOK_FIRST}


async def test_any_other_report_goes_its_way(settled: Pool) -> None:
    report = await filed(settled)
    assert (report.status, report.agency_id, report.tags) == (Status.ASSIGNED, "roads", ())


async def test_the_list_costs_intake_no_statement(settled: Pool, database_url: str) -> None:
    async with world.counting(database_url) as (pool, statements):
        await filed(pool)  # the driver asks for the types of the parameters once
        await world.counted(statements)
        await filed(pool, text="Đường nhiều ổ gà, đồ điên nào làm vậy.")
        assert len(await world.counted(statements)) == 1


async def test_words_are_kept_by_coordinators_and_administrators_and_every_change_is_on_record(settled: Pool) -> None:
    for actor in (world.OFFICER, world.LEAD, world.LEADER, Actor("citizen")):
        with pytest.raises(Forbidden):
            await service.add(settled, actor, "khùng", "Xúc phạm người khác.", "ai đó")
        with pytest.raises(Forbidden):
            await service.remove(settled, actor, "khùng")
    assert await service.add(settled, world.COORDINATOR, " Khùng! ", "Xúc phạm người khác.", "Oanh") == "khùng"
    with pytest.raises(Conflict):
        await service.add(settled, world.ADMINISTRATOR, "KHÙNG", "Xúc phạm người khác.", "Hân")
    for word, reason in (("k", "Quá ngắn rồi."), ("!!!", "Không có chữ."), ("đồ điên", "vì")):
        with pytest.raises(Invalid):
            await service.add(settled, world.COORDINATOR, word, reason, "Oanh")
    known = await service.current(settled, NONE)
    assert known.words == ("khùng",)
    assert await service.current(settled, known) is known
    await service.remove(settled, world.ADMINISTRATOR, "khùng")
    assert (await service.current(settled, known)).words == ()
    rows = await settled.fetch("SELECT kind, data FROM account_events WHERE kind LIKE 'word_%' ORDER BY event_id")
    assert [row["kind"] for row in rows] == ["word_added", "word_removed"]
    assert rows[0]["data"] == {"word": "khùng", "why": "Xúc phạm người khác."}
