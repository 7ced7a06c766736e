"""One report split between several agencies: the parts' lives, and the one result that their end brings."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.history import service as history
from app.notify import service as notify
from app.notify import store as ledger
from app.reports import deadlines, following, near, rights, service, store_parts
from app.reports.limits import A_SPOT_AN_HOUR, check_spot
from app.reports.model import NewPart, Place, Rating, Report, Status
from app.reports.near import Sought
from app.reports.parts import DONE
from app.reports.workflow import MOVES, NOT_BESIDE_PARTS, NOT_OF_PARTS, Act, acts_for
from app.routing.ruleset import load
from tests import small_world as world

HOLE, LAMP = "Vá ổ gà trước số 12 Lý Bôn.", "Thay bóng đèn trước số 12 Lý Bôn."
TWO = (NewPart("pothole", HOLE), NewPart("street-light", LAMP))
AGENTS = {"roads": world.OFFICER, "power": world.ELECTRICIAN, "police": world.POLICE}


async def split(pool: Pool, report: Report | None = None, parts: tuple[NewPart, ...] = TWO, **more: Any) -> Report:
    """Gives the whole."""
    report = report or (await world.file(pool)).report
    return await world.do(pool, world.COORDINATOR, report, Act.SPLIT, parts=parts, **more)


async def parts_of(pool: Pool, whole: Report) -> list[Report]:
    async with pool.acquire() as conn:
        return await store_parts.parts_of(conn, whole.report_id)


async def now(pool: Pool, report: Report) -> Report:
    return await service.find(pool, report.code)


async def resolve(pool: Pool, part: Report, text: str = "Xong.", number: int = 9, **more: Any) -> Report:
    shots = (await world.photo(pool, number),)
    return await world.do(pool, AGENTS[part.agency_id], part, Act.RESOLVE, text=text, photos=shots, **more)


async def whole_histories(pool: Pool, *reports: Report) -> None:
    for report in reports:
        assert [damage async for damage in history.verify(pool, report.code)] == []


# ---------------------------------------------------------------- splitting


async def test_each_part_is_a_report_of_its_own_with_agency_and_deadline_by_the_rules(settled: Pool) -> None:
    report = (await world.file(settled, photos=(await world.photo(settled),))).report
    at = report.updated_at + timedelta(hours=1)
    whole = await split(settled, report)
    hole, lamp = await parts_of(settled, whole)
    assert (hole.category, hole.agency_id, hole.body, hole.handling) == ("pothole", "roads", HOLE, "3 working days")
    assert (lamp.category, lamp.agency_id, lamp.body, lamp.urgency) == ("street-light", "power", LAMP, "urgent")
    assert hole.due_at == world.RULES.calendar.add_working_days(at, 3)
    for part in (hole, lamp):
        assert (part.status, part.part_of, part.published_at) == (Status.ASSIGNED, whole.report_id, None)
        assert (part.lat, part.lon, part.commune_code) == (whole.lat, whole.lon, whole.commune_code)
        async with settled.acquire() as conn:
            assert len((await service.case(conn, part)).pictures) == 1
        assert await world.kinds(settled, part) == ["submitted", "assigned"]
    assert (whole.status, whole.agency_id, whole.open_parts) == (Status.IN_PROGRESS, "ioc", 2)
    assert whole.due_at == max(report.due_at, hole.due_at, lamp.due_at)
    assert (await world.kinds(settled, whole))[-1] == "split"
    await whole_histories(settled, whole, hole, lamp)


async def test_a_part_without_words_has_the_reports_and_a_named_agency_goes_before_the_rules(settled: Pool) -> None:
    whole = await split(settled, parts=(NewPart("pothole"), NewPart("pothole", "Việc của công an.", "police")))
    own, named = await parts_of(settled, whole)
    assert (own.body, own.agency_id, named.agency_id) == (whole.body, "roads", "police")
    async with settled.acquire() as conn:
        events = [await history.of_report(conn, part.report_id) for part in (own, named)]
    assert [event[1].data.get("rule") for event in events] == ["streets", None]


async def test_splitting_again_with_the_same_key_splits_once(settled: Pool) -> None:
    report = (await world.file(settled)).report
    form: dict[str, Any] = {"client_key": "k", "version": report.version}
    done = await split(settled, report, **form)
    assert await split(settled, report, **form) == done
    assert len(await parts_of(settled, done)) == 2


async def test_of_two_coordinators_splitting_at_once_one_does(settled: Pool) -> None:
    report = (await world.file(settled)).report
    both = await asyncio.gather(*(split(settled, report) for _ in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["Conflict", "Report"]
    assert len(await parts_of(settled, report)) == 2


@pytest.mark.parametrize(
    ("parts", "field", "key"),
    [
        ((), "parts", "needs_parts"),
        (TWO[:1], "parts", "parts_number"),
        (TWO * 4, "parts", "parts_number"),
        ((TWO[0], NewPart("nonsense")), "parts[1].category", "category_unknown"),
        ((TWO[0], NewPart("pothole", "abc")), "parts[1].text", "text_short"),
        ((TWO[0], NewPart("pothole", "a" * 4001)), "parts[1].text", "text_long"),
        ((TWO[0], NewPart("other", "Việc khác nữa.")), "parts[1].agency", "part_needs_agency"),
        ((NewPart("pothole", HOLE, "nobody"), TWO[1]), "parts[0].agency", "agency_unknown"),
    ],
)
async def test_what_cannot_be_a_part_is_told_by_its_field(
    settled: Pool, parts: tuple[NewPart, ...], field: str, key: str
) -> None:
    report = (await world.file(settled)).report
    error = await world.refusal(settled, world.COORDINATOR, report, Act.SPLIT, parts=parts)
    assert (type(error), error.key, error.problems[0].field) == (Invalid, f"reports.{key}", field)


@pytest.mark.parametrize("actor", [world.OFFICER, world.LEAD, world.LEADER, world.CITIZEN])
async def test_only_coordinators_split(settled: Pool, actor: Actor) -> None:
    report = (await world.file(settled)).report
    assert isinstance(await world.refusal(settled, actor, report, Act.SPLIT, parts=TWO), Forbidden)


@pytest.mark.parametrize("status", sorted(set(Status) - MOVES[Act.SPLIT].frm))
async def test_what_is_paused_or_over_is_not_split(settled: Pool, status: Status) -> None:
    report = await world.reach(settled, status)
    assert isinstance(await world.refusal(settled, world.COORDINATOR, report, Act.SPLIT, parts=TWO), Conflict)


def test_the_whole_leaves_the_work_to_its_parts_and_parts_leave_the_reporter_to_the_whole() -> None:
    whole = world.bare(Status.IN_PROGRESS, open_parts=2, agency_id="ioc")
    part = world.bare(Status.IN_PROGRESS, part_of=whole.report_id)
    for actor in world.STAFF:
        assert not set(acts_for(actor, whole)) & NOT_BESIDE_PARTS
        assert not set(acts_for(actor, part)) & NOT_OF_PARTS
    assert {Act.NOTE, Act.PROGRESS, Act.PUBLISH} <= set(acts_for(world.COORDINATOR, whole))
    assert {Act.ASSIGN, Act.REJECT} <= set(acts_for(world.COORDINATOR, part))
    assert Act.RESOLVE in acts_for(world.OFFICER, part)


# ---------------------------------------------------------------- bringing together


async def test_the_last_part_brings_one_result_with_all_answers_and_photos(settled: Pool) -> None:
    whole = await split(settled)
    hole, lamp = await parts_of(settled, whole)
    await resolve(settled, hole, "Đã vá ổ gà.", 11)
    waits = await now(settled, whole)
    assert (waits.status, waits.open_parts) == (Status.IN_PROGRESS, 1)
    await resolve(settled, lamp, "Đã thay bóng.", 12)
    done = await now(settled, whole)
    assert (done.status, done.open_parts, done.agency_id) == (Status.RESOLVED, 0, "ioc")
    assert done.resolved_at == (await now(settled, lamp)).resolved_at
    async with settled.acquire() as conn:
        case = await service.case(conn, done)
        events = await history.of_report(conn, done.report_id)
    (answer,) = [message for message in case.messages if message.kind == "resolution"]
    assert (answer.author_kind, answer.visibility) == ("system", "public")
    assert answer.body == "Ổ gà – Sở Xây dựng:\nĐã vá ổ gà.\n\nĐèn đường – Điện lực:\nĐã thay bóng."
    shots = [(await world.photo(settled, number)).sha256 for number in (11, 12)]
    assert [(one.stage, one.sha256) for one in case.pictures] == [("after", shots[0]), ("after", shots[1])]
    assert [event.kind for event in events[-3:]] == ["part_ended", "part_ended", "resolved"]
    assert (events[-1].actor_kind, events[-1].data["photos"], events[-1].data["parts"]) == ("system", shots, 2)
    await whole_histories(settled, whole, hole, lamp)
    rated = await world.do(settled, world.CITIZEN, done, Act.RATE, rating=Rating.SATISFIED)
    assert rated.status is Status.CLOSED


async def test_parts_that_end_at_the_same_moment_bring_the_result_once(settled: Pool) -> None:
    for _ in range(5):
        whole = await split(settled, parts=(*TWO, NewPart("pothole", "Hố thứ hai.", "police")))
        ends = [resolve(settled, one, version=one.version) for one in await parts_of(settled, whole)]
        ended = await asyncio.gather(*ends)
        assert [one.status for one in ended] == [Status.RESOLVED] * 3
        done = await now(settled, whole)
        assert (done.status, done.open_parts) == (Status.RESOLVED, 0)
        kinds = await world.kinds(settled, whole)
        assert (kinds.count("part_ended"), kinds.count("resolved")) == (3, 1)
        await whole_histories(settled, whole, *ended)


async def test_a_part_that_is_declined_stands_in_the_common_answer(settled: Pool) -> None:
    whole = await split(settled)
    hole, lamp = await parts_of(settled, whole)
    await world.do(settled, world.COORDINATOR, lamp, Act.REJECT, text="Đèn của nhà dân.")
    await resolve(settled, hole, "Đã vá ổ gà.")
    async with settled.acquire() as conn:
        case = await service.case(conn, await now(settled, whole))
    assert case.report.status is Status.RESOLVED
    assert "Đèn đường – Điện lực (không xử lý):\nĐèn của nhà dân." in case.messages[-1].body


async def test_when_every_part_is_declined_a_coordinator_decides_about_the_whole(settled: Pool) -> None:
    whole = await split(settled)
    for part in await parts_of(settled, whole):
        await world.do(settled, world.COORDINATOR, part, Act.REJECT, text="Không thuộc phạm vi.")
    back = await now(settled, whole)
    assert (back.status, back.agency_id, back.open_parts) == (Status.RETURNED, "ioc", 0)
    again = await world.do(settled, world.COORDINATOR, back, Act.ASSIGN, agency_id="roads")
    assert (await world.do(settled, world.OFFICER, again, Act.START)).status is Status.IN_PROGRESS


async def test_many_long_answers_still_fit(settled: Pool) -> None:
    whole = await split(settled, parts=TWO * 3)
    for part in await parts_of(settled, whole):
        await resolve(settled, part, "Đã làm xong. " * 300)
    async with settled.acquire() as conn:
        (answer,) = [m for m in (await service.case(conn, whole)).messages if m.kind == "resolution"]
    assert len(answer.body) <= 4000
    assert answer.body.count("…") == 6


async def test_a_disputed_result_goes_to_the_coordinators_who_open_the_part_that_is_meant(settled: Pool) -> None:
    whole = await split(settled)
    hole, lamp = await parts_of(settled, whole)
    for part in (hole, lamp):
        await resolve(settled, part)
    disputed = await world.do(settled, world.CITIZEN, await now(settled, whole), Act.DISPUTE, text="Đèn vẫn tắt.")
    assert (disputed.status, disputed.agency_id) == (Status.IN_PROGRESS, "ioc")
    lamp = await now(settled, lamp)
    lamp = await world.do(settled, world.COORDINATOR, lamp, Act.REOPEN, text="Đèn vẫn tắt.")
    assert (lamp.status, lamp.agency_id) == (Status.IN_PROGRESS, "power")
    assert (await now(settled, whole)).open_parts == 1
    await resolve(settled, lamp, "Đã thay cả trụ.", 13)
    done = await now(settled, whole)
    assert done.status is Status.RESOLVED
    async with settled.acquire() as conn:
        answers = [m.body for m in (await service.case(conn, done)).messages if m.kind == "resolution"]
    assert len(answers) == 2
    assert "Đã thay cả trụ." in answers[1]
    await whole_histories(settled, whole, hole, lamp)


@pytest.mark.parametrize("closed", [False, True])
async def test_opening_a_part_again_takes_the_common_result_back(settled: Pool, closed: bool) -> None:
    whole = await split(settled)
    parts = [await resolve(settled, part) for part in await parts_of(settled, whole)]
    if closed:
        await world.do(settled, world.CITIZEN, await now(settled, whole), Act.RATE, rating=Rating.SATISFIED)
    part = await world.do(settled, world.COORDINATOR, parts[0], Act.REOPEN, text="Ổ gà lún lại.")
    back = await now(settled, whole)
    assert (back.status, back.open_parts, back.resolved_at, back.rating) == (Status.IN_PROGRESS, 1, None, None)
    assert back.due_at >= part.due_at
    async with settled.acquire() as conn:
        case = await service.case(conn, back)
    assert (case.messages[-1].body, case.messages[-1].visibility) == ("Ổ gà lún lại.", "reporter")
    assert (await world.kinds(settled, whole))[-2:] == ["part_reopened", "reopened"]
    await whole_histories(settled, whole, *parts)


async def test_a_later_deadline_of_a_part_is_one_of_the_whole(settled: Pool) -> None:
    whole = await split(settled)
    hole, _ = await parts_of(settled, whole)
    later = whole.due_at + timedelta(days=3)
    hole = await world.do(settled, world.OFFICER, hole, Act.ASK_EXTENSION, text="Chờ nhựa.", due=later)
    assert (await now(settled, whole)).version == whole.version
    hole = await world.do(settled, world.COORDINATOR, hole, Act.GRANT_EXTENSION, text="Chờ nhựa đường.")
    assert (await now(settled, whole)).due_at == hole.due_at == later
    await deadlines.recompute(settled, world.RULES)
    assert (await now(settled, whole)).due_at == later


async def test_deadlines_reckoned_again_put_the_whole_off_with_its_parts(settled: Pool) -> None:
    whole = await split(settled)
    slower = load(world.RULES.source.replace("normal: 3 working days", "normal: 30 working days"))
    assert await deadlines.recompute(settled, slower) >= 2
    hole, _ = await parts_of(settled, whole)
    assert (await now(settled, whole)).due_at == hole.due_at > whole.due_at
    assert await deadlines.recompute(settled, slower) == 0
    await whole_histories(settled, whole, hole)
    await deadlines.recompute(settled, world.RULES)


async def test_who_reported_is_asked_of_the_whole(settled: Pool) -> None:
    (hole, _) = await parts_of(settled, await split(settled))
    with pytest.raises(Conflict, match=r"reports\.is_part"):
        await service.view_identity(settled, world.RULES, world.COORDINATOR, hole, "Gọi lại để hỏi đường.")


async def test_a_part_handed_on_stays_one_and_the_whole_does_not_move(settled: Pool) -> None:
    whole = await split(settled)
    hole, lamp = await parts_of(settled, whole)
    back = await world.do(settled, world.ELECTRICIAN, lamp, Act.RETURN, text="Không phải của chúng tôi.")
    assert (back.status, back.part_of) == (Status.RETURNED, whole.report_id)
    lamp = await world.do(settled, world.COORDINATOR, back, Act.ASSIGN, agency_id="police")
    assert (await now(settled, whole)).version == whole.version
    await resolve(settled, hole)
    await resolve(settled, lamp)
    assert (await now(settled, whole)).status is Status.RESOLVED


# ---------------------------------------------------------------- what others see of it


async def test_parts_tell_nobody_and_the_whole_tells_of_the_split_and_the_result(settled: Pool) -> None:
    lan, minh = await world.chat(settled, "parts-lan"), await world.chat(settled, "parts-minh")
    report = (await world.file(settled, citizen_id=lan)).report
    await following.follow(settled, report, minh)
    whole = await split(settled, report)
    for part in await parts_of(settled, whole):
        await resolve(settled, part)
        part_now = await now(settled, part)
        assert await notify.tell(settled, part.report_id, 1, part_now.last_seq) == 0
        async with settled.acquire() as conn:
            assert await ledger.recipients(conn, part.report_id) == []
    done = await now(settled, whole)
    await notify.tell(settled, whole.report_id, report.last_seq + 1, done.last_seq)
    rows = await settled.fetch(
        "SELECT template, count(*) FROM notifications WHERE report_id = $1 GROUP BY 1", whole.report_id
    )
    assert {row["template"]: row["count"] for row in rows} == {"split": 2, "resolved": 2}


async def test_what_the_reporter_adds_to_the_whole_is_seen_in_every_part(settled: Pool) -> None:
    whole = await split(settled)
    shot = await world.photo(settled, 21)
    whole = await world.do(settled, world.CITIZEN, whole, Act.ADD_INFO, text="Đèn ở đầu hẻm.", photos=(shot,))
    whole = await world.do(settled, world.COORDINATOR, whole, Act.NOTE, text="Riêng của điều phối.")
    for part in await parts_of(settled, whole):
        async with settled.acquire() as conn:
            case = await service.case(conn, part)
        assert [message.body for message in case.messages] == ["Đèn ở đầu hẻm."]
        assert [picture.sha256 for picture in case.pictures] == [shot.sha256]


async def test_to_whoever_is_no_staff_parts_do_not_exist(settled: Pool) -> None:
    whole = await split(settled)
    for part in await parts_of(settled, whole):
        with pytest.raises(NotFound, match=r"reports\.code_unknown"):
            await service.find_whole(settled, part.code)
    assert await service.find_whole(settled, whole.code) == whole


async def test_a_part_is_not_offered_as_a_duplicate_nor_merged_into_nor_counted_at_its_spot(settled: Pool) -> None:
    lat, lon = 9.31, 105.31
    place = Place(lat, lon, "", world.AN_XUYEN)
    for _ in range(A_SPOT_AN_HOUR // 2):
        await split(settled, (await world.file(settled, place=place)).report, (TWO[0], NewPart("pothole", "Hố hai.")))
    whole = (await world.file(settled, place=place)).report
    at = world.MONDAY + timedelta(minutes=1)
    async with settled.acquire() as conn:
        await check_spot(conn, "pothole", (lat, lon), ("a", "b"), at)
        sought = Sought(category="pothole", text=world.TEXT, lat=lat, lon=lon)
        found = await near.find(conn, world.RULES, sought, "vi", at, most=100)
        parts = {row["code"] for row in await conn.fetch("SELECT code FROM reports WHERE part_of IS NOT NULL")}
    assert len(found) == A_SPOT_AN_HOUR // 2 + 1
    assert not {one.code for one in found} & parts
    error = await world.refusal(settled, world.COORDINATOR, whole, Act.MERGE, target=min(parts))
    assert error.key == "reports.target_unknown"


async def test_erasure_takes_the_persons_traces_out_of_the_parts_too(settled: Pool) -> None:
    lan = await world.chat(settled, "parts-erased")
    text = "Nhà bà Nguyễn Thị Lan, 0912 345 678, đường và đèn đều hư."
    report = (await world.file(settled, citizen_id=lan, text=text)).report
    whole = await split(settled, report, (NewPart("pothole"), NewPart("street-light")))
    erased = await rights.erase(settled, lan, world.ADMINISTRATOR)
    parts = await parts_of(settled, whole)
    assert set(erased.codes) == {whole.code, *(part.code for part in parts)}
    for one in (await now(settled, whole), *parts):
        assert one.body == "Nhà bà [đã ẩn tên], [đã ẩn số], đường và đèn đều hư."
    await whole_histories(settled, whole, *parts)


async def test_when_the_whole_cannot_be_written_the_part_has_not_ended_either(settled: Pool) -> None:
    """One transaction: whatever ends it in the middle, nothing of it was there."""
    whole = await split(settled)
    hole, lamp = await parts_of(settled, whole)
    await resolve(settled, hole)
    await settled.execute(
        f"""
        CREATE TRIGGER cut_off BEFORE UPDATE ON reports FOR EACH ROW
        WHEN (NEW.report_id = '{whole.report_id}') EXECUTE FUNCTION refuse_change()
        """
    )
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await resolve(settled, lamp)
    await settled.execute("DROP TRIGGER cut_off ON reports")
    assert [(await now(settled, one)).status for one in (lamp, whole)] == [Status.ASSIGNED, Status.IN_PROGRESS]
    await resolve(settled, lamp)
    assert (await now(settled, whole)).status is Status.RESOLVED


@pytest.mark.parametrize("seed", range(12))
async def test_in_any_life_the_whole_is_done_exactly_while_its_parts_are(settled: Pool, seed: int) -> None:
    chance = random.Random(seed)
    whole = await split(settled, parts=TWO * chance.choice([1, 2]))
    for _ in range(14):
        part = chance.choice(await parts_of(settled, whole))
        acts: dict[Act, tuple[Actor | None, dict[str, Any]]] = {
            Act.RESOLVE: (AGENTS.get(part.agency_id), {"text": "Xong.", "photos": (await world.photo(settled, 9),)}),
            Act.REJECT: (world.COORDINATOR, {"text": "Không xử lý."}),
            Act.REOPEN: (world.COORDINATOR, {"text": "Chưa được."}),
            Act.ASSIGN: (world.COORDINATOR, {"agency_id": chance.choice(["roads", "power"])}),
            Act.RETURN: (AGENTS.get(part.agency_id), {"text": "Không phải của chúng tôi."}),
        }
        act = chance.choice(list(acts))
        actor, form = acts[act]
        if actor is not None and act in acts_for(actor, part):
            await world.do(settled, actor, part, act, at=world.MONDAY + timedelta(days=1), **form)
        if chance.random() < 0.2 and (await now(settled, whole)).status is Status.RESOLVED:
            await world.do(settled, world.CITIZEN, await now(settled, whole), Act.DISPUTE, text="Chưa xong.")
        parts, seen = await parts_of(settled, whole), await now(settled, whole)
        working = [one for one in parts if one.status not in DONE]
        assert seen.open_parts == len(working)
        assert not working or (seen.status, seen.agency_id) == (Status.IN_PROGRESS, "ioc")
        if seen.status is Status.RETURNED:
            assert {one.status for one in parts} == {Status.REJECTED}
    await whole_histories(settled, whole, *await parts_of(settled, whole))
