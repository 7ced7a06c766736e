"""The reporter: proved by secret or by chat, told apart from followers, and known by name to coordinators alone."""

import asyncio
from uuid import uuid4

import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.errors import Forbidden, Invalid, NotFound
from app.history import service as history
from app.history.model import Kind
from app.reports import following, service
from app.reports.model import Contact, Status
from app.reports.workflow import Act
from tests import small_world as world


async def test_the_secret_proves_the_reporter_and_tells_who_it_is_in_a_chat(settled: Pool) -> None:
    person = await world.chat(settled, "1")
    plain, chatted = await world.file(settled), await world.file(settled, citizen_id=person)
    assert await service.reporter(settled, plain.report, secret=plain.secret) == Actor("citizen")
    assert await service.reporter(settled, chatted.report, secret=chatted.secret) == Actor("citizen", person)


async def test_a_chat_identity_proves_the_reporter(settled: Pool) -> None:
    person = await world.chat(settled, "2")
    filed = await world.file(settled, citizen_id=person)
    assert await service.reporter(settled, filed.report, citizen_id=person) == Actor("citizen", person)


async def test_neither_anothers_secret_nor_a_guess_nor_anothers_chat_proves_anything(settled: Pool) -> None:
    person, other = await world.chat(settled, "3"), await world.chat(settled, "4")
    mine, theirs = await world.file(settled, citizen_id=person), await world.file(settled)
    for secret in (theirs.secret, mine.secret[:-1], mine.secret.upper(), "", None):
        with pytest.raises(Forbidden):
            await service.reporter(settled, mine.report, secret=secret)
    for citizen in (other, uuid4(), None):
        with pytest.raises(Forbidden):
            await service.reporter(settled, mine.report, citizen_id=citizen)
    with pytest.raises(Forbidden):
        await service.reporter(settled, theirs.report)


async def test_a_wrong_code_is_told_apart_from_an_unknown_one(settled: Pool) -> None:
    for typed, key in (("PA-0000-0001", "code_wrong"), ("xin chào", "code_wrong"), ("PA-0000-0000", "code_unknown")):
        with pytest.raises(NotFound) as error:
            await service.find(settled, typed)
        assert error.value.key == f"reports.{key}"


async def test_a_report_that_does_not_exist_is_gone(settled: Pool) -> None:
    async with settled.acquire() as conn:
        with pytest.raises(NotFound):
            await service.get(conn, uuid4())


async def test_a_persons_own_and_followed_reports_are_listed_newest_first_and_once(settled: Pool) -> None:
    person = await world.chat(settled, "5")
    own = [(await world.file(settled, citizen_id=person, at=world.MONDAY.replace(hour=h))).report for h in (1, 3)]
    followed = (await world.file(settled, at=world.MONDAY.replace(hour=2))).report
    await world.file(settled)
    for _ in range(2):
        await following.follow(settled, followed, person)
    listed = await service.of_citizen(settled, person)
    assert [(each.report.code, each.mine) for each in listed] == [
        (own[1].code, True),
        (followed.code, False),
        (own[0].code, True),
    ]
    assert [each.report.code for each in await service.of_citizen(settled, person, limit=1)] == [own[1].code]


async def test_what_is_only_followed_is_listed_with_the_words_that_anybody_may_read(settled: Pool) -> None:
    person = await world.chat(settled, "8")
    report = (await world.file(settled, text="Ổ gà to, gọi chị Nguyễn Thị Lan 0912 345 678.")).report
    await following.follow(settled, report, person)
    assert [each.report.body for each in await service.of_citizen(settled, person)] == [""]
    report = await service.find(settled, report.code)
    await world.do(settled, world.COORDINATOR, report, Act.PUBLISH)
    (listed,) = await service.of_citizen(settled, person)
    assert "Ổ gà to" in listed.report.body
    assert "0912" not in listed.report.body


async def test_a_private_report_is_followed_by_nobody(settled: Pool) -> None:
    person, other = await world.chat(settled, "6"), await world.chat(settled, "7")
    private = (await world.file(settled, category="noise", citizen_id=person)).report
    assert private.visibility == "private"
    for each in (person, other):
        with pytest.raises(Forbidden):
            await following.follow(settled, private, each)
    assert await service.of_citizen(settled, other) == []


# ---------------------------------------------------------------- who it is


