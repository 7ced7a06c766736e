"""A person's rights over their data: to see it, and to be erased while the report and its history stay."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.accounts import data_requests
from app.accounts.model import SYSTEM
from app.db import Pool
from app.errors import Forbidden, NotFound
from app.history import service as history
from app.reports import rights, service
from app.reports.model import Contact, Report, Status
from app.reports.workflow import Act
from tests import small_world as world

WORDS = "Ổ gà trước nhà, gọi tôi là Nguyễn Thị Lan số 0912 345 678"


async def lan(pool: Pool, user_id: str) -> UUID:
    return await world.chat(pool, user_id)


async def damage(pool: Pool, report: Report) -> list[str]:
    return [each.problem async for each in history.verify(pool, report.code)]


async def test_an_erased_person_leaves_the_report_without_who_sent_it(settled: Pool) -> None:
    person = await lan(settled, "r1")
    report = (await world.file(settled, citizen_id=person, text=WORDS)).report
    done = await rights.erase(settled, person, SYSTEM)
    assert done.codes == (report.code,)

    async with settled.acquire() as conn:
        after = await service.get(conn, report.report_id)
        contact = await conn.fetchrow("SELECT * FROM report_contacts WHERE report_id = $1", report.report_id)
        assert await conn.fetchval("SELECT count(*) FROM channel_identities WHERE citizen_id = $1", person) == 0
        assert await conn.fetchval("SELECT search_text FROM reports WHERE report_id = $1", report.report_id) is not None
    assert contact is not None
    assert (contact["citizen_id"], contact["name"], contact["phone"], contact["email"]) == (None, "", "", "")
    assert contact["consent_version"]
    assert "Ổ gà trước nhà" in after.body
    assert "0912" not in after.body
    assert "Lan" not in after.body
    assert (await world.kinds(settled, report))[-1] == "data_erased"


async def test_the_chain_verifies_after_an_erasure_and_still_finds_a_changed_word(settled: Pool) -> None:
    person = await lan(settled, "r2")
    report = (await world.file(settled, citizen_id=person, text=WORDS)).report
    report = await world.do(settled, world.CITIZEN, report, Act.ADD_INFO, text="Gọi 0912 345 678 nhé")
    await rights.erase(settled, person, SYSTEM)
    assert await damage(settled, report) == []
    async with settled.acquire() as conn:
        await conn.execute("UPDATE reports SET body = body || '.' WHERE report_id = $1", report.report_id)
    assert await damage(settled, report) == ["the words it refers to were changed"]


async def test_words_added_to_a_finished_report_go_and_those_of_an_open_one_lose_the_numbers(settled: Pool) -> None:
    person = await lan(settled, "r3")
    open_ = (await world.file(settled, citizen_id=person)).report
    ended = (await world.file(settled, citizen_id=person)).report
    for report in (open_, ended):
        await world.do(settled, world.CITIZEN, report, Act.ADD_INFO, text="Số 12, gọi 0912 345 678")
    async with settled.acquire() as conn:
        fresh = await service.get(conn, ended.report_id)
    await world.do(settled, world.COORDINATOR, fresh, Act.REJECT, text="Không xác minh được.")
    await rights.erase(settled, person, SYSTEM)
    async with settled.acquire() as conn:
        kept = [m.body for m in (await service.case(conn, open_)).messages]
        rest = [m for m in (await service.case(conn, ended)).messages if m.author_kind == "citizen"]
    assert len(kept) == 1
    assert kept[0].startswith("Số 12")
    assert "0912" not in kept[0]
    assert rest == []
    assert await damage(settled, open_) == await damage(settled, ended) == []


async def test_nobody_else_is_touched(settled: Pool) -> None:
    person, other = await lan(settled, "r4"), await lan(settled, "r5")
    theirs = (await world.file(settled, citizen_id=other, text=WORDS)).report
    await world.file(settled, citizen_id=person)
    await rights.erase(settled, person, SYSTEM)
    async with settled.acquire() as conn:
        assert (await service.get(conn, theirs.report_id)) == theirs
    assert (await service.reporter(settled, theirs, citizen_id=other)).id == other


async def test_a_report_s_code_names_its_reporter_too_with_or_without_a_chat(settled: Pool) -> None:
    person = await lan(settled, "r6")
    both = [(await world.file(settled, citizen_id=person)).report for _ in range(2)]
    assert set((await rights.erase(settled, both[0].code, SYSTEM)).codes) == {report.code for report in both}
    web = (await world.file(settled, contact=Contact("Lan", "0912 345 678", ""))).report
    assert (await rights.erase(settled, web.code.lower(), SYSTEM)).codes == (web.code,)
    async with settled.acquire() as conn:
        name = await conn.fetchval("SELECT name FROM report_contacts WHERE report_id = $1", web.report_id)
    assert name == ""


async def test_erasing_closes_the_request_and_may_be_repeated(settled: Pool) -> None:
    person = await lan(settled, "r7")
    report = (await world.file(settled, citizen_id=person)).report
    async with settled.acquire() as conn:
        await data_requests.request_erasure(conn, person)
    assert person in [each.request.citizen_id for each in await rights.waiting(settled, world.RULES)]
    await rights.erase(settled, person, SYSTEM)
    assert (await rights.erase(settled, person, SYSTEM)).codes == ()
    assert person not in [each.request.citizen_id for each in await rights.waiting(settled, world.RULES)]
    assert (await world.kinds(settled, report)).count("data_erased") == 1


@pytest.mark.parametrize("wrong", [world.OFFICER, world.LEAD, world.COORDINATOR, world.LEADER, world.CITIZEN])
async def test_only_an_administrator_erases(settled: Pool, wrong: object) -> None:
    person = await lan(settled, "r8")
    with pytest.raises(Forbidden):
        await rights.erase(settled, person, wrong)  # type: ignore[arg-type]  # actors all


async def test_nobody_and_nothing_are_not_found(settled: Pool) -> None:
    for who in (uuid4(), "PA-0000-0000", "xin chào"):
        with pytest.raises(NotFound):
            await rights.erase(settled, who, SYSTEM)


async def test_the_law_s_deadline_counts_from_the_request(settled: Pool) -> None:
    person = await lan(settled, "r9")
    async with settled.acquire() as conn:
        await data_requests.request_erasure(conn, person)
    (mine,) = [each for each in await rights.waiting(settled, world.RULES) if each.request.citizen_id == person]
    assert mine.due - mine.request.requested_at == timedelta(days=20)
    assert person not in await rights.due_soon(settled, world.RULES)
    later = mine.request.requested_at + timedelta(days=16)
    assert person in await rights.due_soon(settled, world.RULES, later)


async def test_a_person_sees_all_that_is_held_about_them_and_nothing_of_others(settled: Pool) -> None:
    person, other = await lan(settled, "r10"), await lan(settled, "r11")
    await world.file(settled, citizen_id=other)
    report = (await world.file(settled, citizen_id=person, photos=(await world.photo(settled, 77),))).report
    await world.do(settled, world.CITIZEN, report, Act.ADD_INFO, text="Thêm lời.")
    held = await rights.show(settled, person)
    assert [(r.code, r.status, r.details) for r in held.reports] == [
        (report.code, Status.ASSIGNED, ("name", "phone", "email"))
    ]
    assert [channel for channel, _ in held.chats] == ["telegram"]
    assert (held.messages, held.photos, held.sounds, held.following, held.erasure_asked) == (1, 1, 0, 0, None)
    async with settled.acquire() as conn:
        row = await conn.fetchrow("SELECT kind, done_at FROM data_requests WHERE citizen_id = $1", person)
    assert row is not None
    assert row["kind"] == "view"
    assert row["done_at"] is not None