async def test_a_coordinator_learns_who_it_is_and_the_look_is_history_before_anything_is_shown(settled: Pool) -> None:
    report = (await world.file(settled)).report
    contact = await service.view_identity(settled, world.RULES, world.COORDINATOR, report, "Gọi lại để hỏi đường.")
    assert contact == Contact(world.NAME, world.PHONE, world.MAIL)
    async with settled.acquire() as conn:
        look = (await history.of_report(conn, report.report_id))[-1]
        said = (await service.case(conn, report)).messages[-1]
    assert (look.kind, look.actor_id) == (Kind.IDENTITY_VIEWED, world.COORDINATOR.id)
    assert (said.body, said.visibility) == ("Gọi lại để hỏi đường.", "staff")
    assert [damage async for damage in history.verify(settled, report.code)] == []


async def test_a_look_that_cannot_be_recorded_shows_nothing(settled: Pool) -> None:
    report = (await world.file(settled)).report
    async with settled.acquire() as conn:
        await conn.execute(
            """
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full'; END $$;
            CREATE TRIGGER fail BEFORE INSERT ON report_events FOR EACH ROW EXECUTE FUNCTION fail();
            """
        )
        with pytest.raises(Exception, match="disk full"):
            await service.view_identity(settled, world.RULES, world.COORDINATOR, report, "Gọi lại.")
        await conn.execute("DROP TRIGGER fail ON report_events; DROP FUNCTION fail")


@pytest.mark.parametrize(
    "actor", [world.OFFICER, world.LEAD, world.LEADER, world.ADMINISTRATOR, world.CITIZEN, Actor("system")]
)
async def test_nobody_but_a_coordinator_learns_who_it_is(settled: Pool, actor: Actor) -> None:
    report = (await world.file(settled)).report
    with pytest.raises(Forbidden):
        await service.view_identity(settled, world.RULES, actor, report, "Muốn biết.")
    assert "identity_viewed" not in await world.kinds(settled, report)


@pytest.mark.parametrize("reason", ["", "vì", " \n\x00    ", "x" * 301])
async def test_a_look_needs_a_reason(settled: Pool, reason: str) -> None:
    report = (await world.file(settled)).report
    with pytest.raises(Invalid) as error:
        await service.view_identity(settled, world.RULES, world.COORDINATOR, report, reason)
    assert (error.value.key, error.value.problems[0].field) == ("reports.needs_reason", "reason")


async def test_somebody_who_gave_no_name_is_known_as_in_the_chat(settled: Pool) -> None:
    person = await world.chat(settled, "8")
    look = (world.RULES, world.COORDINATOR)
    unnamed = (await world.file(settled, citizen_id=person, contact=Contact(phone=world.PHONE))).report
    assert await service.view_identity(settled, *look, unnamed, "Gọi lại.") == Contact("Chị 8", world.PHONE)
    named = (await world.file(settled, citizen_id=person, contact=Contact("Lan"))).report
    assert await service.view_identity(settled, *look, named, "Gọi lại.") == Contact("Lan")
    nobody = (await world.file(settled, contact=Contact())).report
    assert await service.view_identity(settled, *look, nobody, "Gọi lại.") == Contact()


async def test_two_looks_at_once_are_both_recorded(settled: Pool) -> None:
    report = (await world.file(settled)).report
    looks = (
        service.view_identity(settled, world.RULES, world.COORDINATOR, report, f"Lý do thứ {number}.")
        for number in range(3)
    )
    assert await asyncio.gather(*looks) == [Contact(world.NAME, world.PHONE, world.MAIL)] * 3
    assert (await world.kinds(settled, report)).count("identity_viewed") == 3


async def test_what_the_reporter_says_and_shows_is_put_down_to_the_reporter(settled: Pool) -> None:
    person = await world.chat(settled, "9")
    filed = await world.file(settled, citizen_id=person)
    actor = await service.reporter(settled, filed.report, secret=filed.secret)
    shot = await world.photo(settled, 4)
    report = await world.do(settled, actor, filed.report, Act.ADD_PHOTOS, photos=(shot,))
    async with settled.acquire() as conn:
        last = (await history.of_report(conn, report.report_id))[-1]
        (picture,) = (await service.case(conn, report)).pictures
    assert (last.actor_kind, last.actor_id, last.data) == ("citizen", person, {"photos": [shot.sha256]})
    assert (picture.stage, picture.added_by) == ("info", "citizen")
    assert report.status is Status.ASSIGNED
